package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/sfu"
)

// edgeFlags make this server an edge of another one, or say which edges it takes.
type edgeFlags struct {
	Of        string   `name:"edge-of" help:"Be an edge of the server at this origin: pull its public programmes and give them to viewers by WebRTC and HLS. An edge has no record and no pages." placeholder:"URL"`
	TokenFile string   `name:"edge-token-file" help:"File with the edge's token, which the origin's \"diemcau edge-token\" makes." type:"path" placeholder:"FILE"`
	Viewers   int      `name:"edge-viewers" help:"WebRTC viewers the edge takes; each needs about 2 Mbit/s." default:"500" placeholder:"N"`
	TakeHLS   bool     `name:"edge-hls" help:"Also let the origin send HLS viewers to the edge. Leave it off where a CDN takes them."`
	Allowed   []string `name:"edges" help:"At the origin: the only origins its edges may have. Default: any that has a token." placeholder:"URL,…"`
}

func (s *serveCmd) checkEdge() error {
	e := &s.Edge
	for _, origin := range e.Allowed {
		if !edge.IsOrigin(origin) {
			return usage("--edges=%s: origins such as https://edge.example.org, without a path", origin)
		}
	}
	if e.Of == "" {
		if e.TokenFile != "" || e.TakeHLS {
			return usage("--edge-token-file and --edge-hls need --edge-of")
		}
		return nil
	}
	switch {
	case !edge.IsOrigin(e.Of):
		return usage("--edge-of=%s: an origin such as https://diemcau.example.org, without a path", e.Of)
	case e.TokenFile == "":
		return usage("--edge-of needs --edge-token-file: make the token at the origin with: diemcau edge-token")
	case e.Viewers < 0:
		return usage("--edge-viewers=%d: 0 or more", e.Viewers)
	case s.Demo || s.Redis != "" || len(e.Allowed) > 0 || s.Zalo.App != "":
		return usage("--edge-of: an edge has no record, so --demo, --redis, --edges and --zalo-app are the origin's")
	}
	return nil
}

// edgeApp is a running edge: what an app has of ports, certificates and media, and no record.
type edgeApp struct {
	*app

	link   *edge.Link
	puller *puller
	server *server.Server
	run    string
}

// runEdge serves as an edge until ctx ends.
func (s *serveCmd) runEdge(ctx context.Context, to streams, logger *slog.Logger) error {
	e := &edgeApp{app: &app{flags: s, to: to, logger: logger}, run: access.NewID()}
	defer e.close()
	if err := e.open(ctx); err != nil {
		return err
	}
	return e.serve(ctx)
}

func (e *edgeApp) open(ctx context.Context) error {
	s := e.flags
	raw, err := os.ReadFile(s.Edge.TokenFile)
	if err != nil {
		return usage("--edge-token-file: %v", err)
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	e.limits = limits.New(limits.Config{
		Now: time.Now, Off: s.Limits == 0, Scale: s.Limits, TrustedProxies: s.TrustedProxies,
		SocketsPerAddress: s.SocketsPerAddress, Proof: limits.ProofOff,
	})
	if err := e.bindAll(ctx); err != nil {
		return err
	}
	media := sfu.Config{
		Logger: e.logger, Now: time.Now, MediaPort: s.MediaPort, PublicIPs: s.PublicIP, TCPPort: s.PublicTLSPort,
		MaxViewers: max(1, s.Edge.Viewers), Edge: true,
	}
	if e.bound.port != nil {
		// Only this process checks what it gives out.
		media.TCP, media.Relay, media.RelayKey = e.bound.port.Media(), e.bound.port.Relay(), []byte(rand.Text())
	}
	e.media, err = sfu.New(media) //nolint:contextcheck // the port outlives its opening
	if err != nil {
		return fmt.Errorf("bind the media port (--media-port=%d): %w", s.MediaPort, err)
	}
	e.link = edge.NewLink(edge.LinkConfig{
		Origin: s.Edge.Of, Token: strings.TrimSpace(string(raw)), Self: e.self, Now: time.Now, Logger: e.logger,
	})
	e.puller = newPuller(e.media, e.link, e.logger)
	e.serveProgramme()
	return nil
}

// self is what the origin is told.
func (e *edgeApp) self() edge.Report {
	report := edge.Report{
		Run: e.run, URL: e.publicURL(), Capacity: e.flags.Edge.Viewers, HLS: e.flags.Edge.TakeHLS && e.hls != nil,
		Full: e.media.Full(), Shows: e.puller.shows(),
	}
	for _, stats := range e.media.Stats() {
		report.Viewers += stats.Viewers
	}
	return report
}

// publicURL is where browsers reach this server.
func (a *app) publicURL() string {
	if public := strings.TrimRight(a.flags.Nodes.PublicURL, "/"); public != "" {
		return public
	}
	if origins := a.origins(); len(origins) > 0 && a.flags.TLSDomain != "" {
		return origins[0]
	}
	return a.localURL()
}

// serveProgramme makes the HTTP server and what it shows.
func (e *edgeApp) serveProgramme() {
	e.metrics = server.NewMetrics()
	cfg := server.EdgeConfig{
		Logger: e.logger.With(slog.String("part", "server")), Now: time.Now, Media: whip{e.media}, Relay: e.relays(), Limits: e.limits,
		Metrics: e.metrics, Origin: e.flags.Edge.Of, Conferences: e.link.Conferences, Why: e.link.Why,
	}
	if e.flags.Live.HLS {
		e.hls = livestream.New(livestream.Config{
			Parts: e.flags.Live.LowLatency, Now: time.Now, Conferences: e.link.Conferences, Logger: e.logger,
			Here: func(conference.ID) bool { return true },
			Open: func(info *conference.Info) (livestream.Source, error) {
				return e.media.Plane(info.ID, info.MainVenue()).Tap()
			},
		})
		e.measureLivestream(e.hls)
		cfg.Livestream = e.hls
	}
	e.measure()
	e.server = server.NewEdge(cfg)
	plain := e.server.Handler()
	if e.bound.acme != nil {
		plain = e.bound.acme.HTTPHandler(server.ToTLS(plain, e.origins()[0]))
	}
	e.listen(plain, e.server.Handler())
}

// measure adds what an edge can tell to the metrics.
func (e *edgeApp) measure() {
	e.metrics.Register(newMediaCollector(e.link.Conferences, e.media))
	e.measureLimits()
	e.measureDoor()
	if e.bound.port != nil {
		e.measurePort(e.bound.port)
	}
	e.metrics.Gauge("diemcau_ready", "1 when media is bound and the origin is heard.", func() float64 {
		return yes(e.media.Ready() == nil && e.link.Why() == "")
	})
	e.metrics.Gauge("diemcau_edge_origin_up", "1 while the origin answers this edge.", func() float64 {
		up, _ := e.link.Up()
		return yes(up)
	})
	e.metrics.Gauge("diemcau_edge_programmes", "Programmes that come from the origin now.", func() float64 {
		return float64(len(e.puller.shows()))
	})
	e.metrics.Counter("diemcau_edge_pulls_total", "Times a programme was asked of the origin.", func() float64 {
		return float64(e.puller.asked.Load())
	})
}

func yes(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// serve runs all parts until ctx ends. Viewers come back through the origin, which is told
// that this edge leaves.
func (e *edgeApp) serve(ctx context.Context) error {
	group, faulty := errgroup.WithContext(context.WithoutCancel(ctx))
	work, stop := context.WithCancel(faulty)
	defer stop()
	parts := []func(context.Context) error{e.media.Run, e.link.Run, e.puller.Run, e.sweep}
	if e.hls != nil {
		parts = append(parts, e.hls.Run)
	}
	if e.bound.port != nil {
		parts = append(parts, e.bound.port.Run)
	}
	for _, listener := range e.listeners {
		parts = append(parts, listener.Run)
	}
	for _, part := range parts {
		group.Go(func() error { return part(work) }) // ends with stop
	}
	group.Go(func() error {
		defer stop()
		if err := e.begin(work); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			e.logger.InfoContext(work, "draining")
			e.server.Drain()
		case <-work.Done():
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("serve as an edge: %w", err)
	}
	e.logger.InfoContext(ctx, "stopped")
	return nil
}

// begin tells where the edge is.
func (e *edgeApp) begin(ctx context.Context) error {
	if err := e.flags.tell(running{PID: os.Getpid(), URL: e.localURL(), Since: time.Now().UTC(), Version: version}); err != nil {
		return err
	}
	e.server.Started()
	e.logger.InfoContext(ctx, "serving as an edge", slog.String("http", e.bound.plain.Addr().String()),
		slog.String("origin", e.flags.Edge.Of), slog.String("public", e.publicURL()), slog.String("version", version))
	_, err := fmt.Fprintf(e.to.out, "\nĐiểm Cầu, máy chủ biên của / edge of %s: %s\n", e.flags.Edge.Of, e.publicURL())
	return err
}

// sweep keeps the server's house.
func (e *edgeApp) sweep(ctx context.Context) error {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			e.server.Sweep()
		}
	}
}
