package rehearse

import (
	"bytes"
	"context"
	"maps"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/testnet"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// The network tests: the server in one host of an impaired network, City Hall and the
// stage in a second one with a good line, a hall in a third whose line is the test.
const (
	cityHall conference.VenueID = demo.CityHall
	theHall  conference.VenueID = "ba-dinh"

	// repairAtMost is how long a player waits for a lost packet; Chromium gives up after as
	// long (kMaxWaitForFrame).
	repairAtMost = 3 * time.Second

	// inTime is how long a busy machine may take for what must happen.
	inTime = 60 * time.Second
)

// soak reports whether the tests run at their full figures.
func soak() bool { return os.Getenv("DIEMCAU_SOAK") != "" }

// rig is the whole of it.
type rig struct {
	*testing.T

	network *testnet.Net
	binary  string
	data    string
	process *exec.Cmd
	log     bytes.Buffer
	films   *films
	goOn    time.Duration

	stage *socket
	main  *hall
	hall  *hall
}

func newRig(t *testing.T) *rig {
	t.Helper()
	return newRigOf(t, receiveVideos, 0)
}

// newRigOf is newRig with so many slots for pictures in the hall, and players that go on
// with a keyframe so soon (0: only when repair has failed).
func newRigOf(t *testing.T, videos int, goOn time.Duration) *rig {
	t.Helper()
	r := &rig{
		T: t, goOn: goOn, data: t.TempDir(), binary: filepath.Join(t.TempDir(), "diemcau"),
		network: testnet.New(t, testnet.Config{Hosts: []string{"server", "desk", "hall"}, Seed: 4}),
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", r.binary, "github.com/diemcau/diemcau/cmd/diemcau")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("server:\n%s", r.log.String())
		}
	})
	var err error
	if r.films, err = loadFilms(); err != nil {
		t.Fatal(err)
	}
	r.serve()
	t.Cleanup(r.kill)
	live, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	running, live := errgroup.WithContext(live)
	t.Cleanup(func() {
		stop()
		if err := running.Wait(); err != nil {
			t.Error(err)
		}
	})
	at := r.place("desk")
	if r.stage, err = newStage(t.Context(), at, r.tokens()); err != nil {
		t.Fatal(err)
	}
	// Stops with live.
	running.Go(func() error { return r.stage.run(live) })
	r.main = r.enter(live, running, at, entrant{cityHall, 0, receiveVideos})
	r.hall = r.enter(live, running, r.place("hall"), entrant{theHall, 1, videos})
	return r
}

// serve starts the server and waits until it answers.
func (r *rig) serve() {
	r.Helper()
	r.process = exec.CommandContext(context.WithoutCancel(r.Context()), r.binary, "serve", "--demo", "--data="+r.data,
		"--listen=10.77.0.1:8080", "--tls-listen=off", "--metrics-listen=off", "--media-port=7882")
	r.process.Stderr = &r.log
	if err := r.network.Host("server").Start(r.process); err != nil {
		r.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{DialContext: r.network.Host("desk").Dial, DisableKeepAlives: true}}
	r.until("the server is ready", func() bool {
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://10.77.0.1:8080/readyz", http.NoBody)
		if err != nil {
			return false
		}
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// kill is kill -9.
func (r *rig) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

func (r *rig) tokens() Tokens {
	r.Helper()
	return tokensOf(r, r.data)
}

// tokensOf signs with the key of a server's data folder.
func tokensOf(tb testing.TB, data string) Tokens {
	tb.Helper()
	keys, err := secret.Open(filepath.Join(data, "secret"), false)
	if err != nil {
		tb.Fatal(err)
	}
	signer := access.NewSigner(keys)
	return func(id conference.ID, role conference.Role, venue conference.VenueID) (string, error) {
		return signer.Sign(access.Grant{
			ID: access.NewID(), Conference: id, Role: role, Venue: venue, Person: "Diễn tập", Expires: time.Now().Add(3 * time.Hour),
		}), nil
	}
}

// place is the server as seen from a host.
func (r *rig) place(host string) *place {
	r.Helper()
	at, err := findPlace(r.Context(), Config{URL: "http://10.77.0.1:8080", Network: r.network.Host(host)})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(at.transport.CloseIdleConnections)
	return at
}

// entrant is a venue that joins, its number, and how many pictures it takes.
type entrant struct {
	id            conference.VenueID
	index, videos int
}

// enter lets a venue join from where the place is seen.
func (r *rig) enter(live context.Context, running *errgroup.Group, at *place, who entrant) *hall {
	r.Helper()
	part := &rehearsal{cfg: Config{Tokens: r.tokens()}, place: at, tones: []int{toneOf(0, 2), toneOf(1, 2)}, films: r.films}
	v, err := newVenue(live, part, who.id, who.index, who.id == cityHall)
	if err != nil {
		r.Fatal(err)
	}
	v.videos, v.goOn = who.videos, r.goOn
	// Tests of repair want every picture: what the uplink takes is M5's.
	v.pub.whole = r.goOn == 0
	h := newHall(v)
	// Each stops with live.
	running.Go(func() error { return v.socket.run(live) })
	running.Go(func() error { return v.run(live) })
	running.Go(func() error { return v.consent(live) })
	return h
}

// until waits until ok, looking again with every tick; for what nobody announces.
func (r *rig) until(what string, ok func() bool) {
	r.Helper()
	late := time.NewTimer(inTime)
	defer late.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-late.C:
			r.tell()
			r.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// tell logs where everybody stands.
func (r *rig) tell() {
	r.Helper()
	up, down := r.network.Host("hall").Counts()
	r.Logf("the hall's line: up %+v, down %+v", up, down)
	if r.hall == nil {
		return
	}
	v, f := r.venue(theHall)
	r.Logf("the stage sees %+v, %+v", v, f)
	for _, h := range []*hall{r.main, r.hall} {
		h.mu.Lock()
		slots, joins, since := maps.Clone(h.slots), h.joins, h.connectedAt
		h.mu.Unlock()
		h.countsMu.Lock()
		for key, f := range h.frames {
			r.Logf("%s saw %s: %+v", h.id, key, *f)
		}
		h.countsMu.Unlock()
		r.Logf("%s joined %d times, connected since %v, socket %d, slots %v", h.id, joins, since, h.socket.connection(), slots)
	}
}

// order gives a command and wants it to be obeyed.
func (r *rig) order(s *socket, name protocol.CommandName, body any) {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), inTime)
	defer cancel()
	if _, err := s.command(ctx, name, body, nil); err != nil {
		r.Fatalf("%s: %v", name, err)
	}
}

// venue is what the stage knows of a venue.
func (r *rig) venue(id conference.VenueID) (v protocol.Venue, f protocol.Floor) {
	r.stage.view.look(func(w *view) { v, f = w.venues[string(id)], w.floor })
	return v, f
}

// hall is a venue whose every frame and packet of sound is counted.
type hall struct {
	*venue

	countsMu sync.Mutex // guards all below
	frames   map[string]*frames
	sounds   map[string]*sounds
	before   map[string]uint16 // first number of a slot's sound that counts since forget
}

// frames counts what was decodable of one venue's picture in one slot.
type frames struct {
	first, last uint64 // frame numbers of the publisher
	count       int
	layer       int       // of the last one
	at          time.Time // of the last one
}

const maxLate = 256 // packets

// sounds counts the packets of a slot of sound.
type sounds struct {
	first, highest int64
	have           map[int64]bool
}

func newHall(v *venue) *hall {
	v.repair = repairAtMost
	h := &hall{venue: v, frames: map[string]*frames{}, sounds: map[string]*sounds{}, before: map[string]uint16{}}
	v.frame = func(mid string, m mark) {
		h.countsMu.Lock()
		defer h.countsMu.Unlock()
		key := mid + " " + string(m.venue)
		f := h.frames[key]
		if f == nil {
			f = &frames{first: m.frame}
			h.frames[key] = f
		}
		f.last, f.layer, f.at = m.frame, m.layer, time.Now()
		f.count++
	}
	v.sound = func(mid string, q *rtp.Packet) {
		seq16 := q.SequenceNumber
		h.countsMu.Lock()
		defer h.countsMu.Unlock()
		s := h.sounds[mid]
		if s == nil {
			if before, known := h.before[mid]; known && seq16-before > math.MaxUint16-maxLate {
				return // repaired or overtaken: what came after it was counted before
			}
			s = &sounds{first: int64(seq16), highest: int64(seq16), have: map[int64]bool{}}
			h.sounds[mid] = s
		}
		seq := s.highest + int64(int16(seq16-uint16(s.highest)))
		s.highest = max(s.highest, seq)
		s.have[seq] = true
	}
	return h
}

// forget begins the counts anew.
func (h *hall) forget() {
	h.countsMu.Lock()
	defer h.countsMu.Unlock()
	clear(h.frames)
	for mid, s := range h.sounds {
		h.before[mid] = uint16(s.highest) + 1
	}
	clear(h.sounds)
}

// mids returns the slots of a kind that show a venue.
func (h *hall) mids(kind protocol.SlotKind, id conference.VenueID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	for mid, s := range h.slots {
		if s.Kind == kind && s.Venue == string(id) {
			found = append(found, mid)
		}
	}
	return found
}

// picture returns what was seen of a venue in a slot of the kind since forget.
func (h *hall) picture(kind protocol.SlotKind, id conference.VenueID) frames {
	mids := h.mids(kind, id)
	h.countsMu.Lock()
	defer h.countsMu.Unlock()
	var best frames
	for _, mid := range mids {
		if f := h.frames[mid+" "+string(id)]; f != nil && f.count > best.count {
			best = *f
		}
	}
	return best
}

// underway is how many of the last packets of sound may still be repaired.
const underway = int64(repairAtMost / soundTime)

// voice returns how many packets of a venue's voice there are, and how many there were,
// but for those that may still come.
func (h *hall) voice(id conference.VenueID) (got, sent int) {
	mids := h.mids(protocol.SlotVoice, id)
	h.countsMu.Lock()
	defer h.countsMu.Unlock()
	for _, mid := range mids {
		s := h.sounds[mid]
		if s == nil || s.highest-underway <= s.first {
			continue
		}
		for seq := s.first; seq <= s.highest-underway; seq++ {
			if sent++; s.have[seq] {
				got++
			}
		}
	}
	return got, sent
}

// missing is the share of frames between the first and the last that were not decodable.
func (f frames) missing() float64 {
	if f.count == 0 {
		return 1
	}
	// Where one layer takes over from another a picture may come twice.
	return max(0, 1-float64(f.count)/float64(f.last-f.first+1))
}

var _ Network = (*testnet.Host)(nil)
