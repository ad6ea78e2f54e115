package moderation

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// vietnam is how far the clocks there are ahead of UTC, all year; dates are its own.
const vietnam = 7 * time.Hour

// screen decides the commands of the moderators.
func (b *Board) screen(info *conference.Info, command conference.Command, now time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case ClaimCard:
		return b.claim(body, command.Actor)
	case Release:
		return b.release(body, command)
	case Approve:
		return b.approve(info, body, command)
	case Edit:
		return b.edit(body, command)
	case GiveBack:
		return b.giveBack(body, command)
	case Refuse:
		return b.refuse(info, body, command)
	case Redirect:
		return b.redirect(info, body, command)
	case Write:
		return b.write(info, body, command, now)
	case Merge:
		return b.merge(body, command)
	case Undo:
		return b.undo(body)
	}
	return conference.Decision{}, invalid("command.unknown", command.Body.CommandType())
}

func (b *Board) claim(body ClaimCard, actor conference.Actor) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	data := Claimed{Question: q.ID}
	if q.State == StateClaimed {
		err := holds(q, actor)
		if err == nil || !body.TakeOver && q.Claim.Session != body.Lapsed {
			return conference.Decision{Reads: []conference.Entity{q.ID.Entity()}}, err
		}
		data.From = q.Claim.Session
	}
	return decide(draftOf(EventClaimed, q.ID, data)), nil
}

// release puts a card back. The system does it when the lease has run out; live asks the
// lease, the rule sees to it that the card is still the one that was asked about.
func (b *Board) release(body Release, command conference.Command) (conference.Decision, error) {
	if command.Actor.Role != conference.RoleSystem {
		return b.held(body.ID, command, EventReleased, Released{Question: body.ID}, nil)
	}
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if q.Claim.Session != body.Session {
		return conference.Decision{}, conflict("question.claimed_by_other", "session "+q.Claim.Session)
	}
	return decide(draftOf(EventReleased, q.ID, Released{Question: q.ID})), nil
}

// held decides a command that only the holder of the card may give.
func (b *Board) held(id conference.QuestionID, command conference.Command, event string, data any, private map[string]string) (conference.Decision, error) {
	q, err := b.from(id, command.Body)
	if err != nil {
		return conference.Decision{}, err
	}
	if err := holds(q, command.Actor); err != nil {
		return conference.Decision{}, err
	}
	draft := draftOf(event, id, data)
	draft.Private = private
	return decide(draft), nil
}

// approve accepts a question for airtime, of which there is none after the close.
func (b *Board) approve(info *conference.Info, body Approve, command conference.Command) (conference.Decision, error) {
	if err := checkShort(body.Short); err != nil {
		return conference.Decision{}, err
	}
	switch body.Visibility {
	case "", VisibilityPrivate, VisibilityText, VisibilityTextName:
	default:
		return conference.Decision{}, invalid("question.unknown_visibility", string(body.Visibility))
	}
	if body.Visibility == VisibilityText {
		body.Visibility = "" // one way to say it
	}
	data := Approved{Question: body.ID, Shortened: body.Short != "", Visibility: body.Visibility}
	decision, err := b.held(body.ID, command, EventApproved, data, words(FieldShort, body.Short))
	if err != nil {
		return conference.Decision{}, err
	}
	if info.State == conference.StateClosed {
		return conference.Decision{}, conflict("conference.closed", "")
	}
	decision.Reads = append(decision.Reads, conference.EntityConference)
	return decision, nil
}

// edit changes the wording of a card the actor holds, or of one that is approved.
func (b *Board) edit(body Edit, command conference.Command) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if q.State == StateClaimed {
		if err := holds(q, command.Actor); err != nil {
			return conference.Decision{}, err
		}
	}
	if err := checkShort(body.Short); err != nil {
		return conference.Decision{}, err
	}
	if body.Short == q.Short {
		return conference.Decision{}, nil
	}
	draft := draftOf(EventEdited, q.ID, Edited{Question: q.ID, Shortened: body.Short != ""})
	draft.Private = words(FieldShort, body.Short)
	return decide(draft), nil
}

// giveBack returns a question to its asker, once.
func (b *Board) giveBack(body GiveBack, command conference.Command) (conference.Decision, error) {
	if body.Text == "" {
		return conference.Decision{}, invalid("question.no_text", "tell what is unclear")
	}
	if err := checkText(body.Text); err != nil {
		return conference.Decision{}, err
	}
	decision, err := b.held(body.ID, command, EventReturned, Returned{Question: body.ID}, words(FieldText, body.Text))
	if err != nil {
		return conference.Decision{}, err
	}
	if b.Question(body.ID).Return != nil {
		return conference.Decision{}, conflict("question.returned_before", string(body.ID))
	}
	return decision, nil
}

// refuse turns a question down. A reason that takes two is first a proposal.
func (b *Board) refuse(info *conference.Info, body Refuse, command conference.Command) (conference.Decision, error) {
	data, private, err := b.refusalData(info, body)
	if err != nil {
		return conference.Decision{}, err
	}
	reason, _ := info.Reason(body.Reason)
	event := EventRefused
	q := b.Question(body.ID)
	if reason.TakesTwo {
		switch {
		case q == nil || q.Hold == nil || q.Hold.Proposed == nil:
			event = EventDoubted
		case sameModerator(q.Hold, command.Actor):
			event = ""
		}
	}
	decision, err := b.held(body.ID, command, event, data, private)
	if err == nil && event == "" {
		return conference.Decision{}, conflict("question.second_person", string(body.ID))
	}
	return decision, err
}

func (b *Board) redirect(info *conference.Info, body Redirect, command conference.Command) (conference.Decision, error) {
	data, private, err := b.refusalData(info, Refuse(body))
	if err != nil {
		return conference.Decision{}, err
	}
	return b.held(body.ID, command, EventRedirected, data, private)
}

// refusalData is what a refusal writes. Refusals: question.unknown_reason, question.text_too_long.
func (b *Board) refusalData(info *conference.Info, body Refuse) (Refused, map[string]string, error) {
	reason, ok := info.Reason(body.Reason)
	if !ok {
		return Refused{}, nil, invalid("question.unknown_reason", body.Reason)
	}
	if utf8.RuneCountInString(body.Text) > MaxTextRunes || utf8.RuneCountInString(body.NextDoor) > MaxNextDoorRunes {
		return Refused{}, nil, invalid("question.text_too_long",
			fmt.Sprintf("text at most %d, nextDoor at most %d characters", MaxTextRunes, MaxNextDoorRunes))
	}
	if body.NextDoor == reason.NextDoor {
		body.NextDoor = ""
	}
	data := Refused{Question: body.ID, Reason: body.Reason, NextDoor: reason.NextDoor}
	return data, words(FieldText, body.Text, FieldNextDoor, body.NextDoor), nil
}

func (b *Board) write(info *conference.Info, body Write, command conference.Command, now time.Time) (conference.Decision, error) {
	if q := b.Question(body.ID); q != nil && body.Agency == "" {
		topic, _ := info.Topic(q.Topic)
		body.Agency = topic.Agency
	}
	decision, err := b.held(body.ID, command, EventWritten, Written{Question: body.ID, Agency: body.Agency, Due: body.Due}, nil)
	if err != nil {
		return conference.Decision{}, err
	}
	if err := checkPromise(body.Agency, body.Due, now); err != nil {
		return conference.Decision{}, err
	}
	return decision, nil
}

// merge lets another question stand for this one. The other must still be on its way, or
// have been answered, and must not itself be merged.
func (b *Board) merge(body Merge, command conference.Command) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if q.State == StateClaimed {
		if err := holds(q, command.Actor); err != nil {
			return conference.Decision{}, err
		}
	}
	if body.Into == body.ID {
		return conference.Decision{}, invalid("question.merge_self", "")
	}
	into := b.Question(body.Into)
	if into == nil {
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "question.unknown", string(body.Into))
	}
	switch into.State {
	case StateRefused, StateRedirected, StateMerged, StateWithdrawn, StateReturned, StateSubmitted:
		return conference.Decision{}, conflict("question.bad_target", string(into.State))
	case StateHeld, StatePending, StateClaimed, StateApproved, StateQueued, StateStaged, StateOnAir, StateRecalled,
		StatePartAnswered, StateAnswered, StateWritten, StateCarriedOver:
	}
	drafts := []conference.Draft{draftOf(EventMerged, q.ID, Merged{Question: q.ID, Into: into.ID}, listed(q.State)...)}
	for _, id := range b.Merged(q.ID) { // what it stood for goes with it
		drafts = append(drafts, draftOf(EventMerged, id, Merged{Question: id, Into: into.ID}))
	}
	decision := decide(drafts...)
	decision.Reads = append(decision.Reads, into.ID.Entity())
	return decision, nil
}

func (b *Board) undo(body Undo) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if q.Reply != nil {
		return conference.Decision{}, conflict("question.promise_kept", string(q.ID))
	}
	return decide(draftOf(EventUndone, q.ID, Undone{Question: q.ID, Was: q.State})), nil
}

// holds refuses if somebody else has claimed the question.
func holds(q *Question, actor conference.Actor) error {
	if q.Claim != nil && q.Claim.Session == actor.Session {
		return nil
	}
	return conflict("question.claimed_by_other", "session "+q.Claim.Session)
}

// sameModerator reports whether the actor is who asked for the closer look, on whatever
// device.
func sameModerator(h *Hold, actor conference.Actor) bool {
	return h.Session == actor.Session || h.Person != "" && h.Person == actor.Person
}

func checkShort(short string) error {
	if n := utf8.RuneCountInString(short); n > MaxShortRunes {
		return invalid("question.short_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxShortRunes))
	}
	return nil
}

func checkText(text string) error {
	if n := utf8.RuneCountInString(text); n > MaxTextRunes {
		return invalid("question.text_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxTextRunes))
	}
	return nil
}

// checkPromise refuses an answer that nobody owes, or that is owed on no day or a past one.
func checkPromise(agency, due string, now time.Time) error {
	if n := utf8.RuneCountInString(agency); n == 0 || n > MaxAgencyRunes {
		return invalid("question.no_agency", fmt.Sprintf("%d characters, 1–%d", n, MaxAgencyRunes))
	}
	if _, err := time.Parse(time.DateOnly, due); err != nil || due < now.UTC().Add(vietnam).Format(time.DateOnly) {
		return invalid("question.bad_due", due)
	}
	return nil
}

// words are the private fields that say something: their names and texts in turn.
func words(fields ...string) map[string]string {
	private := make(map[string]string)
	for pair := range slices.Chunk(fields, 2) {
		if pair[1] != "" {
			private[pair[0]] = pair[1]
		}
	}
	return private
}
