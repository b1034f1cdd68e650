package local

import (
	"errors"
	"testing"

	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/storetest"
)

// wrapped hides everything but the contract.
type wrapped struct{ store.DB }

type wrappedStore struct{ store.Store }

func (w wrappedStore) Unwrap() store.Store { return w.Store }

func (w wrapped) Namespace(name string) (store.Store, error) {
	s, err := w.DB.Namespace(name)
	if err != nil {
		return nil, err
	}
	return wrappedStore{s}, nil
}

// P8
func TestConformanceOnDisk(t *testing.T) {
	dirs := map[store.DB]string{}
	open := func(dir string) (store.DB, error) {
		db, err := Open(dir, nil)
		if err != nil {
			return nil, err
		}
		dirs[db] = dir
		return db, nil
	}
	storetest.Run(t, storetest.Harness{
		Open: func() (store.DB, error) { return open(t.TempDir()) },
		Reopen: func(old store.DB) (store.DB, error) {
			if _, err := Check(t.Context(), dirs[old]); err != nil {
				return nil, err
			}
			return open(dirs[old])
		},
	})
}

func TestConformanceInMemory(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func() (store.DB, error) { return Memory(nil), nil }})
}

func TestConformanceWrapped(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func() (store.DB, error) { return wrapped{Memory(nil)}, nil }})
}

func TestOpenNowhere(t *testing.T) {
	if _, err := Open("", nil); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}
