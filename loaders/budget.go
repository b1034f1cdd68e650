package loaders

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Limits bounds what reading one Ref may cost. A zero field is its default.
type Limits struct {
	MaxInput   int64         // bytes of the Ref itself; 256 MiB
	MaxText    int64         // bytes of text that come out of it, nested parts included; 64 MiB
	MaxInflate int64         // bytes that decompression may produce, nested parts included; 512 MiB
	MaxEntries int           // nested parts, such as files of an archive; 100,000
	MaxDepth   int           // nesting of parts and of elements; 256
	MaxTime    time.Duration // wall time from [NewBudget] on; 2 minutes
}

// A Budget counts what reading one Ref has cost, over all of its nested
// parts, and says when to stop. It is safe for concurrent use. A nil *Budget
// has no limits.
type Budget struct {
	limits                 Limits
	deadline               time.Time
	text, inflate, entries atomic.Int64
}

// NewBudget returns a budget that starts now.
func NewBudget(l Limits) *Budget {
	def(&l.MaxInput, 256<<20)
	def(&l.MaxText, 64<<20)
	def(&l.MaxInflate, 512<<20)
	def(&l.MaxEntries, 100_000)
	def(&l.MaxDepth, 256)
	def(&l.MaxTime, 2*time.Minute)
	return &Budget{limits: l, deadline: time.Now().Add(l.MaxTime)}
}

func def[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Limits returns the limits with their defaults filled in; the zero Limits
// for a nil Budget.
func (b *Budget) Limits() Limits {
	if b == nil {
		return Limits{}
	}
	return b.limits
}

// Input asks whether n bytes may be read in. The error wraps [ErrBudget].
func (b *Budget) Input(n int64) error {
	if b == nil || n <= b.limits.MaxInput {
		return nil
	}
	return fmt.Errorf("%w: %d bytes of input, limit %d", ErrBudget, n, b.limits.MaxInput)
}

// Text takes n bytes of text that came out. The error wraps [ErrBudget].
func (b *Budget) Text(n int) error {
	if b == nil {
		return nil
	}
	return take(&b.text, int64(n), b.limits.MaxText, "bytes of text")
}

// Inflate takes n bytes that decompression produced. The error wraps
// [ErrBudget].
func (b *Budget) Inflate(n int) error {
	if b == nil {
		return nil
	}
	return take(&b.inflate, int64(n), b.limits.MaxInflate, "inflated bytes")
}

// Entry takes one nested part. The error wraps [ErrBudget].
func (b *Budget) Entry() error {
	if b == nil {
		return nil
	}
	return take(&b.entries, 1, int64(b.limits.MaxEntries), "nested parts")
}

// Depth asks whether something may nest n deep. The error wraps [ErrBudget].
func (b *Budget) Depth(n int) error {
	if b == nil || n <= b.limits.MaxDepth {
		return nil
	}
	return fmt.Errorf("%w: nested %d deep, limit %d", ErrBudget, n, b.limits.MaxDepth)
}

// Check returns the context's error, or one that wraps [ErrBudget] once the
// time is up. Parsers call it every few thousand steps.
func (b *Budget) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b != nil && time.Now().After(b.deadline) {
		return fmt.Errorf("%w: more than %v", ErrBudget, b.limits.MaxTime)
	}
	return nil
}

func take(c *atomic.Int64, n, limit int64, what string) error {
	if c.Add(n) > limit {
		return fmt.Errorf("%w: more than %d %s", ErrBudget, limit, what)
	}
	return nil
}
