package onetime_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/onetime"
)

const phone = "+84912345678"

// TestCodes: a code proves its number in its conference and nothing else, until it was
// guessed at too often; neither number nor code is in the store.
func TestCodes(t *testing.T) {
	t.Parallel()
	store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var sent bytes.Buffer
	codes := onetime.New(onetime.Config{Ephemeral: store.Ephemeral(), Key: []byte("0123456789abcdef"), Sender: onetime.Console{Out: &sent}})
	if err := codes.Send(t.Context(), "c", phone, "vi"); err != nil {
		t.Fatal(err)
	}
	line := sent.String()
	if !strings.HasPrefix(line, "DEMO") {
		t.Errorf("not marked: %q", line)
	}
	_, rest, _ := strings.Cut(line, "của bạn là ")
	code, _, _ := strings.Cut(rest, ",")
	if len(code) != 6 {
		t.Fatalf("no code in %q", line)
	}
	check := func(conf, number, code, want string) {
		t.Helper()
		err := codes.Check(t.Context(), "c", number, code)
		if conf == "other" {
			err = codes.Check(t.Context(), "other", number, code)
		}
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("check %s %s: got %v, want %q", conf, number, err, want)
		}
	}
	check("c", phone, "", "verification.needed")
	check("other", phone, code, "verification.wrong")
	check("c", "+84912345679", code, "verification.wrong")
	check("c", phone, "abcdef", "verification.wrong")
	check("c", phone, code, "")
	check("c", phone, code, "") // to mend the form
	for range 4 {
		_ = codes.Check(t.Context(), "c", phone, "abcdef") // guessed
	}
	check("c", phone, "abcdef", "verification.too_many")
	check("c", phone, code, "") // whoever guesses does not take the proof away
}

// TestCodesAreOfANumber: a stranger finds a code that was right by guessing no sooner than a
// new one, and cannot have a telephone rung by one conference after the other.
func TestCodesAreOfANumber(t *testing.T) {
	t.Parallel()
	store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var sent bytes.Buffer
	codes := onetime.New(onetime.Config{Ephemeral: store.Ephemeral(), Key: []byte("0123456789abcdef"), Sender: onetime.Console{Out: &sent}})
	for i := range 6 {
		err := codes.Send(t.Context(), conference.ID("c"+strconv.Itoa(i)), phone, "vi")
		if (err == nil) != (i < 3) {
			t.Errorf("code %d of another conference: %v", i+1, err)
		}
	}
	_, rest, _ := strings.Cut(sent.String(), "của bạn là ")
	code, _, _ := strings.Cut(rest, ",")
	for range 20 { // to mend the form again and again is no guessing
		if err := codes.Check(t.Context(), "c0", phone, code); err != nil {
			t.Fatalf("the right code: %v", err)
		}
	}
	for range 100 {
		_ = codes.Check(t.Context(), "c0", phone, "abcdef")
	}
	if err := codes.Check(t.Context(), "c0", phone, code); err == nil || err.Error() != "verification.too_many" {
		t.Errorf("the 101st guess, a right one: %v", err)
	}
}

func TestGateway(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	var got map[string]string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("got %v, %v", r.Header, err)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	gateway, err := onetime.NewGateway(server.URL, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if err := gateway.Send(t.Context(), phone, "mã 123456"); err != nil || got["phone"] != phone || got["text"] != "mã 123456" {
		t.Errorf("got %v %v", got, err)
	}
	status = http.StatusBadGateway
	if err := gateway.Send(t.Context(), phone, "mã 123456"); err == nil || strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "912345678") {
		t.Errorf("a refusal: %v", err)
	}
	for _, bad := range []string{"", "sms.example.vn", "http://sms.example.vn/send", "ftp://127.0.0.1/"} {
		if _, err := onetime.NewGateway(bad, ""); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed below
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	heard := make(chan string, 1)
	go func() { // ends with the client's QUIT, or the listener
		conn, err := listener.Accept()
		if err != nil {
			heard <- err.Error()
			return
		}
		defer conn.Close()
		var all strings.Builder
		say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
		say("220 test")
		body := false
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			line := lines.Text()
			all.WriteString(line + "\n")
			switch {
			case body && line == ".":
				body = false
				say("250 kept")
			case body:
			case line == "DATA":
				body = true
				say("354 go on")
			case line == "QUIT":
				say("221 bye")
				heard <- all.String()
				return
			default:
				say("250 well")
			}
		}
		heard <- all.String()
	}()
	mail := onetime.Mail{Server: listener.Addr().String(), From: "hoi-nghi@example.vn", Domain: "sms.example.vn"}
	if err := mail.Send(t.Context(), phone, "mã 123456"); err != nil {
		t.Fatal(err)
	}
	all := <-heard
	for _, part := range []string{"RCPT TO:<84912345678@sms.example.vn>", "MAIL FROM:<hoi-nghi@example.vn>", "mã 123456"} {
		if !strings.Contains(all, part) {
			t.Errorf("no %q in %s", part, all)
		}
	}
}
