package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
)

// sealPurpose derives the key of sealed fields. Another purpose is another key and
// another key id, so that keys can be changed without reading old fields wrongly.
const sealPurpose = "diemcau sealed fields v1"

// keyIDBytes is the length of the key id in front of every ciphertext.
const keyIDBytes = 8

// ErrSealed says that a sealed field cannot be opened: another key, another place, or damage.
var ErrSealed = errors.New("sealed field cannot be opened")

// Place says where a sealed field belongs; it is authenticated, so that a ciphertext
// moved to another event, field or conference does not open.
type Place struct {
	Conference string
	Event      string // event id
	Field      string
}

// Sealer seals and opens the fields that may have to be erased: AES-256-GCM with a
// random 96-bit nonce. Safe for concurrent use.
//
//	key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16)
//	AAD = conference ‖ 0 ‖ event id ‖ 0 ‖ field ‖ 0 ‖ key id
type Sealer struct {
	aead cipher.AEAD
	id   string // keyIDBytes raw bytes
}

// Sealer returns the sealer of the installation.
func (k *Keys) Sealer() *Sealer {
	material := k.Derive(sealPurpose, 32+keyIDBytes)
	block, err := aes.NewCipher(material[:32])
	if err != nil {
		panic(fmt.Sprintf("make sealer: %v", err)) // 32 bytes always make a cipher
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("make sealer: %v", err))
	}
	return &Sealer{aead: aead, id: string(material[32:])}
}

// KeyID returns the id of the sealing key in hex.
func (s *Sealer) KeyID() string { return hex.EncodeToString([]byte(s.id)) }

// Seal encrypts text for its place.
func (s *Sealer) Seal(at Place, text string) []byte {
	out := make([]byte, keyIDBytes+s.aead.NonceSize(), keyIDBytes+s.aead.NonceSize()+len(text)+s.aead.Overhead())
	copy(out, s.id)
	nonce := out[keyIDBytes:]
	_, _ = rand.Read(nonce) // crypto/rand.Read never fails (it ends the program instead)
	return s.aead.Seal(out, nonce, []byte(text), at.aad(s.id))
}

// Open decrypts what Seal made for the same place. Error: ErrSealed.
func (s *Sealer) Open(at Place, sealed []byte) (string, error) {
	head := keyIDBytes + s.aead.NonceSize()
	if len(sealed) < head+s.aead.Overhead() {
		return "", fmt.Errorf("open %s of event %s: %d bytes are too few: %w", at.Field, at.Event, len(sealed), ErrSealed)
	}
	if id := string(sealed[:keyIDBytes]); id != s.id {
		return "", fmt.Errorf("open %s of event %s: sealed with key %x, not %x: %w", at.Field, at.Event, id, s.id, ErrSealed)
	}
	text, err := s.aead.Open(nil, sealed[keyIDBytes:head], sealed[head:], at.aad(s.id))
	if err != nil {
		return "", fmt.Errorf("open %s of event %s: %w", at.Field, at.Event, ErrSealed)
	}
	return string(text), nil
}

// aad is what is authenticated beside the text.
func (p Place) aad(keyID string) []byte {
	out := make([]byte, 0, len(p.Conference)+len(p.Event)+len(p.Field)+3+len(keyID))
	for _, part := range [...]string{p.Conference, p.Event, p.Field} {
		out = append(append(out, part...), 0)
	}
	return append(out, keyID...)
}
