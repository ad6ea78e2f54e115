package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/mail"
	"github.com/diemcau/diemcau/internal/oneport"
	"github.com/diemcau/diemcau/internal/onetime"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/internal/workday"
	"github.com/diemcau/diemcau/internal/zalo"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/web"
)

// drainFor is how long the closing of sockets is spread; it bounds how long a stop takes.
const drainFor = 2 * time.Second

// app is one running server: everything that was opened, and what runs it.
type app struct {
	flags  *serveCmd
	to     streams
	logger *slog.Logger

	signer  *access.Signer
	store   eventlog.Store
	live    *live.Node
	media   *sfu.Node
	pages   joins               // how pages get their media
	hls     *livestream.Station // nil: not shown
	lines   *lineKeeper
	nodes   http.Handler // nil: this node is alone
	edges   *edge.Registry
	hub     *signaling.Hub
	gate    *access.Gate
	limits  *limits.Limits
	http    *server.Server
	metrics *server.Metrics
	tally   *tally

	bound        sockets
	listeners    []*server.Listener
	authority    *server.Authority // nil unless this installation signs for itself
	demoRun      string
	holidays     *workday.Calendar
	importSecret []byte
	zalo         *zalo.Handler  // nil when not connected
	codes        *onetime.Codes // nil when nothing can be sent
	post         *mail.Postman  // nil when nobody is written to
}

// open opens everything that can fail: key, log, ports, certificates. Nothing runs yet.
func (s *serveCmd) open(ctx context.Context, to streams, logger *slog.Logger) (*app, error) {
	a := &app{flags: s, to: to, logger: logger, tally: newTally()}
	if err := a.open(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) open(ctx context.Context) error {
	s := a.flags
	keys, err := s.keys(true)
	if err != nil {
		return err
	}
	if a.store, err = s.store(ctx, a.logger); err != nil {
		return err
	}
	if s.Demo {
		a.demoRun = access.NewID()
	}
	a.signer, a.importSecret = access.NewSigner(keys), keys.Derive("diemcau import", 32)
	a.gate = access.New(access.Config{Ephemeral: a.store.Ephemeral(), Keys: keys, Now: time.Now, DemoRun: a.demoRun})
	a.limits = s.limits(keys, a.store.Ephemeral())
	held, err := s.screen()
	if err != nil {
		return err
	}
	if a.holidays, err = s.calendar(); err != nil {
		return err
	}
	a.live = live.New(live.Config{
		Store: a.store, Secret: keys, Logger: a.logger, Now: time.Now, Screen: held,
		Erasures: live.NewErasureFile(filepath.Join(s.Data, "erased")), Letters: s.Mail.SMTP != "",
	})
	if err = a.openMail(keys); err != nil {
		return err
	}
	if a.codes, err = s.codes(keys, a.store.Ephemeral(), a.to, a.logger); err != nil {
		return err
	}
	a.zalo, err = s.Zalo.handler(s.Data, keys, zaloQuestions{
		live: a.live, limits: a.limits,
		conference: conference.ID(s.Zalo.Conference), topic: conference.TopicID(s.Zalo.Topic),
	}, a.logger)
	if err != nil {
		return err
	}
	// The media plane comes last of what can fail: it starts to read when it is made.
	if err := a.bindAll(ctx); err != nil {
		return err
	}
	media := sfu.Config{Logger: a.logger, Now: time.Now, MediaPort: s.MediaPort, PublicIPs: s.PublicIP, TCPPort: s.PublicTLSPort}
	if a.bound.port != nil {
		media.TCP, media.Relay = a.bound.port.Media(), a.bound.port.Relay()
		media.RelayKey = keys.Derive("diemcau turn", 32)
	}
	a.media, err = sfu.New(media) //nolint:contextcheck // the port outlives its opening
	if err != nil {
		return fmt.Errorf("bind the media port (--media-port=%d): %w", s.MediaPort, err)
	}
	if err = a.openHome(keys); err != nil {
		return err
	}
	a.hub = signaling.New(signaling.Config{
		Conference: func(id conference.ID) (signaling.Conference, error) { return a.live.Conference(id) },
		Gate:       a.gate, May: access.May, Media: a.pages, Relay: a.relays(), Lines: a.lines, Limits: a.limits,
		Logger: a.logger, Now: time.Now, DrainFor: drainFor,
	})
	return a.serveHTTP() //nolint:contextcheck // a scrape comes with no context of ours
}

// sockets are the TCP ports, bound; secure and scrape are nil when off.
type sockets struct {
	plain, secure, scrape net.Listener
	certs                 *tls.Config
	acme                  *autocert.Manager
	port                  *oneport.Port // splits secure; nil with it
}

// bindAll binds the TCP ports and finds the certificates.
func (a *app) bindAll(ctx context.Context) error {
	var err error
	if a.bound.plain, err = bind(ctx, a.flags.Listen, "--listen"); err != nil {
		return err
	}
	if a.bound.secure, err = a.bindTLS(ctx); err != nil {
		return err
	}
	if a.bound.secure != nil {
		if a.bound.certs, a.bound.acme, err = a.certificates(); err != nil {
			return err
		}
		front := server.BehindProxies(a.bound.secure, a.flags.TrustedProxies)
		a.bound.port = oneport.New(oneport.Config{Listener: front, TLS: a.bound.certs})
	}
	a.bound.scrape, err = a.bindMetrics(ctx)
	return err
}

// serveHTTP makes the HTTP server that answers on the bound ports.
func (a *app) serveHTTP() error {
	pages, err := web.Dist()
	if err != nil {
		return fmt.Errorf("open the built pages: %w", err)
	}
	a.metrics = server.NewMetrics()
	a.openEdges()
	a.measure()
	var caCert []byte
	if a.authority != nil {
		caCert = a.authority.CertPEM()
	}
	var webhook http.Handler
	if a.zalo != nil {
		webhook = a.zalo
	}
	var letters server.Mail
	if a.post != nil {
		letters = a.post
	}
	var livestream server.Livestream
	var venues server.VenueRecordings
	if a.hls = a.openLivestream(); a.hls != nil {
		a.measureLivestream(a.hls)
		venues = a.hls
		livestream = a.hls
	}
	var codes server.Codes
	if a.codes != nil {
		codes = a.codes
	}
	a.http, err = server.New(server.Config{
		Logger: a.logger.With(slog.String("part", "server")), Now: time.Now, Gate: a.gate, Live: a.live,
		Media: whip{a.media}, Relay: a.relays(), Lines: a.lines, Livestream: livestream, VenueRecordings: venues, Pages: pages, Socket: a.hub.Serve, Limits: a.limits, Metrics: a.metrics,
		Origins: a.origins, CACert: caCert, ImportSecret: a.importSecret, Templates: []conference.Info{demo.Conference()}, Zalo: webhook, Holidays: a.holidays,
		Codes: codes, Mail: letters,
		MediaHome: mediaHome(a.pages.home), Nodes: a.nodes, Peers: a.peerOrigins, Edges: a.edges,
	})
	if err != nil {
		return fmt.Errorf("make the http server: %w", err)
	}
	plain := a.http.Handler()
	if a.bound.acme != nil {
		plain = a.bound.acme.HTTPHandler(server.ToTLS(plain, a.origins()[0]))
	}
	a.listen(plain, a.http.Handler())
	return nil
}

// listen answers on the bound ports: plain over plain HTTP, secure within TLS, and metrics.
func (a *app) listen(plain, secure http.Handler) {
	front := server.BehindProxies(a.bound.plain, a.flags.TrustedProxies)
	a.listeners = append(a.listeners, server.NewListener(front, plain, nil, a.logger))
	if a.bound.port != nil {
		a.listeners = append(a.listeners, server.NewListener(a.bound.port.HTTP(), secure, nil, a.logger))
	}
	if a.bound.scrape != nil {
		a.listeners = append(a.listeners, server.NewListener(a.bound.scrape, a.metrics.Handler(), nil, a.logger))
	}
}

// bindMetrics returns nil when metrics are off.
func (a *app) bindMetrics(ctx context.Context) (net.Listener, error) {
	address := a.flags.MetricsListen
	if address == flagOff || address == "" {
		return nil, nil //nolint:nilnil // off is no fault
	}
	l, err := bind(ctx, address, "--metrics-listen")
	if err != nil && a.flags.Demo && address == defaultMetrics {
		a.logger.WarnContext(ctx, "metrics are off: their port is taken", slog.Any("err", err))
		return nil, nil //nolint:nilnil // the demonstration goes on without
	}
	return l, err
}

// bindTLS returns nil when HTTPS is off.
func (a *app) bindTLS(ctx context.Context) (net.Listener, error) {
	address := a.flags.TLSListen
	auto := address == flagAuto || address == ""
	switch {
	case address == flagOff:
		return nil, nil //nolint:nilnil // off is no fault
	case auto && (a.flags.TLSCert != "" || a.flags.TLSDomain != ""):
		address = ":443"
	case auto && a.flags.Demo:
		address = demoTLS
	case auto:
		return nil, nil //nolint:nilnil // off is no fault
	}
	l, err := bind(ctx, address, "--tls-listen")
	if err != nil && auto && a.flags.Demo && address == demoTLS {
		a.logger.WarnContext(ctx, "https is off: its port is taken", slog.Any("err", err))
		return nil, nil //nolint:nilnil // the demonstration goes on without
	}
	return l, err
}

func bind(ctx context.Context, address, flag string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", flag, address, err)
	}
	return l, nil
}

// certificates returns where HTTPS takes its certificate from: files, ACME, or an
// authority of this installation's own.
func (a *app) certificates() (*tls.Config, *autocert.Manager, error) {
	switch {
	case a.flags.TLSCert != "":
		pair, err := tls.LoadX509KeyPair(a.flags.TLSCert, a.flags.TLSKey)
		if err != nil {
			return nil, nil, fmt.Errorf("read --tls-cert and --tls-key: %w", err)
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil, nil
	case a.flags.TLSDomain != "":
		manager := &autocert.Manager{
			Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(a.flags.TLSDomain),
			Cache: autocert.DirCache(filepath.Join(a.flags.Data, "acme")),
		}
		config := manager.TLSConfig()
		config.MinVersion = tls.VersionTLS12
		return config, manager, nil
	}
	authority, err := server.OpenAuthority(filepath.Join(a.flags.Data, "ca"), time.Now, a.hosts)
	if err != nil {
		return nil, nil, err
	}
	a.authority = authority
	return authority.TLSConfig(), nil, nil
}

// run serves until ctx ends, then drains: not ready, bye to every socket, listeners,
// media, log.
func (a *app) run(ctx context.Context) error {
	defer a.close()
	group, faulty := errgroup.WithContext(context.WithoutCancel(ctx))
	work, stop := context.WithCancel(faulty)
	defer stop()
	parts := []func(context.Context) error{
		a.live.Run, a.media.Run, a.hub.Run, a.http.Run, a.pages.home.Run, a.pages.liaison.Run, a.lines.Run, a.edges.Run,
		newDirector(a.live, a.media, a.pages, a.tally.count, a.logger).Run,
	}
	if a.hls != nil {
		parts = append(parts, a.hls.Run)
	}
	if a.zalo != nil {
		parts = append(parts, a.zalo.Run)
	}
	if a.post != nil {
		parts = append(parts, a.post.Run)
	}
	if a.bound.port != nil {
		parts = append(parts, a.bound.port.Run)
	}
	for _, listener := range a.listeners {
		parts = append(parts, listener.Run)
	}
	for _, part := range parts {
		group.Go(func() error { return part(work) }) // ends with stop
	}
	group.Go(func() error {
		defer stop()
		if err := a.begin(work); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			a.drain(work)
		case <-work.Done():
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	a.logger.InfoContext(ctx, "stopped")
	return nil
}

// begin waits for the log, seeds the demonstration and tells where the server is.
func (a *app) begin(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := ready(within, a.live); err != nil {
		return err
	}
	if a.flags.Demo {
		if err := a.seed(within); err != nil {
			return err
		}
	}
	err := a.flags.tell(running{
		PID: os.Getpid(), URL: a.localURL(), Since: time.Now().UTC(), Demo: a.flags.Demo, Version: version,
	})
	if err != nil {
		return err
	}
	a.http.Started()
	a.logger.InfoContext(ctx, "serving", slog.String("http", a.bound.plain.Addr().String()), slog.String("version", version))
	return a.announce()
}

// drain sends everybody away before anything is taken from them.
func (a *app) drain(ctx context.Context) {
	a.logger.InfoContext(ctx, "draining")
	a.http.Drain()
	within, cancel := context.WithTimeout(ctx, drainFor+3*time.Second)
	defer cancel()
	var letters sync.WaitGroup
	if a.post != nil {
		letters.Go(func() { a.post.Drain(within) }) // ends with the letter on its way, or within
	}
	a.hub.Drain(within)
	letters.Wait()
}

// close releases what open has opened; listeners that never ran included.
func (a *app) close() {
	if err := a.flags.untell(); err != nil {
		a.logger.Warn("note is left behind", slog.Any("err", err))
	}
	for _, l := range []net.Listener{a.bound.plain, a.bound.secure, a.bound.scrape} {
		if l != nil {
			_ = l.Close() // its Listener has closed it, if it ran
		}
	}
	if a.store == nil {
		return
	}
	if err := a.store.Close(); err != nil {
		a.logger.Error("log was not closed well", slog.Any("err", err))
	}
}
