package live

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// batch decides commands on an overlay of the durable state, or of a batch that is not
// durable yet. Dropping it undoes all.
type batch struct {
	base      *state
	under     *batch // the one it rests on; nil: base alone
	sealer    *secret.Sealer
	now       time.Time
	info      *conference.Info
	questions *moderation.Board
	floor     *floor.Board

	registrations *registration.Board
	made          map[conference.RegistrationID]bool // registrations of this batch

	versions  map[conference.Entity]uint64   // of entities changed by this batch
	causes    map[string]bool                // commands of this batch that write
	submitted map[conference.QuestionID]bool // questions of this batch
	wiped     bool                           // it ends a test: its questions rest on none before
	entries   []*entry
	judged    []held // every command that was decided
	drafts    int
	bytes     int
}

// entry is one command of the batch that writes.
type entry struct {
	request *request
	command eventlog.Command
	events  []conference.Event // as the command's drafts, Private in the clear
}

// verdict is what deciding a command came to.
type verdict int

const (
	settled verdict = iota // the answer rests on the state alone: outcome or refusal
	writes                 // the answer comes with the append
	follows                // another command of this batch is the same one; answer after it
	full                   // no room in this batch
)

func newBatch(base *state, sealer *secret.Sealer, now time.Time) *batch {
	return &batch{
		base: base, sealer: sealer, now: now,
		info: base.info, questions: base.questions.Overlay(), floor: base.floor.Overlay(),
		versions:  make(map[conference.Entity]uint64),
		causes:    make(map[string]bool),
		submitted: make(map[conference.QuestionID]bool),

		registrations: base.registrations.Overlay(),
		made:          make(map[conference.RegistrationID]bool),
	}
}

// stack puts an empty batch on top of one that is being written.
func (b *batch) stack(under *batch) {
	b.under = under
	b.info, b.questions, b.floor = under.info, under.questions.Overlay(), under.floor.Overlay()
	b.registrations = under.registrations.Overlay()
}

// unstack puts a batch that rests on one onto the state that has taken that one over.
func (b *batch) unstack(landed *batch, base *state) {
	if b.under != landed {
		return
	}
	b.under, b.base = nil, base
	b.floor.Rest(base.floor)
	if b.wiped {
		return
	}
	b.questions.Rest(base.questions)
	b.registrations.Rest(base.registrations)
}

// writing reports whether a command is being written by this batch or the one under it.
func (b *batch) writing(id string) bool {
	return b.causes[id] || b.under != nil && b.under.causes[id]
}

// commands returns what is to be appended.
func (b *batch) commands() []eventlog.Command {
	commands := make([]eventlog.Command, len(b.entries))
	for i, e := range b.entries {
		commands[i] = e.command
	}
	return commands
}

// unsent takes back that the batch's commands may have been written, unless an earlier
// append may yet come through.
func (b *batch) unsent() {
	sure := true
	for _, e := range b.entries {
		e.request.tried = e.request.unknown > 0
		sure = sure && !e.request.tried
	}
	for _, h := range b.judged {
		h.request.behind = h.request.behind && !sure
	}
}

// decide decides one command. The outcome and the error count for settled only.
func (b *batch) decide(r *request) (verdict, Outcome, error) {
	if outcome, known := b.base.outcome(r.command.ID); known {
		outcome.Repeated = !r.tried
		return settled, outcome, nil
	}
	if b.writing(r.command.ID) {
		return follows, Outcome{}, nil
	}
	command := r.command
	switch body := command.Body.(type) {
	case WithdrawQuestion:
		id, known := b.base.codes[body.Code]
		if !known {
			return settled, Outcome{}, unknownCode()
		}
		command.Body = moderation.Withdraw{ID: id}
	case AmendQuestion:
		id, known := b.base.codes[body.Code]
		if !known {
			return settled, Outcome{}, unknownCode()
		}
		command.Body = moderation.Amend{ID: id, Body: body.Body, Hold: body.hold}
	case moderation.Submit:
		if q := b.questions.Question(body.ID); q != nil {
			return b.resubmit(r, body, q)
		}
	case register:
		if there := b.registrations.Registration(body.ID); there != nil {
			return b.reregister(r, body, there)
		}
	}
	decision, err := b.rule(r, command)
	if err != nil {
		return settled, Outcome{}, err
	}
	if len(decision.Drafts) == 0 {
		return settled, b.unchanged(command), nil
	}
	return b.add(r, command, decision)
}

// resubmit answers a submission whose question exists: the same words are the same
// submission, from wherever they come; other words under the same key are a mistake.
func (b *batch) resubmit(r *request, body moderation.Submit, q *moderation.Question) (verdict, Outcome, error) {
	if q.BodyDigest != body.BodyDigest {
		return settled, Outcome{}, conference.Refuse(conference.KindConflict, "idempotency_mismatch", string(q.ID))
	}
	if b.submitting(q.ID) {
		return follows, Outcome{}, nil
	}
	outcome := *b.base.submissions[q.ID]
	outcome.Repeated = !r.tried
	return settled, outcome, nil
}

// submitting reports whether a question is being submitted.
func (b *batch) submitting(id conference.QuestionID) bool {
	return b.submitted[id] || b.under != nil && b.under.submitted[id]
}

// rule asks the part whose command it is.
func (b *batch) rule(r *request, command conference.Command) (conference.Decision, error) {
	switch body := command.Body.(type) {
	case moderation.Submit:
		if r.made != nil {
			return r.made.decision, b.questions.MaySubmit(b.info, body)
		}
	case register:
		return b.ruleRegister(r, body)
	case checkpoint:
		return b.base.decideCheckpoint(body), nil
	case sealRecording, removeRecording:
		return b.base.decideRecording(body), nil
	case outbox.Begin, outbox.Send, outbox.Fail, outbox.Resend:
		return b.base.letters.Decide(b.base.info, b.base.registrations, body)
	case erase, registration.Cancel, registration.Accept, registration.Move, registration.Give, registration.Correct,
		registration.CheckIn, registration.UndoCheckIn, registration.Lapse, registration.Offer, registration.Set, registration.Tell:
		return b.ruleRegistration(command)
	case conference.Edit:
		return b.edit(command, body)
	case conference.Open, conference.Close, conference.GoLive:
		return conference.Decide(b.info, command, b.now)
	case floor.Connect, floor.Disconnect, floor.Ready, floor.NotReady, floor.RaiseHand, floor.LowerHand,
		floor.Preview, floor.Give, floor.TakeBack, floor.CityHall, floor.Slate, floor.Beside:
		return b.floor.Decide(command, b.now)
	}
	return b.questions.Decide(b.info, command, b.now)
}

// unchanged is the outcome of a command that finds everything as it wants it.
func (b *batch) unchanged(command conference.Command) Outcome {
	var id conference.QuestionID
	switch body := command.Body.(type) {
	case moderation.ClaimCard:
		id = body.ID
	case moderation.Queue:
		id = body.ID
	case moderation.Edit:
		id = body.ID
	case moderation.Vote:
		id = body.ID
	}
	if named, is := command.Body.(interface {
		Named() conference.RegistrationID
	}); is {
		if r := b.registrations.Registration(named.Named()); r != nil && b.base.registered[r.ID] != nil {
			return Outcome{Registered: &Registered{ID: r.ID, State: r.State, Ticket: b.base.registered[r.ID].Registered.Ticket}}
		}
	}
	if q := b.questions.Question(id); q != nil {
		return Outcome{Question: q.ID, State: q.State}
	}
	return Outcome{}
}

// add turns the decision into what the log takes and applies it to the overlay.
func (b *batch) add(r *request, command conference.Command, decision conference.Decision) (verdict, Outcome, error) {
	next := &entry{request: r, command: eventlog.Command{ID: command.ID, Checks: b.checks(decision)}}
	size := 0
	if ready := r.made; ready != nil {
		for i := range ready.events {
			ready.events[i].At = b.now
		}
		next.events, next.command.Drafts = ready.events, ready.drafts
		size += ready.size
	} else {
		for _, draft := range decision.Drafts {
			event, stored, err := store(b.info.ID, b.sealer, b.now, command, draft)
			if err != nil {
				return settled, Outcome{}, err
			}
			next.events = append(next.events, event)
			next.command.Drafts = append(next.command.Drafts, stored)
			size += stored.Size(command.ID)
		}
	}
	for _, check := range next.command.Checks {
		size += len(check.Entity)
	}
	if b.drafts+len(decision.Drafts) > eventlog.MaxBatchDrafts || b.bytes+size > eventlog.MaxBatchBytes {
		return full, Outcome{}, nil
	}
	for _, event := range next.events {
		if err := b.apply(event); err != nil {
			return settled, Outcome{}, err
		}
	}
	if submit, ok := command.Body.(moderation.Submit); ok {
		b.submitted[submit.ID] = true
	}
	if body, ok := command.Body.(register); ok {
		b.made[body.ID] = true
		if body.ask != nil {
			b.submitted[body.ask.ID] = true
		}
	}
	b.causes[command.ID] = true
	b.entries = append(b.entries, next)
	b.drafts, b.bytes = b.drafts+len(decision.Drafts), b.bytes+size
	return writes, Outcome{}, nil
}

// checks are the versions the decision rests on. What it changes is checked too: a
// command whose first append was written after all can then never be written twice.
func (b *batch) checks(decision conference.Decision) []eventlog.Check {
	var few [8]conference.Entity // on the stack: more than nearly any decision has
	entities := append(few[:0], decision.Reads...)
	for _, draft := range decision.Drafts {
		entities = append(entities, draft.Bumps...)
	}
	slices.Sort(entities)
	entities = slices.Compact(entities)
	checks := make([]eventlog.Check, len(entities))
	for i, entity := range entities {
		checks[i] = eventlog.Check{Entity: entity, Version: b.version(entity)}
	}
	return checks
}

func (b *batch) version(entity conference.Entity) uint64 {
	if v, ok := b.versions[entity]; ok {
		return v
	}
	if b.under != nil {
		return b.under.version(entity)
	}
	return b.base.versions[entity]
}

func (b *batch) apply(event conference.Event) error {
	info, err := conference.Apply(b.info, event)
	if err != nil {
		return err
	}
	b.info = info
	if event.Type == conference.EventWentLive {
		b.wiped, b.questions, b.registrations = true, moderation.NewBoard(), registration.NewBoard()
		clear(b.submitted)
		clear(b.made)
	}
	if _, _, err := b.questions.Apply(event); err != nil {
		return err
	}
	if _, _, err := b.registrations.Apply(event); err != nil {
		return err
	}
	if _, err := b.floor.Apply(event); err != nil {
		return err
	}
	for _, entity := range event.Bumps {
		b.versions[entity] = b.version(entity) + 1
	}
	return nil
}
