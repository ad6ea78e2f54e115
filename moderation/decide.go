package moderation

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of what moderators write, in runes after NFC.
const (
	MaxShortRunes    = MaxBodyRunes
	MaxTextRunes     = 1000
	MaxNextDoorRunes = 500
)

// Decide answers a command with what is to be written, or refuses it. now is the
// node's clock; no rule built so far reads it.
//
// Refusals (KindInvalid): question.empty, question.too_long, question.short_too_long,
// question.text_too_long, question.unknown_topic, question.unknown_venue,
// question.unknown_reason, question.unknown_channel, command.unknown.
// KindNotFound: question.unknown.
// KindConflict: conference.not_open, question.exists, question.claimed_by_other,
// question.other_on_air, question.before_not_queued, question.not_… and
// question.already_… (see Transitions).
func (b *Board) Decide(info *conference.Info, command conference.Command, _ time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case Submit:
		return b.submit(info, body)
	case Withdraw:
		return b.withdraw(body)
	case ClaimCard:
		return b.claim(body, command.Actor)
	case Release:
		return b.held(body.ID, command, Released{Question: body.ID}, nil)
	case Approve:
		return b.approve(body, command)
	case Refuse:
		return b.refuse(info, body, command)
	case Queue:
		return b.enqueue(body)
	case Unqueue:
		return b.unqueue(body)
	case Stage:
		return b.stage(body)
	case Air:
		return b.air(info, body)
	case Answer:
		return b.answer(body)
	}
	return conference.Decision{}, invalid("command.unknown", command.Body.CommandType())
}

func (b *Board) submit(info *conference.Info, body Submit) (conference.Decision, error) {
	if err := checkSubmission(info, body); err != nil {
		return conference.Decision{}, err
	}
	if b.Question(body.ID) != nil {
		return conference.Decision{}, conflict("question.exists", string(body.ID))
	}
	draft := draftOf(EventSubmitted, body.ID, Submitted{
		Question: body.ID, Topic: body.Topic, Venue: body.Venue, Channel: body.Channel, BodyDigest: body.BodyDigest,
	})
	draft.Private = map[string]string{FieldBody: body.Body}
	return conference.Decision{
		Reads:  []conference.Entity{body.ID.Entity(), conference.EntityConference},
		Drafts: []conference.Draft{draft},
	}, nil
}

func checkSubmission(info *conference.Info, body Submit) error {
	if info.State != conference.StateOpen {
		return conflict("conference.not_open", string(info.State))
	}
	if body.Body == "" {
		return invalid("question.empty", "")
	}
	if n := utf8.RuneCountInString(body.Body); n > MaxBodyRunes {
		return invalid("question.too_long", fmt.Sprintf("%d characters, at most %d", n, MaxBodyRunes))
	}
	if _, ok := info.Topic(body.Topic); !ok {
		return invalid("question.unknown_topic", string(body.Topic))
	}
	if _, ok := info.Venue(body.Venue); !ok && body.Venue != "" {
		return invalid("question.unknown_venue", string(body.Venue))
	}
	if body.Channel != ChannelWeb && body.Channel != ChannelHall {
		return invalid("question.unknown_channel", string(body.Channel))
	}
	return nil
}

func (b *Board) withdraw(body Withdraw) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if inQueue(q.State) {
		return decide(draftOf(EventWithdrawn, q.ID, Withdrawn{Question: q.ID}, conference.EntityQueue)), nil
	}
	return decide(draftOf(EventWithdrawn, q.ID, Withdrawn{Question: q.ID})), nil
}

func (b *Board) claim(body ClaimCard, actor conference.Actor) (conference.Decision, error) {
	if q := b.Question(body.ID); q != nil && q.State == StateClaimed {
		return conference.Decision{Reads: []conference.Entity{q.ID.Entity()}}, holds(q, actor)
	}
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	return decide(draftOf(EventClaimed, q.ID, Claimed{Question: q.ID})), nil
}

// held decides a command that only the holder of the card may give.
func (b *Board) held(id conference.QuestionID, command conference.Command, data any, private map[string]string) (conference.Decision, error) {
	q, err := b.from(id, command.Body)
	if err != nil {
		return conference.Decision{}, err
	}
	if err := holds(q, command.Actor); err != nil {
		return conference.Decision{}, err
	}
	draft := draftOf(eventOf(command.Body), id, data)
	draft.Private = private
	return decide(draft), nil
}

func (b *Board) approve(body Approve, command conference.Command) (conference.Decision, error) {
	if n := utf8.RuneCountInString(body.Short); n > MaxShortRunes {
		return conference.Decision{}, invalid("question.short_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxShortRunes))
	}
	var private map[string]string
	if body.Short != "" {
		private = map[string]string{FieldShort: body.Short}
	}
	return b.held(body.ID, command, Approved{Question: body.ID, Shortened: body.Short != ""}, private)
}

func (b *Board) refuse(info *conference.Info, body Refuse, command conference.Command) (conference.Decision, error) {
	reason, ok := info.Reason(body.Reason)
	if !ok {
		return conference.Decision{}, invalid("question.unknown_reason", body.Reason)
	}
	if utf8.RuneCountInString(body.Text) > MaxTextRunes || utf8.RuneCountInString(body.NextDoor) > MaxNextDoorRunes {
		return conference.Decision{}, invalid("question.text_too_long",
			fmt.Sprintf("text at most %d, nextDoor at most %d characters", MaxTextRunes, MaxNextDoorRunes))
	}
	private := make(map[string]string)
	if body.Text != "" {
		private[FieldText] = body.Text
	}
	if body.NextDoor != "" && body.NextDoor != reason.NextDoor {
		private[FieldNextDoor] = body.NextDoor
	}
	return b.held(body.ID, command, Refused{Question: body.ID, Reason: body.Reason, NextDoor: reason.NextDoor}, private)
}

func (b *Board) enqueue(body Queue) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if body.Before == body.ID {
		return conference.Decision{}, nil // it stands before itself already
	}
	queue := without(b.Queue(), body.ID)
	at := slices.Index(queue, body.Before)
	if body.Before != "" && at < 0 {
		return conference.Decision{}, conflict("question.before_not_queued", string(body.Before))
	}
	before := body.Before
	if before != "" && before == b.staged() {
		// The staged question is the next one: what is put before it comes right after it.
		before = ""
		if len(queue) > 1 {
			before = queue[1]
		}
	}
	return decide(queued(q.ID, before)), nil
}

func (b *Board) unqueue(body Unqueue) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	return decide(draftOf(EventUnqueued, q.ID, Unqueued{Question: q.ID}, conference.EntityQueue)), nil
}

func (b *Board) stage(body Stage) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	draft := draftOf(EventStaged, q.ID, Staged{Question: q.ID}, conference.EntityQueue)
	earlier := b.staged()
	if earlier == "" {
		return decide(draft), nil
	}
	// One question is the next one: an earlier choice goes back to where it stands, now
	// the second place once the new one is put in front.
	next := conference.QuestionID("")
	if queue := b.Queue(); len(queue) > 1 {
		next = queue[1]
	}
	return decide(queued(earlier, next), draft), nil
}

func (b *Board) air(info *conference.Info, body Air) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if info.State != conference.StateOpen {
		return conference.Decision{}, conflict("conference.not_open", string(info.State))
	}
	if other := b.OnAir(); other != "" {
		return conference.Decision{}, conflict("question.other_on_air", string(other))
	}
	decision := decide(draftOf(EventAired, q.ID, Aired{Question: q.ID}, conference.EntityQueue, conference.EntityOnAir))
	decision.Reads = append(decision.Reads, conference.EntityConference)
	return decision, nil
}

func (b *Board) answer(body Answer) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	return decide(draftOf(EventAnswered, q.ID, Answered{Question: q.ID}, conference.EntityOnAir)), nil
}

// from returns the question if the table lets the command start from where it stands.
func (b *Board) from(id conference.QuestionID, body conference.Body) (*Question, error) {
	q := b.Question(id)
	if q == nil {
		return nil, conference.Refuse(conference.KindNotFound, "question.unknown", string(id))
	}
	arrow := arrowOf(body)
	if slices.Contains(arrow.From, q.State) {
		return q, nil
	}
	if arrow.NotYet != "" && rank(q.State) < rank(arrow.From[0]) {
		return nil, conflict(arrow.NotYet, string(q.State))
	}
	return nil, conflict(alreadyCode(q.State), string(id))
}

// holds refuses if somebody else has claimed the question.
func holds(q *Question, actor conference.Actor) error {
	if q.Claim != nil && q.Claim.Session == actor.Session {
		return nil
	}
	return conflict("question.claimed_by_other", "session "+q.Claim.Session)
}

func arrowOf(body conference.Body) Transition {
	for _, t := range Transitions() {
		if t.Command == body.CommandType() {
			return t
		}
	}
	return Transition{}
}

func eventOf(body conference.Body) string { return arrowOf(body).Event }

func inQueue(state State) bool { return state == StateQueued || state == StateStaged }

func queued(id, before conference.QuestionID) conference.Draft {
	return draftOf(EventQueued, id, Queued{Question: id, Before: before}, conference.EntityQueue)
}

// draftOf returns an event about a question that also changes the other entities.
func draftOf(event string, id conference.QuestionID, data any, also ...conference.Entity) conference.Draft {
	return conference.Draft{
		Type: event, V: 1, Entity: id.Entity(), Bumps: append([]conference.Entity{id.Entity()}, also...), Data: data,
	}
}

// decide returns the decision that writes the drafts and rests on all they change.
func decide(drafts ...conference.Draft) conference.Decision {
	decision := conference.Decision{Drafts: drafts}
	for _, draft := range drafts {
		for _, entity := range draft.Bumps {
			if !slices.Contains(decision.Reads, entity) {
				decision.Reads = append(decision.Reads, entity)
			}
		}
	}
	return decision
}

func invalid(code, detail string) error {
	return conference.Refuse(conference.KindInvalid, code, detail)
}

func conflict(code, detail string) error {
	return conference.Refuse(conference.KindConflict, code, detail)
}
