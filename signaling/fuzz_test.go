package signaling_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling"
)

// FuzzQ6_Decode: whatever a client sends is a message or an error, and a command's data is
// a body, or a refusal; nothing panics, nothing else comes out.
func FuzzQ6_Decode(f *testing.F) {
	golden, err := filepath.Glob("protocol/testdata/golden/client.*.json")
	if err != nil || len(golden) == 0 {
		f.Fatalf("no golden messages: %v", err)
	}
	for _, name := range golden {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for name := range bodies() {
		f.Add([]byte(`{"type":"command","id":"kW3v0mYt9QeXbN5rLs8aZg","name":"` + string(name) + `","data":{"id":"x","venue":"y","limitMs":-1,"on":true}}`))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := signaling.Decode(data)
		if err != nil {
			return
		}
		for _, role := range []conference.Role{conference.RoleCitizen, conference.RoleVenue, conference.RoleStage} {
			actor := conference.Actor{Role: role, Venue: "own"}
			body, err := signaling.Body(m, actor)
			if (body == nil) == (err == nil) {
				t.Errorf("%s: body %v and error %v", m.Name, body, err)
			}
			if body != nil && body.CommandType() != string(m.Name) {
				t.Errorf("%s became %s", m.Name, body.CommandType())
			}
		}
	})
}

// FuzzQ6_Cursor: a cursor a real conference resumes is one it gave, whatever is tried.
func FuzzQ6_Cursor(f *testing.F) {
	conf := running(f)
	given := conf.Snapshot()
	f.Add(given.Cursor)
	f.Add(strings.ToUpper(given.Cursor))
	f.Add(given.Cursor + ".")
	f.Add(strings.Replace(given.Cursor, ".", ".0", 1))
	f.Add(strings.Replace(given.Cursor, ".", ".+", 1))
	for _, seed := range []string{"", "..", "a1..", "a1.-1.0", "\x00", "a1.18446744073709551615.0", "a1.99999999999999999999.0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		position, err := conf.Resume(cursor)
		if err != nil {
			return
		}
		if position == 0 {
			t.Fatalf("cursor %q stands for the beginning, which nobody is given", cursor)
		}
		changes, _, err := conf.Since(position - 1)
		if err != nil || len(changes) == 0 || changes[0].Cursor != cursor {
			t.Errorf("cursor %q was taken for %d: %+v, %v", cursor, position, changes, err)
		}
	})
}
