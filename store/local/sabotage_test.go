package local

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/crashtest"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
)

// swallow leaves out the operations of a kind on files whose names begin so.
func swallow(kind errfs.Kind, prefix string) errfs.Rule {
	return func(o errfs.Op) error {
		if o.Kind == kind && strings.HasPrefix(o.Name, prefix) {
			return errfs.ErrSwallow
		}
		return nil
	}
}

// Each rule and each sync is needed: where one is left out, a test of this
// package notices.
func TestSabotage(t *testing.T) {
	crash := func(w crashtest.Workload[step]) error {
		_, err := crashtest.Enumerate(&crashtest.Options{Recoveries: 20_000, Nested: -1, Draws: 2}, w)
		return err
	}
	faults := func(w crashtest.Workload[step]) error {
		_, err := crashtest.Faults(&crashtest.Options{Draws: 1, Nested: -1}, w)
		return err
	}
	damage := func(s sabotage) error {
		img, err := newImage(8<<10, 64, true)
		if err == nil {
			_, _, err = img.damage(s, true, false)
		}
		return err
	}
	steal := func(s sabotage) error {
		fsys := memfs.New()
		first, err := Open("", &Options{fs: fsys, sabotage: s})
		if err != nil {
			return err
		}
		defer first.Close()
		second, err := Open("", &Options{fs: fsys, sabotage: s})
		if errors.Is(err, store.ErrLocked) {
			return nil
		}
		return errors.Join(errors.New("opened twice"), err, second.Close())
	}
	left := func(s sabotage) func() error { return func() error { return crash(workload(30, s)) } }
	ruled := func(r errfs.Rule) func() error {
		return func() error {
			w := workload(30, 0)
			w.Rules = []errfs.Rule{r}
			return crash(w)
		}
	}
	for _, tt := range []struct {
		name string
		do   func() error
	}{
		{"a log is not synced", ruled(swallow(errfs.KindSync, "log-"))},
		{"a checkpoint is not synced", ruled(swallow(errfs.KindSync, "base-"))},
		{"the manifest is not synced", ruled(swallow(errfs.KindSync, manifestName))},
		{"the manifest is not renamed", ruled(swallow(errfs.KindRename, manifestName))},
		{"the directory is not synced", ruled(swallow(errfs.KindSyncDir, "."))},
		{"acknowledged before it is in the log", left(ackFirst)},
		{"published before it is in the log", func() error { return faults(workload(4, publishFirst)) }},
		{"a log takes changes before the manifest lists it", left(switchFirst)},
		{"old logs are removed before the manifest lists their successor", left(removeFirst)},
		{"writing goes on after a failed sync", func() error { return faults(workload(4, noSticky)) }},
		{"the checksum of the manifest is not compared", func() error { return manifestBits(noManifestSum) }},
		{"the lengths of logs are not compared", func() error { return damage(noDurable) }},
		{"logs that the manifest does not list are not looked into", func() error { return damage(noStrayCheck) }},
		{"the directory is not locked", func() error { return steal(noLock) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.do()
			if err == nil {
				t.Fatal("nothing was noticed")
			}
			t.Logf("noticed: %.300v", err)
		})
	}
	if err := steal(0); err != nil {
		t.Error(err)
	}
}

// manifestBits flips each bit of a manifest, and returns an error if one is
// not noticed.
func manifestBits(s sabotage) error {
	m := &manifest{id: [16]byte{1, 2, 3}, next: 9, base: 70, logs: []logFile{{4, 100}, {5, 0}, {8, 1 << 40}}}
	b := m.encode()
	if got, err := decodeManifest(b, s); err != nil || !reflect.DeepEqual(got, m) {
		return fmt.Errorf("got %+v (%w), want %+v", got, err, m)
	}
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := decodeManifest(b, s); err == nil {
			return fmt.Errorf("bit %d", bit)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
	return nil
}

// P4
func TestManifestBits(t *testing.T) {
	if err := manifestBits(0); err != nil {
		t.Error(err)
	}
}
