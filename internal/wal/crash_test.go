package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/crashtest"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
)

var testID = [16]byte{'t', 'e', 's', 't', 9, 200, 3, 1}

// A program appends to a sequence of logs as a store does: it rotates to a new log, closes and opens again, and
// removes the old logs once a file, the base, says which records nobody needs any more. An event is the payload of a
// record, which begins with the index of the event.
type program struct {
	*crashtest.Trial[string]
	lax   lax
	logs  []uint32 // in the directory
	log   *Log     // the newest
	tails int      // that were torn
}

const baseFile = "base"

func logName(number uint32) string { return fmt.Sprintf("%06d.wal", number) }

func (p *program) newest() uint32 { return p.logs[len(p.logs)-1] }

func (p *program) options() Options { return Options{ID: testID, Number: p.newest(), lax: p.lax} }

// create makes the next log.
func (p *program) create() (err error) {
	next := uint32(1)
	if len(p.logs) > 0 {
		next = p.newest() + 1
	}
	p.logs = append(p.logs, next)
	p.log, err = Create(p.FS, logName(next), p.options())
	return err
}

// append appends n records as one group.
func (p *program) append(n int) error {
	var g *group
	first := len(p.Events())
	for i := first; i < first+n; i++ {
		payload := p.payload(i)
		p.Begin(string(payload))
		cut := p.Rand.IntN(len(payload) + 1)
		r, err := newRecord([][]byte{payload[:cut], payload[cut:]})
		if err == nil {
			g, err = p.log.join(r)
		}
		if err != nil {
			return err
		}
	}
	err := p.log.finish(g)
	outcome := crashtest.Applied
	if errors.Is(err, ErrFailed) {
		outcome = crashtest.Unknown
	} else if err != nil {
		outcome = crashtest.Refused
	}
	for i := first; i < first+n; i++ {
		p.End(i, outcome)
	}
	return err
}

// payload returns a payload that begins with i: of a few bytes or a few sectors, noise or zeros.
func (p *program) payload(i int) []byte {
	size := p.Rand.IntN(200)
	if p.Rand.IntN(3) == 0 {
		size = p.Rand.IntN(3000)
	}
	b := binary.LittleEndian.AppendUint32(nil, uint32(i))
	b = append(b, make([]byte, size)...)
	if p.Rand.IntN(2) == 0 {
		for j := range b[4:] {
			b[4+j] = byte(p.Rand.Uint32())
		}
	}
	return b
}

// rotate goes on in a new log. Only the newest log may be without its end.
func (p *program) rotate() error {
	if err := p.log.Close(); err != nil {
		return err
	}
	return p.create()
}

// drop forgets all records but those of the newest log.
func (p *program) drop() error {
	if err := p.rotate(); err != nil {
		return err
	}
	if err := vfs.Replace(p.FS, baseFile, []byte(strconv.Itoa(len(p.Events())))); err != nil {
		return err
	}
	for len(p.logs) > 1 {
		if err := p.FS.Remove(logName(p.logs[0])); err != nil {
			return err
		}
		p.logs = p.logs[1:]
	}
	return nil
}

// steps appends now and then something else. It goes on after a failed append, as far as the log does.
func (p *program) steps(n int) (failed error) {
	for range n {
		var err error
		switch p.Rand.IntN(12) {
		case 0:
			err = p.rotate()
		case 1:
			err = p.drop()
		case 2:
			if err = p.log.Close(); err == nil {
				err = p.recover()
			}
		case 3, 4:
			failed = errors.Join(failed, p.append(2+p.Rand.IntN(4)))
		default:
			failed = errors.Join(failed, p.append(1))
		}
		if err != nil {
			return errors.Join(failed, err)
		}
	}
	return failed
}

// recover replays what is there, compares it with the history, and opens the newest log.
func (p *program) recover() error {
	p.logs = nil
	names, err := p.FS.List(".")
	if err != nil {
		return err
	}
	for _, name := range names {
		if number, ok := strings.CutSuffix(name, ".wal"); ok {
			n, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				return err
			}
			p.logs = append(p.logs, uint32(n))
		}
	}
	base := 0
	switch text, err := vfs.ReadFile(p.FS, baseFile); {
	case err == nil:
		if base, err = strconv.Atoi(string(text)); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if len(p.logs) == 0 {
		if err := p.compare(base, nil); err != nil {
			return err
		}
		return p.create()
	}

	var found []string
	var last Result
	for _, number := range p.logs {
		o := &ReplayOptions{ID: testID, Number: number, lax: p.lax}
		last, err = Replay(p.FS, logName(number), o, func(payload []byte) error {
			if i := binary.LittleEndian.Uint32(payload); int(i) >= base {
				found = append(found, string(payload))
			}
			return nil
		})
		if err != nil {
			return err
		}
		if !last.Clean && number != p.newest() {
			return fmt.Errorf("log %d of %v was not closed", number, p.logs)
		}
		if last.Torn > 0 {
			p.tails++
		}
	}
	p.log, err = Reopen(p.FS, logName(p.newest()), p.options(), last)
	if err != nil {
		return err
	}
	return p.compare(base, found)
}

// compare compares the records found with the history, and settles what was unknown: from now on it must stay so.
func (p *program) compare(base int, found []string) error {
	events := p.Events()
	at := 0       // in found
	unknown := -1 // the first event that is not there and might have been
	for i := base; i < len(events); i++ {
		e := events[i]
		switch {
		case at < len(found) && found[at] == e.Value:
			if e.Outcome == crashtest.Refused {
				return fmt.Errorf("record %d is there, which was refused", i)
			}
			if unknown >= 0 {
				return fmt.Errorf("record %d is there, and not record %d before it", i, unknown)
			}
			p.End(i, crashtest.Applied)
			at++
		case e.Outcome == crashtest.Applied:
			return fmt.Errorf("record %d of %d was acknowledged, and is not there", i, len(events))
		case e.Outcome == crashtest.Unknown:
			unknown = i
			p.End(i, crashtest.Refused)
		}
	}
	if at < len(found) {
		return fmt.Errorf("record %d is there, which was never written so: %.20q", at, found[at])
	}
	return nil
}

// workload returns the program as a workload; the tails that were torn are counted in tails.
func workload(steps int, lax lax, tails *int) crashtest.Workload[string] {
	run := func(t *crashtest.Trial[string], start func(*program) error, steps int) error {
		p := &program{Trial: t, lax: lax}
		err := start(p)
		if err == nil {
			err = p.steps(steps)
		}
		if p.log != nil {
			err = errors.Join(err, p.log.Close())
		}
		if tails != nil {
			*tails += p.tails
		}
		return err
	}
	return crashtest.Workload[string]{
		Run:    func(t *crashtest.Trial[string]) error { return run(t, (*program).create, steps) },
		Verify: func(t *crashtest.Trial[string]) error { return run(t, (*program).recover, t.Rand.IntN(3)) },
		MayIgnore: func(o errfs.Op) bool {
			return o.Kind == errfs.KindClose || // of a file that was only read
				o.Kind == errfs.KindWrite && o.Size == headerSize // a mark
		},
	}
}

func recoveries(short, long int) int {
	if crashtest.Long() {
		return long
	}
	return short
}

func TestCrash(t *testing.T) {
	tails := 0
	r := crashtest.Run(t, &crashtest.Options{Recoveries: recoveries(10_000, 500_000), Draws: 12, Nested: 16}, workload(25, 0, &tails))
	if tails < r.Recoveries/20 {
		t.Errorf("only %d of %d recoveries met a torn tail", tails, r.Recoveries)
	}
}

func TestFaults(t *testing.T) {
	crashtest.RunFaults(t, &crashtest.Options{Draws: 1}, workload(recoveries(12, 100), 0, nil))
}

// Each sync and each rule of the log is needed: without it, TestCrash or TestFaults fails. TestFlipsSabotage,
// TestStaleRecord, TestStaleTail and TestCompletedTail show the same for the other rules.
func TestSabotage(t *testing.T) {
	swallow := func(kind errfs.Kind, suffix string) errfs.Rule {
		return func(o errfs.Op) error {
			if o.Kind == kind && strings.HasSuffix(o.Name, suffix) {
				return errfs.ErrSwallow
			}
			return nil
		}
	}
	tests := []struct {
		name string
		lax  lax
		rule errfs.Rule
		do   func(*crashtest.Options, crashtest.Workload[string]) (crashtest.Report, error)
	}{
		{name: "sync of logs", rule: swallow(errfs.KindSync, ".wal")},
		{name: "sync of the base", rule: swallow(errfs.KindSync, baseFile+".tmp")},
		{name: "sync of the copy of a log", rule: swallow(errfs.KindSync, ".wal.tmp")},
		{name: "sync of directories", rule: swallow(errfs.KindSyncDir, "")},
		{name: "truncate", rule: swallow(errfs.KindTruncate, "")},
		{name: "rename", rule: swallow(errfs.KindRename, "")},
		{name: "payload checksum", lax: laxPayload},
		{name: "written anew", lax: laxAnew, do: crashtest.Faults[string]},
		{name: "failed sync", lax: laxFail, do: crashtest.Faults[string]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := workload(25, tt.lax, nil)
			if tt.rule != nil {
				w.Rules = []errfs.Rule{tt.rule}
			}
			if tt.do == nil {
				tt.do = crashtest.Enumerate[string]
			}
			r, err := tt.do(&crashtest.Options{Recoveries: 20_000}, w)
			if err == nil {
				t.Fatalf("not noticed in %v", r)
			}
			t.Logf("noticed after %v: %v", r, err)
		})
	}
}
