package local

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs/crashtest"
	"github.com/quarry-go/quarry/internal/vfs/memfs"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
	"github.com/quarry-go/quarry/store/storetest"
)

// An image is the files of a store and what the store holds.
type image struct {
	files   map[string][]byte
	older   []byte // a manifest that was replaced since
	content []byte
	dim     int // of the vectors, which take most of the bytes: they are read much quicker than words
}

// newImage writes a store of a checkpoint and several logs, of at least size
// bytes, and ends it by Close or by the death of the program.
func newImage(size, dim int, closed bool) (*image, error) {
	fsys := memfs.New()
	o := &Options{LogBytes: int64(size / 8), fs: fsys, recordBytes: size / 16}
	db, err := Open("", o)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	img := &image{dim: dim}
	rng := rand.New(rand.NewPCG(1, 1))
	last := func() string { return logName(db.journal.manifest.logs[len(db.journal.manifest.logs)-1].number) }
	begun := "" // the log that was the last when the checkpoint was there
	for i := 0; ; i++ {
		if i == 10_000 {
			return nil, errors.New("the image does not come about")
		}
		s := step{name: names[i%2]}
		s.change.Upsert = storetest.RandomChunks(rng, 1+rng.IntN(4), dim)
		s.change.Space = "space"
		s.change.Docs = storetest.RecordsOf(s.change.Upsert)
		for j := range s.change.Upsert {
			s.change.Upsert[j].ID += fmt.Sprint(i % 2)
		}
		r, err := (&namespace{db: db, name: s.name}).request(context.Background(), &s.change)
		if err != nil {
			return nil, err
		}
		r.done = func() { err = r.err }
		db.commit([]*request{r})
		if db.maintain(); err != nil || db.Stats().Upkeep != nil {
			return nil, errors.Join(err, db.Stats().Upkeep)
		}
		if db.journal.manifest.base != 0 && begun == "" {
			begun = last()
			img.older = db.journal.manifest.encode()
		}
		if begun != "" && last() != begun && db.journal.active.Size() > o.LogBytes/2 && db.Stats().LogBytes >= int64(size) {
			break
		}
	}
	if img.content, err = img.read(db); err != nil {
		return nil, err
	}
	if closed {
		if err := db.Close(); err != nil {
			return nil, err
		}
	}
	img.files, err = readAll(fsys)
	return img, err
}

// read returns the bytes of all that a store holds.
func (img *image) read(db *DB) (all []byte, err error) {
	namespaces, err := collect(db.Namespaces(context.Background()))
	for _, name := range namespaces {
		body, err := read(&namespace{db: db, name: name})
		if err != nil {
			return nil, err
		}
		body.Dim = img.dim
		all = record.AppendBody(append(all, name...), &body)
	}
	return all, err
}

func readAll(fsys *memfs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	fileNames, err := fsys.List(".")
	if err != nil {
		return nil, err
	}
	for _, name := range fileNames {
		err = errors.Join(err, fsys.Edit(name, func(b []byte) []byte {
			files[name] = slices.Clone(b)
			return b
		}))
	}
	return files, err
}

func writeAll(files map[string][]byte) (*memfs.FS, error) {
	fsys := memfs.New()
	for name, data := range files {
		f, err := fsys.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(data); err != nil {
			return nil, err
		}
		f.Close()
	}
	return fsys, nil
}

// opened opens damaged files and returns an error unless the store says that
// it is corrupt, or holds what it held. wrong counts the former.
func (img *image) opened(files map[string][]byte, s sabotage, wrong *int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	fsys, err := writeAll(files)
	if err != nil {
		return err
	}
	db, err := Open("", &Options{ReadOnly: true, fs: fsys, sabotage: s})
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, ErrNewer) {
		*wrong++
		return nil
	}
	if err != nil {
		return fmt.Errorf("neither right nor corrupt: %w", err)
	}
	defer db.Close()
	got, err := img.read(db)
	if err != nil {
		return err
	}
	if !slices.Equal(got, img.content) {
		return errors.New("wrong data")
	}
	return nil
}

// damage does to the files of an image one thing after the other, and returns
// how many it did, how many were noticed, and the first that went wrong.
func (img *image) damage(s sabotage, closed, everyBit bool) (done, wrong int, err error) {
	try := func(what string, change func(map[string][]byte)) {
		if err != nil {
			return
		}
		files := maps.Clone(img.files)
		change(files)
		done++
		if e := img.opened(files, s, &wrong); e != nil {
			err = fmt.Errorf("%s: %w", what, e)
		}
	}
	edit := func(name string, change func(data []byte) []byte) func(map[string][]byte) {
		return func(files map[string][]byte) { files[name] = change(slices.Clone(files[name])) }
	}
	try("an older manifest", edit(manifestName, func([]byte) []byte { return img.older }))
	for _, name := range slices.Sorted(maps.Keys(img.files)) {
		data := img.files[name]
		for at := 0; at < len(data); at += 512 {
			if !closed && at+512 > len(data)-markBytes {
				continue // with the last changes goes all that vouches for them
			}
			try(fmt.Sprintf("a sector of %s at %d is zero", name, at), edit(name, func(b []byte) []byte {
				clear(b[at:min(at+512, len(b))])
				return b
			}))
			if at > 0 {
				try(fmt.Sprintf("a sector of %s at %d is the one before", name, at), edit(name, func(b []byte) []byte {
					copy(b[at:], b[at-512:at])
					return b
				}))
			}
		}
		for _, tail := range []string{"\x00", "x", string(data[:min(len(data), 40)]), string(make([]byte, 600))} {
			try(fmt.Sprintf("%d bytes behind %s", len(tail), name), edit(name, func(b []byte) []byte { return append(b, tail...) }))
		}
		step := 431
		if everyBit || name == manifestName {
			step = 1
		}
		for bit := 0; bit < 8*len(data); bit += step {
			try(fmt.Sprintf("bit %d of %s is flipped", bit, name), edit(name, func(b []byte) []byte {
				b[bit/8] ^= 1 << (bit % 8)
				return b
			}))
		}
		if !closed {
			continue // nothing vouches for the length then
		}
		for cut := range len(data) {
			if everyBit && cut%7 == 0 || cut%97 == 0 || cut > len(data)-140 {
				try(fmt.Sprintf("%s is cut to %d bytes", name, cut), edit(name, func(b []byte) []byte { return b[:cut] }))
			}
		}
		if name != lockName {
			try(name+" is missing", func(files map[string][]byte) { delete(files, name) })
		}
		for _, other := range slices.Sorted(maps.Keys(img.files)) {
			if name != lockName && other != lockName && other != name {
				try(name+" is a copy of "+other, edit(name, func([]byte) []byte { return img.files[other] }))
				try(name+" and "+other+" are exchanged", func(files map[string][]byte) {
					files[name], files[other] = files[other], files[name]
				})
			}
		}
	}
	return done, wrong, err
}

// P4: whatever byte is changed, missing or at another place, a store gives the
// right data or says that it is corrupt.
func TestDamage(t *testing.T) {
	for _, closed := range []bool{true, false} {
		t.Run(map[bool]string{true: "closed", false: "killed"}[closed], func(t *testing.T) {
			img, err := newImage(recoveries(8<<10, 64<<10), recoveries(64, 256), closed)
			if err != nil {
				t.Fatal(err)
			}
			bytes := 0
			for name, data := range img.files {
				bytes += len(data)
				t.Logf("%s: %d bytes", name, len(data))
			}
			done, wrong, err := img.damage(0, closed, crashtest.Long())
			if err != nil {
				t.Error(err)
			}
			t.Logf("%d bytes, %d damages, %d noticed", bytes, done, wrong)
		})
	}
}
