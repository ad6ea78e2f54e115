package zalo_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/zalo"
)

// FuzzQ6_ZaloBody: no body is anything but a message or a refusal; unsigned it never
// becomes a question, signed only if it is a text message.
func FuzzQ6_ZaloBody(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add([]byte(`{"app_id":"4123","event_name":"user_send_text","sender":{"id":"1"},"message":{"msg_id":"a","text":"Hỏi gì?"},"timestamp":"1764000000000"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := zalo.Parse(body)
		checkParsed(t, m, err)
		d := &desk{}
		handler, err := zalo.NewHandler(zalo.Config{
			AppID: appID, OASecret: secret, Secret: []byte("the installation's secret"), Submitter: d,
			Now: func() time.Time { return m.At }, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		status := func(signature string) int {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, request(t, string(body), signature, ""))
			return w.Code
		}
		if got := status("mac=00"); d.questions() != 0 || (got == http.StatusOK) != (m.Kind == zalo.KindProbe) {
			t.Fatalf("unsigned: %d", got)
		}
		got, question := status(zalo.Sign(appID, body, m.Stamp, secret)), m.Kind == zalo.KindText && m.AppID == appID && m.Stamp != ""
		if (d.questions() == 1) != question || (question && got != http.StatusOK) {
			t.Fatalf("signed: %d, %d questions of %+v", got, d.questions(), m)
		}
	})
}

func checkParsed(t *testing.T, m zalo.Message, err error) {
	t.Helper()
	if err != nil {
		var refusal *conference.Error
		if !errors.As(err, &refusal) || m != (zalo.Message{}) {
			t.Fatalf("got %+v, %v", m, err)
		}
		return
	}
	switch m.Kind {
	case zalo.KindText, zalo.KindOther:
		if m.ID == "" || m.Sender == "" || m.AppID == "" || !utf8.ValidString(m.Text) {
			t.Fatalf("incomplete: %+v", m)
		}
	case zalo.KindProbe:
		if m != (zalo.Message{Kind: zalo.KindProbe}) {
			t.Fatalf("a probe that says something: %+v", m)
		}
	case zalo.KindEvent:
		if m.Event == "" || m.Text != "" {
			t.Fatalf("got %+v", m)
		}
	default:
		t.Fatalf("kind %q", m.Kind)
	}
}
