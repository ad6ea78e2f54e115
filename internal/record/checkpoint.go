package record

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/diemcau/diemcau/internal/conference"
)

// EventCheckpoint is the type of a checkpoint's event. It is about the log itself.
const EventCheckpoint = "log.checkpoint"

// KeyPurpose is what the installation's secret is derived for to make the seed of the
// signing key (SeedBytes).
const (
	KeyPurpose = "diemcau record checkpoints v1"
	SeedBytes  = ed25519.SeedSize
)

// Checkpoint is the data of EventCheckpoint, version 1.
type Checkpoint struct {
	// Position of the last event that it covers; all before it are covered too.
	Position uint64 `json:"position"`
	// SHA256 is the Tally's sum there, 64 hex characters.
	SHA256 string `json:"sha256"`
	// Key is the public key, 64 hex characters (Ed25519, RFC 8032).
	Key string `json:"key"`
	// Signature over Message, 128 hex characters.
	Signature string `json:"signature"`
}

// Message is what a checkpoint's signature covers: four lines.
func Message(id conference.ID, position uint64, sum string) []byte {
	return fmt.Appendf(nil, "diemcau record 1\n%s\n%d\n%s\n", id, position, sum)
}

// Signer signs checkpoints. Safe for concurrent use.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner returns the signer of a seed of SeedBytes bytes.
func NewSigner(seed []byte) *Signer { return &Signer{key: ed25519.NewKeyFromSeed(seed)} }

// Public returns the public key.
func (s *Signer) Public() ed25519.PublicKey {
	return s.key.Public().(ed25519.PublicKey) //nolint:forcetypeassert // documented
}

// Sign makes the checkpoint of a place in a conference's log. Equal arguments give equal
// checkpoints, on every node.
func (s *Signer) Sign(id conference.ID, position uint64, sum string) Checkpoint {
	return Checkpoint{
		Position: position, SHA256: sum, Key: hex.EncodeToString(s.Public()),
		Signature: hex.EncodeToString(ed25519.Sign(s.key, Message(id, position, sum))),
	}
}

// errSignature says that a checkpoint was not signed by the key.
var errSignature = errors.New("the signature does not fit the key")

// check verifies the signature of a checkpoint by a key.
func (c Checkpoint) check(id conference.ID, key ed25519.PublicKey) error {
	signature, err := hex.DecodeString(c.Signature)
	if err != nil || !ed25519.Verify(key, Message(id, c.Position, c.SHA256), signature) {
		return errSignature
	}
	return nil
}

// ParseKey reads a public key of 64 hex characters.
func ParseKey(text string) (ed25519.PublicKey, error) {
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("a public key has %d hex characters", 2*ed25519.PublicKeySize)
	}
	return key, nil
}
