package outbox_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
)

// TestGolden holds the events' data to the files old logs were written with. A golden file is
// never edited: a changed shape is a new version with a file of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	const id = "aaaabbbbccccddddeeee"
	for event, data := range map[string]any{
		outbox.EventBegan: outbox.Began{},
		outbox.EventSent:  outbox.Sent{Registration: id, About: 17},
		outbox.EventFailed: outbox.Failed{
			Registration: id, About: 17, Fault: outbox.Fault{Stage: outbox.StageRecipient, Code: 550, Status: "5.1.1"},
		},
		outbox.EventAgain: outbox.Again{Registration: id},
	} {
		got, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", "golden", event+".v1.json"))
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != string(want) {
			t.Errorf("%s: got %s, want %s", event, got, want)
		}
	}
}

var (
	begin  = time.Date(2027, 2, 1, 2, 0, 0, 0, time.UTC)
	starts = time.Date(2027, 3, 1, 1, 0, 0, 0, time.UTC)
	admin  = conference.Actor{Role: conference.RoleAdmin, Session: "a"}
)

// office is a conference with its registrations and its letters.
type office struct {
	*testing.T

	info  *conference.Info
	board *registration.Board
	box   *outbox.Box
	now   time.Time
	at    uint64
}

func newOffice(t *testing.T) *office {
	t.Helper()
	return &office{T: t, now: begin, board: registration.NewBoard(), box: outbox.New(), info: &conference.Info{
		ID: "c", Title: "Đối thoại", State: conference.StatePlanned, StartsAt: starts, Place: "Hà Nội",
		Venues: []conference.Venue{{ID: "tp", Name: "Thành phố", Main: true}, {ID: "bv", Name: "Ba Vì", Seats: 1, Address: "1 Quảng Oai"}, {ID: "hd", Name: "Hà Đông", Seats: 9}},
		Topics: []conference.Topic{{ID: "t", Name: "Đất"}},
		Registration: &conference.Registration{
			OpensAt: begin.Add(-time.Hour), ClosesAt: starts.Add(-time.Hour), Privacy: conference.Notice{Version: "v1", Text: "…"},
		},
	}}
}

// give carries a command out and returns the refusal's code, or "".
func (o *office) give(actor conference.Actor, body conference.Body) string {
	o.Helper()
	var decision conference.Decision
	var err error
	command := conference.Command{ID: "c", Actor: actor, Body: body}
	switch {
	case strings.HasPrefix(body.CommandType(), "mail."):
		decision, err = o.box.Decide(o.info, o.board, body)
	case strings.HasPrefix(body.CommandType(), "conference."):
		decision, err = conference.Decide(o.info, command, o.now)
	default:
		decision, err = o.board.Decide(o.info, command, o.now)
	}
	if refusal, is := errors.AsType[*conference.Error](err); is {
		return refusal.Code
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			o.Fatal(err)
		}
		o.at++
		o.apply(conference.Event{Position: o.at, Type: draft.Type, V: 1, At: o.now, Actor: actor, Data: data, Private: draft.Private})
	}
	return ""
}

func (o *office) apply(event conference.Event) {
	o.Helper()
	scene := outbox.Scene{Was: o.info, Board: o.board}
	var err, late error
	if o.info, err = conference.Apply(o.info, event); err == nil {
		scene.Info = o.info
		scene.Before, scene.After, late = o.board.Apply(event)
	}
	if err := errors.Join(err, late, o.box.Apply(event, scene)); err != nil {
		o.Fatal(err)
	}
}

func (o *office) must(bodies ...conference.Body) {
	o.Helper()
	for _, body := range bodies {
		if code := o.give(admin, body); code != "" {
			o.Fatalf("%s: %s", body.CommandType(), code)
		}
	}
}

// due says what is due to somebody, "" for nothing.
func (o *office) due(id conference.RegistrationID) outbox.Reason {
	if l := o.box.Letter(id); l.Due != nil {
		return l.Due.Reason
	}
	return ""
}

func person(id conference.RegistrationID, email string) registration.Register {
	return registration.Register{
		ID: id, Holder: "h" + string(id), Venue: "bv", Person: registration.Person{Name: "Hoa", Email: email},
		Consents: []registration.Consent{{Purpose: registration.PurposePrivacy, Version: "v1"}},
	}
}

func (o *office) edit(change func(*conference.Info)) conference.Edit {
	next := *o.info
	next.Venues = append([]conference.Venue(nil), o.info.Venues...)
	change(&next)
	return conference.Edit{Revision: o.info.Revision, Info: next}
}

func sent(id conference.RegistrationID, about uint64) outbox.Send {
	return outbox.Send{Sent: outbox.Sent{Registration: id, About: about}}
}

// sent is that the letter that is due was sent.
func (o *office) sent(id conference.RegistrationID) outbox.Send {
	o.Helper()
	return sent(id, o.box.Letter(id).Due.About)
}

func failed(id conference.RegistrationID, about uint64) outbox.Fail {
	return outbox.Fail{Failed: outbox.Failed{Registration: id, About: about, Fault: outbox.Fault{Stage: outbox.StageRecipient, Code: 550}}}
}

// TestDue: what makes a letter due, and to whom.
func TestDue(t *testing.T) {
	t.Parallel()
	email := "moi@example.vn"
	later := func(i *conference.Info) { i.StartsAt = starts.Add(time.Hour) }
	for _, test := range []struct {
		name string
		do   func(o *office)
		a, b outbox.Reason // due to the one with the seat, to the one who waits
	}{
		{"registered", func(*office) {}, outbox.ReasonMade, outbox.ReasonMade},
		{"cancelled, and the seat is offered", func(o *office) { o.must(registration.Cancel{ID: "a"}) }, outbox.ReasonCancelled, outbox.ReasonOffered},
		{"accepted", func(o *office) { o.must(registration.Cancel{ID: "a"}, registration.Accept{ID: "b"}) }, outbox.ReasonCancelled, outbox.ReasonAccepted},
		{"lapsed", func(o *office) {
			o.must(registration.Cancel{ID: "a"})
			o.now = o.now.Add(48 * time.Hour)
			o.must(registration.Lapse{ID: "b"})
		}, outbox.ReasonCancelled, outbox.ReasonLapsed},
		{"moved", func(o *office) { o.must(registration.Move{ID: "b", Venue: "hd"}) }, outbox.ReasonMade, outbox.ReasonMoved},
		{"the address is corrected", func(o *office) { o.must(registration.Correct{ID: "b", Email: &email}) }, outbox.ReasonMade, outbox.ReasonAddress},
		{"the address is taken out", func(o *office) { o.must(registration.Correct{ID: "b", Email: new(string)}) }, outbox.ReasonMade, ""},
		{"another name", func(o *office) { o.must(registration.Correct{ID: "b", Name: &email}) }, outbox.ReasonMade, outbox.ReasonMade},
		{"erased", func(o *office) { o.must(registration.Erase{ID: "a"}) }, "", outbox.ReasonOffered},
		{"came in", func(o *office) { o.must(registration.CheckIn{ID: "a", Venue: "bv"}) }, "", outbox.ReasonMade},
		{"another time, and they know nothing yet", func(o *office) { o.must(o.edit(later)) }, outbox.ReasonMade, outbox.ReasonMade},
		{"another time, and one knows", func(o *office) { o.must(o.sent("a"), o.edit(later)) }, outbox.ReasonChanged, outbox.ReasonMade},
		{"another title", func(o *office) {
			o.must(o.sent("a"), o.sent("b"), o.edit(func(i *conference.Info) { i.Title = "Khác" }))
		}, "", ""},
		{"another address of the other venue", func(o *office) {
			o.must(o.sent("a"), o.sent("b"), o.edit(func(i *conference.Info) { i.Venues[2].Address = "9 Tô Hiệu" }))
		}, "", ""},
		{"closed", func(o *office) { o.must(conference.Open{}, conference.Close{}) }, "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.must(outbox.Begin{}, person("a", "a@example.vn"), person("b", "b@example.vn"), person("silent", ""))
			test.do(o)
			got := [3]outbox.Reason{o.due("a"), o.due("b"), o.due("silent")}
			if want := [3]outbox.Reason{test.a, test.b, ""}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestDue_notBeforeItBegan: who switches letters on writes to nobody about the past.
func TestDue_notBeforeItBegan(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.must(person("a", "a@example.vn"), outbox.Begin{}, outbox.Begin{})
	if len(o.box.Due()) != 0 || o.at != 2 {
		t.Errorf("%+v due after %d events", o.box.Due(), o.at)
	}
	o.must(registration.Cancel{ID: "a"})
	if o.due("a") != outbox.ReasonCancelled {
		t.Errorf("what happens from then on: %q", o.due("a"))
	}
}

// TestSettled: a letter is due until it was sent, and what happens while it is on its way is
// due still; who notes it a second time writes nothing.
func TestSettled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.must(outbox.Begin{}, person("a", "a@example.vn"))
	onItsWay := o.box.Letter("a").Due.About
	o.must(o.edit(func(i *conference.Info) { i.StartsAt = starts.Add(time.Hour) }), sent("a", onItsWay))
	l := o.box.Letter("a")
	if l.Due == nil || l.Due.About <= onItsWay || l.SentAt.IsZero() {
		t.Fatalf("the change that came meanwhile: %+v", l)
	}
	if want := (&outbox.Was{StartsAt: starts, Place: "Hà Nội", Venue: "Ba Vì", Address: "1 Quảng Oai"}); cmp.Diff(want, l.Due.Was) != "" {
		t.Errorf("what they knew: %+v", l.Due.Was)
	}
	o.must(sent("a", l.Due.About))
	before := o.at
	o.must(sent("a", l.Due.About), failed("a", l.Due.About))
	if o.due("a") != "" || o.at != before {
		t.Errorf("noted again: %q due, %d more events", o.due("a"), o.at-before)
	}
	if c := o.box.Counts(); c.Sent != 2 || c.Due != 0 {
		t.Errorf("counts %+v", c)
	}
}

// TestFailed: a letter that failed is not due, is counted by why, and is due again when
// somebody asks, or when the address is another one.
func TestFailed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.must(outbox.Begin{}, person("a", "a@example.vn"), person("b", "b@example.vn"))
	o.now = o.now.Add(time.Hour)
	for _, d := range o.box.Due() {
		o.must(failed(d.Registration, d.About))
	}
	if got := o.box.Counts(); got.Due != 0 || got.Failed[outbox.Fault{Stage: outbox.StageRecipient, Code: 550}] != 2 {
		t.Errorf("counts %+v", got)
	}
	email := "b2@example.vn"
	o.must(registration.Correct{ID: "b", Email: &email}, outbox.Resend{})
	if a, b := o.due("a"), o.due("b"); a != outbox.ReasonMade || b != outbox.ReasonAddress {
		t.Errorf("again: %q %q", a, b)
	}
	if got := o.box.Counts(); got.Due != 2 || len(got.Failed) != 0 || !got.Oldest.Equal(o.now) {
		t.Errorf("counts %+v", got)
	}
	for _, test := range []struct {
		id   conference.RegistrationID
		want string
	}{{"", "mail.none_failed"}, {"nobody", "registration.unknown"}, {"silent", "mail.no_address"}, {"gone", "registration.already_erased"}, {"a", ""}} {
		if test.id == "silent" {
			o.must(person("silent", ""), person("gone", "x@example.vn"), registration.Erase{ID: "gone"})
		}
		if code := o.give(admin, outbox.Resend{Registration: test.id}); code != test.want {
			t.Errorf("again for %q: got %q, want %q", test.id, code, test.want)
		}
	}
}
