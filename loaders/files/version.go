package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"time"
)

// grain is how old a modification time must be to be trusted: the coarsest
// clock of a file system in use, FAT's.
const grain = 2 * time.Second

// version returns the Version of a Ref; "" where the content has to be hashed
// and cannot be read, so that loading it says why.
func (w *walk) version(f *file) string {
	h := sha256.New()
	put(h, w.setting, f.id)
	var principals []string
	if w.o.Principals != nil {
		principals = w.o.Principals(f.id)
	}
	put(h, fmt.Sprintf("%q", principals))
	if w.o.Meta != nil {
		putMeta(h, w.o.Meta(f.id, f.info))
	}
	mod := f.info.ModTime()
	age := w.now().Sub(mod)
	if w.o.Hash || mod.IsZero() || age < grain {
		if !w.o.Hash {
			put(h, mod.UTC().Format(time.RFC3339Nano)) // Document.Modified
		}
		put(h, "content")
		if err := hashFile(w.ctx, w.tree, f.path, h); err != nil {
			return ""
		}
	} else {
		put(h, "stat", fmt.Sprint(f.info.Size(), mod.UnixNano(), identity(f.info)))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// put writes strings so that no two lists of them read the same.
func put(h hash.Hash, s ...string) {
	for _, s := range s {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
}

func putMeta(h hash.Hash, m map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v := m[k]
		if t, ok := v.(time.Time); ok {
			v = t.UnixNano()
		}
		put(h, k, fmt.Sprintf("%T %#v", v, v))
	}
}

func hashFile(ctx context.Context, fsys fs.FS, name string, h hash.Hash) error {
	f, err := openRegular(fsys, name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
