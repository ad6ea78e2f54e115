package live_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
)

// TestKeyDestroyed takes a conference's own key away, as the end of retention does: its
// ids and codes can no longer be derived, and a node says so instead of making new ones.
func TestKeyDestroyed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		key  func(old []byte) []byte
	}{
		{"gone", func([]byte) []byte { return nil }},
		{"damaged", func(old []byte) []byte { return old[:len(old)-1] }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newStore(t)
			node := newNode(store)
			if err := node.Create(t.Context(), admin, info()); err != nil {
				t.Fatal(err)
			}
			const name = "conference/" + string(theID) + "/key"
			old, err := store.Ephemeral().Get(t.Context(), name)
			if err != nil || len(old) == 0 {
				t.Fatalf("key: got %x %v", old, err)
			}
			if done, err := store.Ephemeral().CompareAndSet(t.Context(), name, old, test.key(old), 0); !done || err != nil {
				t.Fatalf("take the key away: %v %v", done, err)
			}
			if err := node.Create(t.Context(), admin, info()); err != nil {
				t.Errorf("create again: %v", err)
			}
			if now, err := store.Ephemeral().Get(t.Context(), name); err != nil || !bytes.Equal(now, test.key(old)) {
				t.Errorf("the key was made anew: %v", err)
			}
			err = live.Look(t.Context(), node)
			if err == nil || test.name == "gone" && !errors.Is(err, live.ErrKeyMissing) {
				t.Errorf("open: got %v", err)
			}
			if _, err := node.Conference(theID); !errors.Is(err, &conference.Error{Code: "server.not_ready"}) {
				t.Errorf("conference: got %v, want server.not_ready", err)
			}
		})
	}
}
