package wal

import (
	"encoding/binary"
	"hash/crc32"
)

const (
	magic   = "QuarryWL"
	version = 1

	fileHeaderSize = 36
	headerSize     = 32
)

// MaxPayload is the largest payload of a record in bytes: 256 MiB.
const MaxPayload = 256 << 20

type kind uint8

const (
	kindData kind = 1 + iota
	kindMark
	kindEnd
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A format is what the header of a file says, and with it the encoding of the records in that file.
type format struct {
	id     [16]byte
	number uint32
}

// A header is the header of a record.
type header struct {
	sum     uint32 // CRC of the header
	payload uint32 // CRC of the payload; a random number in a mark behind a cut
	length  uint32
	kind    kind
	prev    uint32
	synced  int64
}

// size is the length of the whole record.
func (h header) size() int64 { return headerSize + int64(h.length) }

// appendFileHeader appends the header of the file to b, and returns its checksum too.
func (f format) appendFileHeader(b []byte) ([]byte, uint32) {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, f.number)
	b = append(b, f.id[:]...)
	sum := crc32.Checksum(b[start:], castagnoli)
	return binary.LittleEndian.AppendUint32(b, sum), sum
}

// parseFileHeader reads a file header. ok is false where its checksum is wrong; the version is for the caller to judge.
func parseFileHeader(b []byte) (f format, vers, sum uint32, ok bool) {
	le := binary.LittleEndian
	sum = le.Uint32(b[32:])
	ok = string(b[:8]) == magic && crc32.Checksum(b[:32], castagnoli) == sum
	f.number = le.Uint32(b[12:])
	copy(f.id[:], b[16:32])
	return f, le.Uint32(b[8:]), sum, ok
}

// appendHeader appends the header h of a record to b, and returns its checksum too; h.sum is not looked at.
func (f format) appendHeader(b []byte, h header) ([]byte, uint32) {
	le := binary.LittleEndian
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	b = le.AppendUint32(b, h.payload)
	b = le.AppendUint32(b, h.length)
	b = append(b, byte(h.kind), 0, 0, 0)
	b = le.AppendUint32(b, f.number)
	b = le.AppendUint32(b, h.prev)
	b = le.AppendUint64(b, uint64(h.synced))
	sum := f.headerSum(b[start:])
	le.PutUint32(b[start:], sum)
	return b, sum
}

// parseHeader reads the header of a record. ok is false where there is none.
func (f format) parseHeader(b []byte) (h header, ok bool) {
	le := binary.LittleEndian
	if le.Uint32(b[16:]) != f.number { // first, because a torn tail is searched for headers at every byte
		return h, false
	}
	h = header{
		sum:     le.Uint32(b),
		payload: le.Uint32(b[4:]),
		length:  le.Uint32(b[8:]),
		kind:    kind(b[12]),
		prev:    le.Uint32(b[20:]),
		synced:  int64(le.Uint64(b[24:])),
	}
	ok = h.kind >= kindData && h.kind <= kindEnd && b[13]|b[14]|b[15] == 0 &&
		h.length <= MaxPayload && (h.length == 0 || h.kind == kindData) &&
		f.headerSum(b) == h.sum
	return h, ok
}

func (f format) headerSum(b []byte) uint32 {
	sum := crc32.Checksum(f.id[:], castagnoli)
	return crc32.Update(sum, castagnoli, b[4:headerSize])
}
