package conference

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of an Info.
const (
	MaxIDRunes   = 64
	MaxNameRunes = 200
	MaxTextRunes = 1000
	MaxVenues    = 200
	MaxTopics    = 100
	MaxReasons   = 50
	MaxSeats     = 100_000
	MaxAgenda    = 50
)

// ValidID reports whether text may be the id of a conference, a venue or a topic:
// 1–64 characters of a–z, 0–9 and '-'.
func ValidID(text string) bool {
	if text == "" || len(text) > MaxIDRunes {
		return false
	}
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return true
}

// Normalised returns a copy as it is stored: state planned and the default reasons when
// none are given; times in UTC; nothing that only events may say.
func (i *Info) Normalised() Info {
	next := *i
	next.State, next.Revision = StatePlanned, 0
	next.PublishedAt, next.LiveAt = time.Time{}, time.Time{}
	next.StartsAt = next.StartsAt.UTC()
	if len(next.Reasons) == 0 {
		next.Reasons = DefaultReasons()
	}
	if next.Registration != nil {
		registration := next.Registration.Normalised()
		next.Registration = &registration
	}
	return next
}

// Validate checks what a conference must have: an id, a title, a start, venues with
// exactly one main venue, at least one topic, ids that are valid and unique.
// Refusal: conference.bad_info (KindInvalid), whose Detail says what is wrong.
func (i *Info) Validate() error {
	if problem := i.problem(); problem != "" {
		return Refuse(KindInvalid, "conference.bad_info", problem)
	}
	return nil
}

func (i *Info) problem() string {
	switch {
	case !ValidID(string(i.ID)):
		return "id: 1–64 characters of a–z, 0–9 and '-'"
	case !isText(i.Title, MaxNameRunes):
		return "title: 1–200 characters"
	case utf8.RuneCountInString(i.TitleEn) > MaxNameRunes:
		return "titleEn: at most 200 characters"
	case i.StartsAt.IsZero():
		return "startsAt: a time, RFC 3339"
	case len(i.Venues) == 0 || len(i.Venues) > MaxVenues:
		return fmt.Sprintf("venues: 1–%d", MaxVenues)
	case len(i.Topics) == 0 || len(i.Topics) > MaxTopics:
		return fmt.Sprintf("topics: 1–%d", MaxTopics)
	case len(i.Reasons) > MaxReasons:
		return fmt.Sprintf("reasons: at most %d", MaxReasons)
	case !fits(i.Place, MaxNameRunes):
		return "place: at most 200 characters"
	}
	for _, check := range []func() string{i.venueProblem, i.topicProblem, i.reasonProblem, i.agendaProblem, i.registrationProblem} {
		if problem := check(); problem != "" {
			return problem
		}
	}
	return ""
}

func (i *Info) venueProblem() string {
	seen, mains := make(map[VenueID]bool), 0
	for _, v := range i.Venues {
		switch {
		case !ValidID(string(v.ID)):
			return fmt.Sprintf("venue %q: id of 1–64 characters of a–z, 0–9 and '-'", v.ID)
		case seen[v.ID]:
			return fmt.Sprintf("venue %q: twice", v.ID)
		case !isText(v.Name, MaxNameRunes):
			return fmt.Sprintf("venue %q: name of 1–200 characters", v.ID)
		case !fits(v.Address, MaxNameRunes):
			return fmt.Sprintf("venue %q: address of at most 200 characters", v.ID)
		}
		if problem := seatProblem(v.ID, v.Seats, v.Reserved); problem != "" {
			return problem
		}
		seen[v.ID] = true
		if v.Main {
			mains++
		}
	}
	if mains != 1 {
		return fmt.Sprintf("venues: exactly one is main, not %d", mains)
	}
	return ""
}

func seatProblem(venue VenueID, seats, reserved int) string {
	if seats < 0 || seats > MaxSeats || reserved < 0 || reserved > seats {
		return fmt.Sprintf("venue %q: 0–%d seats, of which 0–seats are reserved", venue, MaxSeats)
	}
	return ""
}

func (i *Info) registrationProblem() string {
	if i.Registration == nil {
		return ""
	}
	return i.Registration.problem(i.StartsAt)
}

func (i *Info) topicProblem() string {
	seen := make(map[TopicID]bool)
	for _, t := range i.Topics {
		switch {
		case !ValidID(string(t.ID)):
			return fmt.Sprintf("topic %q: id of 1–64 characters of a–z, 0–9 and '-'", t.ID)
		case seen[t.ID]:
			return fmt.Sprintf("topic %q: twice", t.ID)
		case !isText(t.Name, MaxNameRunes):
			return fmt.Sprintf("topic %q: name of 1–200 characters", t.ID)
		case utf8.RuneCountInString(t.NameEn) > MaxNameRunes || utf8.RuneCountInString(t.Agency) > MaxNameRunes:
			return fmt.Sprintf("topic %q: nameEn and agency of at most 200 characters", t.ID)
		}
		seen[t.ID] = true
	}
	return ""
}

func (i *Info) reasonProblem() string {
	seen := make(map[string]bool)
	for _, r := range i.Reasons {
		switch {
		case r.Code == "" || len(r.Code) > MaxIDRunes:
			return "reason: code of 1–64 characters"
		case seen[r.Code]:
			return fmt.Sprintf("reason %q: twice", r.Code)
		case !isText(r.Text, MaxTextRunes) || !isText(r.NextDoor, MaxTextRunes):
			return fmt.Sprintf("reason %q: text and nextDoor of 1–1000 characters", r.Code)
		case utf8.RuneCountInString(r.TextEn) > MaxTextRunes || utf8.RuneCountInString(r.NextDoorEn) > MaxTextRunes:
			return fmt.Sprintf("reason %q: textEn and nextDoorEn of at most 1000 characters", r.Code)
		}
		seen[r.Code] = true
	}
	return ""
}

func (i *Info) agendaProblem() string {
	if len(i.Agenda) > MaxAgenda {
		return fmt.Sprintf("agenda: at most %d items", MaxAgenda)
	}
	for n, item := range i.Agenda {
		if _, err := time.Parse("15:04", item.At); err != nil && item.At != "" {
			return fmt.Sprintf("agenda item %d: at is a time such as 08:30", n+1)
		}
		if !isText(item.Title, MaxNameRunes) {
			return fmt.Sprintf("agenda item %d: title of 1–200 characters", n+1)
		}
	}
	return ""
}

func fits(text string, limit int) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit
}

func isText(text string, limit int) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= limit
}
