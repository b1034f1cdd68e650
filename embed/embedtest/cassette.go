package embedtest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/quarry-go/quarry/embed"
)

// Cassette returns an [embed.Embedder] that replays the vectors in the file at
// path, so that a test of a real model needs neither model nor key. A text
// that the file lacks is an error that names it.
//
// With QUARRY_RECORD=1 in the environment and an e that is not nil, such texts
// are embedded by e, and the file is written when the test ends; a file of
// another model is begun anew. A file of another model than e's fails the test
// when it is replayed. Usage is that of a replay: nothing.
//
// The file is JSON Lines: the model, then a line a text with its kind, the
// text and the vector as base64 of little-endian float32, sorted.
func Cassette(t testing.TB, path string, e embed.Embedder) embed.Embedder {
	t.Helper()
	record := e != nil && os.Getenv("QUARRY_RECORD") == "1"
	c, err := openCassette(path, e, record)
	if err != nil {
		t.Fatal(err)
	}
	if record {
		t.Cleanup(func() {
			if err := c.save(path); err != nil {
				t.Error(err)
			}
		})
	}
	return c
}

type cassette struct {
	model  embed.Model
	record embed.Embedder // nil to replay

	mu      sync.Mutex
	vectors map[recordKey][]float32
	added   bool
}

type recordKey struct {
	kind embed.Kind
	text string
}

// A recordLine is a line of the file after the first.
type recordLine struct {
	Kind   embed.Kind `json:"kind"`
	Text   string     `json:"text"`
	Vector string     `json:"vector"`
}

func openCassette(path string, e embed.Embedder, record bool) (*cassette, error) {
	c := &cassette{vectors: map[recordKey][]float32{}}
	if record {
		c.record = e
	}
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := c.read(data); err != nil {
			return nil, fmt.Errorf("embedtest: cassette %s: %w", path, err)
		}
	case !record || !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("embedtest: cassette: %w", err)
	}
	if e != nil && c.model != e.Model() {
		if !record {
			return nil, fmt.Errorf("embedtest: cassette %s: recorded with %+v, the embedder is %+v", path, c.model, e.Model())
		}
		c.model = e.Model()
		clear(c.vectors)
	}
	return c, nil
}

func (c *cassette) read(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&c.model); err != nil {
		return fmt.Errorf("model: %w", err)
	}
	for d.More() {
		var line recordLine
		if err := d.Decode(&line); err != nil {
			return fmt.Errorf("text %d: %w", len(c.vectors), err)
		}
		raw, err := base64.StdEncoding.DecodeString(line.Vector)
		if err != nil || len(raw) != 4*c.model.Dim {
			return fmt.Errorf("text %q: no vector of %d numbers", line.Text, c.model.Dim)
		}
		v := make([]float32, c.model.Dim)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		c.vectors[recordKey{line.Kind, line.Text}] = v
	}
	return nil
}

// save writes what was added, through a file beside path.
func (c *cassette) save(path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.added {
		return nil
	}
	data, err := c.write()
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o644)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("embedtest: cassette: %w", err)
	}
	return nil
}

func (c *cassette) write() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := enc.Encode(c.model); err != nil {
		return nil, err
	}
	for _, key := range slices.SortedFunc(maps.Keys(c.vectors), compareKeys) {
		var raw []byte
		for _, x := range c.vectors[key] {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		if err := enc.Encode(recordLine{key.kind, key.text, base64.StdEncoding.EncodeToString(raw)}); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

func compareKeys(a, b recordKey) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
}

func (c *cassette) Model() embed.Model { return c.model }

func (c *cassette) Embed(ctx context.Context, r embed.Request) (embed.Response, error) {
	if err := ctx.Err(); err != nil {
		return embed.Response{}, err
	}
	if err := r.Validate(); err != nil {
		return embed.Response{}, err
	}
	if err := c.add(ctx, r); err != nil {
		return embed.Response{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var resp embed.Response
	for _, text := range r.Texts {
		v, ok := c.vectors[recordKey{r.Kind, text}]
		if !ok {
			return embed.Response{}, fmt.Errorf("%w: not recorded: %s %q", embed.ErrResponse, kindName(r.Kind), text)
		}
		resp.Vectors = append(resp.Vectors, slices.Clone(v))
	}
	return resp, nil
}

// add records the texts that are missing, if c records.
func (c *cassette) add(ctx context.Context, r embed.Request) error {
	if c.record == nil {
		return nil
	}
	missing := embed.Request{Kind: r.Kind}
	c.mu.Lock()
	for _, text := range r.Texts {
		if _, ok := c.vectors[recordKey{r.Kind, text}]; !ok {
			missing.Texts = append(missing.Texts, text)
		}
	}
	c.mu.Unlock()
	if len(missing.Texts) == 0 {
		return nil
	}
	resp, err := c.record.Embed(ctx, missing)
	if err == nil {
		err = resp.Check(len(missing.Texts), c.model.Dim)
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, text := range missing.Texts {
		c.vectors[recordKey{r.Kind, text}] = slices.Clone(resp.Vectors[i])
	}
	c.added = true
	return nil
}

func kindName(k embed.Kind) string {
	if k == embed.Query {
		return "query"
	}
	return "passage"
}
