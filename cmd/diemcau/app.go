package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/server"
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
	hub     *signaling.Hub
	gate    *access.Gate
	http    *server.Server
	metrics *server.Metrics
	tally   *tally

	plain, secure, scrape *server.Listener // secure, scrape: nil when off
	authority             *server.Authority
	demoRun               string
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
	a.signer = access.NewSigner(keys)
	a.gate = access.New(access.Config{Ephemeral: a.store.Ephemeral(), Keys: keys, Now: time.Now, DemoRun: a.demoRun})
	a.live = live.New(live.Config{Store: a.store, Secret: keys, Logger: a.logger, Now: time.Now})
	a.media, err = sfu.New(sfu.Config{Logger: a.logger, Now: time.Now, MediaPort: s.MediaPort, PublicIPs: s.PublicIP})
	if err != nil {
		return fmt.Errorf("bind the media port (--media-port): %w", err)
	}
	a.hub = signaling.New(signaling.Config{
		Conference: func(id conference.ID) (signaling.Conference, error) { return a.live.Conference(id) },
		Gate:       a.gate, May: access.May, Media: joins{live: a.live, node: a.media},
		Logger: a.logger, Now: time.Now, DrainFor: drainFor,
	})
	return a.listen(ctx)
}

// listen binds the ports and makes the HTTP server that answers on them.
func (a *app) listen(ctx context.Context) error {
	pages, err := web.Dist()
	if err != nil {
		return fmt.Errorf("open the built pages: %w", err)
	}
	a.metrics = server.NewMetrics()
	a.measure()
	var certs *tls.Config
	plainL, err := bind(ctx, a.flags.Listen, "--listen")
	if err != nil {
		return err
	}
	secureL, err := a.bindTLS(ctx)
	if err != nil {
		return errors.Join(err, plainL.Close())
	}
	var caCert []byte
	var manager *autocert.Manager
	if secureL != nil {
		if certs, manager, err = a.certificates(); err != nil {
			return errors.Join(err, plainL.Close(), secureL.Close())
		}
		if a.authority != nil {
			caCert = a.authority.CertPEM()
		}
	}
	a.http, err = server.New(server.Config{
		Logger: a.logger.With(slog.String("part", "server")), Now: time.Now, Gate: a.gate, Live: a.live,
		Media: whip{a.media}, Pages: pages, Socket: a.hub.Serve, Metrics: a.metrics,
		Origins: func() []string { return a.origins(secureL) }, CACert: caCert,
	})
	if err != nil {
		return err
	}
	plainHandler := a.http.Handler()
	if manager != nil {
		plainHandler = manager.HTTPHandler(server.ToTLS(plainHandler, a.publicOrigin(secureL)))
	}
	a.plain = server.NewListener(plainL, plainHandler, nil, a.logger)
	if secureL != nil {
		a.secure = server.NewListener(secureL, a.http.Handler(), certs, a.logger)
	}
	return a.listenMetrics(ctx)
}

func (a *app) listenMetrics(ctx context.Context) error {
	address := a.flags.MetricsListen
	if address == flagOff || address == "" {
		return nil
	}
	l, err := bind(ctx, address, "--metrics-listen")
	if err != nil {
		if !a.flags.Demo || address != defaultMetrics {
			return err
		}
		a.logger.WarnContext(ctx, "metrics are off: their port is taken", slog.Any("err", err))
		return nil
	}
	a.scrape = server.NewListener(l, a.metrics.Handler(), nil, a.logger)
	return nil
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
		a.live.Run, a.media.Run, a.hub.Run, a.http.Run, newDirector(a.live, a.media, a.tally.count, a.logger).Run, a.plain.Run,
	}
	if a.secure != nil {
		parts = append(parts, a.secure.Run)
	}
	if a.scrape != nil {
		parts = append(parts, a.scrape.Run)
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
	a.logger.Info("stopped")
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
	a.logger.Info("serving", slog.String("http", a.plain.Addr().String()), slog.String("version", version))
	return a.announce()
}

// drain sends everybody away before anything is taken from them.
func (a *app) drain(ctx context.Context) {
	a.logger.Info("draining")
	a.http.Drain()
	within, cancel := context.WithTimeout(ctx, drainFor+3*time.Second)
	defer cancel()
	a.hub.Drain(within)
}

// close releases what open has opened; listeners that never ran included.
func (a *app) close() {
	if err := a.flags.untell(); err != nil {
		a.logger.Warn("note is left behind", slog.Any("err", err))
	}
	if a.store == nil {
		return
	}
	if err := a.store.Close(); err != nil {
		a.logger.Error("log was not closed well", slog.Any("err", err))
	}
}
