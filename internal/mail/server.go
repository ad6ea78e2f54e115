package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/diemcau/diemcau/internal/outbox"
)

// Encryption is how the line to the mail server is kept secret.
type Encryption string

// The kinds of encryption.
const (
	STARTTLS Encryption = "starttls" // RFC 3207; a server without it is not used
	Implicit Encryption = "tls"      // RFC 8314 §3.3
	Plain    Encryption = "off"      // on this machine, or in a network of one's own
)

// Sender is whom letters are from.
type Sender struct {
	From    mail.Address
	ReplyTo string // "": From
}

// ServerConfig is the mail server letters are given to.
type ServerConfig struct {
	Host       string
	Port       int
	Encryption Encryption
	Roots      *x509.CertPool // nil: the system's
	User       string         // "": no login
	Password   string
}

const (
	letterWithin = 20 * time.Second // of one letter, connecting included
	byeWithin    = 3 * time.Second  // of what is asked between letters
	maxOnLine    = 100              // letters of one connection
)

// Server gives letters to a mail server, over one connection as long as it lasts. It is for
// one goroutine.
type Server struct {
	cfg  ServerConfig
	line *line // nil: none
}

// line is an open connection, greeted and logged in.
type line struct {
	conn   net.Conn
	client *smtp.Client
	used   int
}

// NewServer returns a Server; nothing is connected.
func NewServer(cfg ServerConfig) *Server { return &Server{cfg: cfg} }

// trouble is why a letter was not taken.
type trouble struct {
	outbox.Fault

	// begun: the server had been told of the letter.
	begun bool
}

// ours reports whether it is between this installation and its server, and no letter's fault.
func (t *trouble) ours() bool {
	switch t.Stage {
	case outbox.StageConnect, outbox.StageTLS, outbox.StageLogin, outbox.StageSender:
		return true
	case outbox.StageAddress, outbox.StageRecipient, outbox.StageContent, outbox.StageLate:
	}
	return false
}

// permanent reports whether trying again is of no use (RFC 5321 §4.2.1).
func (t *trouble) permanent() bool { return t.Code >= 500 }

// deliver gives a letter to the server. nil: it was taken.
func (s *Server) deliver(ctx context.Context, e *envelope) *trouble {
	ctx, cancel := context.WithTimeout(ctx, letterWithin)
	defer cancel()
	if s.line != nil && !s.line.still() {
		s.close()
	}
	if s.line == nil {
		if t := s.connect(ctx); t != nil {
			return t
		}
	}
	s.line.used++
	// A server that stands still is left when ctx ends.
	hangUp := context.AfterFunc(ctx, func() { _ = s.line.conn.Close() })
	t := s.line.give(e)
	if !hangUp() || t != nil && t.ours() {
		s.close()
	}
	return t
}

// still reports whether another letter can go over the line.
func (l *line) still() bool {
	return l.used < maxOnLine && l.conn.SetDeadline(time.Now().Add(byeWithin)) == nil && l.client.Reset() == nil
}

// close ends the connection.
func (s *Server) close() {
	if s.line == nil {
		return
	}
	if s.line.conn.SetDeadline(time.Now().Add(byeWithin)) == nil {
		_ = s.line.client.Quit() // politeness alone
	}
	_ = s.line.conn.Close()
	s.line = nil
}

// give goes through the transaction of a letter.
func (l *line) give(e *envelope) *trouble {
	if err := l.conn.SetDeadline(time.Now().Add(letterWithin)); err != nil {
		return troubleOf(outbox.StageConnect, err)
	}
	if can, _ := l.client.Extension("SMTPUTF8"); e.unicode && !can {
		return &trouble{Fault: outbox.Fault{Stage: outbox.StageAddress, Code: 553, Status: "5.6.7"}} // RFC 6531 §3.5
	}
	l.client.SkipSMTPUTF8(!e.unicode) // what needs it no further is refused by fewer servers
	if err := l.client.Mail(angled(e.from)); err != nil {
		return begun(troubleOf(outbox.StageSender, err))
	}
	if err := l.client.Rcpt(angled(e.to)); err != nil {
		return begun(troubleOf(outbox.StageRecipient, err))
	}
	data, err := l.client.Data()
	if err != nil {
		return begun(troubleOf(outbox.StageContent, err))
	}
	if _, err := data.Write(e.content); err != nil {
		return begun(troubleOf(outbox.StageContent, err))
	}
	if err := data.Close(); err != nil {
		return begun(troubleOf(outbox.StageContent, err))
	}
	return nil
}

// angled is an address as commands have it (RFC 5321 §4.1.2).
func angled(address string) string { return (&mail.Address{Address: address}).String() }

func begun(t *trouble) *trouble {
	t.begun = true
	return t
}

// connect opens the connection.
func (s *Server) connect(ctx context.Context) *trouble {
	var conn net.Conn
	config := &tls.Config{ServerName: s.cfg.Host, MinVersion: tls.VersionTLS12, RootCAs: s.cfg.Roots}
	options := []gomail.Option{
		gomail.WithPort(s.cfg.Port), gomail.WithTimeout(letterWithin), gomail.WithTLSConfig(config), gomail.WithTLSPolicy(gomail.NoTLS),
		// Dialled here, so that a connection that comes to nothing is closed.
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			dialled, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			conn = dialled
			if s.cfg.Encryption != Implicit {
				return conn, nil
			}
			secure := tls.Client(conn, config)
			return secure, secure.HandshakeContext(ctx)
		}),
	}
	if s.cfg.Encryption == STARTTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.cfg.Encryption == Implicit {
		options = append(options, gomail.WithSSL())
	}
	if s.cfg.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.cfg.User), gomail.WithPassword(s.cfg.Password))
	}
	dialler, err := gomail.NewClient(s.cfg.Host, options...)
	if err != nil {
		return troubleOf(outbox.StageConnect, err)
	}
	client, err := dialler.DialToSMTPClientWithContext(ctx)
	if err != nil {
		if conn != nil {
			_ = conn.Close() // it came to nothing
		}
		return troubleOf(stageOf(err), err)
	}
	s.line = &line{conn: conn, client: client}
	return nil
}

// stageOf tells where connecting ended.
func stageOf(err error) outbox.Stage {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var host x509.HostnameError
	var network net.Error
	refused, said := errors.AsType[*textproto.Error](err)
	switch {
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), errors.As(err, &host):
		return outbox.StageTLS
	case said && (refused.Code/10 == 53 || refused.Code == 454 || refused.Code == 504):
		return outbox.StageLogin
	case said, errors.As(err, &network):
		return outbox.StageConnect
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, net.ErrClosed):
		return outbox.StageConnect
	}
	return unsaid(err)
}

// unsaid is what the library itself found missing: a way to log in, or STARTTLS.
func unsaid(err error) outbox.Stage {
	for _, login := range []error{
		gomail.ErrNoSupportedAuthDiscovered, gomail.ErrPlainAuthNotSupported, gomail.ErrLoginAuthNotSupported, smtp.ErrUnencrypted,
	} {
		if errors.Is(err, login) {
			return outbox.StageLogin
		}
	}
	if strings.Contains(err.Error(), "STARTTLS") {
		return outbox.StageTLS
	}
	return outbox.StageConnect
}

// troubleOf keeps the numbers of what a server said, and not a word.
func troubleOf(stage outbox.Stage, err error) *trouble {
	t := &trouble{Fault: outbox.Fault{Stage: stage}}
	if said, is := errors.AsType[*textproto.Error](err); is {
		t.Code = said.Code
		t.Status = statusOf(said.Msg)
	}
	if (t.Code == goingAway || t.Code == 0) && !t.ours() { // the server, or the line to it
		t.Stage = outbox.StageConnect
	}
	return t
}

const goingAway = 421 // RFC 5321 §3.8

// statusOf returns the enhanced status that an answer begins with (RFC 3463 §2), or "".
func statusOf(said string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(said), " ")
	numbers := strings.Split(first, ".")
	if len(numbers) != 3 || len(first) > len("5.999.999") {
		return ""
	}
	for _, n := range numbers {
		if _, err := strconv.ParseUint(n, 10, 16); err != nil {
			return ""
		}
	}
	return first
}
