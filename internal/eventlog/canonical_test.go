package eventlog_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

func sampleEvent() conference.Event {
	return conference.Event{
		ID: "e1", Type: "question.submitted", V: 2, Cause: "c1",
		Actor:  conference.Actor{Role: conference.RoleModerator, Session: "s1", Person: "Nguyễn Văn A"},
		Entity: "question:q1", Bumps: []conference.Entity{"question:q1", "queue"},
		Data: json.RawMessage(`{"topic": "đất <b> đai",` + "\n" + `"n": 1.50}`),
	}
}

// golden is what is hashed: a change of one byte breaks every log there is.
const golden = `{"type":"question.submitted","v":2,"id":"e1","cause":"c1",` +
	`"actor":{"role":"moderator","session":"s1","person":"Nguyễn Văn A"},` +
	`"entity":"question:q1","bumps":["question:q1","queue"],"data":{"topic":"đất <b> đai","n":1.50}}`

func TestCanonicalGolden(t *testing.T) {
	t.Parallel()
	got, err := eventlog.Encode(sampleEvent())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(golden, string(got)); diff != "" {
		t.Errorf("canonical bytes (-want +got):\n%s", diff)
	}
	empty, err := eventlog.Encode(conference.Event{ID: "e", Type: "t", V: 1, Cause: "c"})
	const want = `{"type":"t","v":1,"id":"e","cause":"c","actor":{"role":""},"entity":"","bumps":[],"data":null}`
	if err != nil || string(empty) != want {
		t.Errorf("got %s, %v; want %s", empty, err, want)
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	at := time.Date(2022, 10, 28, 7, 30, 0, 0, time.UTC)
	got, err := eventlog.Decode(eventlog.Record{Position: 7, At: at, Canonical: []byte(golden)})
	if err != nil {
		t.Fatal(err)
	}
	want := sampleEvent()
	want.Position, want.At = 7, at
	want.Data = json.RawMessage(`{"topic":"đất <b> đai","n":1.50}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	// What a newer node has added does not stop an older one.
	if _, err := eventlog.Decode(eventlog.Record{Canonical: []byte(`{"type":"t","v":1,"id":"e","cause":"c","later":1}`)}); err != nil {
		t.Errorf("with an unknown field: %v", err)
	}
}

func TestCanonicalRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*conference.Event){
		"no type":       func(e *conference.Event) { e.Type = "" },
		"no version":    func(e *conference.Event) { e.V = 0 },
		"no id":         func(e *conference.Event) { e.ID = "" },
		"no cause":      func(e *conference.Event) { e.Cause = "" },
		"broken data":   func(e *conference.Event) { e.Data = json.RawMessage(`{`) },
		"data not text": func(e *conference.Event) { e.Data = json.RawMessage("\"\xff\"") },
		"id not text":   func(e *conference.Event) { e.ID = "\xff" },
		"bumps not text": func(e *conference.Event) {
			e.Bumps = append(e.Bumps, "\xff")
		},
		"person not text": func(e *conference.Event) { e.Actor.Person = "\xff" },
	} {
		event := sampleEvent()
		spoil(&event)
		if got, err := eventlog.Encode(event); err == nil {
			t.Errorf("%s: encoded as %s", name, got)
		}
	}
	for _, text := range []string{
		"", "null", "1", "[]", "{}", golden + "x", golden + golden, golden[:len(golden)-1],
		`{"type":"t","v":"1","id":"e","cause":"c"}`, "{\"type\":\"\xff\",\"v\":1,\"id\":\"e\",\"cause\":\"c\"}",
	} {
		if got, err := eventlog.Decode(eventlog.Record{Canonical: []byte(text)}); err == nil {
			t.Errorf("%q decoded as %+v", text, got)
		}
	}
}

// FuzzQ6_Decode: whatever bytes a log holds, Decode refuses them or gives an event whose
// canonical form is stable.
func FuzzQ6_Decode(f *testing.F) {
	f.Add([]byte(golden))
	f.Add([]byte(`{"type":"t","v":1,"id":"e","cause":"c","actor":null,"bumps":null,"data":[1,{"a":"\u2028"}]}`))
	f.Add([]byte(`{"type":"t","v":1,"id":"\ud800","cause":"c"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		event, err := eventlog.Decode(eventlog.Record{Position: 1, Canonical: data})
		if err != nil {
			return
		}
		once, err := eventlog.Encode(event)
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		again, err := eventlog.Decode(eventlog.Record{Position: 1, Canonical: once})
		if err != nil {
			t.Fatalf("own bytes refused: %v", err)
		}
		twice, err := eventlog.Encode(again)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("got %s, then %s (%v)", once, twice, err)
		}
	})
}

// FuzzQ6_Verify: no record makes Verify panic, and changed bytes never pass.
func FuzzQ6_Verify(f *testing.F) {
	f.Add([]byte(golden), "digest", "hash", uint64(1))
	f.Add([]byte("{}"), eventlog.Digest([]byte("{}"), nil), "", uint64(0))
	f.Fuzz(func(t *testing.T, canonical []byte, digest, hash string, pos uint64) {
		record := eventlog.Record{Position: pos, ID: "e1", Cause: "c1", Canonical: canonical, Digest: digest, Hash: hash}
		eventlog.Erased(record)
		_, err := eventlog.Verify(eventlog.Position{}, []eventlog.Record{record})
		whole := pos == 1 && digest == eventlog.Digest(canonical, nil) && hash == eventlog.Hash("", 1, digest)
		if err == nil && !whole && digest[:64] != eventlog.Digest(canonical, nil)[:64] {
			t.Fatalf("passed: %+v", record)
		}
		if err != nil && !errors.Is(err, eventlog.ErrChain) {
			t.Fatalf("got %v, want %v", err, eventlog.ErrChain)
		}
	})
}
