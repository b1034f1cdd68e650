package rag

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quarry-go/quarry/loaders"
	"github.com/quarry-go/quarry/rag/assemble"
	"github.com/quarry-go/quarry/rag/cite"
	"github.com/quarry-go/quarry/store"
)

// BenchmarkSync syncs 10,000 small documents into memory, and then syncs them
// again: from a loader that lists, and from one that does not.
func BenchmarkSync(b *testing.B) {
	const n = 10_000
	docs := make([]Document, n)
	for i := range docs {
		docs[i] = Document{ID: fmt.Sprintf("doc%05d", i), Text: paragraphs(fmt.Sprint("it", i), 3)}
	}
	shelf := newShelf(nil)
	for _, d := range docs {
		shelf.put(d.ID, d.Text)
	}
	for name, l := range map[string]Loader{"slice": loaders.Slice(docs...), "lister": shelf} {
		b.Run(name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				k := newKB(b, nil)
				r := mustSync(b, k, "s", l, nil)
				b.ReportMetric(float64(r.Writes), "writes/op")
				if r.Added != n {
					b.Fatal(r)
				}
				k.Close()
			}
		})
		b.Run(name+"/unchanged", func(b *testing.B) {
			k := newKB(b, nil)
			mustSync(b, k, "s", l, nil)
			b.ReportAllocs()
			for b.Loop() {
				r := mustSync(b, k, "s", l, nil)
				b.ReportMetric(float64(r.Writes), "writes/op")
				if r.Unchanged != n || r.Writes != 0 {
					b.Fatal(r)
				}
			}
		})
	}
}

// BenchmarkAnswer assembles 20 passages of 500 tokens and checks an answer
// that cites each of them.
func BenchmarkAnswer(b *testing.B) {
	var hits []Hit
	var answer strings.Builder
	for i := range 20 {
		text := paragraphs(fmt.Sprint("document", i), 28) // 500 tokens of English
		hits = append(hits, Hit{Score: float64(20 - i), Chunk: Chunk{
			ID: fmt.Sprint(i), DocID: fmt.Sprint(i), Text: text, End: len(text),
			Origin: store.Origin{URI: fmt.Sprintf("doc%d.html", i), Title: "Title"},
			Marks:  []store.Mark{{Kind: "heading", End: len(text), Label: "Heading", Anchor: "h", Level: 1}},
		}})
		fmt.Fprintf(&answer, "It \"speaks of topic%d and of nothing else\" [%d]. ", i, i+1)
	}
	o := &assemble.Options{Budget: 1 << 20}
	b.Run("assemble", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ev, err := assemble.Assemble("What speaks of topic7 in document3?", hits, o)
			if err != nil || len(ev.Passages) != 20 {
				b.Fatal(len(ev.Passages), err)
			}
		}
	})
	ev, err := assemble.Assemble("What speaks of topic7 in document3?", hits, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cite", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a := &Answer{Text: answer.String(), Evidence: ev}
			a.verify()
			if len(a.Citations) != 20 || a.Citations[0].Verdict != cite.Quoted {
				b.Fatal(a.Citations)
			}
		}
	})
}
