package secret

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// masterBytes is the length of the installation's secret.
const masterBytes = 32

// idBytes is the length of the secret's name before hex.
const idBytes = 8

// ErrMalformed says that the secret file does not hold 64 hex characters.
var ErrMalformed = errors.New("secret file does not hold 64 hex characters")

// ErrExposed says that others than the owner may read the secret file.
var ErrExposed = errors.New("secret file may be read by others: chmod 0600 it")

// Keys derives keys from the installation's secret. Safe for concurrent use.
type Keys struct{ master []byte }

// Open reads the secret file, or makes it (32 random bytes, hex, mode 0600, fsynced)
// when create is true and it does not exist. Two processes that start together agree on
// one secret: the file appears whole or not at all, and who comes second reads it.
//
// Errors: fs.ErrNotExist when it is missing and create is false, ErrMalformed, ErrExposed.
func Open(path string, create bool) (*Keys, error) {
	keys, err := read(path)
	if err == nil || !create || !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("make secret file %s: %w", path, err)
	}
	return read(path)
}

// New returns Keys for a given master secret of 32 bytes; for tests.
func New(master []byte) *Keys { return &Keys{master: append([]byte(nil), master...)} }

// Derive returns n bytes for the purpose: HKDF-SHA-256(master, info=purpose).
// n is at most 8,160 (RFC 5869 §2.3).
func (k *Keys) Derive(purpose string, n int) []byte {
	key, err := hkdf.Key(sha256.New, k.master, nil, purpose, n)
	if err != nil {
		// Only an impossible n reaches here: a broken invariant of the caller.
		panic(fmt.Sprintf("derive %d bytes for %q: %v", n, purpose, err))
	}
	return key
}

// ID returns 16 hex characters that name the secret without telling it; a log remembers
// it so that a node with another secret refuses to start.
func (k *Keys) ID() string { return hex.EncodeToString(k.Derive("diemcau secret id", idBytes)) }

func read(path string) (*Keys, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read secret file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("read secret file %s (mode %04o): %w", path, info.Mode().Perm(), ErrExposed)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("read secret file: %w", err)
	}
	master, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(master) != masterBytes {
		return nil, fmt.Errorf("read secret file %s: %w", path, ErrMalformed)
	}
	return &Keys{master: master}, nil
}

// makeFile writes a new secret beside path, then links it into place: a link, unlike a
// rename, fails when somebody else's secret is already there.
func makeFile(path string) error {
	var master [masterBytes]byte
	if _, err := rand.Read(master[:]); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // the name is a leftover either way
	_, err = file.WriteString(hex.EncodeToString(master[:]) + "\n")
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Link(file.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
