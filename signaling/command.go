package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// message takes one message after hello.
func (c *conn) message(ctx context.Context, data []byte) {
	m, err := decode(data)
	if err != nil {
		c.bye(protocol.CloseBadMessage, byeBadMessage, 0)
		return
	}
	switch m.Type {
	case "follow", "unfollow":
		c.followMessage(ctx, m)
		return
	}
	if !c.messages.take(c.hub.clock(), messagesEvery, messagesBurst) {
		c.bye(protocol.CloseRateLimited, byeRateLimited, rateLimitedFor)
		return
	}
	if m.Type != "command" {
		// One message of a newer protocol is ignored, a second is a mistake.
		if c.unknown++; c.unknown > unknownAllowed {
			c.bye(protocol.CloseBadMessage, byeBadMessage, 0)
		}
		return
	}
	if err := c.checkCommand(m, len(data)); err != nil {
		c.reply(m.ID, nil, err)
		return
	}
	// Back-pressure: while all are taken nothing more is read from this socket; each is
	// given back within CommandTimeoutMs.
	if c.slots == nil {
		c.slots = make(chan struct{}, protocol.ConcurrentCommands)
	}
	c.slots <- struct{}{}
	c.wakeFor(func() { c.underWay++ })
	// Stops after CommandTimeoutMs; run waits for it.
	c.commands.Go(func() {
		defer func() {
			<-c.slots
			c.wakeFor(func() { c.underWay-- })
		}()
		c.guard("command", func() { c.carryOut(ctx, m) })
	})
}

// checkCommand refuses what needs no look at the conference.
func (c *conn) checkCommand(m *protocol.ClientMessage, size int) error {
	name := string(m.Name)
	if !validCommandID(m.ID) {
		if len(m.ID) > protocol.CommandIDMax {
			m.ID = ""
		}
		return conference.Refuse(conference.KindInvalid, "command.bad_id", "")
	}
	if size > protocol.MaxCommandBytes && !strings.HasPrefix(name, "media.") {
		if name == "question.submit" {
			return conference.Refuse(conference.KindTooLarge, "question.too_long", "")
		}
		return conference.Refuse(conference.KindTooLarge, "command.too_large", "")
	}
	if !isCommand(m.Name) {
		return conference.Refuse(conference.KindInvalid, "command.unknown", "")
	}
	if !c.hub.cfg.May(c.actor.Role, name) {
		return conference.Refuse(conference.KindForbidden, "access.denied", "")
	}
	return nil
}

func validCommandID(id string) bool {
	if len(id) < protocol.CommandIDMin || len(id) > protocol.CommandIDMax {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '_':
		default:
			return false
		}
	}
	return true
}

// carryOut runs a command to its durable end and answers it. It goes on when the socket
// breaks: whoever repeats the command gets the result. Those of media end with the socket.
func (c *conn) carryOut(ctx context.Context, m *protocol.ClientMessage) {
	ctx, cancel := context.WithTimeout(ctx, protocol.CommandTimeoutMs*time.Millisecond)
	defer cancel()
	if strings.HasPrefix(string(m.Name), "media.") {
		c.mediaCommand(ctx, m)
		return
	}
	if m.Name == "question.similar" {
		d, err := body[protocol.QuestionSimilar](m.Data)
		if err == nil {
			err = c.limit(ctx, m)
		}
		if err != nil {
			c.reply(m.ID, nil, err)
			return
		}
		c.reply(m.ID, &protocol.OK{Similar: c.similar(d.Body)}, nil)
		return
	}
	if m.Name == "question.contact" {
		c.contactCommand(ctx, m)
		return
	}
	if m.Name == "question.calls" {
		c.callsCommand(ctx, m)
		return
	}
	if m.Name == "line.report" {
		c.reply(m.ID, &protocol.OK{}, c.reportLine(ctx, m))
		return
	}
	body, about, err := domainBody(m.Name, m.Data, c.actor)
	if err == nil {
		err = c.limit(ctx, m)
	}
	if err != nil {
		c.reply(m.ID, nil, err)
		return
	}
	outcome, err := c.room.conf.Do(ctx, conference.Command{ID: m.ID, Actor: c.actor, Body: body})
	if err != nil {
		c.missed(ctx, err)
		c.refused(m.ID, about, err)
		return
	}
	c.reply(m.ID, &protocol.OK{
		Question: string(outcome.Question),
		Code:     outcome.Code,
		State:    outcome.State,
		Repeated: outcome.Repeated,
	}, nil)
}

// reply answers a command.
func (c *conn) reply(to string, ok *protocol.OK, err error) {
	r := &protocol.Reply{To: to, OK: ok}
	if err != nil {
		r.OK = nil
		p := problem(err, c.lang)
		r.Error = &p
		if p.Code == codeInternal {
			c.logger.Error("command met a fault", slog.String("role", string(c.actor.Role)), slog.Any("err", err))
		}
	}
	c.send(&protocol.ServerMessage{Type: typeReply, Reply: r})
}

// refused answers a command about a question. A lost race shows the question as it is.
func (c *conn) refused(to string, about conference.QuestionID, err error) {
	if about == "" || !isKind(err, conference.KindConflict) {
		c.reply(to, nil, err)
		return
	}
	p := problem(err, c.lang)
	if s, lookupErr := c.room.conf.StandingOf(about); lookupErr == nil {
		who := audience{role: c.actor.Role, public: true}
		if who.sees(s.Question) {
			q := who.question(s.Question)
			p.Question = &q
		}
	}
	c.send(&protocol.ServerMessage{Type: typeReply, Reply: &protocol.Reply{To: to, Error: &p}})
}

var errBadBody = conference.Refuse(conference.KindInvalid, "command.bad_body", "")

// body decodes a command's data; none is the empty body.
func body[T any](data json.RawMessage) (T, error) {
	var v T
	if len(data) == 0 || bytes.Equal(data, []byte("null")) {
		return v, nil
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, errBadBody
	}
	return v, nil
}

// domainBody turns a command of the wire into one of the rules, and names the question
// it is about. A venue operator acts on the own venue whatever the data say.
func domainBody(name protocol.CommandName, data json.RawMessage, actor conference.Actor) (conference.Body, conference.QuestionID, error) {
	var b conference.Body
	var about conference.QuestionID
	var err error
	switch part, _, _ := strings.Cut(string(name), "."); part {
	case "question":
		b, about, err = questionBody(name, data, actor)
	case "promise":
		b, about, err = promiseBody(name, data)
	case "channel":
		b, err = channelBody(name, data)
	default:
		b, err = floorBody(name, data, actor)
	}
	if err != nil {
		return nil, "", err
	}
	return b, about, nil
}

func questionBody(name protocol.CommandName, data json.RawMessage, actor conference.Actor) (conference.Body, conference.QuestionID, error) {
	switch name {
	case "question.submit":
		d, err := body[protocol.QuestionSubmit](data)
		submit := live.SubmitQuestion{
			IdempotencyKey: d.IdempotencyKey,
			Body:           d.Body,
			Topic:          conference.TopicID(d.Topic),
			Venue:          conference.VenueID(d.Venue),
			Channel:        channelOf(actor.Role),
			Name:           d.Name,
			MayName:        d.MayName,
			Phone:          d.Phone,
			Organisation:   d.Organisation,
		}
		if actor.Role == conference.RoleVenue {
			submit.Venue = actor.Venue
		}
		return submit, "", err
	case "question.withdraw":
		d, err := body[protocol.QuestionCode](data)
		return live.WithdrawQuestion{Code: d.Code}, "", err
	case "question.amend":
		d, err := body[protocol.QuestionAmend](data)
		return live.AmendQuestion{Code: d.Code, Body: d.Body}, "", err
	case "question.called":
		d, err := body[protocol.QuestionCalled](data)
		return moderation.MarkCalled{ID: conference.QuestionID(d.ID), Undo: d.Undo}, "", err
	case "question.vote":
		d, err := body[protocol.QuestionVote](data)
		id := conference.QuestionID(d.ID)
		return live.VoteQuestion{ID: id, Voter: d.Voter, On: d.On}, id, err
	case "question.answer":
		d, err := body[protocol.QuestionAnswer](data)
		id := conference.QuestionID(d.ID)
		return moderation.Answer{ID: id, Partly: d.Partly, None: d.None, Agency: d.Agency, Due: d.Due, Text: d.Text}, id, err
	case "question.queue":
		d, err := body[protocol.QuestionQueue](data)
		id := conference.QuestionID(d.ID)
		return moderation.Queue{ID: id, Before: conference.QuestionID(d.Before)}, id, err
	}
	return moderatorBody(name, data)
}

// channelOf is the way a question comes in by who enters it.
func channelOf(role conference.Role) moderation.Channel {
	switch role {
	case conference.RoleVenue:
		return moderation.ChannelHall
	case conference.RoleRegistrar:
		return moderation.ChannelDesk
	case conference.RoleModerator:
		return moderation.ChannelPhone
	case conference.RoleCitizen, conference.RoleStage, conference.RoleScreen, conference.RoleOfficial, conference.RoleAdmin, conference.RoleSystem:
	}
	return moderation.ChannelWeb
}

func moderatorBody(name protocol.CommandName, data json.RawMessage) (conference.Body, conference.QuestionID, error) {
	switch name {
	case "question.claim":
		d, err := body[protocol.QuestionClaim](data)
		id := conference.QuestionID(d.ID)
		return moderation.ClaimCard{ID: id, TakeOver: d.TakeOver}, id, err
	case "question.approve":
		d, err := body[protocol.QuestionApprove](data)
		id := conference.QuestionID(d.ID)
		return moderation.Approve{ID: id, Short: d.Short, Visibility: d.Visibility}, id, err
	case "question.edit":
		d, err := body[protocol.QuestionEdit](data)
		id := conference.QuestionID(d.ID)
		return moderation.Edit{ID: id, Short: d.Short}, id, err
	case "question.return":
		d, err := body[protocol.QuestionReturn](data)
		id := conference.QuestionID(d.ID)
		return moderation.GiveBack{ID: id, Text: d.Text}, id, err
	case "question.refuse", "question.redirect":
		d, err := body[protocol.QuestionRefuse](data)
		id := conference.QuestionID(d.ID)
		refuse := moderation.Refuse{ID: id, Reason: d.Reason, Text: d.Text, NextDoor: d.NextDoor}
		if name == "question.redirect" {
			return moderation.Redirect(refuse), id, err
		}
		return refuse, id, err
	case "question.write":
		d, err := body[protocol.QuestionWrite](data)
		id := conference.QuestionID(d.ID)
		return moderation.Write{ID: id, Agency: d.Agency, Due: d.Due}, id, err
	case "question.merge":
		d, err := body[protocol.QuestionMerge](data)
		id := conference.QuestionID(d.ID)
		return moderation.Merge{ID: id, Into: conference.QuestionID(d.Into)}, id, err
	}
	return refBody(name, data)
}

func promiseBody(name protocol.CommandName, data json.RawMessage) (conference.Body, conference.QuestionID, error) {
	switch name {
	case "promise.assign":
		d, err := body[protocol.PromiseAssign](data)
		id := conference.QuestionID(d.ID)
		return moderation.AssignPromise{ID: id, Agency: d.Agency, Due: d.Due}, id, err
	case "promise.note":
		d, err := body[protocol.PromiseNote](data)
		id := conference.QuestionID(d.ID)
		return moderation.NotePromise{ID: id, Text: d.Text}, id, err
	case "promise.keep":
		d, err := body[protocol.PromiseKeep](data)
		id := conference.QuestionID(d.ID)
		return moderation.KeepPromise{ID: id, Text: d.Text, Document: d.Document, Public: d.Public}, id, err
	}
	return nil, "", errUnknownCommand(name)
}

func channelBody(name protocol.CommandName, data json.RawMessage) (conference.Body, error) {
	if name != "channel.freeze" {
		return nil, errUnknownCommand(name)
	}
	d, err := body[protocol.ChannelFreeze](data)
	return moderation.Freeze{Channel: d.Channel, On: d.On}, err
}

// refBody is for the commands that only name a question.
func refBody(name protocol.CommandName, data json.RawMessage) (conference.Body, conference.QuestionID, error) {
	d, err := body[protocol.QuestionRef](data)
	id := conference.QuestionID(d.ID)
	switch name {
	case "question.keep":
		return live.KeepCard{ID: id}, id, err
	case "question.release":
		return moderation.Release{ID: id}, id, err
	case "question.undo":
		return moderation.Undo{ID: id}, id, err
	case "question.unqueue":
		return moderation.Unqueue{ID: id}, id, err
	case "question.stage":
		return moderation.Stage{ID: id}, id, err
	case "question.air":
		return moderation.Air{ID: id}, id, err
	case "question.recall":
		return moderation.Recall{ID: id}, id, err
	}
	return nil, "", errUnknownCommand(name)
}

func floorBody(name protocol.CommandName, data json.RawMessage, actor conference.Actor) (conference.Body, error) {
	switch name {
	case "venue.ready":
		return floor.Ready{Venue: actor.Venue}, nil
	case "venue.notReady":
		return floor.NotReady{Venue: actor.Venue}, nil
	case "floor.cityHall":
		return floor.CityHall{}, nil
	case "conference.open":
		return conference.Open{}, nil
	case "conference.close":
		return conference.Close{}, nil
	case "hand.raise":
		d, err := body[protocol.HandRaise](data)
		return floor.RaiseHand{Venue: actor.Venue, Note: d.Note}, err
	case "floor.give":
		d, err := body[protocol.FloorGive](data)
		return floor.Give{
			Venue: conference.VenueID(d.Venue), LimitMs: d.LimitMs, Seen: (*conference.VenueID)(d.Seen),
		}, err
	case "programme.slate":
		d, err := body[protocol.ProgrammeSlate](data)
		return floor.Slate{On: d.On}, err
	case "programme.beside":
		d, err := body[protocol.ProgrammeBeside](data)
		return floor.Beside{On: d.On}, err
	}
	d, err := body[protocol.VenueRef](data)
	venue := conference.VenueID(d.Venue)
	if actor.Role == conference.RoleVenue {
		venue = actor.Venue
	}
	switch name {
	case "hand.lower":
		return floor.LowerHand{Venue: venue}, err
	case "floor.preview":
		return floor.Preview{Venue: venue}, err
	case "floor.takeBack":
		return floor.TakeBack{Venue: venue}, err
	}
	return nil, errUnknownCommand(name)
}

func errUnknownCommand(name protocol.CommandName) error {
	return conference.Refuse(conference.KindInvalid, "command.unknown", string(name))
}

// isCommand reports whether a name is one of protocol.Commands.
func isCommand(name protocol.CommandName) bool {
	switch name {
	case "question.similar", "question.contact", "question.calls", "media.join", "media.restart", "media.tiles", "media.talk", "media.look", "media.leave",
		"line.report":
		return true
	}
	_, _, err := domainBody(name, nil, conference.Actor{})
	return err == nil
}

// problem turns an error into what the page is told. What is no refusal is "internal".
func problem(err error, lang protocol.Lang) protocol.Problem {
	var refusal *conference.Error
	switch {
	case errors.As(err, &refusal):
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		refusal = conference.Refuse(conference.KindPending, "log.pending", "")
	default:
		refusal = conference.Refuse(conference.KindInternal, codeInternal, "")
	}
	p := protocol.Problem{Kind: refusal.Kind, Code: refusal.Code, Message: sentence(refusal, lang)}
	switch refusal.Kind {
	case conference.KindUnavailable, conference.KindPending:
		p.RetryAfterMs = (retryBase + jitter(retryBase)).Milliseconds()
	case conference.KindRateLimited:
		p.RetryAfterMs = (2*retryBase + jitter(retryBase)).Milliseconds()
		limited(&p, err)
	case conference.KindInvalid, conference.KindUnauthorised, conference.KindForbidden, conference.KindNotFound,
		conference.KindConflict, conference.KindTooLarge, conference.KindInternal:
	}
	return p
}

const (
	retryBase    = time.Second
	codeInternal = "internal"
)
