package ragtest

import (
	"context"
	"errors"
	"sync"

	"github.com/quarry-go/quarry/rag"
)

// Observer tests an observer.
func Observer(ctx context.Context, o rag.Observer) error {
	var f faults
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(ctx, key{}, "value"))
	defer cancel()
	ops := []rag.OpName{rag.OpSync, rag.OpEmbed, rag.OpWrite, rag.OpRetrieve, rag.OpAssemble, rag.OpGenerate}
	var wg sync.WaitGroup
	for range callers {
		for _, name := range ops {
			wg.Go(func() {
				sub, done := o.Start(ctx, rag.Op{Name: name, Items: 1})
				if sub == nil || sub.Value(key{}) != "value" {
					f.add("the context is made from the one given", "%s: a value is lost", name)
				}
				if done == nil {
					f.add("Start returns a function", "%s", name)
					return
				}
				var ended sync.WaitGroup // on another goroutine
				ended.Go(func() { done(rag.Outcome{Err: errors.New("failed"), Items: 1}) })
				ended.Wait()
			})
		}
	}
	wg.Wait()
	sub, done := o.Start(ctx, rag.Op{Name: rag.OpRetrieve})
	cancel()
	if sub != nil && sub.Err() == nil {
		f.add("the context is made from the one given", "it does not end with it")
	}
	if done != nil {
		done(rag.Outcome{})
	}
	return f.err()
}
