package live

import (
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/text"
	"github.com/diemcau/diemcau/moderation"
)

// RegisterPerson is a registration as it arrives from outside. Conference.Do brings the words
// into their one form, derives the registration's id from IdempotencyKey (16–128 printable
// ASCII characters) and decides a registration.Register; the question brought along is
// submitted by the same append, or neither is.
//
// Refusals: those of registration.Decide; registration.bad_key, registration.bad_phone,
// registration.bad_email, idempotency_mismatch; those of SubmitQuestion for the question.
type RegisterPerson struct {
	IdempotencyKey string
	Venue          conference.VenueID // "" online
	Topic          conference.TopicID
	Question       string // brought along; "" none
	Person         registration.Person
	Consents       []registration.Consent
	Verified       bool   // the telephone number answered
	Reserved       bool   // staff's: one of the reserved seats
	WalkIn         bool   // staff's: comes in at once
	Lang           string // "vi" or "en", which the person reads; anything else: not known
}

// CommandType returns the command's name on the wire.
func (RegisterPerson) CommandType() string { return "registration.register" }

// register is a registration with its ids, and the question brought along.
type register struct {
	registration.Register

	ask *moderation.Submit // nil: none
}

// erase forgets a person, and that they asked.
type erase struct{ registration.Erase }

// Registered is what became of a registration by a command.
type Registered struct {
	ID     conference.RegistrationID
	Ticket string             // the code of the ticket
	State  registration.State // right after the command
	Place  int                // in the line, right after the command; 0: in none
	// Scan is what the door said; "" when the command was no look at a ticket.
	Scan registration.Result
}

// TicketStanding is a registration with its ticket.
type TicketStanding struct {
	Conference   conference.ID
	Ticket       string
	Registration *registration.Registration
	Place        int       // in the line; 0: in none
	OfferEnds    time.Time // of an offer: see registration.OfferUntil
	Tracking     string    // the code of the question brought along; "" none
	// Absent: the person was invited and did not come. InWriting: so the question is answered
	// in writing, by Agency ("" when nobody is known to).
	Absent    bool
	InWriting bool
	Agency    string
}

// prepareAboutPerson brings a command with a person's words into the form the rules know.
func (k *keyring) prepareAboutPerson(body conference.Body) (conference.Body, error) {
	switch body := body.(type) {
	case RegisterPerson:
		return k.prepareRegistration(body)
	case registration.Correct:
		return k.tidyCorrection(body)
	case registration.Erase:
		return erase{body}, nil
	}
	return body, nil
}

// prepareRegistration turns a registration as it arrives into one the rules know.
func (k *keyring) prepareRegistration(body RegisterPerson) (register, error) {
	if !isToken(body.IdempotencyKey, minKeyChars, maxKeyChars) {
		return register{}, invalid("registration.bad_key", "16–128 printable ASCII characters")
	}
	person, err := tidyPerson(body.Person)
	if err != nil {
		return register{}, err
	}
	out := register{Register: registration.Register{
		ID: k.registrationID(body.IdempotencyKey), Venue: body.Venue, Topic: body.Topic, Person: person,
		Holder: k.holder(person.Phone), Consents: body.Consents, Verified: body.Verified, Reserved: body.Reserved, WalkIn: body.WalkIn,
	}}
	if body.Lang == "vi" || body.Lang == "en" {
		out.Lang = body.Lang
	}
	if len(body.Question) > maxBodyBytes {
		return register{}, invalid("question.too_long", "")
	}
	if words := text.Paragraph(body.Question); words != "" {
		out.Question = k.broughtID(body.IdempotencyKey)
		out.ask = &moderation.Submit{
			ID: out.Question, BodyDigest: k.bodyDigest(words, body.Topic, body.Venue), Body: words,
			Topic: body.Topic, Venue: body.Venue, Channel: moderation.ChannelRegistration, Name: person.Name,
			MayName: slices.ContainsFunc(body.Consents, func(c registration.Consent) bool { return c.Purpose == registration.PurposeName }),
		}
	}
	out.Digest = k.registrationDigest(&out)
	return out, nil
}

// tidyPerson brings what somebody told of themselves into its one form.
// Refusals: registration.bad_phone, registration.bad_email.
func tidyPerson(p registration.Person) (registration.Person, error) {
	phone, err := PhoneOf(p.Phone)
	if err != nil {
		return p, err
	}
	email, err := emailOf(p.Email)
	if err != nil {
		return p, err
	}
	return registration.Person{
		Name: text.Line(p.Name), Phone: phone, Commune: text.Line(p.Commune), Organisation: text.Line(p.Organisation),
		Email: email, IDNumber: strings.ReplaceAll(text.Line(p.IDNumber), " ", ""),
	}, nil
}

// PhoneOf returns a telephone number in its one form, "+84…" of a Vietnamese one; "" of
// nothing. Refusal: registration.bad_phone.
func PhoneOf(typed string) (string, error) {
	phone, ok := text.E164(typed)
	if !ok && strings.TrimSpace(typed) != "" {
		return "", invalid("registration.bad_phone", "")
	}
	return phone, nil
}

// emailOf returns an address in its one form. It only refuses what no mail can be sent to.
func emailOf(typed string) (string, error) {
	email := text.Line(typed)
	if email == "" {
		return "", nil
	}
	name, domain, _ := strings.Cut(email, "@")
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || !strings.Contains(strings.Trim(domain, "."), ".") || strings.ContainsAny(email, " ,;<>\"[]") {
		return "", invalid("registration.bad_email", "")
	}
	return name + "@" + strings.ToLower(domain), nil
}

// tidyCorrection brings a correction's words into their one form.
func (k *keyring) tidyCorrection(body registration.Correct) (registration.Correct, error) {
	given := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	person, err := tidyPerson(registration.Person{
		Name: given(body.Name), Phone: given(body.Phone), Commune: given(body.Commune),
		Organisation: given(body.Organisation), Email: given(body.Email), IDNumber: given(body.IDNumber),
	})
	if err != nil {
		return body, err
	}
	for _, f := range []struct {
		to  **string
		now *string
	}{
		{&body.Name, &person.Name},
		{&body.Phone, &person.Phone},
		{&body.Commune, &person.Commune},
		{&body.Organisation, &person.Organisation},
		{&body.Email, &person.Email},
		{&body.IDNumber, &person.IDNumber},
	} {
		if *f.to != nil {
			*f.to = f.now
		}
	}
	body.Holder = k.holder(person.Phone)
	return body, nil
}

// Ticket returns where the registration with a ticket stands. Refusal: registration.unknown_code.
func (c *Conference) Ticket(code string) (TicketStanding, error) {
	shown, ok := NormaliseTicket(code)
	if !ok {
		return TicketStanding{}, unknownTicket()
	}
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.ticket(c.state.tickets[shown])
}

// TicketOf is Ticket by id.
func (c *Conference) TicketOf(id conference.RegistrationID) (TicketStanding, error) {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.ticket(id)
}

// RegisteredBy returns the first result of a registration by its idempotency key; false: none.
func (c *Conference) RegisteredBy(idempotencyKey string) bool {
	id := c.keys.registrationID(idempotencyKey)
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	return c.state.registrations.Registration(id) != nil
}

// Tickets returns all registrations in the order they were made. Places are not filled in.
func (c *Conference) Tickets() []TicketStanding {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	all := c.state.registrations.Registrations()
	out := make([]TicketStanding, len(all))
	for i, r := range all {
		out[i] = c.state.ticketOf(r)
	}
	return out
}

// Seats returns how many registrations of each venue ("" online) stand where.
func (c *Conference) Seats() map[conference.VenueID]registration.Count {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	counts := map[conference.VenueID]registration.Count{"": c.state.registrations.Count("")}
	for _, v := range c.state.info.Venues {
		counts[v.ID] = c.state.registrations.Count(v.ID)
	}
	return counts
}

// Holder returns the HMAC a telephone number is known under here; "" when it is none.
func (c *Conference) Holder(phone string) string {
	normal, err := PhoneOf(phone)
	if err != nil {
		return ""
	}
	return c.keys.holder(normal)
}

// ScanID returns the id of the command for a look of a device that was offline: the same
// look gives the same one, from whoever merges it.
func (c *Conference) ScanID(device, scan string) string { return c.keys.scanID(device, scan) }

// LookupTicket finds a registration by its ticket in any conference. Refusals:
// registration.unknown_code, server.not_ready.
func (n *Node) LookupTicket(code string) (TicketStanding, error) {
	if _, ok := NormaliseTicket(code); !ok {
		return TicketStanding{}, unknownTicket()
	}
	for _, c := range n.all() {
		if standing, err := c.Ticket(code); err == nil {
			return standing, nil
		}
	}
	if err := n.Opened(); err != nil {
		return TicketStanding{}, err
	}
	return TicketStanding{}, unknownTicket()
}

func unknownTicket() error {
	return conference.Refuse(conference.KindNotFound, "registration.unknown_code", "")
}

func (s *state) ticket(id conference.RegistrationID) (TicketStanding, error) {
	r := s.registrations.Registration(id)
	if r == nil {
		return TicketStanding{}, unknownTicket()
	}
	out := s.ticketOf(r)
	out.Place = s.registrations.Place(id)
	return out, nil
}

// ticketOf is a registration with all but its place in the line.
func (s *state) ticketOf(r *registration.Registration) TicketStanding {
	out := TicketStanding{
		Conference: s.info.ID, Ticket: s.registered[r.ID].Registered.Ticket, Registration: r,
		OfferEnds: r.OfferUntil(s.info), Absent: r.Absent(s.info),
	}
	if made := s.submissions[r.Question]; made != nil {
		out.Tracking = made.Code
		out.Agency, out.InWriting = s.inWriting(s.questions.Question(r.Question))
	}
	return out
}

// noteRegistration keeps what a command came to for a registration. Of several
// registrations that it changed it is the first: the others were only offered a seat.
func (s *state) noteRegistration(outcome *Outcome, event conference.Event, r *registration.Registration) {
	if outcome.Registered != nil && outcome.Registered.ID != r.ID || event.Type == registration.EventOffered {
		return
	}
	next := Registered{ID: r.ID, State: r.State}
	if event.Type == registration.EventMade {
		next.Ticket = s.newTicket(r.ID)
		s.registered[r.ID] = outcome
		if r.Question != "" {
			s.brought[r.Question] = r.ID
		}
	} else {
		next.Ticket = s.registered[r.ID].Registered.Ticket
	}
	if r.State == registration.StateWaiting {
		next.Place = s.registrations.Count(r.Venue).Waiting // it is the last
	}
	if event.Type == registration.EventScanned {
		if scanned, err := conference.DataOf[registration.Scanned](event); err == nil {
			next.Scan = scanned.Result
		}
	}
	outcome.Registered = &next
}

// newTicket derives the code of a new ticket; see newCode.
func (s *state) newTicket(id conference.RegistrationID) string {
	for n := 0; ; n++ {
		code := s.keys.ticket(id, n)
		if _, taken := s.tickets[code]; !taken {
			s.tickets[code] = id
			return code
		}
	}
}

// reregister answers a registration that exists: the same words are the same registration,
// from wherever they come; other words under the same key are a mistake.
func (b *batch) reregister(r *request, body register, there *registration.Registration) (verdict, Outcome, error) {
	if there.Digest != body.Digest {
		return settled, Outcome{}, conference.Refuse(conference.KindConflict, "idempotency_mismatch", string(there.ID))
	}
	if b.registering(there.ID) {
		return follows, Outcome{}, nil
	}
	outcome := *b.base.registered[there.ID]
	outcome.Repeated = !r.tried
	return settled, outcome, nil
}

// registering reports whether a registration is being made.
func (b *batch) registering(id conference.RegistrationID) bool {
	return b.made[id] || b.under != nil && b.under.made[id]
}

// decision is what is written when a registration begins in a state.
func (body register) decision(begins registration.State) conference.Decision {
	decision := body.Decision(begins)
	if body.ask != nil {
		more := moderation.Submission(*body.ask)
		decision.Reads, decision.Drafts = append(decision.Reads, more.Reads...), append(decision.Drafts, more.Drafts...)
	}
	return decision
}

// ruleRegister decides a registration and the question brought along. What was prepared is
// dropped when it begins otherwise than was thought.
func (b *batch) ruleRegister(r *request, body register) (conference.Decision, error) {
	begins, err := b.registrations.Begins(b.info, r.command.Actor, body.Register, b.now)
	if err == nil && body.ask != nil {
		err = b.questions.MaySubmit(b.info, *body.ask)
	}
	switch {
	case err != nil:
		return conference.Decision{}, err
	case r.made != nil && r.made.begins == begins:
		return r.made.decision, nil
	}
	r.made = nil
	return body.decision(begins), nil
}

// ruleRegistration decides what is about registrations and, with them, questions.
func (b *batch) ruleRegistration(command conference.Command) (conference.Decision, error) {
	var also conference.Body
	if body, is := command.Body.(erase); is {
		command.Body = body.Erase
		if r := b.registrations.Registration(body.ID); r != nil && r.Question != "" && !r.Erased {
			also = moderation.Forget{ID: r.Question}
		}
	}
	decision, err := b.registrations.Decide(b.info, command, b.now)
	if err != nil || also == nil {
		return decision, err
	}
	command.Body = also
	more, err := b.questions.Decide(b.info, command, b.now)
	decision.Reads, decision.Drafts = append(decision.Reads, more.Reads...), append(decision.Drafts, more.Drafts...)
	return decision, err
}

// dueRegistrations returns what the system has to do about registrations now.
func (c *Conference) dueRegistrations() []conference.Body {
	c.stateMu.RLock()
	defer c.stateMu.RUnlock()
	s, now := c.state, c.now()
	if s.info.Registration == nil {
		return nil
	}
	var due []conference.Body
	for _, id := range s.registrations.Lapsed(s.info, now) {
		due = append(due, registration.Lapse{ID: id})
	}
	for _, id := range s.registrations.Unoffered(s.info, now) {
		due = append(due, registration.Offer{Venue: id})
	}
	for id := range s.forgotten {
		if r := s.registrations.Registration(id); r != nil && !r.Erased {
			due = append(due, erase{registration.Erase{ID: id}})
		}
	}
	return due
}

// erase carries an erasure out: when it returns, the words are gone too, or will be as soon
// as the store lets them be deleted.
func (c *Conference) erase(ctx context.Context, command conference.Command) (Outcome, error) {
	outcome, err := c.give(ctx, &request{command: command, answer: make(chan answer, 1)})
	if err != nil {
		return outcome, err
	}
	if err := c.eraseNow(ctx); err != nil {
		c.logger.WarnContext(ctx, "what is erased is still in the store; it is tried again", slog.Any("err", err))
	}
	return outcome, nil
}

// eraseNow carries out what was decided to be erased, at most so long.
func (c *Conference) eraseNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, eraseTimeout)
	defer cancel()
	fields, ids := c.erasable()
	if len(fields) == 0 && len(ids) == 0 {
		return nil
	}
	// First what outlives a restore, then the words: the other way round a restore could
	// bring back what nobody remembers to erase.
	if c.erasures != nil {
		if err := c.erasures.Note(c.id, ids); err != nil {
			return err
		}
	}
	if len(fields) > 0 {
		if err := c.log.Erase(ctx, fields); err != nil {
			return fmt.Errorf("erase sealed fields: %w", err)
		}
	}
	c.erased(fields, ids)
	return nil
}

const eraseTimeout = 2 * time.Minute // Redis writes its append-only file anew
