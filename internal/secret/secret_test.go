package secret_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/diemcau/diemcau/internal/secret"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	if _, err := secret.Open(path, false); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("open a missing file: got %v, want fs.ErrNotExist", err)
	}
	first, err := secret.Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := secret.Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID() != again.ID() || len(first.ID()) != 16 {
		t.Errorf("ids: got %q and %q, want one of 16 characters", first.ID(), again.ID())
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %o, want 600", info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), first.ID()) {
		t.Error("the id is part of the secret")
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".secret-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left-over files: %v %v", left, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Open(bad, true); !errors.Is(err, secret.ErrMalformed) {
		t.Errorf("short secret: got %v, want ErrMalformed", err)
	}
	open := filepath.Join(dir, "open")
	if _, err := secret.Open(open, true); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Open(open, true); !errors.Is(err, secret.ErrExposed) {
		t.Errorf("readable secret: got %v, want ErrExposed", err)
	}
}

func TestOpenTogether(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret")
	ids := make([]string, 16)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			if keys, err := secret.Open(path, true); err == nil {
				ids[i] = keys.ID()
			}
		})
	}
	wg.Wait()
	for i, id := range ids {
		if id == "" || id != ids[0] {
			t.Errorf("process %d has secret %q, want %q", i, id, ids[0])
		}
	}
}

func TestDerive(t *testing.T) {
	t.Parallel()
	keys := secret.New(bytes.Repeat([]byte{7}, 32))
	other := secret.New(bytes.Repeat([]byte{8}, 32))
	a, b, c := keys.Derive("a", 32), keys.Derive("b", 32), other.Derive("a", 32)
	if len(a) != 32 || bytes.Equal(a, b) || bytes.Equal(a, c) || !bytes.Equal(a, keys.Derive("a", 32)) {
		t.Error("derived keys must depend on the purpose and the master, and on nothing else")
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	sealer := secret.New(bytes.Repeat([]byte{7}, 32)).Sealer()
	at := secret.Place{Conference: "dat-dai", Event: "e1", Field: "body"}
	const text = "Tôi hỏi về sổ đỏ"
	sealed := sealer.Seal(at, text)
	if bytes.Contains(sealed, []byte("sổ")) {
		t.Fatal("the text is readable in the sealed field")
	}
	if got, err := sealer.Open(at, sealed); err != nil || got != text {
		t.Fatalf("open: got %q %v, want %q", got, err, text)
	}
	if bytes.Equal(sealed, sealer.Seal(at, text)) {
		t.Error("sealing twice gives the same bytes: the nonce is not random")
	}
	damaged := bytes.Clone(sealed)
	damaged[len(damaged)-1] ^= 1
	for name, try := range map[string]struct {
		at     secret.Place
		sealed []byte
		by     *secret.Sealer
	}{
		"other event":      {secret.Place{Conference: "dat-dai", Event: "e2", Field: "body"}, sealed, sealer},
		"other field":      {secret.Place{Conference: "dat-dai", Event: "e1", Field: "short"}, sealed, sealer},
		"other conference": {secret.Place{Conference: "y-te", Event: "e1", Field: "body"}, sealed, sealer},
		"damaged":          {at, damaged, sealer},
		"cut":              {at, sealed[:20], sealer},
		"other key":        {at, sealed, secret.New(bytes.Repeat([]byte{9}, 32)).Sealer()},
	} {
		if _, err := try.by.Open(try.at, try.sealed); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: got %v, want ErrSealed", name, err)
		}
	}
}
