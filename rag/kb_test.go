package rag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/embed"
	"github.com/quarry-go/quarry/embed/embedtest"
	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/rag/cite"
	"github.com/quarry-go/quarry/rag/llm"
	"github.com/quarry-go/quarry/rag/llm/llmtest"
	"github.com/quarry-go/quarry/store"
)

// The identities of stored things never change: a store written by any release
// is found again by the next.
func TestIdentitiesAreFrozen(t *testing.T) {
	d := &Document{
		ID: "a", Ref: "r", URI: "u", Title: "t", Lang: "en", Text: "text", Principals: []string{"p"},
	}
	for _, c := range []struct{ what, got, want string }{
		{"DocID", DocID("source", "id"), "3036bd20dcc52b665c085829b85c1c93"},
		{"chunkID", chunkID("doc", 1, 2, "x"), "840c1f9abc5826415414c8f4c758760c"},
		{"embedKey", embedKey("space", "prefix", "text"), "1d26a7fa554f4e4acd3291e03c463229"},
		{"docVersion", docVersion("settings", d, map[string]any{"k": int64(1), "l": []string{"a"}}), "7dac569f5615f5c8e48b1fd383555fd2"},
		{"refVersion", refVersion("settings", "v1", 3), "3:5ea5f6ca42ea3cd1a8b60a125ecb932d"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %s, want %s", c.what, c.got, c.want)
		}
	}
	if DocID("a", "bc") == DocID("ab", "c") {
		t.Error("DocID confuses source and ID")
	}
}

func TestOpenIsDurable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kb")
	k, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Put(t.Context(), Document{ID: "a", Text: "Refunds need the approval of finance."}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("a second Open: %v", err)
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Retrieve(t.Context(), Question{Text: "refunds"}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	k, err = Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if hits := find(t, k, "who approves refunds?"); len(hits) != 1 {
		t.Errorf("%d hits after reopening", len(hits))
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open("", nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("Open of nothing: %v", err)
	}
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "letter.txt"), []byte("Dear Sir"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(foreign, nil); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), foreign) {
		t.Errorf("Open of another program's folder: %v", err)
	}
	if _, err := New(nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("New of nothing: %v", err)
	}
	k := newKB(t, nil)
	if _, err := Memory(&Options{DB: k.db}); !errors.Is(err, ErrInvalid) {
		t.Errorf("Memory with a DB: %v", err)
	}
	if _, err := Memory(&Options{Embedder: embed.Func(embed.Model{Name: "none"}, nil)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("an embedder without dimensions: %v", err)
	}
}

func TestASpaceIsKept(t *testing.T) {
	dir := t.TempDir()
	k, err := Open(dir, &Options{Embedder: embedtest.Words(16)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Put(t.Context(), Document{ID: "a", Text: "some words"}); err != nil {
		t.Fatal(err)
	}
	k.Close()
	if _, err := Open(dir, &Options{Embedder: embedtest.Words(32)}); !errors.Is(err, ErrSpace) {
		t.Errorf("another model: %v", err)
	}
	k, err = Open(dir, nil) // words alone still work
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if hits := find(t, k, "words"); len(hits) != 1 {
		t.Errorf("%d hits", len(hits))
	}
}

func TestPutAndDelete(t *testing.T) {
	k := newKB(t, nil)
	ctx := t.Context()
	put := func(docs ...Document) Report {
		t.Helper()
		r, err := k.Put(ctx, docs...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := put(Document{ID: "a", Text: "alpha text"}, Document{ID: "b", Text: "beta text"}); r.Added != 2 {
		t.Errorf("%v", r)
	}
	if r := put(Document{ID: "a", Text: "alpha, changed"}); r.Changed != 1 || r.Deleted != 0 {
		t.Errorf("%v", r)
	}
	if r := put(Document{ID: "c", Text: "gamma", Meta: map[string]any{"bad key": 1}}); !errors.Is(r.Err(), ErrInvalid) {
		t.Errorf("bad meta: %v", r.Err())
	}
	mustSync(t, k, "shelf", newShelf(map[string]string{"a": "alpha of the shelf"}), nil)
	if n := len(documents(t, k)); n != 3 {
		t.Errorf("%d documents, want 3", n)
	}
	hits := find(t, k, "beta")
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	got, err := k.Get(ctx, "no such chunk", hits[0].Chunk.ID)
	if err != nil || len(got) != 1 || got[0].Text != "beta text" {
		t.Errorf("Get: %v, %v", got, err)
	}
	if err := k.Delete(ctx, DocID(PutSource, "a"), "no such document"); err != nil {
		t.Error(err)
	}
	if err := k.DeleteSource(ctx, "shelf"); err != nil {
		t.Error(err)
	}
	if docs := documents(t, k); len(docs) != 1 || docs[0].ID != DocID(PutSource, "b") {
		t.Errorf("left: %v", docs)
	}
	if hits := find(t, k, "alpha"); len(hits) != 0 {
		t.Errorf("%d hits on what was deleted", len(hits))
	}
}

func TestNamespacesAreApart(t *testing.T) {
	k := newKB(t, nil)
	a, b := k.Namespace("a"), k.Namespace("b")
	for _, n := range []*KB{a, b} {
		if _, err := n.Put(t.Context(), Document{ID: "x", Text: "canary of " + n.name}); err != nil {
			t.Fatal(err)
		}
	}
	if hits := find(t, a, "canary"); len(hits) != 1 || hits[0].Chunk.Text != "canary of a" {
		t.Errorf("hits in a: %v", hits)
	}
	if hits := find(t, k, "canary"); len(hits) != 0 {
		t.Errorf("%d hits in the default namespace", len(hits))
	}
	var names []string
	for n, err := range k.Namespaces(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	}
	if fmt.Sprint(names) != "[a b]" {
		t.Errorf("namespaces %v", names)
	}
	if err := a.Drop(t.Context()); err != nil {
		t.Error(err)
	}
	if hits := find(t, a, "canary"); len(hits) != 0 {
		t.Error("dropped and still found")
	}
	bad := k.Namespace("")
	_, err1 := bad.Put(t.Context(), Document{ID: "x", Text: "y"})
	_, err2 := bad.Retrieve(t.Context(), Question{Text: "y"})
	_, err3 := bad.Get(t.Context(), "x")
	for _, err := range []error{err1, err2, err3, bad.Delete(t.Context(), "x"), bad.Drop(t.Context())} {
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("an invalid namespace: %v", err)
		}
	}
}

func TestRetrieveKeepsTheQuestion(t *testing.T) {
	for _, e := range []Embedder{nil, embedtest.Words(32)} {
		k := newKB(t, &Options{Embedder: e})
		docs := []Document{
			{ID: "1", Text: "red apples and pears", Meta: map[string]any{"year": 2024}},
			{ID: "2", Text: "red apples and plums", Meta: map[string]any{"year": 2025}},
			{ID: "3", Text: "red apples of the board", Meta: map[string]any{"year": 2025}, Principals: []string{"board"}},
		}
		if _, err := k.Put(t.Context(), docs...); err != nil {
			t.Fatal(err)
		}
		count := func(q Question) int {
			t.Helper()
			r, err := k.Retrieve(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			return len(r.Hits)
		}
		q := Question{Text: "red apples"}
		if n := count(q); n != 3 {
			t.Errorf("%d hits", n)
		}
		q.K = 1
		if n := count(q); n != 1 {
			t.Errorf("K 1: %d hits", n)
		}
		q.K, q.Filter = 0, store.Ge("year", 2025)
		if n := count(q); n != 2 {
			t.Errorf("filter: %d hits", n)
		}
		q.Principals = []string{"staff"}
		if n := count(q); n != 1 {
			t.Errorf("principals: %d hits", n)
		}
		q.Principals = []string{"staff", "board"}
		if n := count(q); n != 2 {
			t.Errorf("principals of the board: %d hits", n)
		}
	}
}

func TestBadQuestions(t *testing.T) {
	k := newKB(t, nil)
	for name, q := range map[string]Question{
		"no text":    {},
		"negative K": {Text: "x", K: -1},
	} {
		if _, err := k.Retrieve(t.Context(), q); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := k.Evidence(t.Context(), Question{Text: "x", Filter: store.Eq("bad key", 1)}); !errors.Is(err, store.ErrFilter) {
		t.Errorf("bad filter: %v", err)
	}
	if _, err := k.Retrieve(t.Context(), Question{Text: "x", Like: []string{"y"}}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Like: %v", err)
	}
}

func TestARetrieverThatSaysNothing(t *testing.T) {
	k := newKB(t, &Options{Retriever: func(store.Store, Embedder) Retriever { return silent{} }})
	if r, err := k.Retrieve(t.Context(), Question{Text: "x"}); err == nil || r != nil {
		t.Errorf("%v, %v", r, err)
	}
}

type silent struct{}

func (silent) Retrieve(context.Context, Question) (*Result, error) { return nil, nil }

// refunds is a knowledge base of two documents, with a model of the given answer.
func refunds(t *testing.T, model Generator) *KB {
	t.Helper()
	k := newKB(t, &Options{Model: model})
	_, err := k.Put(t.Context(),
		Document{ID: "policy.txt", URI: "policy.txt", Text: "Refunds above 500 need the approval of finance. Smaller refunds are made at once."},
		Document{ID: "travel.txt", URI: "travel.txt", Text: "Travel is booked a week ahead."})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

const whoApproves = "Who approves refunds above 500?"

func TestEvidence(t *testing.T) {
	k := refunds(t, nil)
	ev, err := k.Evidence(t.Context(), Question{Text: whoApproves})
	if err != nil {
		t.Fatal(err)
	}
	if len(ev.Citations) != 1 || ev.Citations[0].String() != `[1] policy.txt "Refunds above 500 need the approval of finance."` {
		t.Errorf("citations %v", ev.Citations)
	}
	again, err := k.Evidence(t.Context(), Question{Text: whoApproves})
	if err != nil || again.Prompt() != ev.Prompt() {
		t.Errorf("the same question gives another prompt: %v", err)
	}
	ev, err = k.Evidence(t.Context(), Question{Text: "quantum chromodynamics"})
	if err != nil || !ev.Empty() {
		t.Errorf("nothing relevant: %v, %v", ev, err)
	}
}

func TestAsk(t *testing.T) {
	model := llmtest.Say(`They "need the approval of finance" [1]. They take a week [7].`)
	k := refunds(t, model)
	a, err := k.Ask(t.Context(), Question{Text: whoApproves, History: []Message{{Role: llm.User, Text: "Hello"}, {Role: llm.Assistant, Text: "Hello!"}}})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Citations) != 2 {
		t.Fatalf("citations %+v", a.Citations)
	}
	first, second := a.Citations[0], a.Citations[1]
	if first.Verdict != cite.Quoted || first.Place.URI != "policy.txt" || first.Passage == nil {
		t.Errorf("first: %+v", first)
	}
	if q := first.Quotes[0]; first.Passage.Text[q.SourceStart-first.Passage.Start:q.SourceEnd-first.Passage.Start] != "need the approval of finance" {
		t.Errorf("quote %+v", q)
	}
	if second.Verdict != cite.Unknown || second.Passage != nil || second.Place != nil {
		t.Errorf("second: %+v", second)
	}
	reqs := model.Requests()
	if len(reqs) != 1 || len(reqs[0].Messages) != 4 {
		t.Fatalf("requests %+v", reqs)
	}
	for i, role := range []llm.Role{llm.System, llm.User, llm.Assistant, llm.User} {
		if m := reqs[0].Messages[i]; m.Role != role || (i < 3 && strings.Contains(m.Text, "finance")) {
			t.Errorf("message %d: %+v", i, m)
		}
	}
	if reqs[0].Messages[3].Text != a.Evidence.Prompt() {
		t.Error("the evidence is not the last message")
	}
}

func TestAskAbstains(t *testing.T) {
	model := llmtest.Say("never")
	a, err := refunds(t, model).Ask(t.Context(), Question{Text: "quantum chromodynamics"})
	if err != nil || !a.Abstained || a.Text != "" || len(model.Requests()) != 0 {
		t.Errorf("%+v, %v, %d requests", a, err, len(model.Requests()))
	}
}

func TestAskWithoutAModel(t *testing.T) {
	if _, err := refunds(t, nil).Ask(t.Context(), Question{Text: whoApproves}); !errors.Is(err, ErrNoModel) {
		t.Errorf("err = %v", err)
	}
}

func TestAskKeepsAPartialAnswer(t *testing.T) {
	broken := errors.New("connection reset")
	k := refunds(t, llm.Func(func(context.Context, llm.Request) (string, error) { return "", broken }))
	a, err := k.Ask(t.Context(), Question{Text: whoApproves})
	if !errors.Is(err, broken) || a == nil || a.Evidence.Empty() {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestStreamAndAskAgree(t *testing.T) {
	answer := `They "need the approval of finance" [1].`
	k := refunds(t, llmtest.Script(llmtest.Words(answer), llmtest.Words(answer)))
	a, err := k.Ask(t.Context(), Question{Text: whoApproves})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	var kinds []string
	for e, err := range k.Stream(t.Context(), Question{Text: whoApproves}) {
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Evidence != nil:
			kinds = append(kinds, "evidence")
		case e.Citation != nil:
			kinds = append(kinds, "citation")
		case e.Done != nil:
			kinds = append(kinds, "done")
			if e.Done.Text != a.Text || len(e.Done.Citations) != len(a.Citations) {
				t.Errorf("streamed %+v, asked %+v", e.Done, a)
			}
		default:
			text.WriteString(e.Text)
		}
	}
	if fmt.Sprint(kinds) != "[evidence citation done]" || text.String() != answer {
		t.Errorf("%v, text %q", kinds, text.String())
	}
	for range k.Stream(t.Context(), Question{Text: whoApproves}) {
		break // leaves nothing behind
	}
}

func TestBudgetOfAModel(t *testing.T) {
	k := newKB(t, &Options{Model: described{llmtest.Say("x"), llm.Model{Name: "small", Window: 2000}}, MaxAnswer: 200})
	if _, err := k.Put(t.Context(), Document{ID: "a", Text: paragraphs("a", 200)}); err != nil {
		t.Fatal(err)
	}
	q := Question{Text: "What is topic7?", History: []Message{{Role: llm.User, Text: strings.Repeat("x", 300)}}}
	ev, err := k.Evidence(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	total := len(defaultSystem) + 300 + len(ev.Prompt()) + 200
	if total > 2000 || ev.Empty() {
		t.Errorf("%d of a window of 2000, empty %v", total, ev.Empty())
	}
	q.History[0].Text = strings.Repeat("x", 1900)
	if _, err := k.Evidence(t.Context(), q); !errors.Is(err, assemble.ErrBudget) {
		t.Errorf("a history that fills the window: %v", err)
	}
}

type described struct {
	Generator
	model llm.Model
}

func (d described) Model() llm.Model { return d.model }

func TestAttach(t *testing.T) {
	ev, err := refunds(t, nil).Evidence(t.Context(), Question{Text: whoApproves})
	if err != nil {
		t.Fatal(err)
	}
	type message struct{ Role, Content string }
	msgs := make([]message, 1, 8)
	msgs[0] = message{"system", "Be brief."}
	got := Attach(msgs, ev, func(role, text string) message { return message{role, text} })
	if len(got) != 2 || got[1] != (message{"user", ev.Prompt()}) || len(msgs) != 1 {
		t.Errorf("%+v", got)
	}
	if spare := msgs[:2]; spare[1] != (message{}) {
		t.Error("Attach wrote behind the caller's slice")
	}
}

// watcher is an Observer that keeps what it is told.
type watcher struct{ ops, outcomes []string }

func (w *watcher) Start(ctx context.Context, op Op) (context.Context, func(Outcome)) {
	w.ops = append(w.ops, fmt.Sprintf("%+v", op))
	return ctx, func(o Outcome) { w.outcomes = append(w.outcomes, fmt.Sprintf("%s %+v", op.Name, o)) }
}

func TestObserverSeesNoText(t *testing.T) {
	const canary = "xyzzycanary"
	w := &watcher{}
	k := newKB(t, &Options{Observer: w, Embedder: embedtest.Words(16), Model: llmtest.Say("about " + canary + " [1].")})
	if _, err := k.Sync(t.Context(), "src", newShelf(map[string]string{"a": canary + " text"}), &SyncOptions{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Ask(t.Context(), Question{Text: "what of " + canary}); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(append(w.ops, w.outcomes...), "\n")
	if strings.Contains(all, canary) {
		t.Errorf("the observer sees text:\n%s", all)
	}
	for _, op := range []OpName{OpSync, OpEmbed, OpWrite, OpRetrieve, OpAssemble, OpGenerate} {
		if !strings.Contains(all, string(op)+" {Err:<nil>") {
			t.Errorf("no outcome of %s:\n%s", op, all)
		}
	}
	if len(w.ops) != len(w.outcomes) {
		t.Errorf("%d operations started, %d ended", len(w.ops), len(w.outcomes))
	}
}
