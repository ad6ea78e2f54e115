package intake

import (
	"strconv"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/text"
)

const slugChars = 48 // room for a number behind it

// Slug returns an id made of a name: "Quận Ba Đình" is "quan-ba-dinh". taken says which are
// given away; a name of nothing but signs becomes "x".
func Slug(name string, taken func(id string) bool) string {
	var plain strings.Builder
	for _, r := range fold(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			plain.WriteRune(r)
		case plain.Len() > 0:
			plain.WriteByte('-')
		}
	}
	base := plain.String()
	base = strings.Trim(base[:min(slugChars, len(base))], "-")
	for strings.Contains(base, "--") {
		base = strings.ReplaceAll(base, "--", "-")
	}
	if base == "" {
		base = "x"
	}
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id += "-" + strconv.Itoa(n)
		}
		if !taken(id) {
			return id
		}
	}
}

// Tidy brings what an administrator typed into its one form (NFC, no control characters, no
// blanks around) and gives an id to the conference, the venues and the topics that have none.
func Tidy(info *conference.Info) {
	for _, line := range []*string{&info.Title, &info.TitleEn, &info.Place} {
		*line = text.Line(*line)
	}
	if info.ID == "" {
		info.ID = conference.ID(Slug(info.Title, func(string) bool { return false }))
	}
	tidyVenues(info)
	tidyTopics(info)
	for i := range info.Agenda {
		info.Agenda[i].At, info.Agenda[i].Title = text.Line(info.Agenda[i].At), text.Line(info.Agenda[i].Title)
	}
	for i := range info.Reasons {
		r := &info.Reasons[i]
		r.Text, r.TextEn, r.NextDoor, r.NextDoorEn = text.Paragraph(r.Text), text.Paragraph(r.TextEn), text.Paragraph(r.NextDoor), text.Paragraph(r.NextDoorEn)
	}
	if r := info.Registration; r != nil {
		r.Invitation, r.InvitationEn = text.Paragraph(r.Invitation), text.Paragraph(r.InvitationEn)
		r.Privacy.Text, r.Privacy.TextEn = text.Paragraph(r.Privacy.Text), text.Paragraph(r.Privacy.TextEn)
	}
}

func tidyVenues(info *conference.Info) {
	for i := range info.Venues {
		v := &info.Venues[i]
		v.Name, v.Address = text.Line(v.Name), text.Line(v.Address)
	}
	for i := range info.Venues {
		if v := &info.Venues[i]; v.ID == "" {
			v.ID = conference.VenueID(Slug(v.Name, func(id string) bool {
				_, there := info.Venue(conference.VenueID(id))
				return there
			}))
		}
	}
}

func tidyTopics(info *conference.Info) {
	for i := range info.Topics {
		t := &info.Topics[i]
		t.Name, t.NameEn, t.Agency = text.Line(t.Name), text.Line(t.NameEn), text.Line(t.Agency)
	}
	for i := range info.Topics {
		if t := &info.Topics[i]; t.ID == "" {
			t.ID = conference.TopicID(Slug(t.Name, func(id string) bool {
				_, there := info.Topic(conference.TopicID(id))
				return there
			}))
		}
	}
}
