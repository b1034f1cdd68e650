package storetest

import (
	"maps"
	"testing"
	"time"
)

// A wrong store has one defect, which rule must find.
type wrong struct {
	rule  string // of the form group/name
	h     Harness
	hangs bool // the defect is a call that does not return
}

func wrongs() map[string]wrong {
	all := map[string]wrong{}
	for _, m := range []map[string]wrong{
		wrongSearches(), wrongFilters(), wrongWrites(), wrongReads(), wrongNamespaces(), wrongCalls(), wrongCloses(),
	} {
		maps.Copy(all, m)
	}
	return all
}

// Each wrong store is refused by the rule that it breaks, and the failure says
// which it was.
func TestWrongStores(t *testing.T) {
	for name, w := range inOrder(wrongs()) {
		t.Run(name, func(t *testing.T) {
			h := w.h
			if w.hangs {
				h.Patience = 300 * time.Millisecond // a right store takes a few
			}
			k, err := newKit(h)
			if err != nil {
				t.Fatal(err)
			}
			defer k.close()
			r := ruleNamed(t, w.rule)
			out := k.try(t.Context(), r)
			if len(out.faults) == 0 && w.rule == "strings/naughty" && out.skipped != "" {
				t.Skip(out.skipped)
			}
			if len(out.faults) == 0 {
				t.Fatalf("rule %s accepts it (skipped: %q)", w.rule, out.skipped)
			}
			t.Logf("%s: %s", w.rule, out.faults[0])
		})
	}
}

func ruleNamed(t *testing.T, name string) rule {
	for _, g := range groups {
		for _, r := range g.rules {
			if g.name+"/"+r.name == name {
				return r
			}
		}
	}
	t.Fatalf("no rule %s", name)
	return rule{}
}

// Every rule is broken by some wrong store, so that none is there in vain.
func TestEveryRuleIsBroken(t *testing.T) {
	broken := map[string]bool{}
	for _, w := range wrongs() {
		broken[w.rule] = true
	}
	for _, g := range groups {
		for _, r := range g.rules {
			if !broken[g.name+"/"+r.name] {
				t.Errorf("no wrong store breaks %s/%s", g.name, r.name)
			}
		}
	}
}
