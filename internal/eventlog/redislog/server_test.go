package redislog_test

import (
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

// TestReady_promisesNoLess: a server that is started again, or set, to promise less than it
// did when the store was opened makes the store not ready, and says what to set; one that
// was careless from the start was accepted with a warning.
func TestReady_promisesNoLess(t *testing.T) {
	t.Parallel()
	careful := eventlogtest.StartRedis(t)
	store := open(t, careful.URL)
	careless := eventlogtest.StartRedis(t, "--appendonly", "no")
	for _, step := range []struct{ setting, value, want string }{
		{"appendfsync", "always", ""},
		{"appendfsync", "everysec", "set appendfsync there as it was"},
		{"appendfsync", "always", ""},
		{"appendonly", "no", "set appendonly yes there"},
		{"appendonly", "yes", ""},
	} {
		careful.Command("CONFIG", "SET", step.setting, step.value)
		err := store.Ready(t.Context())
		if err == nil && step.want != "" || err != nil && (step.want == "" || !strings.Contains(err.Error(), step.want)) {
			t.Errorf("with %s %s: got %v, want %q", step.setting, step.value, err, step.want)
		}
	}
	if err := open(t, careless.URL).Ready(t.Context()); err != nil {
		t.Errorf("no less than at the start: got %v", err)
	}
}

// TestAnotherServerIsAsked: a server that was started again with other settings is asked
// what it promises when it is connected to, whether or not anybody asks for readiness.
func TestAnotherServerIsAsked(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	store, out := openHeard(t, server)
	server.Kill()
	server.Restart("--appendonly", "no")
	for t.Context().Err() == nil {
		if _, err := store.Clock(t.Context()); err == nil {
			break // over a new connection
		}
	}
	if said := out.String(); !strings.Contains(said, `"level":"ERROR","msg":"redis promises less than it did at the start"`) {
		t.Errorf("got %s", said)
	}
}
