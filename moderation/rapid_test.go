package moderation_test

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
	"github.com/diemcau/diemcau/moderation"
)

// TestJ10_RapidQuestions drives the rules with random commands of random people against
// a model that knows nothing of tables, events or layers.
func TestJ10_RapidQuestions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		actions := map[string]func(*rapid.T){
			"ripen": m.ripen, "submit": m.submit, "moderate": m.moderate, "order": m.order, "onStage": m.onStage,
			"stack": func(*rapid.T) { m.stack() }, "drop": func(*rapid.T) { m.drop() },
			"life": func(t *rapid.T) { m.info.State = rapid.SampledFrom(lives).Draw(t, "life") },
		}
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			actions[rapid.SampledFrom(weights).Draw(t, "action")](t)
			m.check(t)
		}
	})
}

// weights makes long lives likely and closed conferences rare.
var weights = []string{
	"onStage", "onStage", "onStage", "order", "order", "ripen", "ripen", "moderate", "moderate", "submit", "stack", "drop", "life",
}

var (
	lives = []conference.State{conference.StatePlanned, conference.StateOpen, conference.StateOpen, conference.StateClosed}
	ids   = []conference.QuestionID{"q0", "q1", "q2", "q3", "q4", "q5"}
	mods  = []string{"lan", "minh"}
)

// card is a question as a person would note it on paper.
type card struct{ state, holder, short, reason, door string }

// paper is the whole model.
type paper struct {
	cards map[conference.QuestionID]card
	order []conference.QuestionID
	queue []conference.QuestionID
	onAir conference.QuestionID
}

func (p paper) copy() paper {
	cards := make(map[conference.QuestionID]card, len(p.cards))
	maps.Copy(cards, p.cards)
	return paper{cards, slices.Clone(p.order), slices.Clone(p.queue), p.onAir}
}

type machine struct {
	info   conference.Info
	board  *moderation.Board
	below  []*moderation.Board // what board is an overlay of, the root first
	papers []paper             // the model as it was when each overlay was laid
	paper  paper
	clock  time.Time
	pos    uint64
}

func newMachine() *machine {
	return &machine{
		info: conference.Info{
			ID: "dat-dai", State: conference.StateOpen, Reasons: conference.DefaultReasons(),
			Venues: []conference.Venue{{ID: "thanh-pho", Main: true}}, Topics: []conference.Topic{{ID: "so-do"}},
		},
		board: moderation.NewBoard(),
		paper: paper{cards: make(map[conference.QuestionID]card)},
		clock: time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC),
	}
}

// stack lays an overlay on the board; drop throws one away and expects all as before.
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
func (m *machine) give(t *rapid.T, who string, body conference.Body, want string) {
	actor := conference.Actor{Role: conference.RoleModerator, Session: who}
	decision, err := m.board.Decide(&m.info, conference.Command{ID: "c", Actor: actor, Body: body}, m.clock)
	got := ""
	if refusal, ok := errors.AsType[*conference.Error](err); ok {
		got = refusal.Code
	} else if err != nil {
		t.Fatalf("%s: %v", body.CommandType(), err)
	}
	if got != want {
		t.Fatalf("%s %+v by %s: got refusal %q, want %q", body.CommandType(), body, who, got, want)
	}
	for _, draft := range decision.Drafts {
		m.apply(t, actor, decision, draft)
	}
}

func (m *machine) apply(t *rapid.T, actor conference.Actor, decision conference.Decision, draft conference.Draft) {
	for _, entity := range draft.Bumps {
		if !slices.Contains(decision.Reads, entity) {
			t.Fatalf("%s changes %s without having read it", draft.Type, entity)
		}
	}
	data, err := json.Marshal(draft.Data)
	if err != nil {
		t.Fatal(err)
	}
	m.pos++
	m.clock = m.clock.Add(time.Second)
	event := conference.Event{
		Position: m.pos, Type: draft.Type, V: draft.V, At: m.clock, Actor: actor,
		Entity: draft.Entity, Bumps: draft.Bumps, Data: data, Private: draft.Private,
	}
	kept := copies(m.board.Questions())
	queue, onAir := slices.Clone(m.board.Queue()), m.board.OnAir()
	before, after, err := m.board.Apply(event)
	if err != nil {
		t.Fatal(err)
	}
	if after == nil || after.ID.Entity() != draft.Entity || before != nil && after.Version != before.Version+1 {
		t.Fatalf("%s: before %+v, after %+v", draft.Type, before, after)
	}
	if !slices.Equal(queue, m.board.Queue()) && !slices.Contains(draft.Bumps, conference.EntityQueue) ||
		onAir != m.board.OnAir() && !slices.Contains(draft.Bumps, conference.EntityOnAir) {
		t.Fatalf("%s changes the order or what is on air but does not say so", draft.Type)
	}
	for q, was := range kept {
		if diff := cmp.Diff(was, *q); diff != "" {
			t.Fatalf("%s changed a question in place:\n%s", draft.Type, diff)
		}
	}
}

func copies(questions []*moderation.Question) map[*moderation.Question]moderation.Question {
	kept := make(map[*moderation.Question]moderation.Question, len(questions))
	for _, q := range questions {
		kept[q] = *q
	}
	return kept
}

// ripen brings a question into the running order: random commands alone seldom get there.
func (m *machine) ripen(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	c, exists := m.paper.cards[id]
	if !exists && m.info.State == conference.StateOpen {
		m.paper.order = append(m.paper.order, id)
		m.give(t, "citizen", moderation.Submit{ID: id, Body: "Hỏi " + string(id), Topic: "so-do", Channel: moderation.ChannelWeb}, "")
		c.state = "pending"
	}
	if c.state == "pending" {
		m.give(t, "lan", moderation.ClaimCard{ID: id}, "")
		m.give(t, "lan", moderation.Approve{ID: id}, "")
		m.paper.cards[id] = card{state: "approved"}
		m.give(t, "stage", moderation.Queue{ID: id}, m.modelQueue(id, ""))
	}
}

func (m *machine) submit(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	_, exists := m.paper.cards[id]
	want := ""
	switch {
	case m.info.State != conference.StateOpen:
		want = "conference.not_open"
	case exists:
		want = "question.exists"
	default:
		m.paper.cards[id] = card{state: "pending"}
		m.paper.order = append(m.paper.order, id)
	}
	m.give(t, "citizen", moderation.Submit{
		ID: id, Body: "Hỏi " + string(id), Topic: "so-do", Channel: moderation.ChannelWeb,
	}, want)
}

func (m *machine) moderate(t *rapid.T) {
	id, who := rapid.SampledFrom(ids).Draw(t, "id"), rapid.SampledFrom(mods).Draw(t, "who")
	c, exists := m.paper.cards[id]
	what := rapid.SampledFrom([]string{"claim", "release", "approve", "refuse"}).Draw(t, "what")
	want := ""
	switch {
	case !exists:
		want = "question.unknown"
	case c.state == "claimed" && c.holder != who:
		want = "question.claimed_by_other"
	case c.state == "pending" && what != "claim":
		want = "question.not_claimed"
	case c.state != "pending" && c.state != "claimed":
		want = already(c.state)
	}
	var body conference.Body
	next := c
	switch what {
	case "claim":
		body, next.state, next.holder = moderation.ClaimCard{ID: id}, "claimed", who
	case "release":
		body, next.state, next.holder = moderation.Release{ID: id}, "pending", ""
	case "approve":
		short := rapid.SampledFrom([]string{"", "Ngắn gọn"}).Draw(t, "short")
		body = moderation.Approve{ID: id, Short: short}
		next = card{state: "approved", short: short}
	case "refuse":
		reason := rapid.SampledFrom(m.info.Reasons).Draw(t, "reason")
		door := rapid.SampledFrom([]string{"", "Phòng 5"}).Draw(t, "door")
		body = moderation.Refuse{ID: id, Reason: reason.Code, Text: "Vì thế", NextDoor: door}
		next = card{state: "refused", reason: reason.Code, door: reason.NextDoor}
		if door != "" {
			next.door = door
		}
	}
	if want == "" {
		m.paper.cards[id] = next
	}
	m.give(t, who, body, want)
}

func already(state string) string {
	if state == "onAir" {
		return "question.already_on_air"
	}
	return "question.already_" + state
}

// takeOut takes a question out of the model's running order.
func (m *machine) takeOut(id conference.QuestionID) {
	m.paper.queue = slices.DeleteFunc(m.paper.queue, func(other conference.QuestionID) bool { return other == id })
}

func (m *machine) putIn(id conference.QuestionID, at int) {
	m.takeOut(id)
	m.paper.queue = slices.Insert(m.paper.queue, at, id)
}

func (m *machine) set(id conference.QuestionID, state string) {
	c := m.paper.cards[id]
	c.state, c.holder = state, ""
	m.paper.cards[id] = c
}

func (m *machine) draw(t *rapid.T) (conference.QuestionID, string) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	return id, m.paper.cards[id].state
}

func (m *machine) order(t *rapid.T) {
	id, state := m.draw(t)
	if rapid.Bool().Draw(t, "unqueue") {
		want := ""
		switch state {
		case "":
			want = "question.unknown"
		case "pending", "claimed", "approved":
			want = "question.not_queued"
		case "queued", "staged":
			m.takeOut(id)
			m.set(id, "approved")
		default:
			want = already(state)
		}
		m.give(t, "stage", moderation.Unqueue{ID: id}, want)
		return
	}
	before := rapid.SampledFrom(append([]conference.QuestionID{""}, ids...)).Draw(t, "before")
	m.give(t, "stage", moderation.Queue{ID: id, Before: before}, m.modelQueue(id, before))
}

func (m *machine) modelQueue(id, before conference.QuestionID) string {
	switch state := m.paper.cards[id].state; state {
	case "":
		return "question.unknown"
	case "pending", "claimed":
		return "question.not_approved"
	case "approved", "queued", "staged":
	default:
		return already(state)
	}
	if before == id {
		return ""
	}
	rest := slices.DeleteFunc(slices.Clone(m.paper.queue), func(other conference.QuestionID) bool { return other == id })
	at := len(rest)
	if before != "" {
		if at = slices.Index(rest, before); at < 0 {
			return "question.before_not_queued"
		}
		if m.paper.cards[before].state == "staged" {
			at++
		}
	}
	m.putIn(id, at)
	m.set(id, "queued")
	return ""
}

func (m *machine) onStage(t *rapid.T) {
	id, state := m.draw(t)
	what := rapid.SampledFrom([]string{"stage", "air", "answer", "withdraw"}).Draw(t, "what")
	var body conference.Body
	want := ""
	switch what {
	case "stage":
		body, want = moderation.Stage{ID: id}, m.modelStage(id, state)
	case "air":
		body, want = moderation.Air{ID: id}, m.modelAir(id, state)
	case "answer":
		body = moderation.Answer{ID: id}
		switch {
		case state == "":
			want = "question.unknown"
		case state == "onAir":
			m.set(id, "answered")
			m.paper.onAir = ""
		case slices.Contains([]string{"answered", "refused", "withdrawn"}, state):
			want = already(state)
		default:
			want = "question.not_on_air"
		}
	case "withdraw":
		body = moderation.Withdraw{ID: id}
		switch state {
		case "":
			want = "question.unknown"
		case "onAir", "answered", "refused", "withdrawn":
			want = already(state)
		default:
			m.takeOut(id)
			m.set(id, "withdrawn")
		}
	}
	m.give(t, "stage", body, want)
}

func (m *machine) modelStage(id conference.QuestionID, state string) string {
	switch state {
	case "":
		return "question.unknown"
	case "pending", "claimed", "approved":
		return "question.not_queued"
	case "queued":
	default:
		return already(state)
	}
	for other, c := range m.paper.cards {
		if c.state == "staged" {
			m.set(other, "queued")
		}
	}
	m.putIn(id, 0)
	m.set(id, "staged")
	return ""
}

func (m *machine) modelAir(id conference.QuestionID, state string) string {
	switch state {
	case "":
		return "question.unknown"
	case "pending", "claimed", "approved":
		return "question.not_queued"
	case "queued", "staged":
	default:
		return already(state)
	}
	switch {
	case m.info.State != conference.StateOpen:
		return "conference.not_open"
	case m.paper.onAir != "":
		return "question.other_on_air"
	}
	m.takeOut(id)
	m.set(id, "onAir")
	m.paper.onAir = id
	return ""
}

// check compares the board with the model and looks at what must always hold.
func (m *machine) check(t *rapid.T) {
	got := paper{
		cards: make(map[conference.QuestionID]card), queue: slices.Clone(m.board.Queue()), onAir: m.board.OnAir(),
	}
	for _, q := range m.board.Questions() {
		c := card{state: string(q.State), short: q.Short}
		if q.Claim != nil {
			c.holder = q.Claim.Session
		}
		if q.Refusal != nil {
			c.reason, c.door = q.Refusal.Reason, q.Refusal.NextDoor
		}
		if (q.Claim != nil) != (q.State == moderation.StateClaimed) || (q.Refusal != nil) != (q.State == moderation.StateRefused) {
			t.Fatalf("claim or refusal does not fit the state: %+v", q)
		}
		if q.Body != "Hỏi "+string(q.ID) {
			t.Fatalf("body of %s: %q", q.ID, q.Body)
		}
		got.cards[q.ID] = c
		got.order = append(got.order, q.ID)
	}
	if diff := cmp.Diff(m.paper.String(), got.String()); diff != "" {
		t.Fatalf("board differs from the model (-model +board):\n%s", diff)
	}
	for i, id := range got.queue {
		if state := got.cards[id].state; state != "queued" && (state != "staged" || i != 0) {
			t.Fatalf("running order: %s at %d is %s", id, i, state)
		}
	}
}

func (p paper) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "queue %v\nonAir %q\n", p.queue, p.onAir)
	for _, id := range p.order {
		fmt.Fprintf(&text, "%s %+v\n", id, p.cards[id])
	}
	return text.String()
}
