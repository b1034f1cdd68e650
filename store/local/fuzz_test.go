package local

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/internal/wal"
	"github.com/quarry-go/quarry/store"
)

// What is decoded is what would be written, and whatever was not written so is
// an error.
func FuzzManifest(f *testing.F) {
	f.Add((&manifest{next: 1}).encode())
	f.Add((&manifest{id: [16]byte{1}, next: 9, base: 7, logs: []logFile{{4, 100}, {8, 0}}}).encode())
	f.Add([]byte(manifestMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, data := range [][]byte{b, append(slices.Clone(b), checksum(b)...)} {
			m, err := decodeManifest(data, 0)
			if err == nil && !bytes.Equal(m.encode(), data) {
				t.Errorf("%x is read as %+v", data, m)
			}
		}
	})
}

// Whatever a file holds, a store opens and passes its check, or says what is
// wrong with it.
func FuzzOpen(f *testing.F) {
	img, err := newImage(8<<10, 4, true)
	if err != nil {
		f.Fatal(err)
	}
	var names []string
	for name, data := range img.files {
		names = append(names, name)
		f.Add(name, data, false)
	}
	slices.Sort(names)
	f.Add("log-000001", []byte("\x03\x01\x01\x01x\x00\x00\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, name string, data []byte, payload bool) {
		files := map[string][]byte{name: data}
		if slices.Contains(names, name) {
			for n, b := range img.files {
				if n != name {
					files[n] = b
				}
			}
		}
		fsys, err := writeAll(files)
		if err != nil {
			return // no name of a file
		}
		if payload { // of a record, in a store of its own
			if fsys, err = writeAll(nil); err != nil {
				t.Fatal(err)
			}
			db, err := Open("", &Options{fs: fsys})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.journal.active.Append(data); err != nil && !errors.Is(err, wal.ErrTooLarge) {
				t.Fatal(err)
			}
			db.Close()
		}
		for _, readOnly := range []bool{true, false} {
			db, err := Open("", &Options{fs: fsys, ReadOnly: readOnly})
			if err != nil {
				if fsys.Handles() > 0 {
					t.Errorf("%d files were left open", fsys.Handles())
				}
				if !errors.Is(err, store.ErrCorrupt) && !errors.Is(err, ErrNewer) && len(files) > 1 {
					t.Errorf("unclear: %v", err)
				}
				continue
			}
			if _, err := db.check(t.Context()); err != nil {
				t.Error(fmt.Errorf("it opened, but: %w", err))
			}
			if _, err := img.read(db); err != nil {
				t.Error(err)
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
