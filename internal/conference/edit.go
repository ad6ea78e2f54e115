package conference

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Types of the events that change what a conference is.
const (
	EventEdited = "conference.edited"
	// EventWentLive ends the test: all that was asked and done before it counts no longer.
	EventWentLive = "conference.wentLive"
)

// Edit changes what a conference is, as a whole. Revision is the one the administrator saw:
// of two who edit at once, one wins. State, Demo, Test, Frozen and what only events may say
// are kept, whatever Info has.
type Edit struct {
	Revision uint64
	Info     Info
}

// GoLive ends the test mode: the conference is planned again, and what was asked and done
// in the test counts no longer. Its sealed words are erased by whoever runs the log.
type GoLive struct{}

// CommandType returns the command's name on the wire.
func (Edit) CommandType() string { return "conference.edit" }

// CommandType returns the command's name on the wire.
func (GoLive) CommandType() string { return "conference.goLive" }

// Edited is the data of conference.edited: the whole as it is from now on.
type Edited struct {
	Info Info `json:"info"`
}

// WentLive is the data of conference.wentLive.
type WentLive struct{}

// decideEdit refuses with conference.unknown, conference.changed (somebody else was faster),
// conference.already_closed, conference.bad_info, conference.main_fixed, conference.notice_version
// (another privacy notice under the version people have agreed to), and, while the
// conference is open, with what would pull something from under those who use it:
// conference.open_venue_removed, conference.open_topic_removed, conference.open_fewer_seats,
// conference.open_start_changed, conference.open_unpublished.
func decideEdit(info *Info, body Edit) (Decision, error) {
	switch {
	case info == nil:
		return Decision{}, Refuse(KindNotFound, "conference.unknown", "")
	case info.State == StateClosed:
		return Decision{}, Refuse(KindConflict, "conference.already_closed", "")
	case info.Revision != body.Revision:
		return Decision{}, Refuse(KindConflict, "conference.changed", fmt.Sprintf("revision %d, not %d", info.Revision, body.Revision))
	}
	next := info.edited(&body.Info)
	if err := next.Validate(); err != nil {
		return Decision{}, err
	}
	if next.MainVenue() != info.MainVenue() {
		// The media of a conference are built around it.
		return Decision{}, Refuse(KindConflict, "conference.main_fixed", string(info.MainVenue()))
	}
	if old, now := info.Registration, next.Registration; old != nil && now != nil && old.Privacy.Version == now.Privacy.Version && old.Privacy != now.Privacy {
		return Decision{}, Refuse(KindInvalid, "conference.notice_version", now.Privacy.Version)
	}
	if info.State == StateOpen {
		if err := info.safeWhileOpen(&next); err != nil {
			return Decision{}, err
		}
	}
	if reflect.DeepEqual(*info, next) {
		return Decision{}, nil
	}
	next.Revision++
	made := decision(EventEdited, Edited{Info: next})
	for _, gone := range info.Without(&next) {
		made.Reads = append(made.Reads, gone.Entity())
	}
	return made, nil
}

// edited returns what an administrator's Info makes of this one.
func (i *Info) edited(wanted *Info) Info {
	next := *wanted
	next.ID, next.State, next.Demo, next.Test, next.Frozen = i.ID, i.State, i.Demo, i.Test, i.Frozen
	next.Revision, next.PublishedAt, next.LiveAt = i.Revision, i.PublishedAt, i.LiveAt
	next.StartsAt = next.StartsAt.UTC()
	if len(next.Reasons) == 0 {
		next.Reasons = i.Reasons
	}
	if len(next.Agenda) == 0 {
		next.Agenda = nil
	}
	if next.Registration != nil {
		normal := next.Registration.Normalised()
		next.Registration = &normal
	}
	return next
}

// Copy returns a new conference with the places, topics, agenda, reasons and texts of this
// one: under another title, at another time, not yet shown to anybody. What has a time
// moves with the start; the privacy notice keeps its version, for it is the same text.
func (i *Info) Copy(title string, startsAt time.Time) Info {
	next := Info{
		Title: title, StartsAt: startsAt, State: StatePlanned, Place: i.Place,
		Reasons: slices.Clone(i.Reasons), Topics: slices.Clone(i.Topics), Venues: slices.Clone(i.Venues), Agenda: slices.Clone(i.Agenda),
	}
	if i.Registration != nil {
		moved, by := *i.Registration, startsAt.Sub(i.StartsAt)
		moved.OpensAt, moved.ClosesAt = moved.OpensAt.Add(by), moved.ClosesAt.Add(by)
		if !moved.DoorsAt.IsZero() {
			moved.DoorsAt = moved.DoorsAt.Add(by)
		}
		moved.before(startsAt)
		next.Registration = &moved
	}
	return next
}

// before brings a window that goes on after the start, as a demonstration's does, in front
// of it: eight weeks, closed a week before.
func (r *Registration) before(start time.Time) {
	const week = 7 * 24 * time.Hour
	if r.DoorsAt.After(start) {
		r.DoorsAt = time.Time{}
	}
	if doors := cmp.Or(r.DoorsAt, start); r.ClosesAt.After(doors) {
		r.ClosesAt = start.Add(-week)
		r.OpensAt = start.Add(-9 * week)
	}
}

func (i *Info) safeWhileOpen(next *Info) error {
	unsafe := func(code, detail string) error { return Refuse(KindConflict, code, detail) }
	if gone := i.Without(next); len(gone) > 0 {
		return unsafe("conference.open_venue_removed", string(gone[0]))
	}
	for _, topic := range i.Topics {
		if _, kept := next.Topic(topic.ID); !kept {
			return unsafe("conference.open_topic_removed", string(topic.ID))
		}
	}
	for _, venue := range i.Venues {
		if v, _ := next.Venue(venue.ID); v.Seats < venue.Seats {
			return unsafe("conference.open_fewer_seats", string(venue.ID))
		}
	}
	switch {
	case !next.StartsAt.Equal(i.StartsAt):
		return unsafe("conference.open_start_changed", "")
	case i.Public && !next.Public:
		return unsafe("conference.open_unpublished", "")
	}
	return nil
}

// Without returns the venues that another Info of the conference has no longer.
func (i *Info) Without(next *Info) []VenueID {
	var gone []VenueID
	for _, venue := range i.Venues {
		if _, kept := next.Venue(venue.ID); !kept {
			gone = append(gone, venue.ID)
		}
	}
	return gone
}

// decideGoLive refuses with conference.unknown and conference.not_test. It rests on the
// conference, as every submission does: none slips in beside it.
func decideGoLive(info *Info) (Decision, error) {
	switch {
	case info == nil:
		return Decision{}, Refuse(KindNotFound, "conference.unknown", "")
	case !info.Test:
		return Decision{}, Refuse(KindConflict, "conference.not_test", "")
	}
	made := decision(EventWentLive, WentLive{})
	made.Drafts[0].Bumps = []Entity{EntityConference, EntityQueue, EntityOnAir, EntityFloor}
	return made, nil
}

func withEdit(info *Info, event Event) (*Info, error) {
	if info == nil {
		return nil, fmt.Errorf("apply %s at %d: no conference", event.Type, event.Position)
	}
	data, err := DataOf[Edited](event)
	if err != nil {
		return info, err
	}
	next := data.Info
	// What others may change at the same time, by events of their own, is not overwritten.
	next.State, next.Frozen = info.State, slices.Clone(info.Frozen)
	switch {
	case !next.Public:
		next.PublishedAt = time.Time{}
	case !info.Public:
		next.PublishedAt = event.At
	}
	return &next, nil
}

func withLive(info *Info, event Event) (*Info, error) {
	if info == nil {
		return nil, fmt.Errorf("apply %s at %d: no conference", event.Type, event.Position)
	}
	next := *info
	next.State, next.Test, next.Frozen, next.LiveAt = StatePlanned, false, nil, event.At
	next.Revision++
	return &next, nil
}
