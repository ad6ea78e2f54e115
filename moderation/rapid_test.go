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

// TestQ6_RapidQuestions drives the rules with random commands of random people against
// a model that knows nothing of tables, events or layers.
func TestQ6_RapidQuestions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine()
		actions := map[string]func(*rapid.T){
			"ripen": m.ripen, "submit": m.submit, "moderate": m.moderate, "order": m.order, "onStage": m.onStage,
			"decided": m.decided, "amend": m.amend, "promise": m.promise,
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
	"onStage", "onStage", "onStage", "order", "order", "ripen", "ripen", "moderate", "moderate", "moderate", "moderate", "decided", "amend", "promise", "submit", "stack", "drop", "life",
}

var (
	lives = []conference.State{conference.StatePlanned, conference.StateOpen, conference.StateOpen, conference.StateClosed}
	ids   = []conference.QuestionID{"q0", "q1", "q2", "q3", "q4", "q5"}
	mods  = []string{"lan", "minh"}
)

// card is a question as a person would note it on paper.
type card struct {
	state, holder, short, reason, door string
	hold, returned, body, agency       string // hold: the rule, or "by" and who; returned: "", "asked" or "amended"
	into                               conference.QuestionID
	reply                              string
	notes                              int
	shows                              moderation.Visibility
	words                              int    // wordings there were
	deeds                              string // " who:state" of every decision
}

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
	actor := conference.Actor{Role: conference.RoleModerator, Session: who, Person: who}
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

// check compares the board with the model and looks at what must always hold.
func (m *machine) check(t *rapid.T) {
	got := paper{
		cards: make(map[conference.QuestionID]card), queue: slices.Clone(m.board.Queue()), onAir: m.board.OnAir(),
	}
	for _, q := range m.board.Questions() {
		got.cards[q.ID] = asCard(t, q)
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

// asCard writes a question down and looks at what must hold for each.
func asCard(t *rapid.T, q *moderation.Question) card {
	c := card{
		state: string(q.State), short: q.Short, body: q.Body, into: q.MergedInto, shows: q.Visibility, words: len(q.Revisions),
		notes: len(q.Notes),
	}
	for _, d := range q.Decisions {
		c.deeds += " " + d.Person + ":" + string(d.State)
	}
	if q.Reply != nil {
		c.reply = q.Reply.Text
	}
	if q.Claim != nil {
		c.holder = q.Claim.Session
	}
	if q.Refusal != nil {
		c.reason, c.door = q.Refusal.Reason, q.Refusal.NextDoor
	}
	if q.Hold != nil {
		if c.hold = q.Hold.Rule; q.Hold.Proposed != nil {
			c.hold = "by " + q.Hold.Session
		}
	}
	if q.Return != nil {
		if c.returned = "asked"; q.Return.Amended {
			c.returned = "amended"
		}
	}
	if q.Conclusion != nil {
		if c.agency = q.Conclusion.Agency; q.Conclusion.None {
			c.agency = "none"
		}
	}
	is := func(states ...moderation.State) bool { return slices.Contains(states, q.State) }
	if (q.Claim != nil) != is(moderation.StateClaimed) || (q.MergedInto != "") != is(moderation.StateMerged) ||
		(q.Refusal != nil) != is(moderation.StateRefused, moderation.StateRedirected) ||
		(q.Conclusion != nil) != is(moderation.StateAnswered, moderation.StatePartAnswered, moderation.StateWritten) &&
			!is(moderation.StateCarriedOver) ||
		q.Hold != nil && !is(moderation.StateHeld, moderation.StateClaimed) || q.Hold == nil && is(moderation.StateHeld) {
		t.Fatalf("what is noted does not fit the state: %+v", q)
	}
	return c
}

func (p paper) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "queue %v\nonAir %q\n", p.queue, p.onAir)
	for _, id := range p.order {
		fmt.Fprintf(&text, "%s %+v\n", id, p.cards[id])
	}
	return text.String()
}
