package main

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/workday"
	"github.com/diemcau/diemcau/moderation/screen"
)

// Values of serve's flags that have a meaning of their own.
const (
	flagAuto = "auto"
	flagOff  = "off"

	defaultMetrics = "127.0.0.1:9090"
	demoTLS        = ":8443"
)

type serveCmd struct {
	place

	Listen        string       `help:"Address of plain HTTP." default:":8080" placeholder:"ADDR"`
	TLSListen     string       `help:"Address of HTTPS, or off. auto: :8443 with --demo, :443 with a certificate, else off." default:"auto" name:"tls-listen" placeholder:"ADDR"`
	TLSDomain     string       `help:"Public name to get a certificate for (ACME, Let's Encrypt); --listen must be reachable as port 80." name:"tls-domain" placeholder:"NAME"`
	TLSCert       string       `help:"Certificate chain, PEM." name:"tls-cert" type:"path" placeholder:"FILE"`
	TLSKey        string       `help:"Its key, PEM." name:"tls-key" type:"path" placeholder:"FILE"`
	MediaPort     int          `help:"The one UDP port of all media; 0 takes a free one." default:"7882" placeholder:"PORT"`
	PublicIP      []netip.Addr `help:"Addresses announced for media instead of the interfaces' own." name:"public-ip" placeholder:"IP"`
	PublicTLSPort int          `help:"Port of HTTPS as seen from outside, where another machine passes it on; 0: that of --tls-listen." name:"public-tls-port" placeholder:"PORT"`
	MetricsListen string       `help:"Address of /metrics, or off." default:"127.0.0.1:9090" placeholder:"ADDR"`
	Demo          bool         `help:"Play the land-procedure dialogue of 28/10/2022: seed it once, print reusable links."`

	TrustedProxies    []netip.Prefix `help:"Ranges of the proxies in front, whose X-Forwarded-For and PROXY header are believed." placeholder:"CIDR,…"`
	Limits            float64        `help:"Multiplies the rate limits: 2 is twice as generous, 0 switches them off (load tests)." default:"1" placeholder:"FACTOR"`
	SocketsPerAddress int            `help:"How many sockets one address (IPv6: one /64) may have open." default:"2000" placeholder:"N"`
	Proof             string         `help:"When a question needs a proof of work: auto (while the conference is flooded), always or off." default:"auto" placeholder:"WHEN"`
	Holidays          string         `help:"Holidays of the years in a file (the shape of internal/workday/vietnam.json), in the place of those that come with the program." type:"path" placeholder:"FILE"`
	HoldWords         string         `help:"More words that bring a question to a closer look, one a line; none is ever refused for them." type:"path" placeholder:"FILE"`

	Live liveFlags `embed:"" group:"The programme as HLS, and its recording:"`

	Nodes nodeFlags `embed:"" group:"Several nodes over one Redis:"`

	Edge edgeFlags `embed:"" group:"Edges:"`

	Zalo zaloFlags `embed:"" group:"Zalo:"`

	Codes codeFlags `embed:"" group:"One-time codes:"`

	Mail mailFlags `embed:"" group:"Letters to registered people:"`

	LogLevel slog.Level `help:"debug, info, warn or error." default:"info" placeholder:"LEVEL"`
}

// Run serves until ctx ends (SIGTERM, SIGINT), drains, and returns.
func (s *serveCmd) Run(ctx context.Context, to streams) error {
	if err := s.check(); err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(to.err, &slog.HandlerOptions{Level: s.LogLevel}))
	if s.Edge.Of != "" {
		return s.runEdge(ctx, to, logger)
	}
	app, err := s.open(ctx, to, logger)
	if err != nil {
		return err
	}
	return app.run(ctx)
}

func (s *serveCmd) check() error {
	switch {
	case (s.TLSCert == "") != (s.TLSKey == ""):
		return usage("--tls-cert and --tls-key go together")
	case s.TLSCert != "" && s.TLSDomain != "":
		return usage("--tls-domain gets a certificate by itself: leave --tls-cert and --tls-key out")
	case s.TLSListen == flagOff && (s.TLSCert != "" || s.TLSDomain != ""):
		return usage("--tls-listen=off leaves the certificate without use")
	case s.MediaPort < 0 || s.MediaPort > 65535:
		return usage("--media-port=%d: a port has 0–65535", s.MediaPort)
	case s.PublicTLSPort < 0 || s.PublicTLSPort > 65535:
		return usage("--public-tls-port=%d: a port has 0–65535", s.PublicTLSPort)
	case s.Listen == "" || s.Listen == flagOff:
		return usage("--listen needs an address such as :8080")
	}
	if err := s.checkLimits(); err != nil {
		return err
	}
	if err := s.Live.check(); err != nil {
		return err
	}
	if err := s.Nodes.check(s.Redis != ""); err != nil {
		return err
	}
	if err := s.checkEdge(); err != nil {
		return err
	}
	if err := s.Codes.check(); err != nil {
		return err
	}
	if err := s.Mail.check(s.Nodes.PublicURL != "" || s.TLSDomain != "" || s.Demo); err != nil {
		return err
	}
	if err := s.Zalo.check(); err != nil {
		return err
	}
	return s.checkRedis()
}

func (s *serveCmd) checkLimits() error {
	switch limits.ProofMode(s.Proof) {
	case limits.ProofAuto, limits.ProofAlways, limits.ProofOff:
	default:
		return usage("--proof=%s: choose auto, always or off", s.Proof)
	}
	switch {
	case s.Limits != 0 && (s.Limits < minLimits || s.Limits > maxLimits):
		return usage("--limits=%g: a factor has %g–%g; 0 switches the limits off", s.Limits, minLimits, maxLimits)
	case s.SocketsPerAddress < 1:
		return usage("--sockets-per-address=%d: at least 1", s.SocketsPerAddress)
	}
	return nil
}

// screen returns the rules that ask for a closer look, with the operator's words if there
// are any.
func (s *serveCmd) screen() (func(words string) string, error) {
	var lists []io.Reader
	if s.HoldWords != "" {
		file, err := os.Open(s.HoldWords)
		if err != nil {
			return nil, usage("--hold-words: %v", err)
		}
		defer file.Close() //nolint:errcheck // only read
		lists = append(lists, file)
	}
	rules, err := screen.New(lists...)
	if err != nil {
		return nil, usage("--hold-words=%s: %v", s.HoldWords, err)
	}
	return func(words string) string {
		rule, _ := rules.Check(words)
		return rule
	}, nil
}

// calendar returns the holidays, with the operator's years if there are any.
func (s *serveCmd) calendar() (*workday.Calendar, error) {
	known := workday.Vietnam()
	if s.Holidays == "" {
		return known, nil
	}
	data, err := os.ReadFile(s.Holidays)
	if err != nil {
		return nil, usage("--holidays: %v", err)
	}
	own, err := workday.Parse(data)
	if err != nil {
		return nil, usage("--holidays=%s: %v", s.Holidays, err)
	}
	return known.With(own), nil
}

// What --limits may be: below, a bucket would hold less than one token.
const (
	minLimits = 0.1
	maxLimits = 1000.0
)

// limits returns the limits of HTTP and the socket. On Redis other nodes count with us.
func (s *serveCmd) limits(keys *secret.Keys, ephemeral eventlog.Ephemeral) *limits.Limits {
	return limits.New(limits.Config{
		Now: time.Now, Off: s.Limits == 0, Scale: s.Limits, TrustedProxies: s.TrustedProxies,
		SocketsPerAddress: s.SocketsPerAddress, Proof: limits.ProofMode(s.Proof),
		Key: keys.Derive("diemcau limits", 32), Ephemeral: ephemeral, Shared: s.Redis != "",
	})
}
