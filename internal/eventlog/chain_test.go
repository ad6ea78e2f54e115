package eventlog_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

func sum256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestDigestByHand computes the digest as docs tell an outsider to.
func TestDigestByHand(t *testing.T) {
	t.Parallel()
	const size4, size1, size0 = "\x00\x00\x00\x00\x00\x00\x00\x04", "\x00\x00\x00\x00\x00\x00\x00\x01", "\x00\x00\x00\x00\x00\x00\x00\x00"
	for _, test := range []struct {
		name   string
		sealed map[string][]byte
		want   string
	}{
		{"nothing sealed", nil, sum256("words") + sum256("")},
		{"empty map", map[string][]byte{}, sum256("words") + sum256("")},
		{"two fields by name", map[string][]byte{"name": []byte("x"), "body": nil}, sum256("words") + sum256(size4+"body"+size0+size4+"name"+size1+"x")},
	} {
		if got := eventlog.Digest([]byte("words"), test.sealed); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
	// The lengths tell fields apart that would read the same.
	if eventlog.Digest(nil, map[string][]byte{"a": []byte("bc")}) == eventlog.Digest(nil, map[string][]byte{"ab": []byte("c")}) {
		t.Error("two different sealings have one digest")
	}
	link := sha1.Sum([]byte("previous42digest"))
	if got, want := eventlog.Hash("previous", 42, "digest"), hex.EncodeToString(link[:]); got != want {
		t.Errorf("link: got %s, want %s", got, want)
	}
}

func chain(t *testing.T, n int) []eventlog.Record {
	t.Helper()
	records, previous := make([]eventlog.Record, n), ""
	for i := range records {
		r := &records[i]
		*r = eventlog.Record{
			Position: uint64(i + 1), At: time.Unix(int64(1000+i), 0).UTC(), ID: fmt.Sprint("e", i), Cause: fmt.Sprint("c", i),
			Sealed: map[string][]byte{"body": []byte("b"), "phone": []byte("p")},
		}
		var err error
		r.Canonical, err = eventlog.Encode(conference.Event{ID: r.ID, Type: "t", V: 1, Cause: r.Cause})
		if err != nil {
			t.Fatal(err)
		}
		r.Digest = eventlog.Digest(r.Canonical, r.Sealed)
		r.Hash = eventlog.Hash(previous, r.Position, r.Digest)
		previous = r.Hash
	}
	return records
}

func TestVerify(t *testing.T) {
	t.Parallel()
	records := chain(t, 6)
	start := eventlog.Position{Epoch: "x"}
	whole := eventlog.Position{Epoch: "x", Pos: 6, Hash: records[5].Hash}
	if end, err := eventlog.Verify(start, records); err != nil || end != whole {
		t.Fatalf("got %+v, %v; want %+v", end, err, whole)
	}
	middle, err := eventlog.Verify(start, records[:3])
	if err != nil {
		t.Fatal(err)
	}
	if end, err := eventlog.Verify(middle, records[3:]); err != nil || end != whole {
		t.Errorf("in two parts: got %+v, %v; want %+v", end, err, whole)
	}
	if end, err := eventlog.Verify(middle, nil); err != nil || end != middle {
		t.Errorf("nothing: got %+v, %v; want %+v", end, err, middle)
	}
	for name, spoil := range map[string]func(r []eventlog.Record) []eventlog.Record{
		"event changed":    func(r []eventlog.Record) []eventlog.Record { r[2].Canonical = r[1].Canonical; return r },
		"event missing":    func(r []eventlog.Record) []eventlog.Record { return slices.Delete(r, 2, 3) },
		"first missing":    func(r []eventlog.Record) []eventlog.Record { return r[1:] },
		"events swapped":   func(r []eventlog.Record) []eventlog.Record { r[2], r[3] = r[3], r[2]; return r },
		"event twice":      func(r []eventlog.Record) []eventlog.Record { return slices.Insert(r, 2, r[2]) },
		"digest changed":   func(r []eventlog.Record) []eventlog.Record { r[2].Digest = r[1].Digest; return r },
		"digest too short": func(r []eventlog.Record) []eventlog.Record { r[2].Digest = r[2].Digest[:64]; return r },
		"link changed":     func(r []eventlog.Record) []eventlog.Record { r[2].Hash = r[1].Hash; return r },
		"time goes back":   func(r []eventlog.Record) []eventlog.Record { r[2].At = r[0].At; return r },
		"another id":       func(r []eventlog.Record) []eventlog.Record { r[2].ID = "other"; return r },
		"another cause":    func(r []eventlog.Record) []eventlog.Record { r[2].Cause = "other"; return r },
		"renumbered":       func(r []eventlog.Record) []eventlog.Record { r[2].Position = 9; return r },
	} {
		if end, err := eventlog.Verify(start, spoil(chain(t, 6))); !errors.Is(err, eventlog.ErrChain) {
			t.Errorf("%s: got %+v, %v; want %v", name, end, err, eventlog.ErrChain)
		}
	}
}

// TestJ10_ErasedKeepsTheChain: erasing changes neither digest nor link; a forged
// replacement of the record's digest does not pass.
func TestJ10_ErasedKeepsTheChain(t *testing.T) {
	t.Parallel()
	records := chain(t, 3)
	delete(records[0].Sealed, "phone")
	records[1].Sealed = nil
	if _, err := eventlog.Verify(eventlog.Position{}, records); err != nil {
		t.Errorf("after erasing: %v", err)
	}
	for i, want := range []bool{true, true, false} {
		if got := eventlog.Erased(records[i]); got != want {
			t.Errorf("record %d erased: %v, want %v", i, got, want)
		}
	}
	records[1].Digest = eventlog.Digest(records[1].Canonical, nil)
	if _, err := eventlog.Verify(eventlog.Position{}, records); !errors.Is(err, eventlog.ErrChain) {
		t.Errorf("with a new digest: got %v, want %v", err, eventlog.ErrChain)
	}
}

func TestNewEpoch(t *testing.T) {
	t.Parallel()
	one, two := eventlog.NewEpoch(), eventlog.NewEpoch()
	if one == two || len(one) != 16 {
		t.Errorf("got %q and %q, want two different ones of 16 characters", one, two)
	}
}
