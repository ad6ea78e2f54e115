package protocol_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// update writes golden files that do not exist yet: go test ./signaling/protocol -update.
// A file that exists is what clients in the field rely on and is never rewritten.
var update = flag.Bool("update", false, "write missing golden files")

func at(second int) time.Time { return time.Date(2022, 10, 28, 1, 0, second, 0, time.UTC) }

func question() protocol.Question {
	return protocol.Question{
		ID: "b3kz5n2qy7w4m6x8p1rt", State: moderation.StateRefused, Text: "Bao giờ cấp sổ?", Topic: "land",
		Venue: "phu-loc", SubmittedAt: at(1), ChangedAt: at(2),
		OnAirAt: "2022-10-28T01:00:03Z", AnsweredAt: "2022-10-28T01:00:04Z",
		Version: 4, Original: "bao h cap so do", Channel: moderation.ChannelHall,
		Claim:   &protocol.Claim{Session: "s-1", Person: "Lan", At: at(2)},
		Refusal: &protocol.Refusal{Reason: "complaint", Text: "Mời gửi đơn", NextDoor: "Ban Tiếp công dân"},
		Name:    "Bà Hoa", MayName: true, Visibility: moderation.VisibilityTextName, First: "bao h", MergedInto: "c4kz5n2qy7w4m6x8p1rt",
		Conclusion: conclusionView(), Return: returnView(), Reply: writtenView(), Notes: notesView(),
		Hold: &protocol.Hold{
			Rule: "link", Session: "s-2", Person: "Minh",
			Proposed: &protocol.Refusal{Reason: "abusive", NextDoor: "Ban Tiếp công dân"},
		},
		Revisions: []protocol.Revision{{At: at(2), Person: "Lan", Short: "Bao giờ cấp sổ?"}},
	}
}

func conclusionView() *protocol.Conclusion {
	return &protocol.Conclusion{None: true, Agency: "Sở NN&MT", Due: "2022-11-20", Text: "Sở trả lời bằng văn bản.", At: at(4)}
}

func writtenView() *protocol.Written {
	return &protocol.Written{At: at(5), Person: "Minh", Text: "Hồ sơ đã được duyệt.", Document: "12/SNNMT-VP", Public: true}
}

func notesView() []protocol.Note {
	return []protocol.Note{{At: at(4), Person: "Minh", Text: "Đang xác minh."}}
}

func returnView() *protocol.Return {
	return &protocol.Return{At: at(2), Person: "Lan", Text: "Thửa đất ở đâu?", Amended: true}
}

func conferenceView() protocol.Conference {
	return protocol.Conference{
		ID: "hue", Title: "Đối thoại", TitleEn: "Dialogue", State: "open", StartsAt: at(0), Public: true, Demo: true,
		Venues:  []protocol.Place{{ID: "main", Name: "UBND", Main: true, Address: "16 Lê Lợi"}, {ID: "phu-loc", Name: "Phú Lộc"}},
		Topics:  []protocol.Topic{{ID: "land", Name: "Đất đai", NameEn: "Land", Agency: "Sở TN&MT"}},
		Reasons: []protocol.Reason{{Code: "complaint", Text: "Đây là đơn", TextEn: "A complaint", NextDoor: "Ban Tiếp công dân", NextDoorEn: "Reception office", TakesTwo: true}},
		Frozen:  []protocol.Channel{moderation.ChannelZalo},
		Test:    true, Place: "Huế", Agenda: []protocol.AgendaItem{{At: "08:30", Title: "Khai mạc"}},
		Registration: &protocol.Window{OpensAt: at(1), ClosesAt: at(2)},
	}
}

func venueView() protocol.Venue {
	return protocol.Venue{
		ID: "phu-loc", State: floor.StateQueued, Connected: true, HandAt: "2022-10-28T01:00:05Z",
		HandNote: "Về đền bù", SpokenMs: 61_000,
	}
}

func floorView() protocol.Floor {
	return protocol.Floor{
		Main: "main", Holder: "phu-loc", Preview: "a-luoi", GivenAt: "2022-10-28T01:00:06Z", LimitMs: 180_000, Slate: true, Beside: true,
	}
}

func reportView() protocol.LineReport {
	return protocol.LineReport{
		UpBits: 640_000, DownBits: 1_900_000, LossUp: 0.031, LossDown: 0.002, RTTMs: 48, JitterMs: 12, Freezes: 1, FrozenMs: 300,
		WindowMs: 5000, Width: 640, Height: 360, WantedHeight: 720, FPS: 30, Layers: 2, Limited: line.LimitBandwidth,
		Encoder: "OpenH264", Way: line.WayTCP, Level: 61, Camera: "Integrated Camera", Mic: "Jabra SPEAK 510",
		Signs: []protocol.LineSign{line.SignBlack},
	}
}

func lineView() protocol.VenueLine {
	return protocol.VenueLine{
		Venue: "phu-loc", Grade: line.GradeFair, Causes: []protocol.LineCause{line.CauseUpWeak}, Signs: []protocol.LineSign{line.SignSilent},
		UpBits: 640_000, DownBits: 1_900_000, LossUp: 0.031, LossDown: 0.002, RTTMs: 50, JitterMs: 10, FrozenMs: 300,
		Width: 640, Height: 360, WantedHeight: 720, FPS: 30, Layers: 2, Level: 61, Limited: line.LimitBandwidth, Encoder: "OpenH264",
		Way: line.WayTCP, Camera: "Integrated Camera", Mic: "Jabra SPEAK 510", Page: true, StillAtMs: 1_666_918_800_000,
	}
}

// samples has every message with every field set, by golden file.
func samples() map[string]any {
	onAir, ahead, queue := "b3kz5n2qy7w4m6x8p1rt", 3, []string{"b3kz5n2qy7w4m6x8p1rt"}
	q, c, v, f := question(), conferenceView(), venueView(), floorView()
	server := func(typ string, m protocol.ServerMessage) protocol.ServerMessage { m.Type = typ; return m }
	return map[string]any{
		"client.hello": protocol.ClientMessage{Type: "hello", Hello: &protocol.Hello{
			Protocols: []int{1}, Role: "venue", Venue: "phu-loc", Lang: "en", Cursor: "a1b2.7.0011aabb",
			MediaToken: "mnb5vcxzq2wsx3edcrfv4tgbyh",
		}},
		"client.command": protocol.ClientMessage{
			Type: "command", ID: "kW3v0mYt9QeXbN5rLs8aZg", Name: "question.claim", Data: json.RawMessage(`{"id":"x"}`),
		},
		"client.follow":   protocol.ClientMessage{Type: "follow", ID: "f-1", Code: "7KQ2M9XWTBH"},
		"client.unfollow": protocol.ClientMessage{Type: "unfollow", Code: "7KQ2M9XWTBH"},
		"server.welcome": server("welcome", protocol.ServerMessage{Welcome: &protocol.Welcome{
			Protocol: 1, Role: "venue", Venue: "phu-loc", Person: "Lan", Session: "s-1", Resumed: true,
			ServerTime: at(0), Server: "RUN1", Demo: true, Media: true,
		}}),
		"server.snapshot": server("snapshot", protocol.ServerMessage{Snapshot: &protocol.Snapshot{
			Cursor: "a1b2.7.0011aabb", Conference: c, Questions: []protocol.Question{q}, Queue: queue, OnAir: onAir,
			Floor: f, Venues: []protocol.Venue{v}, Votes: map[string]int{onAir: 12},
		}}),
		"server.events": server("events", protocol.ServerMessage{Events: &protocol.Events{
			Prev: "a1b2.7.0011aabb", Cursor: "a1b2.9.2233ccdd", Events: []protocol.Event{{
				Type: "question.aired", V: 1, At: at(9), Question: &q, Gone: "gone-1", Queue: &queue, OnAir: &onAir,
				Venue: &v, Floor: &f, Conference: &c,
			}},
		}}),
		"server.snapshot.absent": server("snapshot", protocol.ServerMessage{Snapshot: &protocol.Snapshot{
			Cursor: "a1b2.7.0011aabb", Conference: c, Questions: []protocol.Question{}, Queue: []string{}, Floor: f,
			Venues: []protocol.Venue{}, Absent: []string{q.ID},
		}}),
		"server.events.absent": server("events", protocol.ServerMessage{Events: &protocol.Events{
			Prev: "a1b2.7.0011aabb", Cursor: "a1b2.8.2233ccdd", Events: []protocol.Event{{
				Type: "question.absent", V: 1, At: at(9), Absent: map[string]bool{q.ID: false, "c4kz5n2qy7w4m6x8p1rt": true},
			}},
		}}),
		"server.standing.absent": server("standing", protocol.ServerMessage{Standing: &protocol.Standing{
			Conference: "hue", Code: "7KQ2M9XWTBH", State: moderation.StateCarriedOver, Body: "Bao giờ cấp sổ?",
			SubmittedAt: at(1), ChangedAt: at(2), Absent: true, Agency: "Sở Tài nguyên và Môi trường",
		}}),
		"server.events.decided": server("events", protocol.ServerMessage{Events: &protocol.Events{
			Prev: "a1b2.7.0011aabb", Cursor: "a1b2.8.2233ccdd", Events: []protocol.Event{{
				Type: "question.refused", V: 1, At: at(9), Question: &protocol.Question{
					ID: q.ID, State: moderation.StateRefused, SubmittedAt: at(1), ChangedAt: at(9),
					Decisions: []protocol.Decision{{At: at(9), Person: "Lan", State: moderation.StateRefused}},
				},
			}},
		}}),
		"server.reply.ok": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			OK: &protocol.OK{Question: q.ID, Code: "7KQ2M9XWTBH", State: moderation.StatePending, Repeated: true, SDP: "v=0\r\n", Similar: []protocol.Likeness{{ID: q.ID, Percent: 87}}},
		}}),
		"server.reply.contact": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			OK: &protocol.OK{Contact: &protocol.Contact{
				State: moderation.StateReturned, Channel: moderation.ChannelDesk, SubmittedAt: at(1), Name: "Bà Hoa",
				Phone: "0912345678", Organisation: "Hợp tác xã Tân Tiến",
			}},
		}}),
		"server.reply.calls": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			OK: &protocol.OK{Calls: &protocol.Calls{Waiting: 1, Called: 1, List: []protocol.Call{
				{ID: q.ID, Code: "7KQ2M-9XWTB-H", Contact: protocol.Contact{
					State: moderation.StatePending, Channel: moderation.ChannelPhone, SubmittedAt: at(1), Phone: "0912345678",
				}},
				{ID: "ffffgggghhhhiiiijjjj", Code: "9XWTB-7KQ2M-H", Contact: protocol.Contact{
					State: moderation.StateReturned, Channel: moderation.ChannelDesk, SubmittedAt: at(2), Name: "Bà Hoa", Phone: "+84912345679",
				}, Made: &protocol.CallMade{At: at(9), Person: "Hương"}},
			}}},
		}}),
		"server.reply.media": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			OK: &protocol.OK{SDP: "v=0\r\n", MediaToken: "mnb5vcxzq2wsx3edcrfv4tgbyh", ICEServers: []protocol.ICEServer{{
				URLs: []string{"turns:hop.example.gov.vn:443?transport=tcp"}, Username: "1666918920:0a1b2c3d4e5f6071", Credential: "c2VjcmV0",
			}}},
		}}),
		"server.reply.error": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			Error: &protocol.Problem{
				Kind: "conflict", Code: "question.already_approved", Message: "Câu này đã được duyệt.", RetryAfterMs: 1500, Question: &q,
			},
		}}),
		"server.reply.challenge": server("reply", protocol.ServerMessage{Reply: &protocol.Reply{
			To: "kW3v0mYt9QeXbN5rLs8aZg",
			Error: &protocol.Problem{
				Kind: "rateLimited", Code: "proof.required", Message: "Máy cần tự giải một phép tính.", RetryAfterMs: 5000,
				Challenge: &protocol.Challenge{
					Algorithm: "SHA-256", Challenge: "c0ffee", MaxNumber: 50_000, Salt: "a1?conference=hue&", Signature: "5e",
				},
			},
		}}),
		"server.standing": server("standing", protocol.ServerMessage{Standing: &protocol.Standing{
			Conference: "hue", Code: "7KQ2M9XWTBH", State: moderation.StateQueued, Body: "bao h cap so do", Text: "Bao giờ cấp sổ?",
			Topic: "land", Venue: "phu-loc", SubmittedAt: at(1), ChangedAt: at(2), Refusal: q.Refusal, Ahead: &ahead,
			Return: returnView(), Conclusion: conclusionView(), OnAirAt: "2022-10-28T01:00:03Z", Reply: writtenView(), Notes: notesView(),
			Into: &protocol.StandIn{ID: "c4kz5n2qy7w4m6x8p1rt", State: moderation.StateQueued, Text: "Bao giờ cấp sổ?"},
		}}),
		"server.standing.replay": server("standing", protocol.ServerMessage{Standing: &protocol.Standing{
			Conference: "hue", Code: "7KQ2M9XWTBH", State: moderation.StateAnswered, Body: "Bao giờ cấp sổ?",
			SubmittedAt: at(1), ChangedAt: at(2), Conclusion: conclusionView(), OnAirAt: "2022-10-28T01:00:03Z", Replay: "b3kz5n2qy7w4m6x8p1rt",
		}}),
		"server.slots": server("slots", protocol.ServerMessage{Slots: &protocol.Slots{
			Slots: []protocol.Slot{{MID: "2", Kind: protocol.SlotVoice, Venue: "main"}, {MID: "3", Kind: protocol.SlotTile}}, Ended: true,
		}}),
		"server.slots.send": server("slots", protocol.ServerMessage{Slots: &protocol.Slots{
			Slots: []protocol.Slot{{MID: "2", Kind: protocol.SlotReturn, Venue: "main", Paused: true}}, Send: []string{"m", "l"},
		}}),
		"server.slots.stage": server("slots", protocol.ServerMessage{Slots: &protocol.Slots{
			Slots: []protocol.Slot{{MID: "8", Kind: protocol.SlotVoice, Stage: true}},
		}}),
		"server.slots.replaced": server("slots", protocol.ServerMessage{Slots: &protocol.Slots{
			Slots: []protocol.Slot{}, Ended: true, Replaced: true,
		}}),
		"server.watermark":   server("watermark", protocol.ServerMessage{Watermark: &protocol.Watermark{Prev: "a1b2.9.2233ccdd", Cursor: "a1b2.10.44ee55ff", Votes: map[string]int{onAir: 12}}}),
		"client.line.report": reportView(),
		"server.lines": server("lines", protocol.ServerMessage{Lines: &protocol.Lines{
			Whole: true, Rows: []protocol.VenueLine{lineView()}, Gone: []string{"a-luoi"},
		}}),
		"server.speaking": server("speaking", protocol.ServerMessage{Speaking: &protocol.Speaking{Now: "main", Loud: []string{"phu-loc"}}}),
		"server.bye":      server("bye", protocol.ServerMessage{Bye: &protocol.Bye{Reason: "draining", RetryAfterMs: 2500}}),
	}
}

// TestGolden: what is on the wire today is what clients in the field were written for.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(sample, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			file := filepath.Join("testdata", "golden", name+".json")
			want, err := os.ReadFile(file)
			if os.IsNotExist(err) && *update {
				want, err = got, os.WriteFile(file, got, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-golden +now):\n%s", file, diff)
			}
			back := reflect.New(reflect.TypeOf(sample))
			decoder := json.NewDecoder(bytes.NewReader(want))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(back.Interface()); err != nil {
				t.Errorf("decode: %v", err)
			}
		})
	}
}

// TestGolden_everyField: no field is forgotten in the samples.
func TestGolden_everyField(t *testing.T) {
	t.Parallel()
	set := map[string]bool{}
	for _, sample := range samples() {
		fields(reflect.ValueOf(sample), set)
	}
	for path, ok := range set {
		if !ok {
			t.Errorf("no sample sets %s", path)
		}
	}
}

func fields(v reflect.Value, set map[string]bool) {
	switch v.Kind() { //nolint:exhaustive // all other kinds have no fields
	case reflect.Pointer:
		if !v.IsNil() {
			fields(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Type().Elem().Kind() == reflect.Struct {
				fields(v.Index(i), set)
			}
		}
	case reflect.Struct:
		if !strings.HasSuffix(v.Type().PkgPath(), "signaling/protocol") {
			return
		}
		for i := range v.NumField() {
			path := v.Type().Name() + "." + v.Type().Field(i).Name
			set[path] = set[path] || !v.Field(i).IsZero()
			fields(v.Field(i), set)
		}
	}
}

// TestLimits: the wire's figures are those of the rules.
func TestLimits(t *testing.T) {
	t.Parallel()
	if protocol.MaxStillBytes != line.MaxStillBytes {
		t.Errorf("wire says %d bytes, internal/line %d", protocol.MaxStillBytes, line.MaxStillBytes)
	}
	if protocol.MaxQuestionRunes != moderation.MaxBodyRunes || protocol.MaxHandNoteRunes != floor.MaxNoteRunes {
		t.Errorf("wire says %d and %d, rules %d and %d", protocol.MaxQuestionRunes, protocol.MaxHandNoteRunes,
			moderation.MaxBodyRunes, floor.MaxNoteRunes)
	}
}
