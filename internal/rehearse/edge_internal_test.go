package rehearse

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
)

// edgeOf starts an edge of the house and waits until the programme is there. What can be
// asked of a house by HTTP can be asked of it.
func (h *house) edgeOf(token string) *house {
	h.Helper()
	e := &house{
		TB: h.TB, binary: h.binary, data: h.TempDir(), listen: freeAddress(h), scrape: freeAddress(h), network: h.network,
		live: h.live, running: h.running,
	}
	e.process = exec.CommandContext(context.WithoutCancel(h.Context()), h.binary, "serve", "--edge-of=http://"+h.listen,
		"--edge-token-file="+token, "--edge-viewers=10", "--data="+e.data,
		"--listen="+e.listen, "--tls-listen=off", "--metrics-listen="+e.scrape, "--media-port="+h.mediaPort())
	e.process.Stderr = &e.log
	if err := e.process.Start(); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		e.kill()
		if h.Failed() {
			h.Logf("edge:\n%s", e.log.String())
		}
	})
	h.until("the edge is ready", func() bool { _, err := e.get("http://" + e.listen + "/readyz"); return err == nil })
	h.until("the edge shows the programme", func() bool { return h.edgeShows(e) })
	return e
}

// edgeShows reports whether the origin knows that an edge has the programme.
func (h *house) edgeShows(e *house) bool {
	text, err := h.get("http://" + h.scrape + "/metrics")
	return err == nil && strings.Contains(text, `diemcau_edge_shows{edge="http://`+e.listen+`"} 1`)
}

// viewAt lets somebody watch who comes to the origin, and tells which edge it was sent to. The
// origin keeps a viewer itself when no edge was heard of lately, as on a machine that stalls.
func (h *house) viewAt(edges ...*house) (*viewer, *house) {
	h.Helper()
	const tries = 5
	for range tries {
		h.until("an edge is known", func() bool { return slices.ContainsFunc(edges, h.edgeShows) })
		v := h.watches(true)
		for _, e := range edges {
			if strings.HasPrefix(v.place, "http://"+e.listen+"/") {
				return v, e
			}
		}
		h.Logf("a viewer is at %s, which is none of the edges", v.place)
	}
	h.Fatal("no viewer is sent to an edge")
	return nil, nil
}

// kill is kill -9.
func (h *house) kill() {
	_ = h.process.Process.Kill() // it may have been killed
	_ = h.process.Wait()         // likewise
}

// edgeToken makes the token of an edge, in a file.
func (h *house) edgeToken() string {
	h.Helper()
	raw, err := exec.CommandContext(h.Context(), h.binary, "edge-token", "--name=thử", "--data="+h.data).Output()
	if err != nil {
		h.Fatal(err)
	}
	path := filepath.Join(h.TempDir(), "token")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		h.Fatal(err)
	}
	return path
}

// numbers returns the last media sequence number of the playlist of the largest picture, and how many
// discontinuities there were from the beginning on.
func (h *house) numbers() (last uint64, breaks int) {
	for line := range strings.Lines(string(h.file("v0.m3u8"))) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		switch {
		case name == "#EXT-X-MEDIA-SEQUENCE":
			last, _ = strconv.ParseUint(value, 10, 64)
			last--
		case name == "#EXT-X-DISCONTINUITY-SEQUENCE":
			n, _ := strconv.Atoi(value)
			breaks += n
		case name == "#EXT-X-DISCONTINUITY":
			breaks++
		case line != "" && line[0] != '#':
			last++
		}
	}
	return last, breaks
}

// goesOn waits until the HLS has some segments more.
func (h *house) goesOn(more uint64) {
	h.Helper()
	from, _ := h.numbers()
	h.until("the playlist goes on", func() bool { last, _ := h.numbers(); return last >= from+more })
}

// mostStill is how long no picture may come when the origin dies: a second passes before
// somebody counts as silent, and the machine is busy with other tests.
const mostStill = 4 * time.Second

// unsteadyAfter is after how long without media a viewer joins anew.
const unsteadyAfter = 3 * time.Second

// P7: two edges of one origin; who comes to the origin is sent to the one with more room. The
// origin is killed: viewers of both see the slate, by WebRTC and HLS, and the programme again
// when it is back, in the stream they have. An edge is killed: its viewer comes to the origin
// again, as the player does, and is sent to the other.
func TestP7_TwoEdges(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	hall := string(venueID(0))
	h.enter(h.place(h.network), 0)
	token := h.edgeToken()
	edges := []*house{h.edgeOf(token), h.edgeOf(token)}
	viewers, at := make([]*viewer, 2), make([]*house, 2)
	viewers[0], at[0] = h.viewAt(edges...)
	viewers[1], at[1] = h.viewAt(edges[1-slices.Index(edges, at[0])]) // which has more room now
	picture := func(v *viewer) *track { return v.track(webrtc.RTPCodecTypeVideo) }
	for _, v := range viewers {
		h.until("the programme", func() bool { return picture(v) != nil && picture(v).shows(hall) })
	}
	for _, e := range edges {
		h.until("the programme by HLS", func() bool { return len(e.file("v0.m3u8")) > 0 })
		e.goesOn(1)
	}

	h.kill()
	killed := time.Now()
	for _, v := range viewers {
		h.until("the slate", picture(v).isStill)
		t.Logf("the origin was killed: no picture for %v at most", picture(v).longest(killed).Round(time.Millisecond))
		if longest := picture(v).longest(killed); longest > mostStill {
			t.Errorf("no picture came for %v", longest)
		}
	}
	breaks := make([]int, len(edges))
	for i, e := range edges {
		e.goesOn(2)
		_, breaks[i] = e.numbers()
		if breaks[i] == 0 {
			t.Error("no discontinuity tells that the slate begins")
		}
	}
	for _, v := range viewers {
		picture(v).forget()
	}
	h.serve()
	back := time.Now()
	for _, v := range viewers {
		h.until("the programme again", func() bool { return picture(v).shows(hall) })
	}
	t.Logf("the origin was ready again: the programme was back after %v", time.Since(back).Round(time.Millisecond))
	for i, e := range edges {
		e.goesOn(2)
		if _, now := e.numbers(); now <= breaks[i] {
			t.Error("no discontinuity tells that the programme is back")
		}
		e.decodes(e.saved())
	}
	for _, v := range viewers {
		v.oneStream(picture(v).count() / 20) // a busy machine loses more on the way through two servers
	}

	h.until("the edges are known to the new origin", func() bool { return h.edgeShows(edges[0]) && h.edgeShows(edges[1]) })
	at[0].kill()
	dead := time.Now()
	h.until("the viewer misses the edge", func() bool { return time.Since(picture(viewers[0]).newest()) > unsteadyAfter })
	moved, left := h.viewAt(at[1])
	h.until("the programme from the other edge", func() bool { return picture(moved) != nil && picture(moved).shows(hall) })
	t.Logf("an edge was killed: its viewer had the programme again after %v", time.Since(dead).Round(time.Millisecond))
	if strings.Contains(left.log.String(), "panic") {
		t.Error("the other edge panicked")
	}
}

// P7: a flash and its beep are together at an edge as they are at the origin, though they
// came in four streams, by the origin's clock, and the sound was mixed twice.
//
//nolint:paralleltest // it is about tens of milliseconds: not beside the other tests of this package
func TestP7_FlashAndBeepStayTogetherAtAnEdge(t *testing.T) {
	const long, rounds = 8 * time.Second, 4
	h := newHouse(t, 1)
	hall := clap(t, 0, 1000)
	h.attends(h.prepare(h.place(h.network), 0))
	hall.venue, hall.from, hall.late = venueID(0), time.Now(), 140*time.Millisecond
	h.publish(hall)
	h.ready(1)
	e := h.edgeOf(h.edgeToken())
	v, _ := h.viewAt(e)
	h.until("the programme is seen and heard", func() bool {
		return v.track(webrtc.RTPCodecTypeVideo) != nil && v.track(webrtc.RTPCodecTypeAudio) != nil &&
			v.track(webrtc.RTPCodecTypeVideo).shows(string(venueID(0)))
	})
	for round := 1; ; round++ {
		pause(t.Context(), long)
		late := func(c claps, where string) bool {
			n, off := c.since(long).apart(t, where)
			return n < int(long/time.Second)/2 || off > n/4
		}
		if !late(v.claps(), "WHEP at an edge") && !late(e.claps(e.saved(), 0), "HLS at an edge") {
			break
		}
		if round == rounds { // a machine that stalls: see P2
			t.Fatalf("flashes are more than %v from their beeps, %d times over", mostApart, rounds)
		}
	}
	v.oneStream(1)
}
