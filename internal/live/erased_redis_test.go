package live_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/diemcau/diemcau/internal/registration"
)

// TestR5_ErasedFromRedis: after an erasure the sealed words of the person are in no file of
// Redis.
func TestR5_ErasedFromRedis(t *testing.T) {
	t.Parallel()
	server := startPlainRedis(t)
	store := openRedis(t, server)
	node, _ := startNode(t, store)
	c := conferenceOn(t, node)
	must(t, c, admin, openSeats(1))
	made := must(t, c, citizen, person("0123456789abcdef", "0912345678"))
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	sealed := recordAt(t, log, made.Position).Sealed
	if len(sealed) != 4 || left(t, server.Dir, sealed) != 4 {
		t.Fatalf("%d of %d sealed words are on disk: the test looks in the wrong place", left(t, server.Dir, sealed), len(sealed))
	}
	must(t, c, citizen, registration.Erase{ID: made.Registered.ID})
	wantGone(t, server, sealed)
}

// left counts which sealed words are in some file of a folder.
func left(t *testing.T, dir string, sealed map[string][]byte) int {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !entry.Type().IsRegular() {
			return nil
		}
		raw, readErr := os.ReadFile(path)
		for field, words := range sealed {
			found[field] = found[field] || bytes.Contains(raw, words)
		}
		if errors.Is(readErr, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, readErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, is := range found {
		if is {
			n++
		}
	}
	return n
}
