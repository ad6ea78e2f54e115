package moderation

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of what is written beside the question, in runes after NFC.
const (
	MaxNameRunes         = 80
	MaxOrganisationRunes = 200
	MaxAgencyRunes       = 200
	MaxShortRunes        = MaxBodyRunes
	MaxTextRunes         = 1000
	MaxNextDoorRunes     = 500
)

// Decide answers a command with what is to be written, or refuses it. now is the node's
// clock; only dates that lie in the past are refused by it.
//
// Refusals (KindInvalid): question.empty, question.too_long, question.short_too_long,
// question.text_too_long, question.no_text, question.name_too_long, question.organisation_too_long,
// question.contact_unasked, question.unknown_topic,
// question.unknown_venue, question.unknown_reason, question.unknown_channel,
// question.unknown_visibility, question.bad_due, question.no_agency, question.no_conclusion,
// question.merge_self, question.reply_too_long, question.bad_document,
// command.unknown.
// KindNotFound: question.unknown.
// KindConflict: question.channel_frozen, conference.not_open, conference.closed, conference.not_closed, question.exists,
// question.claimed_by_other, question.second_person,
// question.returned_before, question.bad_target, question.is_private,
// question.other_on_air, question.before_not_queued, question.votes_closed, question.not_promised,
// question.promise_kept, question.not_… and
// question.already_… (see Transitions); of calls question.no_contact, question.already_called.
func (b *Board) Decide(info *conference.Info, command conference.Command, now time.Time) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case Submit:
		return b.submit(info, body)
	case Freeze:
		return freeze(info, body)
	case Amend:
		return b.amend(body)
	case Withdraw:
		return b.withdraw(body)
	case Queue:
		return b.enqueue(body)
	case Unqueue:
		return b.unqueue(body)
	case Stage:
		return b.stage(body)
	case Air:
		return b.air(info, body)
	case Answer:
		return b.answer(body, now)
	case Recall:
		return b.recall(body)
	case CarryOver:
		return b.carryOver(info, body)
	case Vote:
		return b.vote(info, body)
	case MarkCalled:
		return b.markCalled(body)
	case Forget:
		return b.forget(body)
	case AssignPromise, NotePromise, KeepPromise:
		return b.promise(command, now)
	}
	return b.screen(info, command, now)
}

func (b *Board) submit(info *conference.Info, body Submit) (conference.Decision, error) {
	if err := b.MaySubmit(info, body); err != nil {
		return conference.Decision{}, err
	}
	return Submission(body), nil
}

// MaySubmit refuses a submission as Decide does.
func (b *Board) MaySubmit(info *conference.Info, body Submit) error {
	if err := checkSubmission(info, body); err != nil {
		return err
	}
	if b.Question(body.ID) != nil {
		return conflict("question.exists", string(body.ID))
	}
	return nil
}

// Submission is what Decide answers a submission that it does not refuse: it rests on no
// state, so that it can be made before its turn comes.
func Submission(body Submit) conference.Decision {
	draft := draftOf(EventSubmitted, body.ID, Submitted{
		Question: body.ID, Topic: body.Topic, Venue: body.Venue, Channel: body.Channel, BodyDigest: body.BodyDigest,
		MayName: body.MayName && body.Name != "", Hold: body.Hold,
	})
	draft.Private = words(FieldBody, body.Body, FieldName, body.Name, FieldPhone, body.Phone, FieldOrganisation, body.Organisation)
	return conference.Decision{
		Reads:  []conference.Entity{draft.Entity, conference.EntityConference},
		Drafts: []conference.Draft{draft},
	}
}

func checkSubmission(info *conference.Info, body Submit) error {
	beforehand := info.State == conference.StatePlanned && !FromOutside(body.Channel)
	if info.State != conference.StateOpen && !beforehand {
		return conflict("conference.not_open", string(info.State))
	}
	if err := checkBody(body.Body); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(body.Name); n > MaxNameRunes {
		return invalid("question.name_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxNameRunes))
	}
	if n := utf8.RuneCountInString(body.Organisation); n > MaxOrganisationRunes {
		return invalid("question.organisation_too_long", fmt.Sprintf("%d characters, at most %d", n, MaxOrganisationRunes))
	}
	if FromOutside(body.Channel) && body.Phone+body.Organisation != "" {
		return invalid("question.contact_unasked", "")
	}
	if _, ok := info.Topic(body.Topic); !ok {
		return invalid("question.unknown_topic", string(body.Topic))
	}
	if _, ok := info.Venue(body.Venue); !ok && body.Venue != "" {
		return invalid("question.unknown_venue", string(body.Venue))
	}
	if !known(body.Channel) {
		return invalid("question.unknown_channel", string(body.Channel))
	}
	if slices.Contains(info.Frozen, string(body.Channel)) {
		return conflict("question.channel_frozen", string(body.Channel))
	}
	return nil
}

func known(channel Channel) bool {
	return slices.Contains([]Channel{ChannelWeb, ChannelHall, ChannelDesk, ChannelPhone, ChannelZalo, ChannelImport, ChannelRegistration}, channel)
}

// freeze rests on the conference, as every submission does: none slips in beside it.
func freeze(info *conference.Info, body Freeze) (conference.Decision, error) {
	if !known(body.Channel) {
		return conference.Decision{}, invalid("question.unknown_channel", string(body.Channel))
	}
	if slices.Contains(info.Frozen, string(body.Channel)) == body.On {
		return conference.Decision{}, nil
	}
	return conference.Decision{
		Reads: []conference.Entity{conference.EntityConference},
		Drafts: []conference.Draft{{
			Type: conference.EventChannelFrozen, V: 1, Entity: conference.EntityConference,
			Bumps: []conference.Entity{conference.EntityConference},
			Data:  conference.ChannelFrozen{Channel: string(body.Channel), On: body.On},
		}},
	}, nil
}

// FromOutside reports whether nobody of the staff stands between the asker and the queue;
// what staff collect, and what is brought along with a registration, may come in before the
// conference opens.
func FromOutside(channel Channel) bool { return channel == ChannelWeb || channel == ChannelZalo }

func checkBody(body string) error {
	if body == "" {
		return invalid("question.empty", "")
	}
	if n := utf8.RuneCountInString(body); n > MaxBodyRunes {
		return invalid("question.too_long", fmt.Sprintf("%d characters, at most %d", n, MaxBodyRunes))
	}
	return nil
}

func (b *Board) amend(body Amend) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if err := checkBody(body.Body); err != nil {
		return conference.Decision{}, err
	}
	draft := draftOf(EventAmended, q.ID, Amended{Question: q.ID, Hold: body.Hold})
	draft.Private = words(FieldBody, body.Body)
	return decide(draft), nil
}

// withdraw takes a question back. The questions it stood for wait again.
func (b *Board) withdraw(body Withdraw) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	drafts := []conference.Draft{draftOf(EventWithdrawn, q.ID, Withdrawn{Question: q.ID}, listed(q.State)...)}
	for _, id := range b.Merged(q.ID) {
		drafts = append(drafts, draftOf(EventUndone, id, Undone{Question: id, Was: StateMerged, Freed: true}))
	}
	return decide(drafts...), nil
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
	if q.Visibility == VisibilityPrivate {
		return conference.Decision{}, conflict("question.is_private", string(q.ID))
	}
	if other := b.OnAir(); other != "" {
		return conference.Decision{}, conflict("question.other_on_air", string(other))
	}
	decision := decide(draftOf(EventAired, q.ID, Aired{Question: q.ID}, conference.EntityQueue, conference.EntityOnAir))
	decision.Reads = append(decision.Reads, conference.EntityConference)
	return decision, nil
}

// answer ends the question on air. It cannot end without telling what comes of it.
func (b *Board) answer(body Answer, now time.Time) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	owes := body.Agency != "" && body.Due != ""
	if body.None == owes || body.None && (body.Partly || body.Agency != "" || body.Due != "") {
		return conference.Decision{}, invalid("question.no_conclusion", "an agency and a date, or none needed")
	}
	if owes {
		if err := checkPromise(body.Agency, body.Due, now); err != nil {
			return conference.Decision{}, err
		}
	}
	if err := checkText(body.Text); err != nil {
		return conference.Decision{}, err
	}
	event := EventAnswered
	if body.Partly {
		event = EventPartAnswered
	}
	data := Answered{Question: q.ID, None: body.None, Agency: body.Agency, Due: body.Due}
	draft := draftOf(event, q.ID, data, conference.EntityOnAir)
	draft.Private = words(FieldText, body.Text)
	return decide(draft), nil
}

func (b *Board) recall(body Recall) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	return decide(draftOf(EventRecalled, q.ID, Recalled{Question: q.ID}, conference.EntityOnAir)), nil
}

func (b *Board) carryOver(info *conference.Info, body CarryOver) (conference.Decision, error) {
	q, err := b.from(body.ID, body)
	if err != nil {
		return conference.Decision{}, err
	}
	if info.State != conference.StateClosed {
		return conference.Decision{}, conflict("conference.not_closed", string(info.State))
	}
	decision := decide(draftOf(EventCarriedOver, q.ID, CarriedOver{Question: q.ID}, listed(q.State)...))
	decision.Reads = append(decision.Reads, conference.EntityConference)
	return decision, nil
}

// from returns the question if the table lets the command start from where it stands.
func (b *Board) from(id conference.QuestionID, body conference.Body) (*Question, error) {
	q := b.Question(id)
	if q == nil {
		return nil, conference.Refuse(conference.KindNotFound, "question.unknown", string(id))
	}
	for _, arrow := range table {
		if arrow.Command != body.CommandType() {
			continue
		}
		if slices.Contains(arrow.From, q.State) {
			return q, nil
		}
		if arrow.NotYet != "" && rank(q.State) < rank(arrow.From[0]) {
			return nil, conflict(arrow.NotYet, string(q.State))
		}
	}
	return nil, conflict(alreadyCode(q.State), string(id))
}

// listed are the entities besides the question that a change of it concerns: the running
// order when it stands in it, what is on air when it is.
func listed(state State) []conference.Entity {
	if inQueue(state) {
		return []conference.Entity{conference.EntityQueue}
	}
	if state == StateOnAir {
		return []conference.Entity{conference.EntityOnAir}
	}
	return nil
}

func inQueue(state State) bool { return state == StateQueued || state == StateStaged }

func queued(id, before conference.QuestionID) conference.Draft {
	return draftOf(EventQueued, id, Queued{Question: id, Before: before}, conference.EntityQueue)
}

// draftOf returns an event about a question that also changes the other entities.
func draftOf(event string, id conference.QuestionID, data any, also ...conference.Entity) conference.Draft {
	entity := id.Entity()
	return conference.Draft{
		Type: event, V: 1, Entity: entity, Bumps: append([]conference.Entity{entity}, also...), Data: data,
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
