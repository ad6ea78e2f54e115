package moderation_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

// life is the states as a person would list them, from asked to over.
var life = []string{
	"submitted", "held", "pending", "claimed", "returned", "approved", "queued", "staged", "onAir", "recalled",
	"partAnswered", "answered", "written", "refused", "redirected", "merged", "withdrawn", "carriedOver",
}

// can returns the refusal of a command that starts from the states, or "".
func (c card) can(notYet string, starts ...string) string {
	switch {
	case c.state == "":
		return "question.unknown"
	case slices.Contains(starts, c.state):
		return ""
	case notYet != "" && slices.Index(life, c.state) < slices.Index(life, starts[0]):
		return notYet
	}
	return already(c.state)
}

func already(state string) string {
	switch state {
	case "onAir":
		return "question.already_on_air"
	case "partAnswered":
		return "question.already_part_answered"
	case "carriedOver":
		return "question.already_carried_over"
	}
	return "question.already_" + state
}

// moved is the card in another state: what belonged to the old one is gone.
func (c card) moved(state string) card {
	c.state, c.holder, c.reason, c.door, c.agency, c.into = state, "", "", "", "", ""
	if !slices.Contains([]string{"held", "pending", "claimed"}, state) {
		c.hold = ""
	}
	return c
}

// pick draws a question, mostly one in one of the states if there is any.
func (m *machine) pick(t *rapid.T, states ...string) conference.QuestionID {
	if rapid.IntRange(0, 4).Draw(t, "any") > 0 {
		var fit []conference.QuestionID
		for _, id := range ids {
			if slices.Contains(states, m.paper.cards[id].state) {
				fit = append(fit, id)
			}
		}
		if len(fit) > 0 {
			return rapid.SampledFrom(fit).Draw(t, "id")
		}
	}
	return rapid.SampledFrom(ids).Draw(t, "id")
}

// desk draws a question that is likely on somebody's desk, and a moderator who is likely
// to have it.
func (m *machine) desk(t *rapid.T, states ...string) (conference.QuestionID, string) {
	id := m.pick(t, states...)
	if holder := m.paper.cards[id].holder; holder != "" && rapid.IntRange(0, 4).Draw(t, "other") > 0 {
		return id, holder
	}
	return id, rapid.SampledFrom(mods).Draw(t, "who")
}

// ripen brings a question into the running order: random commands alone seldom get there.
func (m *machine) ripen(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	c, exists := m.paper.cards[id]
	if !exists && m.info.State == conference.StateOpen {
		m.paper.order = append(m.paper.order, id)
		m.give(t, "citizen", moderation.Submit{ID: id, Body: "Hỏi " + string(id), Topic: "so-do", Channel: moderation.ChannelWeb}, "")
		c = card{state: "pending", body: "Hỏi " + string(id)}
		m.paper.cards[id] = c
	}
	if c.state == "pending" && m.info.State != conference.StateClosed {
		m.give(t, "lan", moderation.ClaimCard{ID: id}, "")
		m.give(t, "lan", moderation.Approve{ID: id}, "")
		c = c.moved("approved")
		c.deeds += " lan:approved"
		c.shows = moderation.VisibilityText
		m.paper.cards[id] = c
		m.give(t, "stage", moderation.Queue{ID: id}, m.modelQueue(id, ""))
	}
}

func (m *machine) submit(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	rule := rapid.SampledFrom([]string{"", "", "link"}).Draw(t, "rule")
	channel := rapid.SampledFrom([]moderation.Channel{moderation.ChannelWeb, moderation.ChannelImport}).Draw(t, "channel")
	_, exists := m.paper.cards[id]
	want := ""
	switch {
	case m.info.State == conference.StateClosed, m.info.State == conference.StatePlanned && channel == moderation.ChannelWeb:
		want = "conference.not_open"
	case exists:
		want = "question.exists"
	default:
		c := card{state: "pending", hold: rule, body: "Hỏi " + string(id)}
		if rule != "" {
			c.state = "held"
		}
		m.paper.cards[id] = c
		m.paper.order = append(m.paper.order, id)
	}
	m.give(t, "citizen", moderation.Submit{ID: id, Body: "Hỏi " + string(id), Topic: "so-do", Channel: channel, Hold: rule}, want)
}

// moderate gives a command about a card on a moderator's desk.
func (m *machine) moderate(t *rapid.T) {
	id, who := m.desk(t, "pending", "held", "claimed", "claimed")
	c := m.paper.cards[id]
	what := rapid.SampledFrom([]string{
		"claim", "claim", "claim", "claim", "release", "approve", "return", "refuse", "two", "two", "redirect", "write",
	}).Draw(t, "what")
	if what == "claim" {
		m.claim(t, id, who)
		return
	}
	want := c.can("question.not_claimed", "claimed")
	if want == "" && c.holder != who {
		want = "question.claimed_by_other"
	}
	var body conference.Body
	var next card
	switch what {
	case "release":
		body, next = moderation.Release{ID: id}, c.moved("pending")
		if c.hold != "" {
			next.state = "held"
		}
	case "approve":
		body, next, want = m.approve(t, id, c, want)
	case "return":
		body, next = moderation.GiveBack{ID: id, Text: "Ở đâu?"}, c.moved("returned")
		next.returned = "asked"
		if want == "" && c.returned != "" {
			want = "question.returned_before"
		}
	case "write":
		body, next = moderation.Write{ID: id, Agency: "Sở", Due: "2022-11-20"}, c.moved("written")
		next.agency = "Sở"
	default:
		body, next, want = m.turnDown(t, what, id, who, want)
	}
	if want == "" {
		if what != "release" {
			next.deeds += " " + who + ":" + next.state
		}
		m.paper.cards[id] = next
	}
	m.give(t, who, body, want)
}

func (m *machine) claim(t *rapid.T, id conference.QuestionID, who string) {
	c := m.paper.cards[id]
	over := rapid.Bool().Draw(t, "over")
	want := c.can("question.not_pending", "pending", "held", "claimed")
	if c.state == "claimed" && c.holder != who && !over {
		want = "question.claimed_by_other"
	}
	if want == "" {
		next := c.moved("claimed")
		next.holder = who
		m.paper.cards[id] = next
	}
	m.give(t, who, moderation.ClaimCard{ID: id, TakeOver: over}, want)
}

func (m *machine) approve(t *rapid.T, id conference.QuestionID, c card, want string) (conference.Body, card, string) {
	short := rapid.SampledFrom([]string{"", "Ngắn gọn"}).Draw(t, "short")
	shows := rapid.SampledFrom([]moderation.Visibility{"", moderation.VisibilityText, moderation.VisibilityPrivate}).Draw(t, "shows")
	next := c.moved("approved")
	if short != "" {
		next.short = short
		next.words++
	}
	if next.shows = shows; shows == "" {
		next.shows = moderation.VisibilityText
	}
	if want == "" && m.info.State == conference.StateClosed {
		want = "conference.closed"
	}
	return moderation.Approve{ID: id, Short: short, Visibility: shows}, next, want
}

// turnDown refuses for a reason that takes one ("refuse") or two moderators ("two"), or
// redirects.
func (m *machine) turnDown(t *rapid.T, what string, id conference.QuestionID, who, want string) (conference.Body, card, string) {
	c := m.paper.cards[id]
	var reasons []conference.Reason
	for _, reason := range m.info.Reasons {
		if reason.TakesTwo == (what == "two") {
			reasons = append(reasons, reason)
		}
	}
	reason := rapid.SampledFrom(reasons).Draw(t, "reason")
	door := rapid.SampledFrom([]string{"", "Phòng 5"}).Draw(t, "door")
	body := moderation.Refuse{ID: id, Reason: reason.Code, Text: "Vì thế", NextDoor: door}
	next := c.moved("refused")
	next.reason, next.door = reason.Code, reason.NextDoor
	if door != "" {
		next.door = door
	}
	switch {
	case what == "redirect":
		next.state = "redirected"
		return moderation.Redirect(body), next, want
	case what == "two" && (len(c.hold) < 3 || c.hold[:3] != "by "):
		next = c.moved("held")
		next.hold = "by " + who
	case what == "two" && c.hold == "by "+who && want == "":
		want = "question.second_person"
	}
	return body, next, want
}

// decided gives a command about a question that was decided: another wording, merged
// into another one, or the decision taken back.
func (m *machine) decided(t *rapid.T) {
	id, who := m.desk(t, "claimed", "returned", "approved", "written", "refused", "redirected", "merged")
	c := m.paper.cards[id]
	switch rapid.SampledFrom([]string{"edit", "merge", "merge", "undo"}).Draw(t, "what") {
	case "edit":
		want := c.can("question.not_claimed", "claimed", "approved", "queued", "staged")
		if c.state == "claimed" && c.holder != who {
			want = "question.claimed_by_other"
		}
		short := rapid.SampledFrom([]string{"", "Rõ hơn"}).Draw(t, "short")
		if want == "" && short != c.short {
			c.short = short
			c.words++
			m.paper.cards[id] = c
		}
		m.give(t, who, moderation.Edit{ID: id, Short: short}, want)
	case "merge":
		into := rapid.SampledFrom(ids).Draw(t, "into")
		m.give(t, who, moderation.Merge{ID: id, Into: into}, m.modelMerge(id, into, who))
	case "undo":
		want := c.can("question.not_decided", "returned", "approved", "written", "refused", "redirected", "merged")
		if want == "" && c.reply != "" {
			want = "question.promise_kept"
		}
		if want == "" {
			if c = c.moved("pending"); c.returned == "asked" {
				c.returned = ""
			}
			c.deeds += " " + who + ":pending"
			m.paper.cards[id] = c
		}
		m.give(t, who, moderation.Undo{ID: id}, want)
	}
}

func (m *machine) modelMerge(id, into conference.QuestionID, who string) string {
	c, target := m.paper.cards[id], m.paper.cards[into]
	if want := c.can("question.not_claimed", "claimed", "approved", "queued"); want != "" {
		return want
	}
	switch {
	case c.state == "claimed" && c.holder != who:
		return "question.claimed_by_other"
	case id == into:
		return "question.merge_self"
	case target.state == "":
		return "question.unknown"
	case slices.Contains([]string{"refused", "redirected", "merged", "withdrawn", "returned"}, target.state):
		return "question.bad_target"
	}
	m.takeOut(id)
	for other, o := range m.paper.cards {
		if o.into == id {
			o.into = into
			m.paper.cards[other] = o
		}
	}
	c = c.moved("merged")
	c.into = into
	c.deeds += " " + who + ":merged"
	m.paper.cards[id] = c
	return ""
}

func (m *machine) amend(t *rapid.T) {
	id := m.pick(t, "returned")
	rule := rapid.SampledFrom([]string{"", "word"}).Draw(t, "rule")
	c := m.paper.cards[id]
	want := c.can("question.not_returned", "returned")
	if want == "" {
		if c = c.moved("pending"); rule != "" {
			c.state, c.hold = "held", rule
		}
		c.body, c.short, c.returned = "Hỏi lại "+string(id), "", "amended"
		m.paper.cards[id] = c
	}
	m.give(t, "citizen", moderation.Amend{ID: id, Body: "Hỏi lại " + string(id), Hold: rule}, want)
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
	m.paper.cards[id] = m.paper.cards[id].moved(state)
}

func (m *machine) order(t *rapid.T) {
	id := rapid.SampledFrom(ids).Draw(t, "id")
	if rapid.Bool().Draw(t, "unqueue") {
		want := m.paper.cards[id].can("question.not_queued", "queued", "staged")
		if want == "" {
			m.takeOut(id)
			m.set(id, "approved")
		}
		m.give(t, "stage", moderation.Unqueue{ID: id}, want)
		return
	}
	before := rapid.SampledFrom(append([]conference.QuestionID{""}, ids...)).Draw(t, "before")
	m.give(t, "stage", moderation.Queue{ID: id, Before: before}, m.modelQueue(id, before))
}

func (m *machine) modelQueue(id, before conference.QuestionID) string {
	if want := m.paper.cards[id].can("question.not_approved", "approved", "queued", "staged", "recalled"); want != "" {
		return want
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
	id := m.pick(t, "approved", "queued", "staged", "onAir", "recalled")
	c := m.paper.cards[id]
	switch rapid.SampledFrom([]string{"stage", "air", "air", "answer", "part", "recall", "withdraw", "carryOver"}).Draw(t, "what") {
	case "stage":
		m.give(t, "stage", moderation.Stage{ID: id}, m.modelStage(id, c))
	case "air":
		m.give(t, "stage", moderation.Air{ID: id}, m.modelAir(id, c))
	case "answer":
		m.give(t, "stage", moderation.Answer{ID: id, None: true}, m.modelEnd(id, c, "answered", "none"))
	case "part":
		body := moderation.Answer{ID: id, Partly: true, Agency: "Sở", Due: "2022-11-20"}
		m.give(t, "stage", body, m.modelEnd(id, c, "partAnswered", "Sở"))
	case "recall":
		m.give(t, "stage", moderation.Recall{ID: id}, m.modelEnd(id, c, "recalled", ""))
	case "withdraw":
		m.give(t, "citizen", moderation.Withdraw{ID: id}, m.modelWithdraw(id, c))
	case "carryOver":
		want := c.can("question.not_approved", "approved", "queued", "staged", "onAir", "recalled")
		if want == "" && m.info.State != conference.StateClosed {
			want = "conference.not_closed"
		}
		if want == "" {
			m.leave(id)
			m.set(id, "carriedOver")
		}
		m.give(t, "system", moderation.CarryOver{ID: id}, want)
	}
}

// leave takes a question out of the running order and off air.
func (m *machine) leave(id conference.QuestionID) {
	m.takeOut(id)
	if m.paper.onAir == id {
		m.paper.onAir = ""
	}
}

func (m *machine) modelEnd(id conference.QuestionID, c card, state, agency string) string {
	want := c.can("question.not_on_air", "onAir")
	if want == "" {
		c = c.moved(state)
		c.agency = agency
		m.paper.cards[id], m.paper.onAir = c, ""
	}
	return want
}

func (m *machine) modelWithdraw(id conference.QuestionID, c card) string {
	open := []string{"held", "pending", "claimed", "returned", "approved", "queued", "staged", "recalled", "written"}
	want := c.can("", open...)
	if want != "" {
		return want
	}
	m.takeOut(id)
	m.set(id, "withdrawn")
	for other, o := range m.paper.cards {
		if o.into == id {
			m.set(other, "pending")
		}
	}
	return ""
}

func (m *machine) modelStage(id conference.QuestionID, c card) string {
	if want := c.can("question.not_queued", "queued"); want != "" {
		return want
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

func (m *machine) modelAir(id conference.QuestionID, c card) string {
	if want := c.can("question.not_queued", "queued", "staged"); want != "" {
		return want
	}
	switch {
	case m.info.State != conference.StateOpen:
		return "conference.not_open"
	case c.shows == moderation.VisibilityPrivate:
		return "question.is_private"
	case m.paper.onAir != "":
		return "question.other_on_air"
	}
	m.takeOut(id)
	m.set(id, "onAir")
	m.paper.onAir = id
	return ""
}

// promise gives an official's command about what was left to be answered.
func (m *machine) promise(t *rapid.T) {
	id := m.pick(t, "partAnswered", "answered", "written", "carriedOver")
	c := m.paper.cards[id]
	want := c.can("question.not_promised", "partAnswered", "answered", "written", "carriedOver")
	if want == "" && c.state == "answered" && c.agency == "none" {
		want = "question.not_promised"
	}
	var body conference.Body
	switch rapid.SampledFrom([]string{"assign", "note", "keep"}).Draw(t, "what") {
	case "assign":
		body, c.agency = moderation.AssignPromise{ID: id, Agency: "Phòng", Due: "2022-12-01"}, "Phòng"
	case "note":
		body = moderation.NotePromise{ID: id, Text: "Đang xác minh"}
		c.notes++
	case "keep":
		body, c.reply = moderation.KeepPromise{ID: id, Text: "Trả lời"}, "Trả lời"
	}
	if want == "" {
		m.paper.cards[id] = c
	}
	m.give(t, "official", body, want)
}
