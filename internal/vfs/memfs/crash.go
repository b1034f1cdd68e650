package memfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// A Survival says what becomes, in a crash, of what was not durable.
type Survival uint8

const (
	// Random is a power failure after which each change that was not durable is there or not by a coin of its own.
	// Changes are made to the disk in any order, so that a later one may be there without an earlier one. What was
	// written survives by sectors of [SectorSize] bytes; in place of a lost one between two others, and behind the
	// last, there may be nothing, zeros, noise, or bytes that were once elsewhere in this file or in others. The bias
	// of the coin is drawn for each crash, and for each file anew whether its sectors are lost one by one or from one
	// place on.
	Random Survival = iota
	// Nothing is a power failure that leaves just what is durable.
	Nothing
	// Everything is a power failure that came when everything had reached the disk.
	Everything
	// Kill is the end of the program alone: nothing is lost, and nothing is more durable than it was.
	Kill
)

func (s Survival) String() string {
	return [...]string{"random", "nothing", "everything", "kill"}[s]
}

// SectorSize is the number of bytes that a disk writes wholly or not at all, at offsets that are multiples of it. A
// sector that holds durable bytes never loses them.
const SectorSize = 512

// Crash returns a new file system as a crash at this moment could leave this one, without open files and locks. This
// one stays as it is. The same state, survival and random numbers give the same result. Only [Random] draws numbers;
// rng may be nil for the others.
func (m *FS) Crash(s Survival, rng *rand.Rand) *FS {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := crash{survival: s, rng: rng, nodes: map[*node]*node{}, stale: slices.Clone(m.freed)}
	if s == Random {
		c.bias = rng.Float64()
		c.collect(m.root)
	}
	clone := &FS{root: c.node(m.root)}
	if s == Kill {
		clone.freed = c.stale
	}
	return clone
}

type crash struct {
	survival Survival
	rng      *rand.Rand
	bias     float64         // probability to survive
	nodes    map[*node]*node // that were copied: a node may have two names
	stale    []extent        // that may show up in lost sectors
}

// collect gathers the content of all files as stale bytes.
func (c *crash) collect(n *node) {
	if !n.isDir {
		c.stale = append(c.stale, extent{0, n.data})
		return
	}
	for _, name := range slices.Sorted(maps.Keys(n.names)) {
		c.collect(n.names[name])
	}
}

func (c *crash) survives() bool {
	switch c.survival {
	case Nothing:
		return false
	case Random:
		return c.rng.Float64() < c.bias
	default:
		return true
	}
}

// node returns the copy of a node; nil for nil.
func (c *crash) node(n *node) *node {
	if n == nil {
		return nil
	}
	if copied, ok := c.nodes[n]; ok {
		return copied
	}
	copied := &node{isDir: n.isDir}
	c.nodes[n] = copied
	switch {
	case c.survival == Kill:
		c.kill(n, copied)
	case n.isDir:
		c.dir(n, copied)
	default:
		copied.data = slices.Clip(c.content(n))
		copied.disk = copied.data
	}
	return copied
}

func (c *crash) kill(n, copied *node) {
	copied.data, copied.disk, copied.writes = slices.Clip(n.data), slices.Clip(n.disk), slices.Clone(n.writes)
	copied.lost = slices.Clone(n.lost)
	if n.isDir {
		copied.names, copied.kept = c.dirNames(n.names), c.dirNames(n.kept)
		for _, ch := range n.changes {
			entries := make(change, len(ch))
			for i, e := range ch {
				entries[i] = entry{e.name, c.node(e.node)}
			}
			copied.changes = append(copied.changes, entries)
		}
	}
}

func (c *crash) dir(n, copied *node) {
	names := maps.Clone(n.kept)
	for _, ch := range n.changes {
		if !c.survives() {
			continue
		}
		for _, e := range ch {
			if e.node == nil {
				delete(names, e.name)
			} else {
				names[e.name] = e.node
			}
		}
	}
	copied.names = c.dirNames(names)
	copied.kept = maps.Clone(copied.names)
}

// dirNames copies the nodes of a directory, in an order that does not change from run to run.
func (c *crash) dirNames(names map[string]*node) map[string]*node {
	copied := make(map[string]*node, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		copied[name] = c.node(names[name])
	}
	return copied
}

// content returns what is left of a file.
func (c *crash) content(n *node) []byte {
	switch {
	case len(n.writes) == 0 || c.survival == Nothing:
		return n.disk
	case c.survival == Everything:
		return n.data
	}
	data := slices.Clone(n.disk)
	cut := -1 // sectors at and behind it are lost, those before it are not
	if c.rng.IntN(2) == 0 {
		end := 0
		for _, w := range n.writes {
			end = max(end, w.size+len(w.data))
		}
		cut = c.rng.IntN(end + SectorSize)
	}
	for _, w := range n.writes {
		if w.data == nil {
			if c.survives() {
				data = append(data, make([]byte, max(0, w.size-len(data)))...)[:w.size]
			}
			continue
		}
		for from := 0; from < len(w.data); {
			off := w.size + from
			to := min(from+SectorSize-off%SectorSize, len(w.data))
			if cut >= 0 && off < cut || cut < 0 && c.survives() {
				data = c.fill(data, w.size+to)
				copy(data[off:], w.data[from:to])
			}
			from = to
		}
		if c.rng.IntN(4) == 0 { // the new length survives without the bytes
			data = c.fill(data, w.size+len(w.data))
		}
	}
	return data
}

// fill extends data with what a disk may show in sectors that were never written. The rest of a sector that was holds
// zeros.
func (c *crash) fill(data []byte, size int) []byte {
	from := (len(data) + SectorSize - 1) / SectorSize * SectorSize
	data = append(data, make([]byte, max(0, size-len(data)))...)
	if from >= size {
		return data
	}
	hole := data[from:]
	switch c.rng.IntN(4) {
	case 0:
		for i := range hole {
			hole[i] = byte(c.rng.Uint32())
		}
	case 1, 2:
		if len(c.stale) == 0 {
			break
		}
		old := c.stale[c.rng.IntN(len(c.stale))]
		shift := from - old.off // bytes that were at the same place
		if c.rng.IntN(2) == 0 && len(old.data) > 0 {
			shift = c.rng.IntN(len(old.data))
		}
		if shift >= 0 && shift < len(old.data) {
			copy(hole, old.data[shift:])
		}
	}
	return data
}
