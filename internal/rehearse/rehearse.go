package rehearse

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Tokens makes or finds the token of a link for a role (venue "" unless the role is
// venue). It may be asked again for the same: a link may be used up without an answer.
type Tokens func(id conference.ID, role conference.Role, venue conference.VenueID) (string, error)

// Config is what a rehearsal needs.
type Config struct {
	URL string // of the server, http(s)://host[:port]
	// Conference to rehearse; "" when only one is open.
	Conference conference.ID
	Venues     int // City Hall included; 0: the record alone
	Citizens   int
	For        time.Duration
	// KeepFloor leaves giving the floor to somebody else; the rehearsal only looks.
	KeepFloor bool
	Tokens    Tokens
	TLS       *tls.Config // nil: the system's authorities
	Network   Network     // nil: this machine's own
	Out       io.Writer   // progress, one line now and then; nil: none
}

// Network is where a rehearsal's connections come from.
type Network interface {
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
}

// own is the network of this machine.
type own struct{}

func (own) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address) //nolint:wrapcheck // stands for it
}

func (own) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return new(net.ListenConfig).ListenPacket(ctx, network, address) //nolint:wrapcheck // stands for it
}

// runPrefix begins every question of a rehearsal.
const runPrefix = "Diễn tập "

// settleWithin is how long what is on its way may take after the last question.
const settleWithin = 30 * time.Second

// rehearsal is one run.
type rehearsal struct {
	cfg        Config
	place      *place
	run        string
	ledger     *ledger
	citizens   []*citizen
	moderators []*moderator
	stage      *socket
	director   *director

	films  *films
	tones  []int
	venues []*venue
}

// Run plays a conference and checks it. The report is complete when err is nil; what was
// not as promised is in its Failures. When ctx ends during the play, the play ends early
// and what it left is checked as ever.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	at, err := findPlace(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer at.transport.CloseIdleConnections()
	run := runPrefix + rand.Text()[:6]
	r := &rehearsal{cfg: cfg, place: at, run: run, ledger: newLedger(run)}
	if cfg.Out == nil {
		r.cfg.Out = io.Discard
	}
	if err := r.staff(ctx); err != nil {
		return nil, err
	}
	if err := r.hire(ctx); err != nil {
		return nil, err
	}
	for range cfg.Citizens {
		r.citizens = append(r.citizens, newCitizen(at, r.ledger))
	}
	report := &Report{Conference: at.info.ID, Server: at.base}
	// Sockets live until everything has been checked, though ctx has ended; not for ever.
	live, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(2*settleWithin, hangUp) })()
	sockets, live := errgroup.WithContext(live)
	r.connect(live, sockets)
	start := time.Now()
	err = r.play(ctx, live, report)
	report.For = min(cfg.For, time.Since(start)).Round(time.Second)
	hangUp()
	// sockets.Wait also waits for the venues, whose counts are complete then.
	if failed := sockets.Wait(); failed != nil {
		return nil, failed
	}
	if err != nil {
		return nil, err
	}
	r.count(&report.Media)
	report.Media.expectTurns = len(r.venues) > 1 && !cfg.KeepFloor && ctx.Err() == nil
	report.Judge()
	return report, nil
}

// count adds up what the venues saw.
func (r *rehearsal) count(m *Media) {
	m.Venues, m.Ways = len(r.venues), map[string]int{}
	var all watchStats
	for _, v := range r.venues {
		v.mu.Lock()
		m.Joins += v.joins
		m.Offers += v.offers
		if v.ready > 0 {
			m.Ready = append(m.Ready, v.ready)
		}
		if v.way != "" {
			m.Ways[v.way]++
			m.Stood = max(m.Stood, v.stood)
		}
		if v.stats.frames == 0 {
			m.Blind++
		}
		all.add(v.stats)
		v.mu.Unlock()
	}
	slices.Sort(m.Ready)
	m.Frames, m.Broken, m.Keyframes, m.Cuts = all.frames, all.broken, all.keyframes, all.cuts
	m.Packets, m.Late, m.Lost = all.packets, all.late, all.lost
}

// staff signs everybody in.
func (r *rehearsal) staff(ctx context.Context) error {
	for range moderators {
		m, err := newModerator(ctx, r.place, r.cfg.Tokens, r.run)
		if err != nil {
			return err
		}
		r.moderators = append(r.moderators, m)
	}
	stage, err := newStage(ctx, r.place, r.cfg.Tokens)
	if err != nil {
		return err
	}
	r.stage = stage
	r.director = &director{socket: stage, run: r.run}
	return nil
}

// sockets returns all of them.
func (r *rehearsal) sockets() []*socket {
	all := []*socket{r.stage}
	for _, m := range r.moderators {
		all = append(all, m.socket)
	}
	for _, v := range r.venues {
		all = append(all, v.socket)
	}
	for _, c := range r.citizens {
		all = append(all, c.socket)
	}
	return all
}

// connect runs all sockets, a few milliseconds apart as people come, and the venues'
// media.
func (r *rehearsal) connect(live context.Context, sockets *errgroup.Group) {
	for i, s := range r.sockets() {
		// Each stops with live.
		sockets.Go(func() error {
			if !pause(live, time.Duration(i)*2*time.Millisecond) {
				return nil
			}
			return s.run(live)
		})
	}
	for _, v := range r.venues {
		// Each stops with live.
		sockets.Go(func() error { return v.run(live) })
		sockets.Go(func() error { return v.consent(live) })
	}
}

// play holds the conference for Config.For, or until ctx ends, and then checks what it left.
func (r *rehearsal) play(ctx, live context.Context, report *Report) error {
	if err := r.allUp(ctx); err != nil {
		return err
	}
	r.say("%d citizens, %d moderators, %d venues and the stage are connected to %s",
		len(r.citizens), len(r.moderators), len(r.venues), r.place.info.ID)
	asking, stopAsking := context.WithTimeout(live, r.cfg.For)
	defer stopAsking()
	defer context.AfterFunc(ctx, stopAsking)()
	work, stopWork := context.WithTimeout(live, r.cfg.For+settleWithin)
	defer stopWork()
	deciding, stopDeciding := context.WithCancel(work)
	defer stopDeciding()

	asked, staff := new(errgroup.Group), new(errgroup.Group)
	every := min(max(r.cfg.For/questionsEach, shortestInterval), longestInterval)
	for _, c := range r.citizens {
		// Stops with asking, at the latest with work.
		asked.Go(func() error { return c.play(asking, work, every) })
	}
	for _, m := range r.moderators {
		// Stops with deciding.
		staff.Go(func() error { return m.play(deciding, work) })
	}
	// Stop with deciding.
	staff.Go(func() error { return r.director.play(deciding, work) })
	staff.Go(func() error { r.progress(deciding); return nil })
	if len(r.venues) > 0 {
		t := &turns{stage: r.stage, venues: r.venues, media: &report.Media}
		// Stops with asking: the last turn is given back.
		asked.Go(func() error {
			if r.cfg.KeepFloor {
				return t.observe(asking)
			}
			return t.play(asking)
		})
	}
	<-asking.Done()
	err := asked.Wait()
	stopDeciding()
	if failed := staff.Wait(); err == nil {
		err = failed
	}
	if live.Err() != nil {
		return fmt.Errorf("rehearse: %w", context.Cause(live))
	}
	if err != nil {
		return err
	}
	r.say("the conference is over; checking the record")
	return r.check(live, report)
}

// allUp waits until every socket had its first welcome.
func (r *rehearsal) allUp(ctx context.Context) error {
	within := time.NewTimer(settleWithin)
	defer within.Stop()
	for _, s := range r.sockets() {
		select {
		case <-s.up:
		case <-within.C:
			return fmt.Errorf("%s: not all sockets were welcomed within %s", r.place.base, settleWithin)
		case <-ctx.Done():
			return fmt.Errorf("connect the sockets: %w", context.Cause(ctx))
		}
	}
	return nil
}

func (r *rehearsal) progress(ctx context.Context) {
	start := time.Now()
	for pause(ctx, 10*time.Second) {
		r.ledger.mu.Lock()
		asked, acked := len(r.ledger.entries), len(r.ledger.latencies)
		r.ledger.mu.Unlock()
		r.say("%3.0f s: %d questions asked, %d acknowledged", time.Since(start).Seconds(), asked, acked)
	}
}

func (r *rehearsal) say(format string, args ...any) {
	_, _ = fmt.Fprintf(r.cfg.Out, format+"\n", args...) // nobody is left to tell
}

// audit takes a moderator's snapshot on a socket that was not there before.
func (r *rehearsal) audit(ctx context.Context) ([]*protocol.Question, error) {
	m, err := newModerator(ctx, r.place, r.cfg.Tokens, r.run)
	if err != nil {
		return nil, err
	}
	var all []*protocol.Question
	err = glance(ctx, m.socket, func(v *view) { all = slices.Collect(maps.Values(v.questions)) })
	return all, err
}

// glance connects a socket, shows f its snapshot, and hangs up.
func glance(ctx context.Context, s *socket, f func(*view)) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	live, stop := context.WithCancel(ctx)
	defer stop()
	running, live := errgroup.WithContext(live)
	// Stops with live.
	running.Go(func() error { return s.run(live) })
	for known := false; !known; {
		changed := s.view.look(func(v *view) {
			if known = v.cursor != ""; known {
				f(v)
			}
		})
		if known {
			break
		}
		select {
		case <-changed:
		case <-live.Done():
			stop()
			if err := running.Wait(); err != nil {
				return err
			}
			return fmt.Errorf("take a snapshot as %s: %w", s.hello.Role, ctx.Err())
		}
	}
	stop()
	return running.Wait()
}
