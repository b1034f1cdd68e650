package local

import (
	"errors"
	"iter"

	"github.com/quarry-go/quarry/internal/wal"
	"github.com/quarry-go/quarry/store/local/internal/record"
)

// checkpointBytes is about how large the groups of a checkpoint are.
const checkpointBytes = 8 << 20

// checkpoint replaces all logs by one file that holds the state after change
// seq, the last one and not 0, and a log without changes. After an error the logs stay
// as they are, and take more changes: the last one is the same in both
// manifests that may be on disk.
func (j *journal) checkpoint(seq uint64, entries iter.Seq[*record.Entry]) error {
	if err := j.rotate(); err != nil {
		return err
	}
	base, err := j.writeBase(entries)
	if err != nil {
		return err
	}
	m := j.manifest.clone()
	old := m.clone()
	m.base = seq
	m.logs = []logFile{base, m.logs[len(m.logs)-1]}
	if j.opts.sabotage.has(removeFirst) {
		return errors.Join(j.removeLogs(old), j.save(m))
	}
	if err := j.save(m); err != nil {
		return err
	}
	j.count()
	return j.removeLogs(old)
}

// removeLogs removes the files that m lists, but the last. What stays is
// removed when the store is opened again.
func (j *journal) removeLogs(m *manifest) error {
	var errs []error
	for i := range m.logs[:len(m.logs)-1] {
		errs = append(errs, j.fs.Remove(m.name(i)))
	}
	return errors.Join(errs...)
}

// writeBase makes a checkpoint of entries, which is durable when it returns.
func (j *journal) writeBase(entries iter.Seq[*record.Entry]) (logFile, error) {
	number := j.next
	j.next++
	l, err := wal.Create(j.fs, baseName(number), j.walOptions(number))
	if err != nil {
		return logFile{}, err
	}
	for e := range entries {
		parts := [][]byte{record.AppendHead(nil, e), record.AppendBody(nil, &e.Body)}
		if err = appendGroup(l, parts, j.opts.recordBytes); err != nil {
			break
		}
	}
	if cerr := l.Close(); err == nil {
		err = cerr
	}
	return logFile{number, l.Size()}, err
}
