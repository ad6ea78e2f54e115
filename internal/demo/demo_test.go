package demo_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/diemcau/diemcau/internal/demo"
)

func TestConference_isValidAndWhole(t *testing.T) {
	t.Parallel()
	info := demo.Conference()
	if err := info.Validate(); err != nil {
		t.Fatal(err)
	}
	if got, want := len(info.Venues), 1+30; got != want {
		t.Errorf("got %d venues, want City Hall and the 30 units: %d", got, want)
	}
	if got := info.MainVenue(); got != demo.CityHall {
		t.Errorf("got main venue %q, want %q", got, demo.CityHall)
	}
	names := []string{info.Title}
	for _, v := range info.Venues {
		names = append(names, v.Name)
	}
	for _, topic := range info.Topics {
		if topic.NameEn == "" || topic.Agency == "" {
			t.Errorf("topic %s: no English name or no agency", topic.ID)
		}
		names = append(names, topic.Name, topic.Agency)
	}
	for _, name := range names {
		if !norm.NFC.IsNormalString(name) {
			t.Errorf("%q is not NFC", name)
		}
	}
}
