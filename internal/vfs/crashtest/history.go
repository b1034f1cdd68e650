package crashtest

import (
	"slices"
	"sync"
)

// An Outcome is what is known of an event.
type Outcome uint8

const (
	// Unknown: it was attempted; it may be there after a crash, whole, or not.
	Unknown Outcome = iota
	// Applied: it was acknowledged, and must be there after any crash.
	Applied
	// Refused: it failed in a way that promises that it is not there, and never will be.
	Refused
)

// An Event is something that was attempted.
type Event[E any] struct {
	Value   E
	Outcome Outcome
}

// A History is what a workload attempted, in the order of the beginnings. It is safe for concurrent use.
type History[E any] struct {
	mu     sync.Mutex
	events []Event[E]
}

// Begin notes that v is about to be attempted, and returns the index of the event.
func (h *History[E]) Begin(v E) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, Event[E]{Value: v})
	return len(h.events) - 1
}

// End notes the outcome of an event.
func (h *History[E]) End(i int, o Outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events[i].Outcome = o
}

// Events returns a copy of the history.
func (h *History[E]) Events() []Event[E] {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// fork returns the history for a crash that came after the events known and before now: what began since may have
// happened, but what ended since had not.
func (h *History[E]) fork(known []Event[E]) *History[E] {
	events := h.Events()
	for i := range events {
		events[i].Outcome = Unknown
		if i < len(known) {
			events[i].Outcome = known[i].Outcome
		}
	}
	return &History[E]{events: events}
}
