package probe

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFaults(t *testing.T) {
	var x T
	x.Together(3, func(i int) {
		switch i {
		case 0:
			x.Faultf("fault %d", i)
			x.Fatalf("fatal %d", i)
			x.Faultf("not reached")
		case 1:
			panic("at the disco")
		case 2:
			x.Skipf("nothing to %s", "see")
			x.Faultf("not reached")
		}
	})
	all := strings.Join(x.Faults(), "\n")
	for _, want := range []string{"fault 0", "fatal 0", "panic: at the disco", "probe_test.go"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in %q", want, all)
		}
	}
	if strings.Contains(all, "not reached") || x.Skipped() != "nothing to see" {
		t.Errorf("faults %q, skipped %q", all, x.Skipped())
	}
}

func TestFaultsAreFew(t *testing.T) {
	var x T
	var want []string
	for i := range 3 * maxFaults {
		x.Faultf("%d", i)
		if i < maxFaults {
			want = append(want, fmt.Sprint(i))
		}
	}
	got := x.Faults()
	if !slices.Equal(got, want) {
		t.Errorf("%q, want the first %d", got, maxFaults)
	}
	got[0] = "changed"
	if x.Faults()[0] != "0" {
		t.Error("Faults gives out what it keeps")
	}
}
