package mailtest

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// User and Password are what a Server that asks for a login wants.
const (
	User     = "hoi-nghi"
	Password = "mat-khau-thu" //nolint:gosec // for tests
)

// hangsAfter is much longer than anything takes on the busiest machine.
const hangsAfter = 2 * time.Minute

// Config is what a Server does.
type Config struct {
	Address  string      // "" : a free one
	TLS      *tls.Config // nil: neither STARTTLS nor implicit TLS
	Implicit bool        // TLS from the first byte
	Login    bool        // nobody sends without
	Unicode  bool        // SMTPUTF8
	// Rcpt and Data may refuse; nil: nothing is refused. They may be called concurrently.
	Rcpt func(to string) error
	Data func(l *Letter) error
}

// Server is a mail server that runs until the test ends, or Close.
type Server struct {
	Address string

	tb      testing.TB
	cfg     Config
	smtp    *smtp.Server
	done    chan struct{}
	arrived chan struct{} // capacity 1: a letter came

	lettersMu sync.Mutex // guards letters, tries
	letters   []*Letter
	tries     int
}

// Letter is one that was taken.
type Letter struct {
	From string
	To   []string
	Raw  []byte
}

// Start starts a server.
func Start(tb testing.TB, cfg Config) *Server {
	tb.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", cfg.Address) //nolint:noctx // closed by Close
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{Address: listener.Addr().String(), tb: tb, cfg: cfg, done: make(chan struct{}), arrived: make(chan struct{}, 1)}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{server: s}, nil }))
	s.smtp.Domain, s.smtp.ErrorLog, s.smtp.EnableSMTPUTF8 = "mail.test", silent{}, cfg.Unicode
	if cfg.Implicit {
		listener = tls.NewListener(listener, cfg.TLS)
	} else {
		s.smtp.TLSConfig = cfg.TLS
	}
	go func() { // ends with Close
		defer close(s.done)
		_ = s.smtp.Serve(listener)
	}()
	tb.Cleanup(s.Close)
	return s
}

// silent is told what goes wrong with connections, which tests break on purpose.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Close ends the server and every connection.
func (s *Server) Close() {
	_ = s.smtp.Close()
	<-s.done
}

// Letters returns what was taken so far.
func (s *Server) Letters() []*Letter {
	s.lettersMu.Lock()
	defer s.lettersMu.Unlock()
	return append([]*Letter(nil), s.letters...)
}

// Tries returns how often a recipient was named.
func (s *Server) Tries() int {
	s.lettersMu.Lock()
	defer s.lettersMu.Unlock()
	return s.tries
}

// Wait returns all letters once there are so many.
func (s *Server) Wait(n int) []*Letter {
	s.tb.Helper()
	hangs := time.NewTimer(hangsAfter)
	defer hangs.Stop()
	for {
		if letters := s.Letters(); len(letters) >= n {
			return letters
		}
		select {
		case <-s.arrived:
		case <-hangs.C:
			s.tb.Fatalf("%d letters came, want %d", len(s.Letters()), n)
		}
	}
}

type session struct {
	server *Server
	letter Letter
	in     bool
}

func (*session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.in = user == User && password == Password; !s.in {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.cfg.Login && !s.in {
		return smtp.ErrAuthRequired
	}
	s.letter = Letter{From: from}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.server.lettersMu.Lock()
	s.server.tries++
	s.server.lettersMu.Unlock()
	s.letter.To = append(s.letter.To, to)
	if s.server.cfg.Rcpt == nil {
		return nil
	}
	return s.server.cfg.Rcpt(to)
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter := s.letter
	letter.Raw = raw
	if s.server.cfg.Data != nil {
		if err := s.server.cfg.Data(&letter); err != nil {
			return err
		}
	}
	s.server.lettersMu.Lock()
	s.server.letters = append(s.server.letters, &letter)
	s.server.lettersMu.Unlock()
	select {
	case s.server.arrived <- struct{}{}:
	default:
	}
	return nil
}

func (*session) Reset()        {}
func (*session) Logout() error { return nil }

// Refuse is an answer of a mail server: the code, the enhanced status, and words that repeat
// the address, as many do.
func Refuse(code int, status smtp.EnhancedCode, to string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: status, Message: "<" + to + ">: not now, " + to}
}

// Part is one part of a letter, decoded.
type Part struct {
	Type, Name string
	Params     map[string]string
	Body       []byte
}

// Open reads a letter as a mail program does: its header, and all its parts.
func (l *Letter) Open(tb testing.TB) (mail.Header, []Part) {
	tb.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(l.Raw))
	if err != nil {
		tb.Fatalf("no message: %v\n%s", err, l.Raw)
	}
	var parts []Part
	if err := open(&parts, message.Header.Get, message.Body); err != nil {
		tb.Fatalf("%v\n%s", err, l.Raw)
	}
	return message.Header, parts
}

func open(parts *[]Part, header func(string) string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil {
		return err
	}
	if strings.HasPrefix(kind, "multipart/") {
		for reader := multipart.NewReader(body, params["boundary"]); ; {
			next, err := reader.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if err := open(parts, next.Header.Get, next); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(header("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	_, disposition, _ := mime.ParseMediaType(header("Content-Disposition"))
	*parts = append(*parts, Part{Type: kind, Name: disposition["filename"], Params: params, Body: raw})
	return nil
}

// Subject returns a header's subject in its own letters.
func Subject(tb testing.TB, header mail.Header) string {
	tb.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		tb.Fatal(err)
	}
	return subject
}
