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
	"strconv"
	"time"
)

// grain is how old a modification time must be to be trusted: the coarsest
// clock of a file system in use, FAT's.
const grain = 2 * time.Second

// version returns the Version of a Ref; "" where the content has to be hashed
// and cannot be read, so that loading it says why.
func (w *walk) version(f *file) string {
	h := sha256.New()
	put(h, w.settings, f.id, f.name)
	principals, meta := w.extras(f)
	put(h, principals...)
	putMeta(h, meta)
	mod := f.info.ModTime()
	if !w.o.Hash {
		put(h, strconv.FormatInt(mod.UnixNano(), 10))
	}
	if w.o.Hash || mod.IsZero() || w.now().Sub(mod) < grain {
		put(h, "content")
		if err := hashFile(w.ctx, w.tree.fsys, f.path, h); err != nil {
			return ""
		}
	} else {
		put(h, "stat", strconv.FormatInt(f.info.Size(), 10), identity(f.info))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// fingerprint names all that shapes the documents of every file alike.
func (l *lister) fingerprint() string {
	h := sha256.New()
	put(h, l.uri, l.o.Trust.String(), fmt.Sprintf("%+v", l.o.Limits))
	for _, f := range l.o.Formats {
		put(h, f.Name, f.Version)
		put(h, f.Extensions...)
		put(h, f.MIMEs...)
	}
	return string(h.Sum(nil))
}

// put writes a list of strings so that no two lists read the same.
func put(h hash.Hash, list ...string) {
	fmt.Fprintf(h, "%d[", len(list))
	for _, s := range list {
		fmt.Fprintf(h, "%d:%s", len(s), s)
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
