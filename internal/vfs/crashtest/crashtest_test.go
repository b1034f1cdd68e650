package crashtest

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/internal/vfs"
	"github.com/quarry-go/quarry/internal/vfs/errfs"
)

// counter counts in a file, by vfs.Replace. An event is a new value of the counter.
func counter() Workload[int] {
	read := func(t *Trial[int]) (int, error) {
		text, err := vfs.ReadFile(t.FS, "count")
		if errors.Is(err, fs.ErrNotExist) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(string(text))
	}
	count := func(t *Trial[int], n int) error {
		i := t.Begin(n)
		err := vfs.Replace(t.FS, "count", []byte(strconv.Itoa(n)))
		if err == nil {
			t.End(i, Applied)
		}
		return err
	}
	return Workload[int]{
		Run: func(t *Trial[int]) error {
			for n := range 4 + t.Rand.IntN(4) {
				if err := count(t, n+1); err != nil {
					return err
				}
			}
			return nil
		},
		Verify: func(t *Trial[int]) error {
			got, err := read(t)
			if err == nil {
				err = t.FS.SyncDir(".") // what was read must stay
			}
			if err != nil {
				return err
			}
			least, most := 0, 0
			for i, e := range t.Events() {
				if e.Outcome == Applied {
					least = max(least, e.Value)
				}
				most = max(most, e.Value)
				if e.Value == got {
					t.End(i, Applied)
				}
			}
			if got < least || got > most {
				return fmt.Errorf("count is %d, not %d to %d", got, least, most)
			}
			return count(t, most+1)
		},
		MayIgnore: func(o errfs.Op) bool { return o.Kind == errfs.KindClose },
	}
}

func TestCounter(t *testing.T) {
	o := &Options{Recoveries: 3000}
	if r := Run(t, o, counter()); r.Recoveries < 3000 || r.Nested < 300 || r.Points < 100 || r.Runs < 2 {
		t.Errorf("tried too little: %v", r)
	}
	if r := RunFaults(t, nil, counter()); r.Faults < 8*30 || r.Recoveries < 8*30*8 {
		t.Errorf("tried too little: %v", r)
	}
	first, _ := Enumerate(o, counter())
	if again, _ := Enumerate(o, counter()); again != first {
		t.Errorf("%v, then %v", first, again)
	}
}

// Each broken workload is found out, twice in the same way.
func TestViolations(t *testing.T) {
	tests := map[string]struct {
		sabotage func(*Workload[int])
		faults   bool
		want     string
	}{
		"no sync":           {sabotage: func(w *Workload[int]) { w.Rules = append(w.Rules, errfs.Swallow(errfs.KindSync)) }},
		"no directory sync": {sabotage: func(w *Workload[int]) { w.Rules = append(w.Rules, errfs.Swallow(errfs.KindSyncDir)) }},
		"no rename":         {sabotage: func(w *Workload[int]) { w.Rules = append(w.Rules, errfs.Swallow(errfs.KindRename)) }},
		"acknowledges too early": {sabotage: func(w *Workload[int]) {
			w.Run = func(t *Trial[int]) error {
				t.End(t.Begin(1), Applied)
				return vfs.Replace(t.FS, "count", []byte("1"))
			}
		}},
		"recovers in another way each time": {sabotage: func(w *Workload[int]) {
			verify := w.Verify
			w.Verify = func(t *Trial[int]) error {
				if f, err := t.FS.Create("recovered"); err == nil {
					return f.Close()
				}
				return errors.Join(t.FS.Remove("count"), verify(t))
			}
		}},
		"does not make durable what it has read": {sabotage: func(w *Workload[int]) {
			w.Rules = append(w.Rules, func(o errfs.Op) error {
				if o.Kind == errfs.KindSyncDir && o.N == 4 {
					return errfs.ErrSwallow // the first of Verify
				}
				return nil
			})
		}},
		"panics": {want: "panic: ouch", sabotage: func(w *Workload[int]) {
			w.Verify = func(*Trial[int]) error { panic("ouch") }
		}},
		"leaves a file open": {want: "left open", sabotage: func(w *Workload[int]) {
			w.Verify = func(t *Trial[int]) error {
				_, err := t.FS.Create("x")
				return err
			}
		}},
		"fails without a crash": {want: "run without a crash", sabotage: func(w *Workload[int]) {
			w.Run = func(*Trial[int]) error { return errors.New("failed") }
		}},
		"hides errors": {faults: true, want: "nobody said so", sabotage: func(w *Workload[int]) {
			run := w.Run
			w.Run = func(t *Trial[int]) error {
				run(t)
				return nil
			}
		}},
		"panics at an error": {faults: true, want: "panic", sabotage: func(w *Workload[int]) {
			run := w.Run
			w.Run = func(t *Trial[int]) error {
				if err := run(t); err != nil {
					panic(err)
				}
				return nil
			}
		}},
		"acknowledges what failed": {faults: true, sabotage: func(w *Workload[int]) {
			w.Run = func(t *Trial[int]) error {
				i := t.Begin(1)
				err := vfs.Replace(t.FS, "count", []byte("1"))
				t.End(i, Applied)
				return err
			}
		}},
	}
	for name, tt := range tests {
		w := counter()
		tt.sabotage(&w)
		do := Enumerate[int]
		if tt.faults {
			do = Faults[int]
		}
		_, err := do(&Options{Recoveries: 2000}, w)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, again := do(&Options{Recoveries: 2000}, w)
		if !strings.HasPrefix(tt.want, "panic") && fmt.Sprint(again) != err.Error() { // stacks differ
			t.Errorf("%s: %v, then %v", name, err, again)
		}
		t.Logf("%s: %.150v", name, err)
	}
}

func TestFork(t *testing.T) {
	h := new(History[string])
	h.End(h.Begin("applied before"), Applied)
	h.Begin("unknown")
	later := h.Begin("applied between")
	known := h.Events()
	h.End(later, Applied)
	h.End(h.Begin("began after"), Applied)
	want := []Outcome{Applied, Unknown, Unknown, Unknown}
	for i, e := range h.fork(known).Events() {
		if e.Outcome != want[i] {
			t.Errorf("%s: %v", e.Value, e.Outcome)
		}
	}
}

func ExampleEnumerate() {
	// A program that writes a file, and says so before the name of the file is durable.
	_, err := Enumerate(nil, Workload[string]{
		Run: func(t *Trial[string]) error {
			i := t.Begin("file")
			f, err := t.FS.Create("file")
			if err != nil {
				return err
			}
			err = errors.Join(f.Sync(), f.Close())
			t.End(i, Applied)
			return err
		},
		Verify: func(t *Trial[string]) error {
			for _, e := range t.Events() {
				if _, err := t.FS.Stat(e.Value); err != nil && e.Outcome == Applied {
					return err
				}
			}
			return nil
		},
	})
	fmt.Println(err)
	// Output: seed 1, run 0, at the end, nothing survived (draw [2 0]): stat file: file does not exist
}
