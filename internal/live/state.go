package live

import (
	"fmt"
	"strconv"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/replay"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// Limits of what readers are given.
const (
	ringChanges = 4096
	maxSince    = 1024
	hashChars   = 8 // of the chain's hash in a cursor
)

// state is the durable layer: what the log says up to a position.
type state struct {
	keys      *keyring
	at        eventlog.Position
	time      time.Time
	info      *conference.Info
	questions *moderation.Board
	// registrations are not part of a Snapshot: they are asked for one at a time, or by staff.
	registrations *registration.Board
	letters       *outbox.Box
	floor         *floor.Board
	versions      map[conference.Entity]uint64
	// outcomes holds the first result of every command by its id; submissions that of
	// every question's submission; both are rebuilt from the log.
	outcomes    map[string]*Outcome
	submissions map[conference.QuestionID]*Outcome
	spare       []Outcome // for those to come: one allocation for many
	codes       map[string]conference.QuestionID
	registered  map[conference.RegistrationID]*Outcome
	tickets     map[string]conference.RegistrationID
	brought     map[conference.QuestionID]conference.RegistrationID // questions brought along
	places      sealedPlaces
	forgotten   map[conference.RegistrationID]bool // erased before the log was restored
	ring        ring
	story       replay.Ledger
	recording   record.Recording
	vouched     vouched
	votedAt     uint64 // position of the last event that may have changed a total of votes
	liveFrom    uint64 // position at which a test was ended; 0: none was
}

func newState(keys *keyring) *state {
	return &state{
		keys:      keys,
		questions: moderation.NewBoard(),

		registrations: registration.NewBoard(),
		letters:       outbox.New(),
		registered:    make(map[conference.RegistrationID]*Outcome),
		tickets:       make(map[string]conference.RegistrationID),
		brought:       make(map[conference.QuestionID]conference.RegistrationID),
		places:        newSealedPlaces(),
		forgotten:     make(map[conference.RegistrationID]bool),

		versions:    make(map[conference.Entity]uint64),
		outcomes:    make(map[string]*Outcome),
		submissions: make(map[conference.QuestionID]*Outcome),
		codes:       make(map[string]conference.QuestionID),
		vouched:     vouched{tally: record.NewTally()},
	}
}

// expect makes an empty state ready for so many events: maps that grow one by one cost a
// start more than filling them.
func (s *state) expect(events uint64) {
	s.outcomes = make(map[string]*Outcome, events)
	s.versions = make(map[conference.Entity]uint64, events)
}

// apply takes the next event over. at is the place of the event itself.
func (s *state) apply(event conference.Event, at eventlog.Position) error {
	change, was := Change{Event: event, Cursor: cursorOf(at)}, s.info
	change.Event.Decoded = nil
	if err := s.applyInfo(event, &change); err != nil {
		return err
	}
	if event.Type == conference.EventWentLive {
		s.wipe()
	}
	if s.wiped(event) {
		return s.skip(event, at)
	}
	var err error
	if change.Previous, change.Question, err = s.questions.Apply(event); err != nil {
		return err
	}
	stood, registered, err := s.registrations.Apply(event)
	if err != nil {
		return err
	}
	scene := outbox.Scene{Before: stood, After: registered, Was: was, Info: s.info, Board: s.registrations}
	if err := s.letters.Apply(event, scene); err != nil {
		return err
	}
	if registered != nil {
		change.Registration = registered.ID
	}
	s.noteAbsent(event, stood, registered, &change)
	if err := s.recording.Apply(event); err != nil {
		return err
	}
	floorWas := s.floor.Floor()
	if change.Venue, err = s.floor.Apply(event); err != nil {
		return err
	}
	if after := s.floor.Floor(); after != floorWas {
		change.Floor = after
	}
	for _, entity := range event.Bumps {
		s.versions[entity]++
		if entity == conference.EntityQueue {
			change.Queue = s.queue()
		}
	}
	change.OnAir = s.questions.OnAir()
	s.story.Note(event.At, change.OnAir, s.floor.Floor().Holder, s.info.State == conference.StateClosed)
	switch event.Type {
	case moderation.EventSubmitted, moderation.EventClaimed, moderation.EventReleased:
	default:
		if change.Question != nil || event.Type == moderation.EventVoted {
			s.votedAt = at.Pos
		}
	}
	s.note(event, change.Question, registered)
	s.at, s.time = at, event.At
	if event.Type == conference.EventWentLive {
		s.ring.forget(at) // everybody takes a snapshot: pages forget what is gone
		return nil
	}
	s.ring.push(change)
	s.notePlaces(event, registered, change.Question)
	return nil
}

// applyInfo takes over what an event changes of the conference itself.
func (s *state) applyInfo(event conference.Event, change *Change) error {
	info, err := conference.Apply(s.info, event)
	if err != nil {
		return err
	}
	if info == nil {
		return fmt.Errorf("apply %s at %d: no conference yet", event.Type, event.Position)
	}
	if info != s.info {
		change.Info = info
		if s.info == nil {
			s.floor = floor.NewBoard(info)
		}
		s.info = info
	}
	return nil
}

// note keeps the result of the command that caused the event.
func (s *state) note(event conference.Event, q *moderation.Question, r *registration.Registration) {
	outcome := s.outcomes[event.Cause]
	if outcome == nil {
		outcome = s.newOutcome()
		s.outcomes[event.Cause] = outcome
	}
	outcome.Position = event.Position
	if q != nil {
		outcome.Question, outcome.State = q.ID, q.State
	}
	if event.Type == moderation.EventSubmitted && q != nil {
		outcome.Code = s.newCode(q.ID)
		s.submissions[q.ID] = outcome
	}
	if r != nil {
		s.noteRegistration(outcome, event, r)
	}
}

func (s *state) newOutcome() *Outcome {
	if len(s.spare) == 0 {
		s.spare = make([]Outcome, 128)
	}
	next := &s.spare[0]
	s.spare = s.spare[1:]
	return next
}

// outcome returns the first result of a command.
func (s *state) outcome(id string) (Outcome, bool) {
	if known := s.outcomes[id]; known != nil {
		return *known, true
	}
	return Outcome{}, false
}

// newCode derives the tracking code of a new question. Two questions may derive the same
// one (1 in 10⁵ at 100,000 questions); the later then takes its next candidate. The log's
// order makes that the same on every node and after every restart.
func (s *state) newCode(id conference.QuestionID) string {
	for n := 0; ; n++ {
		code := s.keys.code(id, n)
		if _, taken := s.codes[code]; !taken {
			s.codes[code] = id
			return code
		}
	}
}

// queue returns the running order, never nil.
func (s *state) queue() []conference.QuestionID {
	if queue := s.questions.Queue(); queue != nil {
		return queue
	}
	return []conference.QuestionID{}
}

func (s *state) snapshot() *Snapshot {
	return &Snapshot{
		Position: s.at.Pos, Cursor: cursorOf(s.at), Info: s.info,
		Questions: s.questions.Questions(), Queue: s.queue(), OnAir: s.questions.OnAir(),
		Floor: s.floor.Floor(), Venues: s.floor.Venues(), At: s.time, Absent: s.absentees(),
	}
}

func (s *state) standing(id conference.QuestionID) (Standing, error) {
	q := s.questions.Question(id)
	if q == nil {
		return Standing{}, unknownCode()
	}
	standing := Standing{Conference: s.info.ID, Code: s.submissions[id].Code, Question: q, Ahead: -1}
	standing.Agency, standing.Absent = s.inWriting(q)
	if q.MergedInto != "" {
		standing.Into = s.questions.Question(q.MergedInto)
		id = q.MergedInto
	}
	for i, other := range s.questions.Queue() {
		if other == id {
			standing.Ahead = i
		}
	}
	return standing, nil
}

// cursorOf returns the client's opaque cursor of a place: epoch.position.hash8.
func cursorOf(at eventlog.Position) string {
	hash := at.Hash
	if len(hash) > hashChars {
		hash = hash[:hashChars]
	}
	text := make([]byte, 0, 64) // most of them are made for nobody: cheaply
	text = append(append(text, at.Epoch...), '.')
	text = append(strconv.AppendUint(text, at.Pos, 10), '.')
	return string(append(text, hash...))
}

// ring keeps the last changes. Positions are dense, so a change's place follows from its
// position.
type ring struct {
	changes [ringChanges]Change
	last    uint64 // position of the newest change
	count   int
	base    string // cursor right before the oldest change; "" when nobody can know it
}

func (r *ring) push(change Change) {
	if r.count == ringChanges {
		r.base = r.changes[(r.last+1)%ringChanges].Cursor
	} else {
		r.count++
	}
	r.last = change.Event.Position
	r.changes[r.last%ringChanges] = change
}

// since returns up to limit changes after the position, or ErrGap.
func (r *ring) since(after uint64, limit int) ([]Change, error) {
	oldest := r.last - uint64(r.count) // the position before the oldest change
	if after > r.last || after < oldest {
		return nil, ErrGap
	}
	changes := make([]Change, 0, min(limit, int(r.last-after)))
	for pos := after + 1; pos <= r.last && len(changes) < limit; pos++ {
		changes = append(changes, r.changes[pos%ringChanges])
	}
	return changes, nil
}

// cursor returns the cursor right after a position that since would accept, or "".
func (r *ring) cursor(pos uint64) string {
	switch oldest := r.last - uint64(r.count); {
	case pos > r.last || pos < oldest:
		return ""
	case pos == oldest:
		return r.base
	}
	return r.changes[pos%ringChanges].Cursor
}

// forget drops all changes but remembers where they ended.
func (r *ring) forget(at eventlog.Position) {
	*r = ring{last: at.Pos, base: cursorOf(at)}
}
