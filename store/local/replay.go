package local

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/quarry-go/quarry/internal/wal"
	"github.com/quarry-go/quarry/store"
	"github.com/quarry-go/quarry/store/local/internal/record"
)

// A record of a log begins with a byte that says which part of a group of
// changes it holds: a group whose last part is missing was never acknowledged,
// and is passed over.
const (
	groupBegins = 1 << iota
	groupEnds
)

func groupFlags(begins, ends bool) []byte {
	var b byte
	if begins {
		b |= groupBegins
	}
	if ends {
		b |= groupEnds
	}
	return []byte{b}
}

// A replayer reads the logs of a store and gives its changes to apply.
type replayer struct {
	j     *journal
	apply func(*record.Entry) error

	seq     uint64 // of the last change
	groups  int
	open    bool   // a group has begun and not ended
	payload []byte // of the group, where it has several parts
}

// replay gives apply every change, in order, and returns what it found of each
// log of the manifest.
func (j *journal) replay(apply func(*record.Entry) error) (results []wal.Result, seq uint64, err error) {
	r := replayer{j: j, apply: apply, seq: j.manifest.base}
	for i, l := range j.manifest.logs {
		checkpoint := i == 0 && j.manifest.base != 0
		name := j.manifest.name(i)
		o := wal.ReplayOptions{ID: j.manifest.id, Number: l.number, Durable: l.durable}
		if j.opts.sabotage.has(noDurable) {
			o.Durable = 0
		}
		r.open = false
		res, err := wal.Replay(j.fs, name, &o, func(p []byte) error { return r.part(p, checkpoint) })
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %s is missing: %w", store.ErrCorrupt, name, err)
		}
		if err != nil {
			return nil, 0, describe(err)
		}
		results = append(results, res)
	}
	return results, r.seq, nil
}

// part reads one record of a log.
func (r *replayer) part(p []byte, checkpoint bool) error {
	if len(p) == 0 {
		return fmt.Errorf("%w: empty record", store.ErrCorrupt)
	}
	flags, p := p[0], p[1:]
	begins, ends := flags&groupBegins != 0, flags&groupEnds != 0
	if flags >= groupEnds<<1 || !begins && !r.open {
		return fmt.Errorf("%w: part of a group that did not begin", store.ErrCorrupt)
	}
	if begins {
		r.payload = r.payload[:0]
	}
	r.open = !ends
	if !begins || !ends {
		r.payload = append(r.payload, p...)
		p = r.payload
	}
	if !ends {
		return nil
	}
	r.groups++
	for e, err := range record.Decode(p) {
		if err == nil {
			err = r.check(&e, checkpoint)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrCorrupt, err)
		}
		r.seq = e.Seq
		if err := r.apply(&e); err != nil {
			return err
		}
	}
	return nil
}

// check returns an error unless the entry is the next of the history, and one
// that Write or Drop makes.
func (r *replayer) check(e *record.Entry, checkpoint bool) error {
	want := r.seq + 1
	if checkpoint {
		want = r.seq
	}
	if e.Seq != want {
		return fmt.Errorf("change %d where %d should be", e.Seq, want)
	}
	if err := store.CheckNamespace(e.Namespace); err != nil {
		return err
	}
	c := store.Change{Docs: e.Docs, Upsert: e.Upsert, Space: e.Space}
	return c.Validate()
}

// settle makes the logs ready for changes after replay returned results: what
// was read is durable then, and files that a crash left are gone.
func (j *journal) settle(results []wal.Result) error {
	stray, err := j.stray()
	if err != nil {
		return err
	}
	m := j.manifest.clone()
	first := 0 // of those that may take changes
	if m.base != 0 {
		first = 1
	}
	last := len(m.logs) - 1
	for last > first && results[last].Records == 0 {
		stray = append(stray, logName(m.logs[last].number)) // a rotation did not get further
		last--
	}
	m.logs = m.logs[:last+1]
	if len(stray) > 0 {
		if err := j.save(m); err != nil {
			return err
		}
	}
	for _, name := range stray {
		if err := j.fs.Remove(name); err != nil {
			return err
		}
	}
	if last < first {
		err = j.begin()
	} else {
		n := m.logs[last].number
		j.active, err = wal.Reopen(j.fs, logName(n), j.walOptions(n), results[last])
	}
	if err == nil {
		j.count()
	}
	return err
}

// stray returns the names of the logs and checkpoints in the directory that
// the manifest does not list, and sees to it that their numbers are not given again. The error
// matches store.ErrCorrupt where one of them holds changes that nobody can have
// dropped: its number was not given when the manifest was written.
func (j *journal) stray() ([]string, error) {
	names, err := j.fs.List(".")
	if err != nil {
		return nil, err
	}
	listed := map[string]bool{}
	for i := range j.manifest.logs {
		listed[j.manifest.name(i)] = true
	}
	var stray []string
	for _, name := range names {
		number, checkpoint, ok := parseName(name)
		if !ok || listed[name] {
			continue
		}
		if !checkpoint && number >= j.manifest.next && !j.opts.sabotage.has(noStrayCheck) {
			o := wal.ReplayOptions{ID: j.manifest.id, Number: number}
			res, err := wal.Replay(j.fs, name, &o, func([]byte) error { return nil })
			if err != nil {
				return nil, describe(err)
			}
			if res.Records > 0 {
				return nil, fmt.Errorf("%w: %s holds changes, and MANIFEST does not list it", store.ErrCorrupt, name)
			}
		}
		stray = append(stray, name)
		j.next = max(j.next, number+1)
	}
	return stray, nil
}
