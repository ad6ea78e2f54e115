package redislog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
)

// TestDriverLog: what go-redis would print becomes warnings of ours, with where it could
// not get to, without what went over the line, and without saying the same over and over.
func TestDriverLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2022, 10, 28, 8, 0, 0, 0, time.UTC)
	d := &driverLog{
		logger: slog.New(slog.NewJSONHandler(&out, nil)), now: func() time.Time { return now }, told: make(map[string]*matter),
	}
	gone := fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")})
	const dial, other = "redis: failed to dial after %d attempts: %v", "redis: discarding %q: %v"
	for range 300 {
		d.Printf(t.Context(), dial, 1, gone)
	}
	d.Printf(t.Context(), other, "Nguyễn Văn A, 0912345678", errors.New("ERR unknown command 'đất của tôi'"))
	now = now.Add(sayAgain)
	d.Printf(t.Context(), dial, 1, gone)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("got %d lines, want 3:\n%s", len(lines), out.String())
	}
	for i, want := range []struct {
		code   string
		unsaid float64
		err    string
	}{{dial, 0, "dial tcp: connection refused"}, {other, 0, ""}, {dial, 299, "dial tcp: connection refused"}} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		told, _ := got["err"].(string)
		if got["level"] != "WARN" || got["code"] != want.code || got["unsaid"] != want.unsaid || told != want.err {
			t.Errorf("got %s, want %+v", lines[i], want)
		}
	}
	if strings.Contains(out.String(), "Nguyễn") || strings.Contains(out.String(), "đất") {
		t.Errorf("words in the log:\n%s", out.String())
	}
}
