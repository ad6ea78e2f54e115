package onetime_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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

// configured is what codes need, with a sender that writes to out.
func configured(store *sqlitelog.Store, out io.Writer) onetime.Config {
	return onetime.Config{
		Ephemeral: store.Ephemeral(), Key: []byte("0123456789abcdef"), Sender: onetime.Console{Out: out},
		Logger: slog.New(slog.DiscardHandler), Countries: []string{"+84"},
	}
}

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
	codes := onetime.New(configured(store, &sent))
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
	codes := onetime.New(configured(store, &sent))
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

// TestCodesHaveACeiling: all nodes together send no more codes than may be paid for, to
// however many numbers; who asked in vain is counted, and the log tells it once.
func TestCodesHaveACeiling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		perHour, perDay  int64
		sent, over, told int
	}{
		{"an hour", 5, 100, 5, 7, 1},
		{"a day", 100, 5, 5, 7, 1},
		{"none", 0, 0, 12, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			var sent, log bytes.Buffer
			config := configured(store, &sent)
			config.PerHour, config.PerDay, config.Logger = c.perHour, c.perDay, slog.New(slog.NewTextHandler(&log, nil))
			nodes := []*onetime.Codes{onetime.New(config), onetime.New(config)}
			refused := 0
			for i := range 12 {
				err := nodes[i%2].Send(t.Context(), "c", fmt.Sprintf("+8491234%04d", i), "vi")
				if err != nil && err.Error() != "verification.exhausted: "+strings.TrimPrefix(strings.TrimPrefix(c.name, "an "), "a ") {
					t.Errorf("code %d: %v", i+1, err)
				}
				if err != nil {
					refused++
				}
			}
			a, b := nodes[0].Counts(), nodes[1].Counts()
			if n := strings.Count(sent.String(), "DEMO"); n != c.sent || refused != c.over || int(a.Sent+b.Sent) != c.sent || int(a.Ceiling+b.Ceiling) != c.over {
				t.Errorf("%d sent and %d refused, counted as %+v and %+v, want %d and %d", n, refused, a, b, c.sent, c.over)
			}
			if told := strings.Count(log.String(), "level=ERROR"); told != c.told || strings.Contains(log.String(), "91234") {
				t.Errorf("told %d times, want %d: %s", told, c.told, &log)
			}
		})
	}
}

// TestCodesOfCountries: no code goes to a number of another country, and asking for one costs
// nothing of the ceiling.
func TestCodesOfCountries(t *testing.T) {
	t.Parallel()
	store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var sent bytes.Buffer
	config := configured(store, &sent)
	config.PerHour, config.Countries = 2, []string{"+84", "+856"}
	codes := onetime.New(config)
	for _, c := range []struct{ phone, want string }{
		{"+8801712345678", "verification.country: +84 +856"},
		{"+447700900123", "verification.country: +84 +856"},
		{"+840", ""},
		{"+85620123456", ""},
		{phone, "verification.exhausted: hour"},
	} {
		err := codes.Send(t.Context(), "c", c.phone, "en")
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%s: got %v, want %q", c.phone, err, c.want)
		}
	}
	if got := codes.Counts(); got.Country != 2 || got.Sent != 2 || strings.Contains(sent.String(), "+44") {
		t.Errorf("counted %+v, sent %s", got, &sent)
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
