package storetest

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// A wrong store has one defect, which rule must find.
type wrong struct {
	rule  string // of the form group/name
	h     Harness
	hangs bool // the defect is a call that does not return
	falls bool // the defect is a panic
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

// Each wrong store is refused by the rule that it breaks, in the way that it
// breaks it: a hang by a hang, a panic by a panic, all else by what was seen.
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
			first := out.faults[0]
			if strings.HasPrefix(first, "no return") != w.hangs || strings.HasPrefix(first, "panic") != w.falls {
				t.Errorf("rule %s refuses it for another reason: %s", w.rule, first)
			}
			t.Logf("%s: %s", w.rule, first)
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
