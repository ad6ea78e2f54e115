package moderation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
)

func openInfo() *conference.Info {
	return &conference.Info{
		ID: "dat-dai", State: conference.StateOpen, Reasons: conference.DefaultReasons(),
		Venues: []conference.Venue{{ID: "thanh-pho", Main: true}}, Topics: []conference.Topic{{ID: "so-do"}},
	}
}

// carry decides a command and applies its events.
func carry(t *testing.T, b *moderation.Board, actor conference.Actor, body conference.Body) (conference.Decision, error) {
	t.Helper()
	decision, err := b.Decide(openInfo(), conference.Command{ID: "c", Actor: actor, Body: body}, time.Time{})
	if err != nil {
		return decision, err
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := b.Apply(conference.Event{Type: draft.Type, V: draft.V, Actor: actor, Data: data, Private: draft.Private}); err != nil {
			t.Fatal(err)
		}
	}
	return decision, nil
}

const secretWords = "TỪ-NGỮ-RIÊNG"

func TestWordsArePrivate(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Role: conference.RoleModerator, Session: "lan"}
	const words = secretWords
	for _, id := range []conference.QuestionID{"q1", "q2", "q3", "q4", "q5"} {
		for _, body := range []conference.Body{
			moderation.Submit{ID: id, Body: words, Topic: "so-do", Channel: moderation.ChannelWeb, Name: words, MayName: true},
			moderation.ClaimCard{ID: id},
		} {
			mustBeSilent(t, b, mod, body)
		}
	}
	mustBeSilent(t, b, mod, moderation.Approve{ID: "q1", Short: words})
	mustBeSilent(t, b, mod, moderation.Refuse{ID: "q2", Reason: "unclear", Text: words, NextDoor: words})
	mustBeSilent(t, b, mod, moderation.Edit{ID: "q1", Short: words + "!"})
	mustBeSilent(t, b, mod, moderation.Edit{ID: "q1", Short: words})
	mustBeSilent(t, b, mod, moderation.Redirect{ID: "q3", Reason: "complaint", Text: words, NextDoor: words})
	mustBeSilent(t, b, mod, moderation.GiveBack{ID: "q4", Text: words})
	mustBeSilent(t, b, mod, moderation.Amend{ID: "q4", Body: words})
	mustBeSilent(t, b, mod, moderation.Refuse{ID: "q5", Reason: "abusive", Text: words, NextDoor: words})
	mustBeSilent(t, b, mod, moderation.Queue{ID: "q1"})
	mustBeSilent(t, b, mod, moderation.Air{ID: "q1"})
	mustBeSilent(t, b, mod, moderation.Answer{ID: "q1", Agency: "Sở", Due: "2022-11-20", Text: words})
	mustBeSilent(t, b, mod, moderation.NotePromise{ID: "q1", Text: words})
	mustBeSilent(t, b, mod, moderation.KeepPromise{ID: "q1", Text: words, Document: "12/SNNMT"})
	for what, got := range map[string]string{
		"name": b.Question("q1").Name, "conclusion": b.Question("q1").Conclusion.Text, "first": b.Question("q4").First,
		"returned": b.Question("q4").Return.Text, "proposed": b.Question("q5").Hold.Proposed.Text,
		"revision": b.Question("q1").Revisions[2].Short, "note": b.Question("q1").Notes[0].Text, "reply": b.Question("q1").Reply.Text,
	} {
		if got != words {
			t.Errorf("%s: got %q", what, got)
		}
	}
	if q := b.Question("q2"); q.Refusal.Text != words || q.Refusal.NextDoor != words || b.Question("q1").Shown() != words {
		t.Error("the words did not reach the state")
	}
}

func mustBeSilent(t *testing.T, b *moderation.Board, actor conference.Actor, body conference.Body) {
	t.Helper()
	decision, err := carry(t, b, actor, body)
	if err != nil {
		t.Fatal(err)
	}
	for _, draft := range decision.Drafts {
		data, err := json.Marshal(draft.Data)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), secretWords) {
			t.Errorf("%s tells the words in its data: %s", draft.Type, data)
		}
	}
}

func TestErasedRefusalKeepsADoor(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	for _, event := range []conference.Event{
		{Type: moderation.EventSubmitted, Data: json.RawMessage(`{"question":"q1","topic":"so-do","channel":"web","bodyDigest":"00"}`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`{"question":"q1"}`)},
		{Type: moderation.EventRefused, Data: json.RawMessage(`{"question":"q1","reason":"unclear","nextDoor":"Điểm cầu"}`)},
	} {
		if _, _, err := b.Apply(event); err != nil {
			t.Fatal(err)
		}
	}
	if q := b.Question("q1"); q.Body != "" || q.Refusal.Text != "" || q.Refusal.NextDoor != "Điểm cầu" {
		t.Errorf("erased refusal: got %+v %+v", q, q.Refusal)
	}
}

func TestJ9_Limits(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Session: "lan"}
	for _, body := range []conference.Body{
		moderation.Submit{ID: "q1", Body: strings.Repeat("ộ", 600), Topic: "so-do", Channel: moderation.ChannelWeb},
		moderation.ClaimCard{ID: "q1"},
	} {
		if _, err := carry(t, b, mod, body); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		code string
		body conference.Body
	}{
		{"question.too_long", moderation.Submit{ID: "q2", Body: strings.Repeat("ộ", 601), Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.empty", moderation.Submit{ID: "q2", Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.unknown_channel", moderation.Submit{ID: "q2", Body: "x", Topic: "so-do", Channel: "fax"}},
		{"question.short_too_long", moderation.Approve{ID: "q1", Short: strings.Repeat("x", 601)}},
		{"question.text_too_long", moderation.Refuse{ID: "q1", Reason: "unclear", Text: strings.Repeat("x", 1001)}},
		{"question.text_too_long", moderation.Refuse{ID: "q1", Reason: "unclear", NextDoor: strings.Repeat("x", 501)}},
		{"question.unknown_reason", moderation.Refuse{ID: "q1", Reason: "rude"}},
		{"question.unknown_reason", moderation.Redirect{ID: "q1", Reason: "rude"}},
		{"question.name_too_long", moderation.Submit{ID: "q2", Body: "x", Name: strings.Repeat("ộ", 81), Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.organisation_too_long", moderation.Submit{ID: "q2", Body: "x", Organisation: strings.Repeat("ộ", 201), Topic: "so-do", Channel: moderation.ChannelDesk}},
		{"question.contact_unasked", moderation.Submit{ID: "q2", Body: "x", Phone: "0912345678", Topic: "so-do", Channel: moderation.ChannelWeb}},
		{"question.contact_unasked", moderation.Submit{ID: "q2", Body: "x", Organisation: "HTX", Topic: "so-do", Channel: moderation.ChannelZalo}},
		{"question.unknown_topic", moderation.Submit{ID: "q2", Body: "x", Topic: "x", Channel: moderation.ChannelWeb}},
		{"question.unknown_venue", moderation.Submit{ID: "q2", Body: "x", Topic: "so-do", Venue: "x", Channel: moderation.ChannelWeb}},
		{"question.unknown_visibility", moderation.Approve{ID: "q1", Visibility: "all"}},
		{"question.short_too_long", moderation.Edit{ID: "q1", Short: strings.Repeat("x", 601)}},
		{"question.no_text", moderation.GiveBack{ID: "q1"}},
		{"question.text_too_long", moderation.GiveBack{ID: "q1", Text: strings.Repeat("x", 1001)}},
		{"question.no_agency", moderation.Write{ID: "q1", Due: "2022-11-20"}},
		{"question.bad_due", moderation.Write{ID: "q1", Agency: "Sở", Due: "20/11/2022"}},
		{"question.bad_due", moderation.Write{ID: "q1", Agency: "Sở", Due: "0000-01-01"}},
		{"command.unknown", conference.Open{}},
	} {
		if _, err := carry(t, b, mod, test.body); !errors.Is(err, &conference.Error{Code: test.code}) {
			t.Errorf("%s: got %v, want %s", test.body.CommandType(), err, test.code)
		}
	}
}

// TestNoEndWithoutAConclusion: what is on air ends with an agency and a date, or with
// "none needed"; never with both, half of one, or nothing.
func TestNoEndWithoutAConclusion(t *testing.T) {
	t.Parallel()
	b, mod := moderation.NewBoard(), conference.Actor{Role: conference.RoleModerator, Session: "lan"}
	for _, body := range []conference.Body{
		moderation.Submit{ID: "q1", Body: "x", Topic: "so-do", Channel: moderation.ChannelWeb},
		moderation.ClaimCard{ID: "q1"},
		moderation.Approve{ID: "q1"},
		moderation.Queue{ID: "q1"},
		moderation.Air{ID: "q1"},
	} {
		if _, err := carry(t, b, mod, body); err != nil {
			t.Fatal(err)
		}
	}
	for _, body := range []moderation.Answer{
		{},
		{Agency: "Sở"},
		{Due: "2022-11-20"},
		{Partly: true},
		{Partly: true, None: true},
		{None: true, Agency: "Sở"},
		{None: true, Due: "2022-11-20"},
		{None: true, Agency: "Sở", Due: "2022-11-20"},
	} {
		body.ID = "q1"
		if _, err := carry(t, b, mod, body); !errors.Is(err, &conference.Error{Code: "question.no_conclusion"}) {
			t.Errorf("%+v: got %v", body, err)
		}
	}
	if _, err := carry(t, b, mod, moderation.Answer{ID: "q1", Agency: "Sở", Due: "2022-11-20", Text: "Sẽ trả lời"}); err != nil {
		t.Fatal(err)
	}
	want := moderation.Conclusion{Agency: "Sở", Due: "2022-11-20", Text: "Sẽ trả lời"}
	if got := *b.Question("q1").Conclusion; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestFrozenChannel: questions of a frozen channel are refused, those of others taken; asked
// again for the same, nothing is written.
func TestFrozenChannel(t *testing.T) {
	t.Parallel()
	b, info, mod := moderation.NewBoard(), openInfo(), conference.Actor{Role: conference.RoleModerator, Session: "lan"}
	give := func(body conference.Body) (int, error) {
		t.Helper()
		decision, err := b.Decide(info, conference.Command{ID: "c", Actor: mod, Body: body}, time.Time{})
		for _, draft := range decision.Drafts {
			data, failed := json.Marshal(draft.Data)
			if failed != nil {
				t.Fatal(failed)
			}
			if info, failed = conference.Apply(info, conference.Event{Type: draft.Type, Data: data}); failed != nil {
				t.Fatal(failed)
			}
		}
		return len(decision.Drafts), err
	}
	ask := func(channel moderation.Channel) error {
		_, err := give(moderation.Submit{ID: "q1", Body: "x", Topic: "so-do", Channel: channel})
		return err
	}
	for _, step := range []struct {
		on          bool
		drafts      int
		web, zalo   string
		description string
	}{
		{true, 1, "question.channel_frozen", "", "frozen"},
		{true, 0, "question.channel_frozen", "", "frozen again"},
		{false, 1, "", "", "taken back"},
		{false, 0, "", "", "taken back again"},
	} {
		if drafts, err := give(moderation.Freeze{Channel: moderation.ChannelWeb, On: step.on}); err != nil || drafts != step.drafts {
			t.Errorf("%s: got %d drafts, %v", step.description, drafts, err)
		}
		for channel, want := range map[moderation.Channel]string{moderation.ChannelWeb: step.web, moderation.ChannelZalo: step.zalo} {
			got := ""
			if refusal, is := errors.AsType[*conference.Error](ask(channel)); is {
				got = refusal.Code
			}
			if got != want {
				t.Errorf("%s, %s: got %q, want %q", step.description, channel, got, want)
			}
		}
	}
	if _, err := give(moderation.Freeze{Channel: "fax", On: true}); !errors.Is(err, &conference.Error{Code: "question.unknown_channel"}) {
		t.Errorf("an unknown channel: got %v", err)
	}
}

// TestLapsedLease: the system releases the card of a lapsed lease, but not the card of
// whoever took it over meanwhile; a claim that knows of the lapse takes the card over.
func TestLapsedLease(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	lan, minh := conference.Actor{Role: conference.RoleModerator, Session: "lan"}, conference.Actor{Role: conference.RoleModerator, Session: "minh"}
	system := conference.Actor{Role: conference.RoleSystem}
	step := func(actor conference.Actor, body conference.Body, code string) {
		t.Helper()
		_, err := carry(t, b, actor, body)
		if got, _ := errors.AsType[*conference.Error](err); code == "" && err != nil || code != "" && (got == nil || got.Code != code) {
			t.Fatalf("%s: got %v, want %q", body.CommandType(), err, code)
		}
	}
	step(system, moderation.Submit{ID: "q1", Body: "x", Topic: "so-do", Channel: moderation.ChannelWeb}, "")
	step(lan, moderation.ClaimCard{ID: "q1"}, "")
	step(minh, moderation.ClaimCard{ID: "q1"}, "question.claimed_by_other")
	step(minh, moderation.ClaimCard{ID: "q1", Lapsed: "hoa"}, "question.claimed_by_other")
	step(minh, moderation.ClaimCard{ID: "q1", Lapsed: "lan"}, "")
	step(lan, moderation.Approve{ID: "q1"}, "question.claimed_by_other")
	step(system, moderation.Release{ID: "q1", Session: "lan"}, "question.claimed_by_other")
	step(system, moderation.Release{ID: "q1", Session: "minh"}, "")
	step(system, moderation.Release{ID: "q1", Session: "minh"}, "question.not_claimed")
	if q := b.Question("q1"); q.State != moderation.StatePending || q.Claim != nil {
		t.Errorf("got %+v", q)
	}
}

func TestApplyBrokenEvents(t *testing.T) {
	t.Parallel()
	b := moderation.NewBoard()
	if _, err := carry(t, b, conference.Actor{}, moderation.Submit{ID: "q1", Body: "x", Topic: "so-do", Channel: moderation.ChannelWeb}); err != nil {
		t.Fatal(err)
	}
	for _, event := range []conference.Event{
		{Type: moderation.EventSubmitted, Data: json.RawMessage(`[]`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`7`)},
		{Type: moderation.EventClaimed, Data: json.RawMessage(`{"question":"none"}`)},
		{Type: "question.invented", Data: json.RawMessage(`{"question":"q1"}`)},
	} {
		if _, _, err := b.Apply(event); err == nil {
			t.Errorf("%s %s: no error", event.Type, event.Data)
		}
	}
	if before, after, err := b.Apply(conference.Event{Type: "floor.given"}); before != nil || after != nil || err != nil {
		t.Error("an event of another part changed the board")
	}
}
