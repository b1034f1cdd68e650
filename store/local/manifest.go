package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A manifest says which files make up the store. It is replaced as a whole.
type manifest struct {
	id   [16]byte // of the store, random; every file carries it
	next uint32   // no file has this number or a greater one, unless a crash left it
	base uint64   // sequence number of the state that the checkpoint holds; 0: there is none
	logs []logFile
}

// A logFile is a log that the manifest lists, in the order of replay. The
// first is the checkpoint, where there is one.
type logFile struct {
	number  uint32
	durable int64 // the log is at least so long
}

const (
	manifestMagic   = "QuarryDB"
	manifestVersion = 1
	manifestHead    = 52 // bytes before the list of logs
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errForeignManifest = errors.New("file MANIFEST is of another program")

// encode returns the bytes of the file.
func (m *manifest) encode() []byte {
	le := binary.LittleEndian
	b := append(make([]byte, 0, manifestHead+12*len(m.logs)+4), manifestMagic...)
	b = le.AppendUint32(b, manifestVersion)
	b = append(b, m.id[:]...)
	b = le.AppendUint32(b, m.next)
	b = le.AppendUint64(b, m.base)
	b = le.AppendUint64(b, 0) // segments: none in this version
	b = le.AppendUint32(b, uint32(len(m.logs)))
	for _, l := range m.logs {
		b = le.AppendUint32(b, l.number)
		b = le.AppendUint64(b, uint64(l.durable))
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeManifest is the inverse of encode. The error matches ErrNewer or
// errForeignManifest, or says how the file is damaged.
func decodeManifest(b []byte, s sabotage) (*manifest, error) {
	le := binary.LittleEndian
	if len(b) < len(manifestMagic) || string(b[:len(manifestMagic)]) != manifestMagic {
		return nil, errForeignManifest
	}
	if len(b) < manifestHead+4 {
		return nil, fmt.Errorf("MANIFEST has %d bytes", len(b))
	}
	body, sum := b[:len(b)-4], le.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum && !s.has(noManifestSum) {
		return nil, errors.New("MANIFEST has a wrong checksum")
	}
	if v := le.Uint32(body[8:]); v != manifestVersion {
		return nil, fmt.Errorf("%w: format %d, this one knows %d", ErrNewer, v, manifestVersion)
	}
	m := &manifest{next: le.Uint32(body[28:]), base: le.Uint64(body[32:])}
	copy(m.id[:], body[12:28])
	n := le.Uint32(body[48:])
	if le.Uint64(body[40:]) != 0 || uint64(len(body)-manifestHead) != 12*uint64(n) {
		return nil, errors.New("MANIFEST has a wrong length")
	}
	last := uint32(0)
	for at := manifestHead; at < len(body); at += 12 {
		l := logFile{le.Uint32(body[at:]), int64(le.Uint64(body[at+4:]))}
		if l.number == last || l.number >= m.next || l.durable < 0 {
			return nil, fmt.Errorf("MANIFEST lists log %d of %d bytes, next is %d", l.number, l.durable, m.next)
		}
		last = l.number
		m.logs = append(m.logs, l)
	}
	if m.base != 0 && len(m.logs) == 0 {
		return nil, errors.New("MANIFEST lists no checkpoint")
	}
	return m, nil
}

// clone returns a copy that shares nothing with m.
func (m *manifest) clone() *manifest {
	c := *m
	c.logs = append([]logFile(nil), m.logs...)
	return &c
}

// name returns the name of the file of logs[i].
func (m *manifest) name(i int) string {
	if i == 0 && m.base != 0 {
		return baseName(m.logs[i].number)
	}
	return logName(m.logs[i].number)
}

// logName and baseName return the names of a log and a checkpoint.
func logName(number uint32) string  { return fmt.Sprintf("log-%06d", number) }
func baseName(number uint32) string { return fmt.Sprintf("base-%06d", number) }

// parseName is the inverse of both.
func parseName(name string) (number uint32, checkpoint, ok bool) {
	if n, err := fmt.Sscanf(name, "log-%d", &number); n == 1 && err == nil {
		return number, false, name == logName(number)
	}
	if n, err := fmt.Sscanf(name, "base-%d", &number); n == 1 && err == nil {
		return number, true, name == baseName(number)
	}
	return 0, false, false
}
