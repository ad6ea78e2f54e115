package floor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
)

// TestQ6_RapidFloor drives the rules with random commands against a model that knows
// nothing of events or layers.
func TestQ6_RapidFloor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		actions := map[string]func(*rapid.T){
			"line": m.line, "venue": m.venue, "turn": m.turn, "clear": m.clear, "join": m.join,
			"wait":  func(t *rapid.T) { m.clock += time.Duration(rapid.IntRange(1, 90).Draw(t, "s")) * time.Second },
			"stack": func(*rapid.T) { m.stack() }, "drop": func(*rapid.T) { m.drop() },
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			actions[rapid.SampledFrom(weights).Draw(t, "action")](t)
			m.check(t)
		}
	})
}

// weights makes it likely that venues are ready and take turns.
var weights = []string{
	"join", "join", "turn", "turn", "turn", "venue", "venue", "venue", "line", "clear", "wait", "wait", "stack", "drop",
}

const cityHall conference.VenueID = "thanh-pho"

var (
	start = time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)
	all   = []conference.VenueID{cityHall, "ba-dinh", "ha-dong", "soc-son"}
)

func hanoi() *conference.Info {
	info := &conference.Info{ID: "dat-dai", State: conference.StateOpen}
	for _, id := range all {
		info.Venues = append(info.Venues, conference.Venue{ID: id, Name: string(id), Main: id == cityHall})
	}
	return info
}

// place is a venue as a person would note it on paper; times are since start.
type place struct {
	up, ready bool
	hand      time.Duration // -1: down
	note      string
	dropped   time.Duration
	spoken    time.Duration
}

// paper is the whole model.
type paper struct {
	places  map[conference.VenueID]place
	holder  conference.VenueID
	since   time.Duration
	limit   int64
	preview conference.VenueID
	slate   bool
	beside  bool
}

func (p paper) copy() paper {
	next := p
	next.places = make(map[conference.VenueID]place, len(p.places))
	maps.Copy(next.places, p.places)
	return next
}

type machine struct {
	board  *floor.Board
	below  []*floor.Board
	papers []paper
	paper  paper
	clock  time.Duration
}

func newMachine() *machine {
	m := &machine{board: floor.NewBoard(hanoi()), paper: paper{places: make(map[conference.VenueID]place)}}
	for _, id := range all {
		m.paper.places[id] = place{hand: -1}
	}
	return m
}

func (m *machine) stack() {
	m.below, m.papers = append(m.below, m.board), append(m.papers, m.paper.copy())
	m.board = m.board.Overlay()
}

func (m *machine) drop() {
	if n := len(m.below) - 1; n >= 0 {
		m.board, m.paper = m.below[n], m.papers[n]
		m.below, m.papers = m.below[:n], m.papers[:n]
	}
}

// give gives a command and expects the refusal with the code, or none.
func (m *machine) give(t *rapid.T, body conference.Body, want string) {
	now := start.Add(m.clock)
	decision, err := m.board.Decide(conference.Command{ID: "c", Body: body}, now)
	got := ""
	if refusal, ok := errors.AsType[*conference.Error](err); ok {
		got = refusal.Code
	} else if err != nil {
		t.Fatalf("%s: %v", body.CommandType(), err)
	}
	if got != want {
		t.Fatalf("%s %+v: got refusal %q, want %q", body.CommandType(), body, got, want)
	}
	for _, draft := range decision.Drafts {
		for _, entity := range draft.Bumps {
			if !slices.Contains(decision.Reads, entity) {
				t.Fatalf("%s changes %s without having read it", draft.Type, entity)
			}
		}
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		event := conference.Event{Type: draft.Type, V: draft.V, At: now, Data: data, Private: draft.Private}
		m.apply(t, event, draft.Bumps)
	}
}

// apply applies an event and checks that it tells everything it changes.
func (m *machine) apply(t *rapid.T, event conference.Event, bumps []conference.Entity) {
	before, floorBefore := m.board.Venues(), m.board.Floor()
	kept := make([]floor.Venue, len(before))
	for i, v := range before {
		kept[i] = *v
	}
	changed, err := m.board.Apply(event)
	if err != nil {
		t.Fatal(err)
	}
	if m.board.Floor() != floorBefore && !slices.Contains(bumps, conference.EntityFloor) {
		t.Fatalf("%s changes the floor but does not say so", event.Type)
	}
	for i, v := range m.board.Venues() {
		if *before[i] != kept[i] {
			t.Fatalf("%s changed %s in place", event.Type, v.ID)
		}
		if v != before[i] && (v != changed || !slices.Contains(bumps, v.ID.Entity())) {
			t.Fatalf("%s changes %s but does not say so", event.Type, v.ID)
		}
	}
}

// join brings a venue to where it may speak: random commands alone seldom get there.
func (m *machine) join(t *rapid.T) {
	id := rapid.SampledFrom(all[1:]).Draw(t, "venue")
	v := m.paper.places[id]
	if v.up {
		return
	}
	if m.paper.holder != id && m.clock-v.dropped > floor.ConsentKept {
		v.hand, v.note = -1, ""
	}
	v.up, v.ready = true, true
	m.paper.places[id] = v
	m.give(t, floor.Connect{Venue: id}, "")
	m.give(t, floor.Ready{Venue: id}, "")
}

func (m *machine) line(t *rapid.T) {
	id := rapid.SampledFrom(all).Draw(t, "venue")
	v := m.paper.places[id]
	if rapid.Bool().Draw(t, "up") {
		if !v.up {
			v.up = true
			if m.paper.holder != id && m.clock-v.dropped > floor.ConsentKept {
				v.ready, v.hand, v.note = false, -1, ""
			}
		}
		m.paper.places[id] = v
		m.give(t, floor.Connect{Venue: id}, "")
		return
	}
	if v.up {
		v.up, v.dropped = false, m.clock
		m.endPreview(id)
	}
	m.paper.places[id] = v
	m.give(t, floor.Disconnect{Venue: id}, "")
}

func (m *machine) venue(t *rapid.T) {
	id := rapid.SampledFrom(append([]conference.VenueID{"nowhere"}, all...)).Draw(t, "venue")
	what := rapid.SampledFrom([]string{"ready", "ready", "notReady", "raise", "raise", "lower"}).Draw(t, "what")
	v, known := m.paper.places[id]
	var body conference.Body
	want := ""
	switch what {
	case "ready":
		body = floor.Ready{Venue: id}
		if !v.up {
			want = "venue.not_connected"
		} else {
			v.ready = true
		}
	case "notReady":
		body = floor.NotReady{Venue: id}
		if v.ready {
			if m.paper.holder == id {
				m.endTurn()
				v = m.paper.places[id]
			}
			m.endPreview(id)
			v.ready, v.hand, v.note = false, -1, ""
		}
	case "raise":
		note := rapid.SampledFrom([]string{"", "Bà Tâm", "Ông Ba"}).Draw(t, "note")
		body = floor.RaiseHand{Venue: id, Note: note}
		switch {
		case id == cityHall:
			want = "venue.is_main"
		case m.paper.holder == id:
			want = "floor.already_held"
		case !v.up || !v.ready:
			want = "venue.not_ready"
		default:
			if v.hand < 0 {
				v.hand = m.clock
			}
			v.note = note
		}
	case "lower":
		body = floor.LowerHand{Venue: id}
		v.hand, v.note = -1, ""
	}
	if !known {
		want = "venue.unknown"
	} else {
		m.paper.places[id] = v
	}
	m.give(t, body, want)
}

func (m *machine) turn(t *rapid.T) {
	id := rapid.SampledFrom(append([]conference.VenueID{"nowhere"}, all...)).Draw(t, "venue")
	v, known := m.paper.places[id]
	want := ""
	switch {
	case id == cityHall:
		want = "venue.is_main"
	case !known:
		want = "venue.unknown"
	}
	if rapid.Bool().Draw(t, "preview") {
		switch {
		case want != "":
		case m.paper.holder == id:
			want = "floor.already_held"
		case m.paper.preview == id:
		case !v.up || !v.ready:
			want = "venue.not_ready"
		default:
			m.paper.preview = id
		}
		m.give(t, floor.Preview{Venue: id}, want)
		return
	}
	body := floor.Give{Venue: id, LimitMs: rapid.SampledFrom([]int64{0, 60_000, -1}).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "sees") {
		seen := rapid.SampledFrom(append([]conference.VenueID{""}, all...)).Draw(t, "seen")
		body.Seen = &seen
	}
	switch {
	case want != "":
	case body.LimitMs < 0:
		want = "floor.bad_limit"
	case body.Seen != nil && *body.Seen != m.paper.holder:
		want = "floor.changed"
	case m.paper.holder == id && v.up:
		want = "floor.already_held"
	case m.paper.holder == id:
	case !v.up || !v.ready:
		want = "venue.not_ready"
	default:
		m.endTurn()
		m.endPreview(id)
		v.hand, v.note = -1, ""
		m.paper.places[id] = v
		m.paper.holder, m.paper.since, m.paper.limit = id, m.clock, body.LimitMs
	}
	m.give(t, body, want)
}

func (m *machine) clear(t *rapid.T) {
	switch rapid.SampledFrom([]string{"takeBack", "cityHall", "slate", "beside", "preview"}).Draw(t, "what") {
	case "takeBack":
		id := rapid.SampledFrom(append([]conference.VenueID{"", "nowhere"}, all...)).Draw(t, "venue")
		_, known := m.paper.places[id]
		want := ""
		switch {
		case id != "" && !known:
			want = "venue.unknown"
		case m.paper.holder == "" || id != "" && id != m.paper.holder:
			want = "floor.not_held"
		default:
			m.endTurn()
		}
		m.give(t, floor.TakeBack{Venue: id}, want)
	case "cityHall":
		m.endTurn()
		m.paper.preview, m.paper.slate = "", false
		m.give(t, floor.CityHall{}, "")
	case "slate":
		m.paper.slate = rapid.Bool().Draw(t, "on")
		m.give(t, floor.Slate{On: m.paper.slate}, "")
	case "beside":
		m.paper.beside = rapid.Bool().Draw(t, "on")
		m.give(t, floor.Beside{On: m.paper.beside}, "")
	case "preview":
		m.paper.preview = ""
		m.give(t, floor.Preview{}, "")
	}
}

func (m *machine) endTurn() {
	if m.paper.holder == "" {
		return
	}
	v := m.paper.places[m.paper.holder]
	v.spoken += m.clock - m.paper.since
	m.paper.places[m.paper.holder] = v
	m.paper.holder, m.paper.since, m.paper.limit = "", 0, 0
}

func (m *machine) endPreview(id conference.VenueID) {
	if m.paper.preview == id {
		m.paper.preview = ""
	}
}

// check compares the board with the model and looks at what must always hold.
func (m *machine) check(t *rapid.T) {
	f := m.board.Floor()
	var want, got strings.Builder
	fmt.Fprintf(&want, "%s holder %q %v %d preview %q slate %v beside %v", cityHall, m.paper.holder, m.paper.holder != "", m.paper.limit, m.paper.preview, m.paper.slate, m.paper.beside)
	fmt.Fprintf(&got, "%s holder %q %v %d preview %q slate %v beside %v", f.Main, f.Holder, !f.GivenAt.IsZero(), f.LimitMs, f.Preview, f.Slate, f.Beside)
	if m.paper.holder != "" && !f.GivenAt.Equal(start.Add(m.paper.since)) {
		t.Fatalf("clock: given at %v, want %v", f.GivenAt, start.Add(m.paper.since))
	}
	for _, id := range all {
		fmt.Fprintf(&want, "\n%s %s", id, m.describe(id))
	}
	live := 0
	for _, v := range m.board.Venues() {
		hand := time.Duration(-1)
		if !v.HandAt.IsZero() {
			hand = v.HandAt.Sub(start)
		}
		fmt.Fprintf(&got, "\n%s %s %v %v %v %q %d", v.ID, v.State, v.Connected, v.Consent, hand, v.HandNote, v.SpokenMs)
		if v.State == floor.StateLive {
			live++
		}
	}
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Fatalf("board differs from the model (-model +board):\n%s", diff)
	}
	if live > 1 || f.Holder == cityHall || f.Holder != "" && f.Holder == f.Preview {
		t.Fatalf("%d venues live, floor %+v", live, f)
	}
}

func (m *machine) describe(id conference.VenueID) string {
	v := m.paper.places[id]
	state := "ready"
	switch {
	case m.paper.holder == id:
		state = "live"
	case !v.up:
		state = "offline"
	case m.paper.preview == id:
		state = "preview"
	case !v.ready:
		state = "connected"
	case v.hand >= 0:
		state = "queued"
	}
	return fmt.Sprintf("%s %v %v %v %q %d", state, v.up, v.ready, v.hand, v.note, v.spoken.Milliseconds())
}
