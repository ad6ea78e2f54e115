package signaling_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// with makes a conference for a bubble; its channels must be made inside.
func with(conf **fakeConference) func() signaling.Conference {
	return func() signaling.Conference {
		*conf = newFakeConference()
		return *conf
	}
}

func TestHub_watermarksComeWhileNothingHappens(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		began := time.Now()
		conf.put("q1", moderation.StatePending, "not for citizens")
		w := p.want("watermark").Watermark
		if got := time.Since(began); got > protocol.WatermarkEveryMs*time.Millisecond {
			t.Errorf("first watermark after %v", got)
		}
		if w.Cursor != conf.cursor(1) {
			t.Errorf("got %+v, want the cursor of the hidden change", w)
		}
		p.want("watermark")
	})
}

func TestHub_pingsAndTheSilent(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		silent, alive := h.join(conference.RoleCitizen, "", ""), h.join(conference.RoleCitizen, "", "")
		silent.snapshot()
		alive.snapshot()
		pings := 0
		silent.ws.SetPingHandler(func(string) error { pings++; return nil }) // no pong
		done := make(chan struct{})
		_ = alive.ws.SetReadDeadline(time.Time{})
		go func() {
			defer close(done)
			for { // reads, so that pongs are sent
				if _, _, err := alive.ws.ReadMessage(); err != nil {
					return
				}
			}
		}()
		began := time.Now()
		for {
			_ = silent.ws.SetReadDeadline(time.Now().Add(time.Minute))
			if _, _, err := silent.ws.ReadMessage(); err != nil {
				break
			}
		}
		if got := time.Since(began); got < 30*time.Second || got > 2*time.Minute || pings < 2 {
			t.Errorf("silent peer ended after %v and %d pings", got, pings)
		}
		pass(5 * time.Minute) // of the bubble
		if n := h.hub.Sockets(); n != 1 {
			t.Errorf("got %d sockets, want the one that answers", n)
		}
		_ = alive.ws.Close()
		<-done
	})
}

func TestHub_answersPings(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	got := ""
	p.ws.SetPongHandler(func(payload string) error { got = payload; return nil })
	if err := p.ws.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	p.command(commandID(), "question.submit", protocol.QuestionSubmit{})
	if _, err := p.read(); err != nil { // the watermark at the latest
		t.Fatal(err)
	}
	if got != "are you there" {
		t.Errorf("got pong %q", got)
	}
}

func TestQ10_aGoodbyeIsAnswered(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	for _, code := range []int{websocket.CloseNormalClosure, websocket.CloseGoingAway, 3000} {
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		frame := websocket.FormatCloseMessage(code, "")
		if err := p.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if bye, got := p.closed(); got != code || bye != nil {
			t.Errorf("said goodbye with %d, got %d and %+v", code, got, bye)
		}
	}
}

func TestHub_noHelloIsClosed(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		p := h.dial("")
		began := time.Now()
		_ = p.ws.SetReadDeadline(time.Now().Add(time.Minute))
		_, data, err := p.ws.ReadMessage()
		if err != nil || !strings.Contains(string(data), "no_hello") {
			t.Fatalf("got %s, %v", data, err)
		}
		if got := time.Since(began); got < 10*time.Second || got > 12*time.Second {
			t.Errorf("closed after %v", got)
		}
		if _, code := p.closed(); code != protocol.CloseBadMessage {
			t.Errorf("got code %d", code)
		}
	})
}

// TestQ5_SlowPeersDisturbNobody: peers that stop reading hold up at most a writer each,
// and are cut off; the others get everything at once.
func TestQ5_SlowPeersDisturbNobody(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		var slow []*peer
		for range 20 {
			p := h.join(conference.RoleCitizen, "", "")
			p.snapshot()
			slow = append(slow, p)
		}
		quick := h.join(conference.RoleCitizen, "", "")
		quick.snapshot()
		for i := range 30 {
			began := time.Now()
			conf.put("q1", moderation.StateApproved, strconv.Itoa(i))
			quick.events(1)
			// Once at most the stuck must be found out and replaced, two at a time.
			if got := time.Since(began); got > 3*time.Second {
				t.Fatalf("event %d came after %v", i, got)
			}
		}
		pass(writeWithin + time.Second) // of the bubble
		if n := h.hub.Sockets(); n != 1 {
			t.Errorf("got %d sockets, want the quick one only", n)
		}
		_ = slow
	}, func(c *signaling.Config) { c.Writers = 2 })
}

// pass lets time go by in a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }

const writeWithin = 5 * time.Second

// TestHub_laggingPeerIsToldToResync: who reads, but too slowly, is closed with
// CloseResync, comes back and gets a snapshot.
func TestHub_laggingPeerIsToldToResync(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		go func() {
			for i := range 1100 {
				conf.put("q1", moderation.StateApproved, strconv.Itoa(i))
				pass(25 * time.Millisecond) // one tick each, in the bubble
			}
		}()
		code := 0
		for code == 0 {
			pass(1500 * time.Millisecond) // less than a write may take
			_ = p.ws.SetReadDeadline(time.Now().Add(patience))
			_, _, err := p.ws.ReadMessage()
			if closeErr, ok := errors.AsType[*websocket.CloseError](err); ok {
				code = closeErr.Code
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if code != protocol.CloseResync {
			t.Errorf("got code %d", code)
		}
		pass(time.Minute)
		p = h.join(conference.RoleCitizen, "", conf.cursor(3))
		if p.welcome.Resumed {
			t.Error("resumed over more than is bridged")
		}
		p.snapshot()
	})
}

func TestHub_revokedAndExpiredSessions(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		revoked, expired := h.join(conference.RoleModerator, "", ""), h.join(conference.RoleStage, "", "")
		revoked.snapshot()
		expired.snapshot()
		h.gate.revoked <- "ref-moderator"
		if bye, code := revoked.closed(); code != protocol.CloseRevoked || bye.Reason != "revoked" {
			t.Errorf("revoked: got %+v, %d", bye, code)
		}
		expired.want("watermark") // not disturbed
		h.gate.drop("cookie-ref-stage")
		began := time.Now()
		if bye, code := expired.closed(); code != protocol.CloseRevoked || bye.Reason != "revoked" {
			t.Errorf("expired: got %+v, %d", bye, code)
		}
		if got := time.Since(began); got > time.Minute+time.Second {
			t.Errorf("expired session was closed after %v", got)
		}
	})
}

func TestHub_gateOutageKeepsSessions(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		p := h.join(conference.RoleModerator, "", "")
		p.snapshot()
		h.gate.mu.Lock()
		h.gate.err = errors.New("store is away")
		h.gate.mu.Unlock()
		began := time.Now()
		for time.Since(began) < 3*time.Minute {
			p.want("watermark")
		}
		other := h.dial("dc.stage=" + h.gate.add(conference.RoleStage, "", "s"))
		other.raw(websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "stage" }))
		if bye, code := other.closed(); code != protocol.CloseInternal || bye.Reason != "internal" {
			t.Errorf("got %+v, %d: without the gate nobody new comes in, and comes back", bye, code)
		}
	})
}

func TestHub_drain(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		var peers []*peer
		for range 40 {
			p := h.join(conference.RoleCitizen, "", "")
			p.snapshot()
			peers = append(peers, p)
		}
		began := time.Now()
		drained := make(chan struct{})
		go func() {
			h.hub.Drain(context.Background())
			close(drained)
		}()
		for _, p := range peers {
			bye, code := p.closed()
			if code != protocol.CloseGoingAway || bye == nil || bye.Reason != "draining" || bye.RetryAfterMs < 1000 {
				t.Errorf("got %+v, %d", bye, code)
			}
		}
		<-drained
		if got := time.Since(began); got < 4*time.Second || got > 8*time.Second {
			t.Errorf("drain took %v, want it spread over 5 s", got)
		}
		_, response, err := h.tryDial("", h.server.URL)
		if err == nil || response == nil {
			t.Fatalf("got %v, %v", response, err)
		}
		if code := refusal(t, response); code != "server.draining" {
			t.Errorf("got %q", code)
		}
		_ = response.Body.Close()
	})
}

// TestHub_stopAnswersWhatIsUnderWay: a command that was being made durable when the
// server was told to stop still gets its answer.
func TestHub_stopAnswersWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		entered, release := make(chan struct{}), make(chan struct{})
		conf.handle(func(ctx context.Context, _ conference.Command) (live.Outcome, error) {
			close(entered)
			select {
			case <-release:
				return live.Outcome{Code: "CODE-Q1"}, nil
			case <-ctx.Done():
				return live.Outcome{}, ctx.Err()
			}
		})
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		id := commandID()
		p.send(protocol.ClientMessage{Type: "command", ID: id, Name: "question.submit"})
		<-entered
		h.cancel()
		synctest.Wait()
		close(release)
		r := p.reply(id)
		if r.OK == nil || r.OK.Code != "CODE-Q1" {
			t.Errorf("got %s", mustJSON(r))
		}
	})
}

func TestHub_runEndsWithStuckCommandsAndPeers(t *testing.T) {
	t.Parallel()
	var conf *fakeConference
	bubble(t, with(&conf), func(t *testing.T, h *harness) {
		t.Helper()
		conf.handle(func(ctx context.Context, _ conference.Command) (live.Outcome, error) {
			<-ctx.Done()
			return live.Outcome{}, ctx.Err()
		})
		p := h.join(conference.RoleCitizen, "", "")
		p.snapshot()
		for range protocol.ConcurrentCommands + 1 {
			p.send(protocol.ClientMessage{Type: "command", ID: commandID(), Name: "question.submit"})
		}
		began := time.Now()
		h.stop()
		if got := time.Since(began); got > 8*time.Second {
			t.Errorf("Run took %v to end", got)
		}
	})
}
