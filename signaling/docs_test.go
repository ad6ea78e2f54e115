package signaling_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// bodies is what each command's data decodes into; a second list beside the dispatch.
func bodies() map[protocol.CommandName]func() any {
	out := map[protocol.CommandName]func() any{}
	add := func(body any, names ...protocol.CommandName) {
		for _, name := range names {
			out[name] = func() any { return reflect.New(reflect.TypeOf(body)).Interface() }
		}
	}
	add(protocol.QuestionSubmit{}, "question.submit")
	add(protocol.QuestionCode{}, "question.withdraw", "question.contact")
	add(protocol.QuestionRef{}, "question.keep", "question.release", "question.undo", "question.unqueue", "question.stage",
		"question.air", "question.recall")
	add(protocol.QuestionAmend{}, "question.amend")
	add(protocol.QuestionSimilar{}, "question.similar")
	add(protocol.QuestionVote{}, "question.vote")
	add(protocol.QuestionClaim{}, "question.claim")
	add(protocol.QuestionApprove{}, "question.approve")
	add(protocol.QuestionEdit{}, "question.edit")
	add(protocol.QuestionReturn{}, "question.return")
	add(protocol.QuestionRefuse{}, "question.refuse", "question.redirect")
	add(protocol.QuestionWrite{}, "question.write")
	add(protocol.QuestionMerge{}, "question.merge")
	add(protocol.ChannelFreeze{}, "channel.freeze")
	add(protocol.PromiseAssign{}, "promise.assign")
	add(protocol.PromiseNote{}, "promise.note")
	add(protocol.PromiseKeep{}, "promise.keep")
	add(protocol.QuestionAnswer{}, "question.answer")
	add(protocol.QuestionQueue{}, "question.queue")
	add(protocol.HandRaise{}, "hand.raise")
	add(protocol.VenueRef{}, "hand.lower", "floor.preview", "floor.takeBack")
	add(protocol.FloorGive{}, "floor.give")
	add(protocol.ProgrammeSlate{}, "programme.slate")
	add(protocol.ProgrammeBeside{}, "programme.beside")
	add(protocol.MediaOffer{}, "media.join", "media.restart")
	add(protocol.MediaTiles{}, "media.tiles")
	add(protocol.MediaTalk{}, "media.talk")
	add(protocol.LineReport{}, "line.report")
	add(protocol.MediaLook{}, "media.look")
	add(protocol.QuestionCalled{}, "question.called")
	add(protocol.Nothing{}, "question.calls", "venue.ready", "venue.notReady", "floor.cityHall", "media.leave", "conference.open", "conference.close")
	return out
}

// examples returns the JSON lines of the fenced blocks of a kind.
func examples(t *testing.T, text, kind string) [][]byte {
	t.Helper()
	var out [][]byte
	inside := false
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```json "+kind
		case inside && line != "":
			out = append(out, []byte(line))
		}
	}
	if len(out) == 0 {
		t.Fatalf("docs/protocol.md has no examples of %s", kind)
	}
	return out
}

// TestDocs_examplesDecode: every example of docs/protocol.md is a message of the wire,
// and every message, command and close code of the wire is in it.
func TestDocs_examplesDecode(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	commands, clientTypes, serverTypes := map[protocol.CommandName]bool{}, map[string]bool{}, map[string]bool{}
	for _, line := range examples(t, text, "client") {
		var m protocol.ClientMessage
		if err := strict(line, &m); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		clientTypes[m.Type] = true
		if m.Type != "command" {
			continue
		}
		commands[m.Name] = true
		if body, ok := bodies()[m.Name]; !ok {
			t.Errorf("%s is no command", m.Name)
		} else if len(m.Data) > 0 {
			if err := strict(m.Data, body()); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	for _, line := range examples(t, text, "server") {
		var m protocol.ServerMessage
		if err := strict(line, &m); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		serverTypes[m.Type] = true
		if n := fieldsSet(m); n != 1 {
			t.Errorf("%s sets %d fields, want the one of its type", line, n)
		}
	}
	for name := range bodies() {
		if !commands[name] || !strings.Contains(text, "`"+string(name)+"`") {
			t.Errorf("docs/protocol.md does not show %s", name)
		}
	}
	for _, typ := range []string{"hello", "command", "follow", "unfollow"} {
		if !clientTypes[typ] {
			t.Errorf("docs/protocol.md has no example of %s", typ)
		}
	}
	for _, typ := range []string{"welcome", "snapshot", "events", "reply", "standing", "slots", "watermark", "lines", "speaking", "bye"} {
		if !serverTypes[typ] {
			t.Errorf("docs/protocol.md has no example of %s", typ)
		}
	}
	for _, code := range []int{
		protocol.CloseGoingAway, protocol.CloseResync, protocol.CloseRateLimited, protocol.CloseInternal, protocol.CloseNoProtocol,
		protocol.CloseBadMessage, protocol.CloseNotSignedIn, protocol.CloseRevoked, protocol.CloseUnknownPlace,
	} {
		if !strings.Contains(text, "| "+strconv.Itoa(code)+" |") {
			t.Errorf("docs/protocol.md does not tell close code %d", code)
		}
	}
}

func fieldsSet(m protocol.ServerMessage) int {
	n := 0
	for _, v := range reflect.ValueOf(m).Fields() {
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			n++
		}
	}
	return n
}

// TestCommands_everyOneIsKnown: the socket knows every command of the wire and refuses
// all that the table of internal/access does not grant.
func TestCommands_everyOneIsKnown(t *testing.T) {
	t.Parallel()
	ts, err := os.ReadFile("../web/src/wire/wire.gen.ts")
	if err != nil {
		t.Fatal(err)
	}
	h := serve(t, newFakeConference())
	for _, role := range []conference.Role{"citizen", "venue", "moderator", "stage", "screen", "registrar", "admin"} {
		venue := conference.VenueID("")
		if role == conference.RoleVenue {
			venue = "phu-loc"
		}
		for name := range bodies() {
			if !strings.Contains(string(ts), strconv.Quote(string(name))) {
				t.Errorf("the generated Commands lack %s", name)
			}
			p := h.join(role, venue, "")
			p.snapshot()
			r := p.command(commandID(), name, struct{}{})
			code := ""
			if r.Error != nil {
				code = r.Error.Code
			}
			if may := access.May(role, string(name)); may == (code == "access.denied") || code == "command.unknown" {
				t.Errorf("%s by %s: got %s, table says %v", name, role, mustJSON(r), may)
			}
			_ = p.ws.Close()
		}
	}
}
