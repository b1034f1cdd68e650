//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// A cost is what a piece of work took.
type cost struct {
	cpu   time.Duration // of all threads of the process
	bytes uint64        // allocated
}

// best runs f some times and returns the least CPU time, and the bytes that
// the last run allocated.
func best(f func() error) (c cost, err error) {
	for i := range 3 {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := cpu()
		if err := f(); err != nil {
			return cost{}, err
		}
		d := cpu() - begin
		runtime.ReadMemStats(&after)
		if i == 0 || d < c.cpu {
			c.cpu = d
		}
		c.bytes = after.TotalAlloc - before.TotalAlloc
	}
	return c, nil
}

func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// rate returns megabytes a second of CPU time.
func (c cost) rate(bytes int) float64 { return float64(bytes) / 1e6 / c.cpu.Seconds() }

// share returns bytes allocated for a byte of text.
func (c cost) share(bytes int) float64 { return float64(c.bytes) / float64(bytes) }
