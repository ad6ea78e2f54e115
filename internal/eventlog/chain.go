package eventlog

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the chain's link, computed inside Redis too, whose Lua has SHA-1 only; the digests it links are SHA-256
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// ErrChain says that records do not form a whole chain: one was changed, is missing, or
// comes from another log.
var ErrChain = errors.New("hash chain is broken")

// Digest returns hex SHA-256(canonical) ‖ hex SHA-256(sealed), 128 characters. The second
// half covers every field's name and ciphertext in the order of the names, each
// preceded by its length as 8 bytes, big-endian.
func Digest(canonical []byte, sealed map[string][]byte) string {
	var text [4 * sha256.Size]byte
	sum := sha256.Sum256(canonical)
	hex.Encode(text[:], sum[:])
	sum = sumSealed(sealed)
	hex.Encode(text[2*sha256.Size:], sum[:])
	return string(text[:])
}

// Sum returns the draft's digest.
func (d *Draft) Sum() string {
	if d.Digest != "" {
		return d.Digest
	}
	return Digest(d.Canonical, d.Sealed)
}

func digestCanonical(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

func digestSealed(sealed map[string][]byte) string {
	sum := sumSealed(sealed)
	return hex.EncodeToString(sum[:])
}

func sumSealed(sealed map[string][]byte) [sha256.Size]byte {
	var few [4]string // on the stack: more fields than any event has
	fields := few[:0]
	for field := range sealed {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	var some [1024]byte
	data := some[:0]
	for _, field := range fields {
		data = appendSized(data, field)
		data = appendSized(data, sealed[field])
	}
	return sha256.Sum256(data)
}

func appendSized[T string | []byte](out []byte, data T) []byte {
	out = binary.BigEndian.AppendUint64(out, uint64(len(data)))
	return append(out, data...)
}

// Hash returns the chain's link at a position: hex SHA-1(previous ‖ decimal position ‖
// digest). The link before position 1 is "".
func Hash(previous string, position uint64, digest string) string {
	var some [256]byte
	text := strconv.AppendUint(append(some[:0], previous...), position, 10)
	sum := sha1.Sum(append(text, digest...)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// Verify checks that the records continue the log after from: positions without a gap,
// time that never decreases, digests that fit the bytes, links that fit the digests. It
// returns the position of the last record. Error: ErrChain, with the place.
//
// Where sealed fields were erased the digest of what is left no longer fits; there the
// canonical half and the link are checked alone. That a ciphertext which is left was not
// exchanged is proved by its AES-GCM seal when it is opened.
func Verify(from Position, records []Record) (Position, error) {
	at := from
	for i, record := range records {
		if i > 0 && record.At.Before(records[i-1].At) {
			return at, fmt.Errorf("%w: time goes back at %d", ErrChain, record.Position)
		}
		if err := verifyOne(at, record); err != nil {
			return at, err
		}
		at.Pos, at.Hash = record.Position, record.Hash
	}
	return at, nil
}

func verifyOne(before Position, record Record) error {
	form, err := parse(record.Canonical)
	switch {
	case record.Position != before.Pos+1:
		return fmt.Errorf("%w: %d follows %d", ErrChain, record.Position, before.Pos)
	case len(record.Digest) != 4*sha256.Size:
		return fmt.Errorf("%w: digest at %d is malformed", ErrChain, record.Position)
	case record.Digest[:2*sha256.Size] != digestCanonical(record.Canonical):
		return fmt.Errorf("%w: event at %d was changed", ErrChain, record.Position)
	case record.Hash != Hash(before.Hash, record.Position, record.Digest):
		return fmt.Errorf("%w: link at %d does not fit", ErrChain, record.Position)
	case err != nil:
		return fmt.Errorf("%w: event at %d: %w", ErrChain, record.Position, err)
	case form.ID != record.ID || form.Cause != record.Cause:
		return fmt.Errorf("%w: event at %d stands under another id", ErrChain, record.Position)
	}
	return nil
}

// Erased reports whether sealed fields of the record were erased.
func Erased(record Record) bool {
	return len(record.Digest) == 4*sha256.Size && record.Digest[2*sha256.Size:] != digestSealed(record.Sealed)
}

// NewEpoch returns 64 random bits in hex, for a log that is created or restored.
func NewEpoch() string {
	var bits [8]byte
	if _, err := rand.Read(bits[:]); err != nil {
		panic(err) // documented never to happen; without randomness nothing here is safe
	}
	return hex.EncodeToString(bits[:])
}
