package main

import (
	"crypto/x509"
	"net"
	netmail "net/mail"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/diemcau/diemcau/internal/mail"
	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/secret"
)

// mailFlags say how people who gave an e-mail address are written to. Without a server nobody
// is, and no page says so.
type mailFlags struct {
	SMTP      string `name:"mail-smtp" help:"Mail server that letters to registered people are given to; without it nobody is written to." placeholder:"HOST:PORT"`
	TLS       string `name:"mail-tls" help:"How the line to it is encrypted: starttls (usually port 587), tls (usually 465), or off." default:"starttls" placeholder:"HOW"`
	CA        string `name:"mail-ca" help:"Certificates its own is signed by, PEM, where that is no public authority." type:"path" placeholder:"FILE"`
	Login     string `name:"mail-login" help:"File with its user in the first line and the password in the second." type:"path" placeholder:"FILE"`
	From      string `name:"mail-from" help:"Whom letters are from, e.g. 'Ban tổ chức đối thoại <doithoai@example.gov.vn>'." placeholder:"ADDRESS"`
	ReplyTo   string `name:"mail-reply-to" help:"Where answers go. Default: --mail-from." placeholder:"ADDRESS"`
	PerMinute int    `name:"mail-per-minute" help:"At most so many letters a minute, of all nodes together." default:"60" placeholder:"N"`
}

const maxPerMinute = 6000

func (m *mailFlags) check(public bool) error {
	if m.SMTP == "" {
		if m.From != "" || m.Login != "" || m.CA != "" || m.ReplyTo != "" {
			return usage("--mail-smtp is missing: it switches letters on")
		}
		return nil
	}
	switch how := mail.Encryption(m.TLS); {
	case how != mail.STARTTLS && how != mail.Implicit && how != mail.Plain:
		return usage("--mail-tls=%s: choose starttls, tls or off", m.TLS)
	case how == mail.Plain && m.Login != "":
		return usage("--mail-login needs --mail-tls: the password would go in the clear")
	case how == mail.Plain && m.CA != "":
		return usage("--mail-tls=off leaves --mail-ca without use")
	case m.From == "":
		return usage("--mail-smtp needs --mail-from")
	case m.PerMinute < 1 || m.PerMinute > maxPerMinute:
		return usage("--mail-per-minute=%d: 1–%d", m.PerMinute, maxPerMinute)
	case !public:
		return usage("--mail-smtp needs --public-url (or --tls-domain): letters lead there")
	}
	if _, _, err := m.place(); err != nil {
		return err
	}
	_, err := m.sender()
	return err
}

func (m *mailFlags) place() (host string, port int, err error) {
	host, number, err := net.SplitHostPort(m.SMTP)
	if err != nil || host == "" {
		return "", 0, usage("--mail-smtp=%s: HOST:PORT", m.SMTP)
	}
	if port, err = strconv.Atoi(number); err != nil || port < 1 || port > 65535 {
		return "", 0, usage("--mail-smtp=%s: HOST:PORT", m.SMTP)
	}
	return host, port, nil
}

func (m *mailFlags) sender() (mail.Sender, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return mail.Sender{}, usage("--mail-from=%s: an address, or 'NAME <ADDRESS>'", m.From)
	}
	if m.ReplyTo != "" {
		if _, err := netmail.ParseAddress(m.ReplyTo); err != nil {
			return mail.Sender{}, usage("--mail-reply-to=%s: an address", m.ReplyTo)
		}
	}
	return mail.Sender{From: *from, ReplyTo: m.ReplyTo}, nil
}

// server returns the mail server; nothing is connected.
func (m *mailFlags) server() (*mail.Server, error) {
	host, port, err := m.place()
	if err != nil {
		return nil, err
	}
	cfg := mail.ServerConfig{Host: host, Port: port, Encryption: mail.Encryption(m.TLS)}
	if m.CA != "" {
		raw, err := os.ReadFile(m.CA)
		if err != nil {
			return nil, usage("--mail-ca: %v", err)
		}
		if cfg.Roots = x509.NewCertPool(); !cfg.Roots.AppendCertsFromPEM(raw) {
			return nil, usage("--mail-ca=%s: no certificate in it (PEM)", m.CA)
		}
	}
	lines, err := secretLines("--mail-login", m.Login)
	if err != nil {
		return nil, err
	}
	cfg.User, cfg.Password = lines[0], lines[1]
	return mail.NewServer(cfg), nil
}

// openMail makes what writes letters; nothing when they are off.
func (a *app) openMail(keys *secret.Keys) error {
	flags := &a.flags.Mail
	if flags.SMTP == "" {
		return nil
	}
	server, err := flags.server()
	if err != nil {
		return err
	}
	sender, err := flags.sender()
	if err != nil {
		return err
	}
	a.post = mail.New(mail.Config{
		Conferences: a.live, Server: server, Sender: sender, Base: a.publicURL, PerMinute: flags.PerMinute,
		Store: a.store.Ephemeral(), Alone: a.flags.Redis == "", Key: keys.Derive("diemcau mail", 32), Now: time.Now, Logger: a.logger,
	})
	return nil
}

// measureMail adds what became of letters: the same on all nodes but what this one has sent.
func (a *app) measureMail(post *mail.Postman) {
	sum := func(count func(outbox.Counts) float64) func() float64 {
		return func() float64 {
			total := 0.0
			for _, info := range a.live.Conferences() {
				if running, err := a.live.Conference(info.ID); err == nil {
					total += count(running.Letters())
				}
			}
			return total
		}
	}
	a.metrics.Gauge("diemcau_mail_due", "Letters that are to be sent.", sum(func(c outbox.Counts) float64 { return float64(c.Due) }))
	a.metrics.Gauge("diemcau_mail_failed", "Letters that are not tried any more.", sum(func(c outbox.Counts) float64 {
		failed := 0
		for _, n := range c.Failed {
			failed += n
		}
		return float64(failed)
	}))
	a.metrics.Gauge("diemcau_mail_oldest_seconds", "Age of the oldest letter that is to be sent; 0: there is none.", a.oldestLetter)
	a.metrics.Gauge("diemcau_mail_trouble", "1 while letters stand still because of the mail server.", func() float64 {
		if post.Stats().Trouble {
			return 1
		}
		return 0
	})
	a.metrics.Counter("diemcau_mail_sent_total", "Letters that this node gave to the mail server since its start.", func() float64 {
		return float64(post.Stats().Sent)
	})
	for _, stage := range outbox.Stages() {
		a.metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "diemcau_mail_refused_total", Help: "Tries of this node to send a letter that came to nothing, by where.",
			ConstLabels: prometheus.Labels{"stage": string(stage)},
		}, func() float64 { return float64(post.Stats().Refused[stage]) }))
	}
}

func (a *app) oldestLetter() float64 {
	age := time.Duration(0)
	for _, info := range a.live.Conferences() {
		running, err := a.live.Conference(info.ID)
		if err != nil {
			continue
		}
		if oldest := running.Letters().Oldest; !oldest.IsZero() {
			age = max(age, time.Since(oldest))
		}
	}
	return age.Seconds()
}
