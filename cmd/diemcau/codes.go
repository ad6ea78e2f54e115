package main

import (
	"log/slog"
	"net"
	"net/smtp"
	"os"
	"regexp"
	"strings"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/onetime"
	"github.com/diemcau/diemcau/internal/secret"
)

// codeFlags say how one-time codes reach a telephone. Without any, conferences that ask for
// one cannot be registered for; with --demo they are printed.
type codeFlags struct {
	Gateway string `name:"codes-gateway" help:"Where one-time codes are posted as JSON {\"phone\",\"text\"}; https." placeholder:"URL"`
	Token   string `name:"codes-token" help:"File with the gateway's bearer token." type:"path" placeholder:"FILE"`
	SMTP    string `name:"codes-smtp" help:"Mail server that brings codes to a gateway of mail to SMS." placeholder:"HOST:PORT"`
	From    string `name:"codes-mail-from" help:"Sender of that mail." placeholder:"ADDRESS"`
	Domain  string `name:"codes-mail-domain" help:"Domain of that gateway: mail goes to NUMBER@DOMAIN." placeholder:"DOMAIN"`
	Login   string `name:"codes-smtp-login" help:"File with the mail server's user in its first line and the password in its second." type:"path" placeholder:"FILE"`

	Countries []string `name:"codes-countries" default:"+84" help:"Beginnings of the numbers that codes are sent to." placeholder:"+84,…"`
	PerHour   int64    `name:"codes-per-hour" default:"2000" help:"Codes an hour to all numbers together; 0: no ceiling."`
	PerDay    int64    `name:"codes-per-day" default:"10000" help:"Codes a day to all numbers together; 0: no ceiling."`
}

func (f *codeFlags) check() error {
	switch {
	case f.Gateway != "" && f.SMTP != "":
		return usage("--codes-gateway and --codes-smtp: choose one")
	case f.SMTP != "" && (f.From == "" || f.Domain == ""):
		return usage("--codes-smtp needs --codes-mail-from and --codes-mail-domain")
	case f.SMTP == "" && (f.From != "" || f.Domain != "" || f.Login != ""):
		return usage("--codes-smtp is missing")
	case f.Gateway == "" && f.Token != "":
		return usage("--codes-gateway is missing")
	case f.PerHour < 0 || f.PerDay < 0:
		return usage("--codes-per-hour, --codes-per-day: 0 (no ceiling) or more")
	}
	for _, country := range f.Countries {
		if !regexp.MustCompile(`^\+[1-9]\d{0,6}$`).MatchString(country) {
			return usage("--codes-countries=%s: beginnings of numbers as +84", country)
		}
	}
	return nil
}

// codes returns what proves telephone numbers; nil when nothing can be sent.
func (s *serveCmd) codes(keys *secret.Keys, store eventlog.Ephemeral, to streams, logger *slog.Logger) (*onetime.Codes, error) {
	sender, err := s.Codes.sender()
	if err != nil {
		return nil, err
	}
	if sender == nil && s.Demo {
		sender = onetime.Console{Out: to.out}
	}
	if sender == nil {
		return nil, nil //nolint:nilnil // not connected is no fault
	}
	return onetime.New(onetime.Config{
		Ephemeral: store, Key: keys.Derive("diemcau one-time codes", 32), Sender: sender, Logger: logger.With(slog.String("part", "onetime")),
		Countries: s.Codes.Countries, PerHour: s.Codes.PerHour, PerDay: s.Codes.PerDay,
	}), nil
}

func (f *codeFlags) sender() (onetime.Sender, error) {
	switch {
	case f.Gateway != "":
		lines, err := secretLines("--codes-token", f.Token)
		if err != nil {
			return nil, err
		}
		gateway, err := onetime.NewGateway(f.Gateway, lines[0])
		if err != nil {
			return nil, usage("--codes-gateway: %v", err)
		}
		return gateway, nil
	case f.SMTP != "":
		host, _, err := net.SplitHostPort(f.SMTP)
		if err != nil {
			return nil, usage("--codes-smtp=%s: HOST:PORT", f.SMTP)
		}
		lines, err := secretLines("--codes-smtp-login", f.Login)
		if err != nil {
			return nil, err
		}
		mail := onetime.Mail{Server: f.SMTP, From: f.From, Domain: f.Domain}
		if lines[0] != "" {
			mail.Auth = smtp.PlainAuth("", lines[0], lines[1], host)
		}
		return mail, nil
	}
	return nil, nil //nolint:nilnil // not connected is no fault
}

// secretLines returns the first two lines of a file; empty ones when there is no file.
func secretLines(flag, path string) (lines [2]string, err error) {
	if path == "" {
		return lines, nil
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return lines, usage("%s: %v", flag, err)
	}
	for i, line := range strings.SplitN(string(raw), "\n", len(lines)+1) {
		if i < len(lines) {
			lines[i] = strings.TrimSpace(line)
		}
	}
	return lines, nil
}
