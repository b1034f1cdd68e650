package storetest

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/quarry-go/quarry/store"
)

// wrongNamespaces confuse namespaces, or strings.
func wrongNamespaces() map[string]wrong {
	return map[string]wrong{
		"one namespace for all": {rule: "namespace/isolation", h: opens(func(r *Reference) store.DB { return oneForAll{r} })},
		"names without case":    {rule: "namespace/look-alikes", h: opens(func(r *Reference) store.DB { return folded{r} })},
		"a hostile filter reaches other namespaces": {rule: "namespace/isolation", h: opens(func(r *Reference) store.DB {
			return bentDB{r, func(s store.Store) store.Store {
				return bent{Store: s, scan: func(s store.Store, ctx context.Context, q store.ScanQuery) iter.Seq2[store.Chunk, error] {
					if d, ok := q.Filter.(store.Disjunction); ok && len(d.Filters) > 0 && d.Filters[0] == store.All() {
						for name := range r.spaces {
							s, _ = r.Namespace(name)
						}
					}
					return s.Scan(ctx, q)
				}}
			}}
		})},
		"a word finds what others keep": {rule: "namespace/tenants", h: opens(func(r *Reference) store.DB {
			return bentDB{r, func(s store.Store) store.Store {
				return bent{Store: s, search: func(s store.Store, ctx context.Context, q store.Query) ([]store.Hit, error) {
					if q.Validate() == nil && strings.HasPrefix(q.Text, "canary1") {
						for name := range r.spaces {
							other, _ := r.Namespace(name)
							if hits, err := other.Search(ctx, q); len(hits) > 0 || err != nil {
								return hits, err
							}
						}
					}
					return s.Search(ctx, q)
				}}
			}}
		})},
		"Namespaces unsorted":      {rule: "namespace/listing", h: opens(func(r *Reference) store.DB { return unsorted{r} })},
		"a handle makes a tenant":  {rule: "namespace/handle", h: opens(func(r *Reference) store.DB { return eager{r} })},
		"Drop does nothing":        {rule: "namespace/drop", h: opens(func(r *Reference) store.DB { return undroppable{r} })},
		"Drop of nothing fails":    {rule: "namespace/drop-missing", h: opens(func(r *Reference) store.DB { return strictDrop{r} })},
		"Drop of everything":       {rule: "namespace/drop", h: opens(func(r *Reference) store.DB { return dropsAll{r} })},
		"any name is good":         {rule: "namespace/names", h: opens(func(r *Reference) store.DB { return anyName{r} })},
		"a Write into all of them": {rule: "namespace/isolated-writes", h: opens(func(r *Reference) store.DB { return broadcast(r) })},

		"trims strings": {rule: "strings/own", h: by(stored(func(c *store.Chunk) {
			if l, ok := c.Meta["tags"].([]string); ok && c.ID == "case " {
				c.Meta["tags"] = []string{strings.TrimSpace(l[0]), "", strings.TrimSpace(l[0])}
			}
		}))},
		"normalises accents": {rule: "strings/own", h: by(stored(func(c *store.Chunk) { c.Origin.Title = strings.ReplaceAll(c.Origin.Title, "e\u0301", "é") }))},
		"a firewall": {rule: "strings/naughty", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			if slices.ContainsFunc(c.Upsert, func(u store.Chunk) bool { return strings.Contains(u.Text, "DROP TABLE users") }) {
				return store.Changed{}, errBackend
			}
			return s.Write(ctx, c)
		}})},
		"quotes by hand": {rule: "strings/filters", h: by(leaves(func(c store.Compare) store.Filter {
			if s, ok := c.Value.(string); ok && strings.Contains(s, `' OR '`) {
				return store.All()
			}
			return c
		}))},
		"a pattern in a DocQuery": {rule: "strings/queries", h: by(redocumented(func(q store.DocQuery, docs []store.Doc) []store.Doc {
			if slices.Contains(q.Refs, "*") {
				return append(docs, record("~~~", 0))
			}
			return docs
		}))},
		"reserved words as keys": {rule: "strings/keys", h: by(bent{write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			for _, u := range c.Upsert {
				if _, ok := u.Meta["select"]; ok {
					return store.Changed{}, errBackend
				}
			}
			return s.Write(ctx, c)
		}})},
		"paths as names": {rule: "strings/namespaces", h: opens(func(r *Reference) store.DB { return cleaned{r} })},
	}
}

// oneForAll has one namespace under all names.
type oneForAll struct{ *Reference }

func (o oneForAll) Namespace(name string) (store.Store, error) {
	if err := store.CheckNamespace(name); err != nil {
		return nil, err
	}
	return o.Reference.Namespace("all")
}

// folded takes names without case for one.
type folded struct{ *Reference }

func (f folded) Namespace(name string) (store.Store, error) {
	return f.Reference.Namespace(strings.ToLower(name))
}

// cleaned takes names for paths.
type cleaned struct{ *Reference }

func (c cleaned) Namespace(name string) (store.Store, error) {
	if err := store.CheckNamespace(name); err != nil {
		return nil, err
	}
	return c.Reference.Namespace(path.Clean(name))
}

type unsorted struct{ *Reference }

func (u unsorted) Namespaces(ctx context.Context) iter.Seq2[string, error] {
	names, err := drain(u.Reference.Namespaces(ctx))
	slices.Reverse(names)
	return sequence(ctx, u.Reference, names, err)
}

// eager makes a namespace as soon as there is a handle on it.
type eager struct{ *Reference }

func (e eager) Namespace(name string) (store.Store, error) {
	s, err := e.Reference.Namespace(name)
	if err == nil && name != "" {
		_, err = s.Write(context.Background(), store.Change{Docs: []store.Doc{record("tenant", 0)}})
	}
	return s, err
}

type undroppable struct{ *Reference }

func (u undroppable) Drop(ctx context.Context, name string) error { return ctx.Err() }

type strictDrop struct{ *Reference }

func (d strictDrop) Drop(ctx context.Context, name string) error {
	if d.spaces[name] == nil {
		return fmt.Errorf("%w: no namespace %q", errBackend, name)
	}
	return d.Reference.Drop(ctx, name)
}

type dropsAll struct{ *Reference }

func (d dropsAll) Drop(ctx context.Context, name string) error {
	clear(d.spaces)
	return nil
}

type anyName struct{ *Reference }

func (a anyName) Namespace(name string) (store.Store, error) {
	return a.Reference.Namespace("n" + strings.ToValidUTF8(strings.ReplaceAll(name, "\x00", ""), ""))
}

// broadcast writes into every namespace that there is.
func broadcast(r *Reference) store.DB {
	return bentDB{r, func(s store.Store) store.Store {
		return bent{Store: s, write: func(s store.Store, ctx context.Context, c store.Change) (store.Changed, error) {
			done, err := s.Write(ctx, c)
			if err == nil {
				for name := range r.spaces {
					other, _ := r.Namespace(name)
					_, _ = other.Write(ctx, c)
				}
			}
			return done, err
		}}
	}}
}
