package signaling_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// lines is a book that takes reports at once.
type lines struct{ *line.Book }

func (l lines) Report(_ context.Context, id conference.ID, venue conference.VenueID, r line.Report) error {
	return l.Book.Report(id, venue, r, time.Now())
}

func withLines(b *line.Book) func(*signaling.Config) {
	return func(c *signaling.Config) { c.Lines = lines{b} }
}

// observe lets the media plane see some venues.
func observe(b *line.Book, venues ...conference.VenueID) {
	places := map[conference.VenueID]line.Place{"main": {}, "phu-loc": {}}
	readings := make([]line.Reading, 0, len(venues))
	for _, venue := range venues {
		readings = append(readings, line.Reading{Venue: venue, Picture: true, Sound: true, Layers: 1, Level: -1})
	}
	b.Observe(fakeID, readings, places, time.Now())
}

func venuesOf(rows []protocol.VenueLine) []string {
	var out []string
	for i := range rows {
		out = append(out, rows[i].Venue)
	}
	return out
}

// next reads until a message of a type comes; all others are passed over.
func (p *peer) next(typ string) protocol.ServerMessage {
	p.t.Helper()
	for {
		m, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", typ, err)
		}
		if m.Type == typ {
			return m
		}
	}
}

// sofar returns how many messages of a type have come until now: a command's reply is the
// last thing that was sent.
func (p *peer) sofar(typ string) int {
	p.t.Helper()
	n := 0
	id := commandID()
	p.send(protocol.ClientMessage{Type: "command", ID: id, Name: "floor.nothing"})
	for {
		m, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for the reply: %v", err)
		}
		if m.Type == typ {
			n++
		}
		if m.Reply != nil && m.Reply.To == id {
			return n
		}
	}
}

// TestLines_whoIsToldWhat: the stage and the administrator get every line, a venue its own,
// nobody else any; first all there are, then what changes.
func TestLines_whoIsToldWhat(t *testing.T) {
	t.Parallel()
	book := line.New()
	observe(book, "main", "phu-loc")
	bubble(t, func() signaling.Conference { return newFakeConference() }, func(t *testing.T, h *harness) {
		t.Helper()
		stage, admin := h.join(conference.RoleStage, "", ""), h.join(conference.RoleAdmin, "", "")
		venue, citizen := h.join(conference.RoleVenue, "phu-loc", ""), h.join(conference.RoleCitizen, "", "")
		moderator := h.join(conference.RoleModerator, "", "")
		for p, want := range map[*peer][]string{stage: {"main", "phu-loc"}, admin: {"main", "phu-loc"}, venue: {"phu-loc"}} {
			if got := p.next("lines").Lines; !got.Whole || !slices.Equal(venuesOf(got.Rows), want) {
				t.Errorf("%s: got %s, want %v", p.welcome.Role, mustJSON(got), want)
			}
		}
		observe(book, "main")
		if got := stage.next("lines").Lines; got.Whole || len(got.Rows) != 0 || !slices.Equal(got.Gone, []string{"phu-loc"}) {
			t.Errorf("one has left: got %s", mustJSON(got))
		}
		observe(book, "main", "phu-loc")
		for _, p := range []*peer{stage, venue} {
			if got := p.next("lines").Lines; got.Whole || !slices.Equal(venuesOf(got.Rows), []string{"phu-loc"}) {
				t.Errorf("%s: one is back: got %s", p.welcome.Role, mustJSON(got))
			}
		}
		for _, p := range []*peer{citizen, moderator} {
			if n := p.sofar("lines"); n != 0 {
				t.Errorf("%s was told %d times", p.welcome.Role, n)
			}
		}
	}, withLines(book))
}

// TestLines_atMostEveryTwoSeconds: however often a line changes.
func TestLines_atMostEveryTwoSeconds(t *testing.T) {
	t.Parallel()
	book := line.New()
	bubble(t, func() signaling.Conference { return newFakeConference() }, func(t *testing.T, h *harness) {
		t.Helper()
		stage := h.join(conference.RoleStage, "", "")
		stage.next("lines")
		began := time.Now()
		for i := range 41 { // less than a write may take: nobody reads meanwhile
			if i%2 == 0 {
				observe(book, "main")
			} else {
				observe(book, "main", "phu-loc")
			}
			<-time.After(100 * time.Millisecond) // of the bubble's own time
		}
		took := time.Since(began)
		count := stage.sofar("lines")
		if most := int(took/(protocol.LinesEveryMs*time.Millisecond)) + 1; count < 2 || count > most {
			t.Errorf("got %d messages in %v, want 2 to %d", count, took, most)
		}
	}, withLines(book))
}

// TestLines_onlyOfAConnectedPage: a page reports for its own venue, while it has media.
func TestLines_onlyOfAConnectedPage(t *testing.T) {
	t.Parallel()
	book, media := line.New(), &fakeMedia{}
	h := serve(t, newFakeConference(), withLines(book), withMedia(media))
	p := h.join(conference.RoleVenue, "phu-loc", "")
	report := protocol.LineReport{Height: 360, Camera: "USB"}
	if r := p.command(commandID(), "line.report", report); r.Error == nil || r.Error.Code != "media.unknown_session" {
		t.Errorf("without media: got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"}); r.OK == nil {
		t.Fatalf("got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "line.report", report); r.OK == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "line.report", report); r.Error == nil || r.Error.Code != line.CodeTooOften || r.Error.RetryAfterMs == 0 {
		t.Errorf("at once again: got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "line.report", protocol.LineReport{LossUp: 2}); r.Error == nil || r.Error.Code != line.CodeBadReport {
		t.Errorf("out of bounds: got %s", mustJSON(r))
	}
	observe(book, "phu-loc")
	rows := book.Changes(fakeID, 0).Rows
	if len(rows) != 1 || rows[0].Camera != "USB" || rows[0].Venue != "phu-loc" {
		t.Errorf("got %+v", rows)
	}
	media.session(0).Close()
	for !p.next("slots").Slots.Ended {
	}
	if r := p.command(commandID(), "line.report", report); r.Error == nil || r.Error.Code != "media.unknown_session" {
		t.Errorf("after the media have ended: got %s", mustJSON(r))
	}
}

// TestSpeaking_stageAlone: who speaks is told to the stage at once, to nobody else.
func TestSpeaking_stageAlone(t *testing.T) {
	t.Parallel()
	book := line.New()
	bubble(t, func() signaling.Conference { return newFakeConference() }, func(t *testing.T, h *harness) {
		t.Helper()
		stage, admin := h.join(conference.RoleStage, "", ""), h.join(conference.RoleAdmin, "", "")
		if diff := cmp.Diff(&protocol.Speaking{}, stage.next("speaking").Speaking); diff != "" {
			t.Errorf("at first (-want +got):\n%s", diff)
		}
		began := time.Now()
		book.Speak(fakeID, line.Speaking{Now: "main", Loud: []conference.VenueID{"phu-loc"}})
		if diff := cmp.Diff(&protocol.Speaking{Now: "main", Loud: []string{"phu-loc"}}, stage.next("speaking").Speaking); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > protocol.SpeakingEveryMs*time.Millisecond {
			t.Errorf("told after %v", took)
		}
		if n := admin.sofar("speaking"); n != 0 {
			t.Errorf("the administrator was told %d times", n)
		}
	}, withLines(book))
}
