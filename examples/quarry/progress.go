package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/quarry-go/quarry/rag"
)

// progress shows how far a sync is: a bar on a terminal, a line now and then
// elsewhere, nothing beside JSON.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar
	last time.Time
	mute bool
}

// lineEvery is how often a line is printed where there is no terminal.
const lineEvery = 5 * time.Second

func newProgress(w io.Writer, mute bool) *progress {
	p := &progress{w: w, mute: mute, last: time.Now()}
	if f, ok := w.(*os.File); ok && !mute && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("files"), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
	}
	return p
}

func (p *progress) update(s rag.Progress) {
	switch {
	case p.mute:
	case p.bar != nil:
		if s.Total && p.bar.GetMax() != s.Listed {
			p.bar.ChangeMax(s.Listed)
		}
		p.bar.Describe(fmt.Sprintf("%d chunks", s.Chunks))
		p.bar.Set(s.Done)
	case time.Since(p.last) >= lineEvery:
		p.last = time.Now()
		of := ""
		if s.Total {
			of = fmt.Sprintf(" of %d", s.Listed)
		}
		fmt.Fprintf(p.w, "%d%s files done, %d chunks written\n", s.Done, of, s.Chunks)
	}
}

func (p *progress) done() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
