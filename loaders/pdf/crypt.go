package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"

	"github.com/quarry-go/quarry/loaders"
)

// A method is how strings or streams are encrypted.
type method uint8

const (
	plain method = iota
	rc4Method
	aesMethod    // AES-128, a key for each object
	aes256Method // AES-256, one key
)

// A decrypter undoes the standard security handler of ISO 32000-2, 7.6, of
// every version. A nil one changes nothing.
type decrypter struct {
	key              []byte
	strings, streams method
	metadata         bool // metadata is encrypted too
}

// newDecrypter returns the decrypter of f for a password of the user or of the
// owner; nil where f is not encrypted. The error wraps [loaders.ErrEncrypted].
func newDecrypter(f *file, password string) (*decrypter, error) {
	e := f.resolve(f.trailer["Encrypt"])
	if e.kind != dict {
		return nil, nil
	}
	h := handler{
		r: int(f.resolve(e.get("R")).num), p: uint32(int64(f.resolve(e.get("P")).num)),
		o: f.resolve(e.get("O")).s, u: f.resolve(e.get("U")).s, oe: f.resolve(e.get("OE")).s, ue: f.resolve(e.get("UE")).s,
		metadata: !f.resolve(e.get("EncryptMetadata")).is(op, "false"),
		length:   5,
	}
	if id := f.resolve(f.trailer["ID"]); len(id.list) > 0 {
		h.id = f.resolve(id.list[0]).s
	}
	d := &decrypter{metadata: h.metadata}
	v := int(f.resolve(e.get("V")).num)
	bits := int(f.resolve(e.get("Length")).num)
	switch v {
	case 1:
		d.strings, d.streams = rc4Method, rc4Method
	case 2, 3:
		d.strings, d.streams = rc4Method, rc4Method
		if bits >= 40 && bits <= 128 {
			h.length = bits / 8
		}
	case 4, 5:
		h.length = 16
		d.strings, d.streams = f.cryptFilter(e, "StrF"), f.cryptFilter(e, "StmF")
		if d.strings == plain && d.streams == plain {
			return nil, nil // only attachments are encrypted
		}
	default:
		return nil, fmt.Errorf("%w: method %d is not known", loaders.ErrEncrypted, v)
	}
	if filter := f.resolve(e.get("Filter")); !filter.is(name, "Standard") {
		return nil, fmt.Errorf("%w: handler %q is not known", loaders.ErrEncrypted, filter.s)
	}
	var ok bool
	if v == 5 {
		d.key, ok = h.key256([]byte(password))
	} else {
		d.key, ok = h.key128([]byte(password))
	}
	if !ok {
		return nil, fmt.Errorf("%w: wrong password", loaders.ErrEncrypted)
	}
	return d, nil
}

func (f *file) cryptFilter(e token, which string) method {
	filter := f.resolve(f.resolve(e.get("CF")).get(string(f.resolve(e.get(which)).s)))
	switch string(f.resolve(filter.get("CFM")).s) {
	case "V2":
		return rc4Method
	case "AESV2":
		return aesMethod
	case "AESV3":
		return aes256Method
	}
	return plain
}

// A handler is what the encryption dictionary says.
type handler struct {
	r, length        int
	p                uint32
	o, u, oe, ue, id []byte
	metadata         bool
}

var padding = []byte("\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A")

func padded(password []byte) []byte { return append(append([]byte(nil), password...), padding...)[:32] }

// key128 returns the key of revisions 2 to 4.
func (h *handler) key128(password []byte) ([]byte, bool) {
	if key := h.userKey(password); h.isUser(key) {
		return key, true
	}
	if len(h.o) < 32 {
		return nil, false
	}
	sum := md5.Sum(padded(password))
	owner := sum[:]
	n := 5
	if h.r >= 3 {
		n = h.length
		for range 50 {
			sum = md5.Sum(owner[:16])
			owner = sum[:]
		}
	}
	user := append([]byte(nil), h.o[:32]...)
	if h.r == 2 {
		xorRC4(owner[:n], user)
	} else {
		for i := 19; i >= 0; i-- {
			xorRC4(xored(owner[:n], byte(i)), user)
		}
	}
	key := h.userKey(user)
	return key, h.isUser(key)
}

// userKey is algorithm 2 of the standard.
func (h *handler) userKey(password []byte) []byte {
	m := md5.New()
	m.Write(padded(password))
	m.Write(h.o[:min(32, len(h.o))])
	m.Write(binary.LittleEndian.AppendUint32(nil, h.p))
	m.Write(h.id)
	if h.r >= 4 && !h.metadata {
		m.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := m.Sum(nil)
	if h.r >= 3 {
		for range 50 {
			sum := md5.Sum(key[:h.length])
			key = sum[:]
		}
	}
	return key[:h.length]
}

// isUser reports whether the user's key is right: algorithms 4 and 5.
func (h *handler) isUser(key []byte) bool {
	if h.r == 2 {
		check := append([]byte(nil), padding...)
		xorRC4(key, check)
		return bytes.Equal(check, h.u)
	}
	sum := md5.Sum(append(append([]byte(nil), padding...), h.id...))
	check := sum[:]
	for i := range 20 {
		xorRC4(xored(key, byte(i)), check)
	}
	return len(h.u) >= 16 && bytes.Equal(check, h.u[:16])
}

// key256 returns the key of revisions 5 and 6.
func (h *handler) key256(password []byte) ([]byte, bool) {
	password = password[:min(len(password), 127)]
	if len(h.u) < 48 || len(h.o) < 48 || len(h.ue) < 32 || len(h.oe) < 32 {
		return nil, false
	}
	open := func(hash, wrapped []byte) ([]byte, bool) {
		c, err := aes.NewCipher(hash)
		if err != nil {
			return nil, false
		}
		key := make([]byte, 32)
		cipher.NewCBCDecrypter(c, make([]byte, 16)).CryptBlocks(key, wrapped[:32])
		return key, true
	}
	if bytes.Equal(h.hash(password, h.u[32:40], nil), h.u[:32]) {
		return open(h.hash(password, h.u[40:48], nil), h.ue)
	}
	if bytes.Equal(h.hash(password, h.o[32:40], h.u[:48]), h.o[:32]) {
		return open(h.hash(password, h.o[40:48], h.u[:48]), h.oe)
	}
	return nil, false
}

// hash is SHA-256 in revision 5 and algorithm 2.B in revision 6.
func (h *handler) hash(password, salt, user []byte) []byte {
	first := sha256.Sum256(bytes.Join([][]byte{password, salt, user}, nil))
	k := first[:]
	if h.r < 6 {
		return k
	}
	for i := 0; ; i++ {
		round := bytes.Repeat(bytes.Join([][]byte{password, k, user}, nil), 64)
		c, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(c, k[16:32]).CryptBlocks(round, round)
		sum := 0
		for _, b := range round[:16] {
			sum += int(b)
		}
		switch sum % 3 {
		case 0:
			s := sha256.Sum256(round)
			k = s[:]
		case 1:
			s := sha512.Sum384(round)
			k = s[:]
		default:
			s := sha512.Sum512(round)
			k = s[:]
		}
		if i >= 63 && int(round[len(round)-1]) <= i-31 {
			return k[:32]
		}
	}
}

func xored(key []byte, v byte) []byte {
	out := make([]byte, len(key))
	for i, b := range key {
		out[i] = b ^ v
	}
	return out
}

func xorRC4(key, b []byte) {
	if c, err := rc4.NewCipher(key); err == nil {
		c.XORKeyStream(b, b)
	}
}

// decrypt returns the plain form of b, a string or stream of an object.
func (d *decrypter) decrypt(m method, id, gen int, b []byte) []byte {
	if d == nil || m == plain {
		return b
	}
	key := d.key
	if m != aes256Method {
		salted := append(append([]byte(nil), key...), byte(id), byte(id>>8), byte(id>>16), byte(gen), byte(gen>>8))
		if m == aesMethod {
			salted = append(salted, "sAlT"...)
		}
		sum := md5.Sum(salted)
		key = sum[:min(len(key)+5, 16)]
	}
	if m == rc4Method {
		out := append([]byte(nil), b...)
		xorRC4(key, out)
		return out
	}
	c, err := aes.NewCipher(key)
	if err != nil || len(b) < 2*aes.BlockSize {
		return nil
	}
	out := make([]byte, (len(b)-aes.BlockSize)/aes.BlockSize*aes.BlockSize)
	cipher.NewCBCDecrypter(c, b[:aes.BlockSize]).CryptBlocks(out, b[aes.BlockSize:aes.BlockSize+len(out)])
	if n := int(out[len(out)-1]); n >= 1 && n <= aes.BlockSize {
		out = out[:len(out)-n]
	}
	return out
}

// decryptStrings decrypts the strings in a value.
func (d *decrypter) decryptStrings(t token, id, gen int) token {
	switch t.kind {
	case str:
		t.s = d.decrypt(d.strings, id, gen, t.s)
	case array, dict:
		list := make([]token, len(t.list))
		for i, e := range t.list {
			list[i] = d.decryptStrings(e, id, gen)
		}
		t.list = list
	}
	return t
}
