package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// ear is one role's socket and everything it was told, by events and snapshot.
type ear struct {
	*testing.T

	socket *websocket.Conn
	said   strings.Builder
}

func (b *browser) listen(base string, role protocol.Role) *ear {
	b.Helper()
	dialer := &websocket.Dialer{Jar: b.http.Jar, Subprotocols: []string{protocol.Subprotocol}}
	path := "/api/v1/conferences/" + string(demo.ID) + "/socket"
	socket, response, err := dialer.DialContext(b.Context(), "ws"+strings.TrimPrefix(base, "http")+path, http.Header{"Origin": {base}})
	if err != nil {
		b.Fatalf("socket of %s: %v", role, err)
	}
	response.Body.Close()
	b.Cleanup(func() { socket.Close() })
	e := &ear{T: b.T, socket: socket}
	e.write(protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{Protocols: []int{1}, Role: role}})
	e.until(func(m *protocol.ServerMessage) bool { return m.Snapshot != nil })
	return e
}

func (e *ear) write(m protocol.ClientMessage) {
	e.Helper()
	if err := e.socket.WriteJSON(m); err != nil {
		e.Fatal(err)
	}
}

// until reads to the message that is waited for. Replies are not kept among what was said.
func (e *ear) until(is func(*protocol.ServerMessage) bool) protocol.ServerMessage {
	e.Helper()
	for {
		_, raw, err := e.socket.ReadMessage()
		if err != nil {
			e.Fatal(err)
		}
		var m protocol.ServerMessage
		if err := json.Unmarshal(raw, &m); err != nil {
			e.Fatal(err)
		}
		if m.Reply == nil {
			e.said.Write(raw)
		}
		if is(&m) {
			return m
		}
	}
}

func (e *ear) command(name protocol.CommandName, data any) *protocol.Reply {
	e.Helper()
	raw, err := json.Marshal(data)
	if err != nil {
		e.Fatal(err)
	}
	id := rand.Text()
	e.write(protocol.ClientMessage{Type: "command", ID: id, Name: name, Data: raw})
	return e.until(func(m *protocol.ServerMessage) bool { return m.Reply != nil && m.Reply.To == id }).Reply
}

func (e *ear) must(name protocol.CommandName, data any) *protocol.OK {
	e.Helper()
	reply := e.command(name, data)
	if reply.OK == nil {
		e.Fatalf("%s: got %+v", name, reply.Error)
	}
	return reply.OK
}

// canary is a question whose every private word is its own.
type canary struct{ state, words, name, phone, organisation, id, code string }

func canaries() []*canary {
	var out []*canary
	for i, state := range []string{"pending", "private", "returned", "refused", "written", "merged", "imported"} {
		out = append(out, &canary{
			state: state, words: "Chim-trong-lời-" + state, name: "Chim-trong-tên-" + state,
			phone: fmt.Sprintf("09876540%02d", i), organisation: "Chim-trong-hội-" + state,
		})
	}
	return out
}

// settle brings the canaries into their states: by the desk, a table and a moderator.
func settle(all []*canary, desk, moderator *ear, table func(csv string) (code string)) {
	into := moderator.must("question.submit", protocol.QuestionSubmit{
		IdempotencyKey: "0123456789abcdef-target", Body: "Ai cũng đọc được câu này?", Topic: "cap-giay-lan-dau",
	}).Question
	moderator.must("question.claim", protocol.QuestionClaim{ID: into})
	moderator.must("question.approve", protocol.QuestionApprove{ID: into})
	for _, c := range all {
		if c.state == "imported" {
			c.code = table("Nội dung câu hỏi;Lĩnh vực;Họ tên;Số điện thoại;Cơ quan\n" +
				strings.Join([]string{c.words, "cap-giay-lan-dau", c.name, c.phone, c.organisation}, ";") + "\n")
			continue
		}
		ok := desk.must("question.submit", protocol.QuestionSubmit{
			IdempotencyKey: "0123456789abcdef-" + c.state, Body: c.words, Topic: "cap-giay-lan-dau", Name: c.name, MayName: true,
			Phone: c.phone, Organisation: c.organisation,
		})
		c.id, c.code = ok.Question, ok.Code
		if c.state == "pending" {
			continue
		}
		moderator.must("question.claim", protocol.QuestionClaim{ID: c.id})
		switch c.state {
		case "private":
			moderator.must("question.approve", protocol.QuestionApprove{ID: c.id, Visibility: "private"})
		case "returned":
			moderator.must("question.return", protocol.QuestionReturn{ID: c.id, Text: "Xin nói rõ hơn."})
		case "refused":
			moderator.must("question.refuse", protocol.QuestionRefuse{ID: c.id, Reason: "unclear"})
		case "written":
			moderator.must("question.write", protocol.QuestionWrite{ID: c.id, Agency: "Sở", Due: "2099-12-01"})
		case "merged":
			moderator.must("question.merge", protocol.QuestionMerge{ID: c.id, Into: into})
		}
	}
}

// TestQ11_CanariesOfEveryState: words, name, telephone and organisation of questions that are
// not public, in every such state, are told by events and snapshots only to who may know;
// telephone and organisation by none of them, only to the registrar and the administrator
// who ask by code; and nothing of it by a public answer, metric, page or log line.
func TestQ11_CanariesOfEveryState(t *testing.T) {
	t.Parallel()
	metrics := freeAddress(t)
	p := start(t, t.TempDir(), "--demo", "--tls-listen=off", "--metrics-listen="+metrics)
	public := newBrowser(t)
	staff, ears := map[protocol.Role]*browser{}, map[protocol.Role]*ear{"citizen": public.listen(p.url, "")}
	for _, role := range []protocol.Role{"moderator", "stage", "admin", "screen", "registrar", "official", "venue"} {
		args := []string{"--role=" + string(role)}
		if role == "venue" {
			args = append(args, "--venue=ba-dinh")
		}
		staff[role] = newBrowser(t)
		if status := staff[role].redeem(p.url, p.links(args...)[0].Token); status != http.StatusNoContent {
			t.Fatalf("%s: got %d", role, status)
		}
		ears[role] = staff[role].listen(p.url, role)
	}
	all := canaries()
	settle(all, ears["registrar"], ears["moderator"], func(csv string) string {
		_, got := staff["admin"].call("POST", p.url, "/api/v1/conferences/"+string(demo.ID)+"/questions/import", csv)
		var view struct{ Imported []struct{ Code string } }
		if err := json.Unmarshal([]byte(got), &view); err != nil || len(view.Imported) != 1 {
			t.Fatalf("import: %s", got)
		}
		return view.Imported[0].Code
	})
	ears["admin"].must("channel.freeze", protocol.ChannelFreeze{Channel: "zalo", On: true})
	for role, e := range ears {
		if !strings.Contains(e.said.String(), `"frozen"`) { // everybody is told that last
			e.until(func(m *protocol.ServerMessage) bool {
				return m.Events != nil && slices.ContainsFunc(m.Events.Events, func(v protocol.Event) bool { return v.Conference != nil })
			})
		}
		again := public.first
		if staff[role] != nil {
			again = staff[role].first
		}
		asked := role
		if role == "citizen" {
			asked = ""
		}
		for where, said := range map[string]string{"events": e.said.String(), "snapshot": again(p.url, asked, `"frozen"`)} {
			for _, c := range all {
				c.told(t, string(role)+"'s "+where, said, seen{
					words: role == "moderator" || role == "stage" || role == "admin" || role == "official" && c.state == "written",
					name:  role == "moderator" || role == "stage" || role == "admin",
				})
			}
		}
		for _, c := range all {
			raw, err := json.Marshal(e.command("question.contact", protocol.QuestionCode{Code: c.code}))
			if err != nil {
				t.Fatal(err)
			}
			may := role == "registrar" || role == "admin"
			c.told(t, string(role)+" who asks by code", string(raw), seen{name: may, contact: may})
		}
		raw, err := json.Marshal(e.command("question.calls", protocol.Nothing{}))
		if err != nil {
			t.Fatal(err)
		}
		may := role == "registrar" || role == "admin"
		for _, c := range all {
			c.told(t, string(role)+" who asks whom to call", string(raw), seen{name: may, contact: may})
		}
	}
	for _, path := range []string{"/", "/c/" + string(demo.ID), "/q", "/desk", "/api/v1/conferences", "/readyz"} {
		_, body := public.call("GET", p.url, path, "")
		nobodyIsTold(t, all, path, body)
	}
	for _, c := range all {
		_, standing := public.call("POST", p.url, "/api/v1/questions/lookup", `{"code":"`+c.code+`"}`)
		c.told(t, "whoever has the code", standing, seen{words: true})
	}
	_, scraped := public.call("GET", "http://"+metrics, "/metrics", "")
	nobodyIsTold(t, all, "the metrics", scraped)
	p.stop()
	nobodyIsTold(t, all, "the log", p.logs.String()+p.out.String())
}

// seen is what of a question somebody is told.
type seen struct{ words, name, contact bool }

func (c *canary) told(t *testing.T, where, said string, want seen) {
	t.Helper()
	for text, may := range map[string]bool{c.words: want.words, c.name: want.name, c.phone: want.contact, c.organisation: want.contact} {
		if strings.Contains(said, text) != may {
			t.Errorf("%s: tells %q: %v, want %v", where, text, !may, may)
		}
	}
}

func nobodyIsTold(t *testing.T, all []*canary, where, said string) {
	t.Helper()
	for _, c := range all {
		c.told(t, where, said, seen{})
	}
}
