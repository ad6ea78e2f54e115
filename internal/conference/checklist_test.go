package conference_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
)

// ready is a conference that lacks nothing, and what goes with it.
func readyToOpen() (conference.Info, conference.Facts) {
	i := info()
	i.Public, i.Place = true, "Trụ sở UBND Thành phố"
	i.Topics[0].Agency = "Sở TN&MT"
	i.Agenda = []conference.AgendaItem{{At: "08:30", Title: "Khai mạc"}}
	i.Venues[0].Seats = 100
	i.Registration = registration()
	i.Registration.VerifyPhone = true
	i.PublishedAt = i.StartsAt.AddDate(0, 0, -30)
	return i, conference.Facts{
		Now:    i.Registration.OpensAt.Add(time.Hour),
		Roles:  map[conference.Role]bool{"moderator": true, "stage": true, "screen": true, "registrar": true},
		Venues: map[conference.VenueID]bool{"thanh-pho": true, "ba-dinh": true}, Codes: true, Recording: true, Room: 1 << 40,
	}
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	good, facts := readyToOpen()
	for _, p := range good.Checklist(facts) {
		if p.Level != conference.LevelGood {
			t.Errorf("nothing is missing, but %+v", p)
		}
	}
	for _, test := range []struct {
		name   string
		change func(*conference.Info, *conference.Facts)
		want   conference.Point
	}{
		{"in the past", func(i *conference.Info, f *conference.Facts) { f.Now = i.StartsAt }, conference.Point{Code: "start", Level: "warning"}},
		{"no place", func(i *conference.Info, _ *conference.Facts) { i.Place = " " }, conference.Point{Code: "place", Level: "warning"}},
		{"one venue", func(i *conference.Info, _ *conference.Facts) { i.Venues = i.Venues[:1] }, conference.Point{Code: "venues", Level: "missing"}},
		{"no agency", func(i *conference.Info, _ *conference.Facts) { i.Topics[0].Agency = "" }, conference.Point{Code: "topics", Level: "warning", Names: []string{"so-do"}}},
		{"no agenda", func(i *conference.Info, _ *conference.Facts) { i.Agenda = nil }, conference.Point{Code: "agenda", Level: "warning"}},
		{"no registration", func(i *conference.Info, _ *conference.Facts) { i.Registration = nil }, conference.Point{Code: "registration", Level: "warning"}},
		{"it is over before the start", func(i *conference.Info, f *conference.Facts) {
			i.State, f.Now = conference.StatePlanned, i.Registration.ClosesAt
		}, conference.Point{Code: "registration", Level: "warning"}},
		{"no seats", func(i *conference.Info, _ *conference.Facts) { i.Venues[0].Seats = 0 }, conference.Point{Code: "seats", Level: "missing"}},
		{"numbers are not proved", func(i *conference.Info, _ *conference.Facts) { i.Registration.VerifyPhone = false }, conference.Point{Code: "numbers", Level: "warning"}},
		{"codes cannot be sent", func(_ *conference.Info, f *conference.Facts) { f.Codes = false }, conference.Point{Code: "numbers", Level: "missing"}},
		{"no invitation", func(i *conference.Info, _ *conference.Facts) { i.Registration.Invitation = "" }, conference.Point{Code: "invitation", Level: "warning"}},
		{"not published", func(i *conference.Info, _ *conference.Facts) { i.Public = false }, conference.Point{Code: "published", Level: "missing"}},
		{"seven days to the second", func(i *conference.Info, _ *conference.Facts) { i.PublishedAt = i.StartsAt.Add(-conference.Announced) }, conference.Point{Code: "announced", Level: "good"}},
		{"published late", func(i *conference.Info, _ *conference.Facts) {
			i.PublishedAt = i.StartsAt.Add(time.Second - conference.Announced)
		}, conference.Point{Code: "announced", Level: "warning"}},
		{"will be late", func(i *conference.Info, f *conference.Facts) {
			i.Public, i.PublishedAt, f.Now = false, time.Time{}, i.StartsAt.AddDate(0, 0, -6)
		}, conference.Point{Code: "announced", Level: "warning"}},
		{"a venue without a link", func(_ *conference.Info, f *conference.Facts) { delete(f.Venues, "ba-dinh") }, conference.Point{Code: "venue_links", Level: "missing", Names: []string{"ba-dinh"}}},
		{"nobody at the stage", func(_ *conference.Info, f *conference.Facts) { delete(f.Roles, "stage") }, conference.Point{Code: "role_links", Level: "missing", Names: []string{"stage"}}},
		{"not recorded", func(_ *conference.Info, f *conference.Facts) { f.Recording = false }, conference.Point{Code: "recording", Level: "warning"}},
		{"a full disk", func(_ *conference.Info, f *conference.Facts) { f.Room = 1 << 30 }, conference.Point{Code: "recording", Level: "warning"}},
		{"still a test", func(i *conference.Info, _ *conference.Facts) { i.Test = true }, conference.Point{Code: "test", Level: "missing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			i, f := readyToOpen()
			test.change(&i, &f)
			found := false
			for _, p := range i.Checklist(f) {
				if p.Code == test.want.Code {
					found = true
					if diff := cmp.Diff(test.want, p); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			}
			if !found {
				t.Errorf("%s is not on the list", test.want.Code)
			}
		})
	}
}
