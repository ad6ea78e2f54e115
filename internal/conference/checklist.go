package conference

import (
	"strings"
	"time"
)

// Level is how a point of the checklist stands.
type Level string

// The levels of a point.
const (
	LevelGood    Level = "good"
	LevelWarning Level = "warning" // it can be opened so; somebody should look
	LevelMissing Level = "missing" // it should not be opened so
)

// Announced is how long before it a dialogue has to be made known (Law 72/2025/QH15 art. 43).
const Announced = 7 * 24 * time.Hour

// roomWanted is what four hours of the programme in every size take on the disk, twice.
const roomWanted = 20 << 30

// Point is one line of the checklist: its code is stable, pages say it in words.
type Point struct {
	Code  string `json:"code"`
	Level Level  `json:"level"`
	// Names are the ids of venues, topics or roles it is about.
	Names []string `json:"names,omitempty"`
}

// Facts are what the checklist needs beside the conference itself.
type Facts struct {
	Now time.Time
	// Handed are the roles that a link was made for, and the venues.
	Roles  map[Role]bool
	Venues map[VenueID]bool
	// Codes: one-time codes can be sent to telephones.
	Codes bool
	// Recording: the programme is kept; Room are the bytes there are for it.
	Recording bool
	Room      int64
}

// Checklist says what is there and what is still missing before the conference opens, in
// the order people set it up.
func (i *Info) Checklist(facts Facts) []Point {
	var points []Point
	add := func(code string, level Level, names ...string) {
		points = append(points, Point{Code: code, Level: level, Names: names})
	}
	level := func(good bool, otherwise Level) Level {
		if good {
			return LevelGood
		}
		return otherwise
	}
	add("start", level(facts.Now.Before(i.StartsAt), LevelWarning))
	add("place", level(strings.TrimSpace(i.Place) != "", LevelWarning))
	add("venues", level(len(i.Venues) > 1, LevelMissing))
	nobody := i.withoutAgency()
	add("topics", level(len(nobody) == 0, LevelWarning), nobody...)
	add("agenda", level(len(i.Agenda) > 0, LevelWarning))
	add("registration", i.registrationLevel(facts.Now))
	if i.Registration != nil {
		add("seats", level(i.seats() > 0, LevelMissing))
		add("notice", level(i.Registration.Privacy.Text != "", LevelMissing))
		add("numbers", i.numbersLevel(facts.Codes))
		add("invitation", level(strings.TrimSpace(i.Registration.Invitation) != "", LevelWarning))
	}
	add("published", level(i.Public, LevelMissing))
	add("announced", level(!i.late(facts.Now), LevelWarning))
	venues := i.withoutLink(facts.Venues)
	add("venue_links", level(len(venues) == 0, LevelMissing), venues...)
	roles := withoutLink(facts.Roles)
	add("role_links", level(len(roles) == 0, LevelMissing), roles...)
	add("recording", level(facts.Recording && facts.Room >= roomWanted, LevelWarning))
	add("test", level(!i.Test, LevelMissing))
	return points
}

func (i *Info) registrationLevel(now time.Time) Level {
	if i.Registration == nil || !now.Before(i.Registration.ClosesAt) && i.State == StatePlanned {
		return LevelWarning
	}
	return LevelGood
}

// numbersLevel is good when telephone numbers are proved: else anybody learns whether a number
// is registered, and registers others'. Nobody can register where codes are asked for and
// cannot be sent.
func (i *Info) numbersLevel(codes bool) Level {
	switch {
	case !i.Registration.VerifyPhone:
		return LevelWarning
	case !codes:
		return LevelMissing
	}
	return LevelGood
}

// late reports whether it was, or can only be, made known later than it should have been.
func (i *Info) late(now time.Time) bool {
	if !i.PublishedAt.IsZero() {
		now = i.PublishedAt
	}
	return now.After(i.StartsAt.Add(-Announced))
}

func (i *Info) seats() int {
	sum := 0
	for _, v := range i.Venues {
		sum += v.Seats
	}
	return sum
}

func (i *Info) withoutAgency() []string {
	var names []string
	for _, t := range i.Topics {
		if strings.TrimSpace(t.Agency) == "" {
			names = append(names, string(t.ID))
		}
	}
	return names
}

func (i *Info) withoutLink(handed map[VenueID]bool) []string {
	var names []string
	for _, v := range i.Venues {
		if !handed[v.ID] {
			names = append(names, string(v.ID))
		}
	}
	return names
}

func withoutLink(handed map[Role]bool) []string {
	var names []string
	for _, role := range []Role{RoleModerator, RoleStage, RoleScreen, RoleRegistrar} {
		if !handed[role] {
			names = append(names, string(role))
		}
	}
	return names
}
