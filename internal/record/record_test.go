package record_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/record"
)

const place conference.ID = "dat-dai-2022"

func signer() *record.Signer {
	return record.NewSigner(bytes.Repeat([]byte{7}, record.SeedBytes))
}

// book is a record in the making.
type book struct {
	t       *testing.T
	tally   *record.Tally
	signer  *record.Signer
	records []eventlog.Record
}

func newBook(t *testing.T) *book {
	t.Helper()
	return &book{t: t, tally: record.NewTally(), signer: signer()}
}

func (b *book) add(kind string, data any) {
	b.t.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		b.t.Fatal(err)
	}
	position := uint64(len(b.records) + 1)
	event := conference.Event{
		ID: fmt.Sprint("e", position), Type: kind, V: 1, Cause: fmt.Sprint("c", position), Data: raw,
		Actor: conference.Actor{Role: conference.RoleModerator, Person: "Trần Thị Lan"},
	}
	canonical, err := eventlog.Encode(event)
	if err != nil {
		b.t.Fatal(err)
	}
	r := eventlog.Record{
		Position: position, At: time.UnixMicro(1_666_900_000_000_000 + int64(position)), ID: event.ID, Cause: event.Cause,
		Canonical: canonical, Digest: eventlog.Digest(canonical, nil),
	}
	b.records = append(b.records, r)
	b.tally.Add(r.Position, r.At, r.Digest)
}

// fill adds events up to a position, with a checkpoint a few events after each boundary,
// and one at the end.
func (b *book) fill(upTo int) *book {
	b.t.Helper()
	covered := uint64(0)
	for len(b.records) < upTo {
		boundary, sum := b.tally.Boundary()
		if boundary > covered && len(b.records)%record.Every == 5 {
			b.add(record.EventCheckpoint, b.signer.Sign(place, boundary, sum))
			covered = boundary
			continue
		}
		b.add("question.approved", map[string]int{"n": len(b.records)})
	}
	b.add(record.EventCheckpoint, b.signer.Sign(place, uint64(len(b.records)), b.tally.Sum()))
	return b
}

func (b *book) copied(full bool) string {
	b.t.Helper()
	var out bytes.Buffer
	w, err := record.NewWriter(&out, place, full)
	for i := 0; err == nil && i < len(b.records); i++ {
		err = w.Write(b.records[i])
	}
	if err = errors.Join(err, w.Close()); err != nil {
		b.t.Fatal(err)
	}
	return out.String()
}

func verify(text string, key ed25519.PublicKey) (record.Report, error) {
	return record.Verify(strings.NewReader(text), key, nil)
}

// TestVerify: a copy as it was signed is whole, the public one and the full one; the public
// one tells nobody's name.
func TestVerify(t *testing.T) {
	t.Parallel()
	b := newBook(t).fill(2500)
	for _, full := range []bool{false, true} {
		text := b.copied(full)
		got, err := verify(text, signer().Public())
		want := record.Report{Conference: place, Events: 2501, Checkpoints: 3, Covered: 2500, SHA256: b.tally.Sum()}
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("full %t: got %+v, %v, want %+v", full, got, err, want)
		}
		if named := strings.Contains(strings.ReplaceAll(text, "checkpoint", ""), "question.approved"); named != full {
			t.Errorf("full %t: other events than checkpoints are told: %t", full, named)
		}
	}
	if _, err := verify(newBook(t).copied(false), signer().Public()); err != nil {
		t.Errorf("an empty record: %v", err)
	}
}

// TestJ10_TamperingIsSeen: whatever is changed in a copy is seen, with the place.
func TestJ10_TamperingIsSeen(t *testing.T) {
	t.Parallel()
	b := newBook(t).fill(2500)
	full, public := b.copied(true), b.copied(false)
	lines := func(text string) []string { return strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n") }
	// replaced has one line replaced, line n being event n.
	replaced := func(text string, n int, with func(line string) string) string {
		all := lines(text)
		all[n] = with(all[n])
		return strings.Join(all, "")
	}
	otherDigest := func(line string) string { return strings.Replace(line, `"digest":"`, `"digest":"F`, 1) }
	swapDigits := func(line string) string {
		var l record.Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		l.Digest = strings.Repeat("ab", 64)
		raw, _ := json.Marshal(l) //nolint:errchkjson // a struct of strings
		return string(raw) + "\n"
	}
	another := record.NewSigner(bytes.Repeat([]byte{8}, record.SeedBytes)).Public()
	for name, test := range map[string]struct{ text, want string }{
		"words of an event":           {replaced(full, 700, func(l string) string { return strings.Replace(l, `\"n\":699`, `\"n\":698`, 1) }), "the event at 700 does not fit its digest"},
		"a digest":                    {replaced(public, 700, swapDigits), "of the events 1–1000 at least one is not what was signed at 1006"},
		"a digest in the second part": {replaced(public, 1700, swapDigits), "of the events 1001–2000 at least one is not what was signed at 2006"},
		"a malformed digest":          {replaced(public, 700, otherDigest), "malformed"},
		"a time": {replaced(public, 700, func(l string) string {
			return strings.Replace(l, `"atUs":1666900000000700`, `"atUs":1666900000000701`, 1)
		}), "at least one is not what was signed at 1006"},
		"a time that goes back": {replaced(public, 700, func(l string) string {
			return strings.Replace(l, `"atUs":1666900000000700`, `"atUs":1566900000000700`, 1)
		}), "time goes back at 700"},
		"an event left out":         {strings.Join(append(lines(public)[:700], lines(public)[701:]...), ""), "701 follows 699"},
		"an event twice":            {replaced(public, 700, func(l string) string { return l + l }), "700 follows 700"},
		"a signature":               {replaced(public, 1006, forged(t)), "the signature does not fit the key"},
		"no checkpoints at the end": {strings.Join(lines(newBook(t).fill(2500).without(record.EventCheckpoint)), ""), "no checkpoint covers the last"},
		"another conference":        {strings.Replace(public, string(place), "kin-2022", 1), "the signature does not fit the key"},
		"a copy that was cut off":   {strings.Join(lines(public)[:2502], ""), "it ends in the middle, after 2501"},
		"something behind its end":  {public + public, "something follows its end"},
		"not a copy":                {"{}\n", "this is no copy of a record"},
	} {
		if _, err := verify(test.text, signer().Public()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if _, err := verify(public, another); !errors.Is(err, record.ErrChanged) {
		t.Errorf("another key: got %v", err)
	}
}

// forged makes a checkpoint of the same content signed by another key, with its digest.
func forged(t *testing.T) func(line string) string {
	t.Helper()
	return func(line string) string {
		var l record.Line
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		event, err := eventlog.Decode(eventlog.Record{Position: l.Position, Canonical: []byte(l.Event)})
		if err != nil {
			t.Fatal(err)
		}
		var c record.Checkpoint
		if err := json.Unmarshal(event.Data, &c); err != nil {
			t.Fatal(err)
		}
		other := record.NewSigner(bytes.Repeat([]byte{8}, record.SeedBytes))
		event.Data, err = json.Marshal(other.Sign(place, c.Position, c.SHA256))
		if err != nil {
			t.Fatal(err)
		}
		canonical, err := eventlog.Encode(event)
		if err != nil {
			t.Fatal(err)
		}
		l.Event, l.Digest = string(canonical), eventlog.Digest(canonical, nil)
		raw, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw) + "\n"
	}
}

// without is a public copy whose checkpoints were made into something else.
func (b *book) without(kind string) string {
	b.t.Helper()
	other := newBook(b.t)
	for range b.records {
		other.add("x"+kind, 0)
	}
	return other.copied(false)
}

// TestVerify_olderCopy: who holds the key can sign another past; who kept an older copy
// sees it.
func TestVerify_olderCopy(t *testing.T) {
	t.Parallel()
	older, now := newBook(t).fill(1500), newBook(t)
	now.records, now.tally = append(now.records, older.records...), older.tally
	now.fill(2500)
	rewritten := newBook(t)
	rewritten.add("question.refused", 1)
	rewritten.fill(2500)
	key := signer().Public()
	for name, test := range map[string]struct {
		text *book
		ok   bool
	}{"grown": {now, true}, "the same": {older, true}, "rewritten": {rewritten, false}, "cut": {newBook(t).fill(900), false}} {
		_, err := record.Verify(strings.NewReader(test.text.copied(false)), key, strings.NewReader(older.copied(true)))
		if (err == nil) != test.ok || err != nil && !errors.Is(err, record.ErrChanged) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestTally_byHand: the sum is that of plain lines, as docs/operations.md has them made.
func TestTally_byHand(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	var lines strings.Builder
	for range record.Every + 1 {
		b.add("question.approved", 1)
		if len(b.records) <= record.Every {
			r := b.records[len(b.records)-1]
			fmt.Fprintf(&lines, "%d %d %s\n", r.Position, r.At.UnixMicro(), r.Digest)
		}
	}
	want := sha256.Sum256([]byte(lines.String()))
	position, got := b.tally.Boundary()
	if position != record.Every || got != hex.EncodeToString(want[:]) {
		t.Errorf("got %s at %d", got, position)
	}
	c := signer().Sign(place, 1000, got)
	signature, err := hex.DecodeString(c.Signature)
	if err != nil || !ed25519.Verify(signer().Public(), []byte("diemcau record 1\ndat-dai-2022\n1000\n"+got+"\n"), signature) {
		t.Errorf("signed another message: %v", err)
	}
}
