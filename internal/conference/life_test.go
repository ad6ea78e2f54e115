package conference_test

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
)

func info() conference.Info {
	return conference.Info{
		ID: "dat-dai-2022", Title: "Đối thoại", StartsAt: time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC),
		Venues: []conference.Venue{{ID: "thanh-pho", Name: "UBND Thành phố", Main: true}, {ID: "ba-dinh", Name: "Ba Đình"}},
		Topics: []conference.Topic{{ID: "so-do", Name: "Cấp sổ đỏ"}},
	}
}

func registration() *conference.Registration {
	return &conference.Registration{
		OpensAt: time.Date(2022, 8, 25, 1, 0, 0, 0, time.UTC), ClosesAt: time.Date(2022, 10, 21, 10, 0, 0, 0, time.UTC),
		DoorsAt: time.Date(2022, 10, 28, 0, 0, 0, 0, time.UTC), OfferMs: 86_400_000, VerifyPhone: true, AskIDNumber: true,
		Invitation: "Trân trọng kính mời", InvitationEn: "You are invited",
		Privacy: conference.Notice{Version: "2022-10", Text: "Thông tin của ông/bà…", TextEn: "Your data…"},
	}
}

func TestLife(t *testing.T) {
	t.Parallel()
	var now *conference.Info
	give := func(body conference.Body) string {
		decision, err := conference.Decide(now, conference.Command{Body: body}, time.Time{})
		if refusal, ok := errors.AsType[*conference.Error](err); ok {
			return refusal.Code
		}
		for _, draft := range decision.Drafts {
			data, err := json.Marshal(draft.Data)
			if err != nil {
				t.Fatal(err)
			}
			before := now
			if now, err = conference.Apply(now, conference.Event{Type: draft.Type, V: draft.V, Data: data}); err != nil {
				t.Fatal(err)
			}
			if before != nil && before.State == now.State {
				t.Errorf("%s changed nothing, or in place", draft.Type)
			}
		}
		return string(now.State)
	}
	made := info()
	made = made.Normalised()
	for i, step := range []struct {
		body conference.Body
		want string
	}{
		{conference.Open{}, "conference.unknown"},
		{conference.Create{}, "conference.bad_info"},
		{conference.Create{Info: made}, "planned"},
		{conference.Create{Info: made}, "conference.exists"},
		{conference.Close{}, "conference.not_open"},
		{conference.Open{}, "open"},
		{conference.Open{}, "conference.already_open"},
		{conference.Close{}, "closed"},
		{conference.Close{}, "conference.already_closed"},
		{conference.Open{}, "conference.already_closed"},
	} {
		if got := give(step.body); got != step.want {
			t.Errorf("step %d, %s: got %s, want %s", i, step.body.CommandType(), got, step.want)
		}
	}
	if _, err := conference.Apply(nil, conference.Event{Type: conference.EventOpened}); err == nil {
		t.Error("a conference that does not exist was opened")
	}
	if _, err := conference.Apply(nil, conference.Event{Type: conference.EventCreated, Data: json.RawMessage(`7`)}); err == nil {
		t.Error("a broken event was applied")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*conference.Info)
		want   string // part of the detail; "" for none
	}{
		{"good", func(*conference.Info) {}, ""},
		{"no id", func(i *conference.Info) { i.ID = "" }, "id"},
		{"odd id", func(i *conference.Info) { i.ID = "Đất đai" }, "id"},
		{"long id", func(i *conference.Info) { i.ID = conference.ID(strings.Repeat("a", 65)) }, "id"},
		{"no title", func(i *conference.Info) { i.Title = " " }, "title"},
		{"no start", func(i *conference.Info) { i.StartsAt = time.Time{} }, "startsAt"},
		{"no venue", func(i *conference.Info) { i.Venues = nil }, "venues"},
		{"no main venue", func(i *conference.Info) { i.Venues[0].Main = false }, "exactly one"},
		{"two main venues", func(i *conference.Info) { i.Venues[1].Main = true }, "exactly one"},
		{"venue twice", func(i *conference.Info) { i.Venues[1].ID = "thanh-pho" }, "twice"},
		{"odd venue", func(i *conference.Info) { i.Venues[1].ID = "Ba Đình" }, "venue"},
		{"nameless venue", func(i *conference.Info) { i.Venues[1].Name = "" }, "name"},
		{"no topic", func(i *conference.Info) { i.Topics = nil }, "topics"},
		{"topic twice", func(i *conference.Info) { i.Topics = append(i.Topics, i.Topics[0]) }, "twice"},
		{"odd topic", func(i *conference.Info) { i.Topics[0].ID = "?" }, "topic"},
		{"nameless topic", func(i *conference.Info) { i.Topics[0].Name = "" }, "name"},
		{"long agency", func(i *conference.Info) { i.Topics[0].Agency = strings.Repeat("x", 201) }, "agency"},
		{"reason twice", func(i *conference.Info) {
			i.Reasons = append(conference.DefaultReasons(), conference.DefaultReasons()[0])
		}, "twice"},
		{"registration", func(i *conference.Info) { i.Registration = registration() }, ""},
		{"less than no seats", func(i *conference.Info) { i.Venues[0].Seats = -1 }, "seats"},
		{"more reserved than there are", func(i *conference.Info) { i.Venues[0].Seats, i.Venues[0].Reserved = 2, 3 }, "reserved"},
		{"closes before it opens", func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.ClosesAt = i.Registration.OpensAt
		}, "closesAt"},
		{"closes after the doors open", func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.ClosesAt = i.Registration.DoorsAt.Add(time.Second)
		}, "doors"},
		{"offers of a second", func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.OfferMs = 1000
		}, "offerMs"},
		{"no privacy notice", func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.Privacy.Text = ""
		}, "privacy"},
		{"privacy notice without a version", func(i *conference.Info) {
			i.Registration = registration()
			i.Registration.Privacy.Version = ""
		}, "version"},
		{"reason without a door", func(i *conference.Info) { i.Reasons = []conference.Reason{{Code: "x", Text: "x"}} }, "nextDoor"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tried := info()
			test.change(&tried)
			err := tried.Validate()
			var refusal *conference.Error
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got %v, want none", err)
			case test.want != "" && (!errors.As(err, &refusal) || refusal.Code != "conference.bad_info" || !strings.Contains(refusal.Detail, test.want)):
				t.Errorf("got %v, want conference.bad_info about %q", err, test.want)
			}
		})
	}
}

func TestNormalised(t *testing.T) {
	t.Parallel()
	given := info()
	given.State = conference.StateOpen
	given.StartsAt = given.StartsAt.In(time.FixedZone("ICT", 7*3600))
	got := given.Normalised()
	if got.State != conference.StatePlanned || got.StartsAt.Location() != time.UTC || !got.StartsAt.Equal(given.StartsAt) {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(conference.DefaultReasons(), got.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if len(given.Reasons) != 0 || given.State != conference.StateOpen {
		t.Error("the given info was changed")
	}
	again := got.Normalised()
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("normalising twice (-once +twice):\n%s", diff)
	}
}

func TestDefaultReasons(t *testing.T) {
	t.Parallel()
	whole := info()
	whole.Reasons = conference.DefaultReasons()
	if err := whole.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, reason := range whole.Reasons {
		if reason.TextEn == "" || reason.NextDoorEn == "" {
			t.Errorf("%s is not told in English", reason.Code)
		}
		if got, ok := whole.Reason(reason.Code); !ok || got != reason {
			t.Errorf("reason %s is not found", reason.Code)
		}
	}
	if complaint, _ := whole.Reason("complaint"); !strings.Contains(complaint.NextDoor, "Ban Tiếp công dân") {
		t.Errorf("complaints are sent to %q", complaint.NextDoor)
	}
	if _, ok := whole.Reason("rude"); ok {
		t.Error("an unknown reason is found")
	}
}

// TestGolden holds the events' data to the files old logs were written with. A golden
// file is never edited: a changed shape is a new version with a file of its own.
func TestGolden(t *testing.T) {
	t.Parallel()
	created := info()
	created.TitleEn, created.State, created.Public, created.Demo = "Dialogue", conference.StatePlanned, true, true
	created.Topics[0].NameEn, created.Topics[0].Agency = "Certificates", "Sở TN&MT"
	created.Reasons = []conference.Reason{{Code: "unclear", Text: "Chưa rõ", TextEn: "Unclear", NextDoor: "Điểm cầu", NextDoorEn: "Venue"}}
	edited := created
	edited.Test, edited.Revision, edited.Place = true, 2, "Trụ sở UBND"
	edited.PublishedAt, edited.LiveAt = edited.StartsAt.AddDate(0, 0, -9), edited.StartsAt.AddDate(0, 0, -8)
	edited.Agenda = []conference.AgendaItem{{At: "08:30", Title: "Khai mạc"}}
	edited.Venues = []conference.Venue{{ID: "thanh-pho", Name: "UBND Thành phố", Main: true, Address: "12 Lê Lai"}}
	for event, data := range map[string]any{
		conference.EventCreated: conference.Created{Info: created, Secret: "0123456789abcdef", Key: "fedcba9876543210"},
		conference.EventOpened:  conference.Opened{},
		conference.EventClosed:  conference.Closed{},

		conference.EventChannelFrozen: conference.ChannelFrozen{Channel: "web", On: true},
		conference.EventRegistrationSet: conference.RegistrationSet{
			Registration: registration(), Seats: []conference.SeatCount{{Venue: "ba-dinh", Seats: 120, Reserved: 10}},
		},
		conference.EventEdited:   conference.Edited{Info: edited},
		conference.EventWentLive: conference.WentLive{},
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

// TestRegistrationSet: numbers of seats and the registration are replaced in a copy.
func TestRegistrationSet(t *testing.T) {
	t.Parallel()
	before := info()
	data := conference.RegistrationSet{Registration: registration(), Seats: []conference.SeatCount{{Venue: "ba-dinh", Seats: 120, Reserved: 10}}}
	raw, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	after, err := conference.Apply(&before, conference.Event{Type: conference.EventRegistrationSet, Data: raw})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := after.Venue("ba-dinh"); v.Seats != 120 || v.Reserved != 10 || after.Registration.Offer() != 24*time.Hour {
		t.Errorf("got %+v and %+v", v, after.Registration)
	}
	if got, want := after.DoorsAt(), registration().DoorsAt; !got.Equal(want) {
		t.Errorf("doors at %v, want %v", got, want)
	}
	if v, _ := before.Venue("ba-dinh"); v.Seats != 0 || before.Registration != nil || !before.DoorsAt().Equal(before.StartsAt) {
		t.Errorf("the conference before was changed: %+v", before)
	}
	if _, err := conference.Apply(nil, conference.Event{Type: conference.EventRegistrationSet}); err == nil {
		t.Error("a conference that does not exist has seats")
	}
}
