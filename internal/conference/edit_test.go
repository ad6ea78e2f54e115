package conference_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
)

// story carries commands out one after the other, as the log would.
type story struct {
	*testing.T

	now *conference.Info
	at  time.Time
}

func newStory(t *testing.T, state conference.State, changes ...func(*conference.Info)) *story {
	t.Helper()
	s := &story{T: t, at: time.Date(2022, 9, 1, 0, 0, 0, 0, time.UTC)}
	made := info()
	for _, change := range changes {
		change(&made)
	}
	s.must(conference.Create{Info: made.Normalised()})
	if state != conference.StatePlanned {
		s.must(conference.Open{})
	}
	if state == conference.StateClosed {
		s.must(conference.Close{})
	}
	return s
}

func (s *story) do(body conference.Body) error {
	s.Helper()
	decision, err := conference.Decide(s.now, conference.Command{Body: body}, s.at)
	if err != nil {
		return err
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			s.Fatal(err)
		}
		s.at = s.at.Add(time.Hour)
		if s.now, err = conference.Apply(s.now, conference.Event{Type: draft.Type, V: draft.V, At: s.at, Data: data}); err != nil {
			s.Fatal(err)
		}
	}
	return nil
}

func (s *story) must(body conference.Body) {
	s.Helper()
	if err := s.do(body); err != nil {
		s.Fatalf("%s: %v", body.CommandType(), err)
	}
}

// edit changes a copy of what there is.
func (s *story) edit(change func(*conference.Info)) error {
	s.Helper()
	return s.do(conference.Edit{Revision: s.now.Revision, Info: s.changed(change)})
}

func (s *story) changed(change func(*conference.Info)) conference.Info {
	next := *s.now
	next.Venues = append([]conference.Venue(nil), s.now.Venues...)
	next.Topics = append([]conference.Topic(nil), s.now.Topics...)
	change(&next)
	return next
}

func (s *story) wantRefusal(err error, code string) {
	s.Helper()
	if !errors.Is(err, &conference.Error{Code: code}) {
		s.Errorf("got %v, want %s", err, code)
	}
}

func TestEditTakesOneOfTwo(t *testing.T) {
	t.Parallel()
	s := newStory(t, conference.StatePlanned)
	seen := s.now.Revision
	first := s.changed(func(i *conference.Info) { i.Title = "Của người thứ nhất" })
	second := s.changed(func(i *conference.Info) { i.Title = "Của người thứ hai" })
	s.must(conference.Edit{Revision: seen, Info: first})
	s.wantRefusal(s.do(conference.Edit{Revision: seen, Info: second}), "conference.changed")
	if s.now.Title != first.Title || s.now.Revision != seen+1 {
		t.Errorf("got %q at revision %d, want %q at %d", s.now.Title, s.now.Revision, first.Title, seen+1)
	}
	before := s.now
	s.must(conference.Edit{Revision: s.now.Revision, Info: s.changed(func(*conference.Info) {})})
	if s.now != before {
		t.Error("an edit that changes nothing was written")
	}
}

func TestEditKeepsWhatEventsSay(t *testing.T) {
	t.Parallel()
	s := newStory(t, conference.StatePlanned, func(i *conference.Info) { i.Test, i.Demo = true, true })
	s.now.Frozen = []string{"web"}
	err := s.edit(func(i *conference.Info) {
		i.ID, i.State, i.Demo, i.Test, i.Frozen = "khac", conference.StateClosed, false, false, nil
		i.PublishedAt, i.LiveAt, i.Revision, i.Reasons = s.at, s.at, 77, nil
		i.Place = "Hội trường lớn"
	})
	if err != nil {
		t.Fatal(err)
	}
	want := *s.now
	want.ID, want.State, want.Demo, want.Test, want.Frozen = "dat-dai-2022", conference.StatePlanned, true, true, []string{"web"}
	want.PublishedAt, want.LiveAt, want.Revision, want.Reasons = time.Time{}, time.Time{}, 1, conference.DefaultReasons()
	want.Place = "Hội trường lớn"
	if diff := cmp.Diff(want, *s.now); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPublishedAt: what the rule of seven days counts from.
func TestPublishedAt(t *testing.T) {
	t.Parallel()
	s := newStory(t, conference.StatePlanned)
	if !s.now.PublishedAt.IsZero() {
		t.Fatalf("published at %v before it is", s.now.PublishedAt)
	}
	public := func(on bool) {
		t.Helper()
		if err := s.edit(func(i *conference.Info) { i.Public = on }); err != nil {
			t.Fatal(err)
		}
	}
	public(true)
	first := s.now.PublishedAt
	if !first.Equal(s.at) {
		t.Errorf("got %v, want %v", first, s.at)
	}
	if err := s.edit(func(i *conference.Info) { i.Title = "Khác" }); err != nil || !s.now.PublishedAt.Equal(first) {
		t.Errorf("another edit made it %v (%v)", s.now.PublishedAt, err)
	}
	public(false)
	public(true)
	if !s.now.PublishedAt.Equal(s.at) {
		t.Errorf("published again: got %v, want %v", s.now.PublishedAt, s.at)
	}
	made := newStory(t, conference.StatePlanned, func(i *conference.Info) { i.Public = true })
	if !made.now.PublishedAt.Equal(made.at) {
		t.Errorf("public from the start: got %v, want %v", made.now.PublishedAt, made.at)
	}
}

// TestEditWhileOpen: what people rely on is not pulled from under them.
func TestEditWhileOpen(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		state  conference.State
		change func(*conference.Info)
		want   string // "": it is done
	}{
		{"a venue goes before", conference.StatePlanned, func(i *conference.Info) { i.Venues = i.Venues[:1] }, ""},
		{"a venue goes", conference.StateOpen, func(i *conference.Info) { i.Venues = i.Venues[:1] }, "conference.open_venue_removed"},
		{"a venue comes", conference.StateOpen, func(i *conference.Info) {
			i.Venues = append(i.Venues, conference.Venue{ID: "ba-vi", Name: "Ba Vì"})
		}, ""},
		{"a name is mended", conference.StateOpen, func(i *conference.Info) { i.Venues[1].Name = "Quận Ba Đình" }, ""},
		{"an address is mended", conference.StateOpen, func(i *conference.Info) { i.Venues[1].Address = "25 Liễu Giai" }, ""},
		{"the main venue changes", conference.StatePlanned, func(i *conference.Info) { i.Venues[0].Main, i.Venues[1].Main = false, true }, "conference.main_fixed"},
		{"more seats", conference.StateOpen, func(i *conference.Info) { i.Venues[1].Seats = 12 }, ""},
		{"fewer seats", conference.StateOpen, func(i *conference.Info) { i.Venues[0].Seats = 99 }, "conference.open_fewer_seats"},
		{"fewer seats before", conference.StatePlanned, func(i *conference.Info) { i.Venues[0].Seats = 99 }, ""},
		{"a topic comes", conference.StateOpen, func(i *conference.Info) {
			i.Topics = append(i.Topics, conference.Topic{ID: "khac", Name: "Khác"})
		}, ""},
		{"a topic is exchanged", conference.StateOpen, func(i *conference.Info) { i.Topics[0].ID = "khac" }, "conference.open_topic_removed"},
		{"another start before", conference.StatePlanned, func(i *conference.Info) { i.StartsAt = i.StartsAt.Add(time.Hour) }, ""},
		{"another start", conference.StateOpen, func(i *conference.Info) { i.StartsAt = i.StartsAt.Add(time.Hour) }, "conference.open_start_changed"},
		{"no venue is left", conference.StatePlanned, func(i *conference.Info) { i.Venues = nil }, "conference.bad_info"},
		{"an agenda", conference.StateOpen, func(i *conference.Info) {
			i.Agenda = []conference.AgendaItem{{At: "08:30", Title: "Khai mạc"}, {Title: "Hỏi đáp"}}
		}, ""},
		{"an odd agenda", conference.StatePlanned, func(i *conference.Info) {
			i.Agenda = []conference.AgendaItem{{At: "sáng", Title: "Khai mạc"}}
		}, "conference.bad_info"},
		{"another notice", conference.StatePlanned, func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.Privacy.Text += " Mới."
		}, "conference.notice_version"},
		{"another notice with its version", conference.StatePlanned, func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.Privacy = conference.Notice{Version: "2022-11", Text: "Mới."}
		}, ""},
		{"it is over", conference.StateClosed, func(i *conference.Info) { i.Title = "Khác" }, "conference.already_closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, test.state, func(i *conference.Info) { i.Venues[0].Seats, i.Registration = 100, registration() })
			err := s.edit(test.change)
			if test.want == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if test.want != "" {
				s.wantRefusal(err, test.want)
			}
		})
	}
	s := newStory(t, conference.StateOpen, func(i *conference.Info) { i.Public = true })
	s.wantRefusal(s.edit(func(i *conference.Info) { i.Public = false }), "conference.open_unpublished")
	nobody := &story{T: t}
	nobody.wantRefusal(nobody.do(conference.Edit{}), "conference.unknown")
	nobody.wantRefusal(nobody.do(conference.GoLive{}), "conference.unknown")
}

func TestGoLiveEndsATest(t *testing.T) {
	t.Parallel()
	for _, state := range []conference.State{conference.StatePlanned, conference.StateOpen, conference.StateClosed} {
		s := newStory(t, state, func(i *conference.Info) { i.Test = true })
		s.now.Frozen = []string{"web"}
		s.must(conference.GoLive{})
		if s.now.State != conference.StatePlanned || s.now.Test || s.now.Frozen != nil || !s.now.LiveAt.Equal(s.at) || s.now.Revision != 1 {
			t.Errorf("from %s: got %+v", state, s.now)
		}
		s.wantRefusal(s.do(conference.GoLive{}), "conference.not_test")
		s.must(conference.Open{})
	}
	s := newStory(t, conference.StateOpen)
	s.wantRefusal(s.do(conference.GoLive{}), "conference.not_test")
}

func TestCopyMovesItsTimes(t *testing.T) {
	t.Parallel()
	from, _ := readyToOpen()
	from.Test, from.Demo, from.State, from.Revision = true, true, conference.StateClosed, 7
	by := 100 * 24 * time.Hour
	got := from.Copy("Kỳ sau", from.StartsAt.Add(by))
	got.ID = "ky-sau"
	if err := got.Validate(); err != nil {
		t.Fatal(err)
	}
	if got.Public || got.Test || got.Demo || got.Revision != 0 || got.State != conference.StatePlanned || !got.PublishedAt.IsZero() || got.TitleEn != "" {
		t.Errorf("got %+v", got)
	}
	if r := got.Registration; !r.OpensAt.Equal(from.Registration.OpensAt.Add(by)) || !r.ClosesAt.Equal(from.Registration.ClosesAt.Add(by)) ||
		!r.DoorsAt.Equal(from.Registration.DoorsAt.Add(by)) || r.Privacy != from.Registration.Privacy {
		t.Errorf("registration: got %+v", r)
	}
	got.Venues[0].Name, got.Topics[0].Name = "Khác", "Khác"
	if from.Venues[0].Name == "Khác" || from.Topics[0].Name == "Khác" {
		t.Error("the copy shares its lists with what it was made of")
	}
}

// TestCopyOfADemonstration: its window, which never closes, is not taken over.
func TestCopyOfADemonstration(t *testing.T) {
	t.Parallel()
	from, _ := readyToOpen()
	from.Registration.ClosesAt = from.StartsAt.AddDate(77, 0, 0)
	from.Registration.DoorsAt = from.StartsAt.AddDate(78, 0, 0)
	got := from.Copy("Kỳ sau", from.StartsAt.AddDate(5, 0, 0))
	got.ID = "ky-sau"
	if err := got.Validate(); err != nil {
		t.Fatal(err)
	}
	if r := got.Registration; !r.DoorsAt.IsZero() || !r.ClosesAt.Equal(got.StartsAt.AddDate(0, 0, -7)) || !r.OpensAt.Before(r.ClosesAt) {
		t.Errorf("got %+v", r)
	}
}
