package eval

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// ReadBEIR reads a set in the layout of BEIR (Thakur et al., 2021):
// corpus.jsonl, queries.jsonl, and the judgments in qrels.tsv or, where that
// is absent, in qrels/test.tsv. Each may be compressed and end in .gz.
//
// Errors name file and line. They wrap [ErrEmpty] for a folder with none of
// the files or a file that holds nothing, [fs.ErrNotExist] where only some are
// missing, [ErrFormat] for what cannot be read, and [ErrUnknownID] for
// judgments of queries or documents that are not there.
func ReadBEIR(fsys fs.FS) (*Set, error) {
	s := &Set{Grades: map[string]map[string]int{}}
	errCorpus := lines(fsys, "corpus.jsonl", func(line []byte) error {
		d, err := record(line)
		s.Docs = append(s.Docs, d)
		return err
	})
	errQueries := lines(fsys, "queries.jsonl", func(line []byte) error {
		d, err := record(line)
		s.Queries = append(s.Queries, Query{d.ID, d.Text})
		return err
	})
	errGrades := lines(fsys, "qrels.tsv", s.grade)
	if errors.Is(errGrades, fs.ErrNotExist) {
		errGrades = lines(fsys, "qrels/test.tsv", s.grade)
	}
	missing := 0
	for _, err := range []error{errCorpus, errQueries, errGrades} {
		if errors.Is(err, fs.ErrNotExist) {
			missing++
		}
	}
	if missing == 3 {
		return nil, fmt.Errorf("%w: no corpus.jsonl, queries.jsonl or qrels.tsv", ErrEmpty)
	}
	if err := errors.Join(errCorpus, errQueries, errGrades); err != nil {
		return nil, err
	}
	if len(s.Docs) == 0 {
		return nil, fmt.Errorf("%w: no documents", ErrEmpty)
	}
	return s, s.Validate()
}

// record reads a line of a corpus or of queries.
func record(line []byte) (Doc, error) {
	var r struct {
		ID    string `json:"_id"`
		Title string `json:"title"`
		Text  string `json:"text"`
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return Doc{}, err
	}
	if r.ID == "" {
		return Doc{}, errors.New("no _id")
	}
	return Doc(r), nil
}

// grade reads a line of judgments: query, document and grade, divided by tabs.
func (s *Set) grade(line []byte) error {
	f := strings.Split(strings.TrimRight(string(line), "\r"), "\t")
	if f[0] == "query-id" {
		return nil
	}
	if len(f) != 3 {
		return fmt.Errorf("%d fields, want 3", len(f))
	}
	g, err := strconv.Atoi(f[2])
	if err != nil {
		return fmt.Errorf("grade %q is not a number", f[2])
	}
	if s.Grades[f[0]] == nil {
		s.Grades[f[0]] = map[string]int{}
	}
	s.Grades[f[0]][f[1]] = g
	return nil
}

// maxLine is the length of the longest line that is read.
const maxLine = 256 << 20

// lines calls each for every line of the named file, or of its compressed
// form, that is not blank.
func lines(fsys fs.FS, name string, each func(line []byte) error) error {
	var r io.Reader
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		if z, zerr := fsys.Open(name + ".gz"); zerr == nil {
			f, err, name = z, nil, name+".gz"
		}
	}
	if err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	defer f.Close()
	if r = f; strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrFormat, name, err)
		}
	}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	n := 0
	for in.Scan() {
		n++
		if len(strings.TrimSpace(in.Text())) == 0 {
			continue
		}
		if err := each(in.Bytes()); err != nil {
			return fmt.Errorf("%w: %s:%d: %w", ErrFormat, name, n, err)
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("%w: %s:%d: %w", ErrFormat, name, n+1, err)
	}
	return nil
}
