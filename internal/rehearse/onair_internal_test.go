package rehearse

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// ready waits until the stage knows all venues to be ready.
func (h *house) ready(venues int) {
	h.Helper()
	h.until("all venues are ready", func() bool {
		n := 0
		h.stage.view.look(func(v *view) {
			for _, w := range v.venues {
				if w.State != "" && w.State != floor.StateOffline && w.State != floor.StateConnected {
					n++
				}
			}
		})
		return n == venues
	})
}

// take gives the floor to a venue as a stage manager does: "" is City Hall. It returns when
// the command was sent.
func (h *house) take(id conference.VenueID) time.Time {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), inTime)
	defer cancel()
	order := func(name protocol.CommandName, body any) {
		if _, err := h.stage.command(ctx, name, body, nil); err != nil {
			h.Fatalf("%s: %v", name, err)
		}
	}
	if id == "" || id == venueID(0) {
		at := time.Now()
		order("floor.cityHall", protocol.Nothing{})
		return at
	}
	order("floor.preview", protocol.VenueRef{Venue: string(id)})
	if !pause(ctx, warmUp) {
		h.Fatal("out of time")
	}
	at := time.Now()
	order("floor.give", protocol.FloorGive{Venue: string(id), LimitMs: time.Hour.Milliseconds()})
	return at
}

// file gets a file of the programme by HLS; nil: there is none yet.
func (h *house) file(name string) []byte {
	body, err := h.get("http://" + h.listen + "/live/" + string(houseID) + "/" + name)
	if err != nil {
		return nil
	}
	return []byte(body)
}

// hlsTracks are what the index lists.
var hlsTracks = []string{"v0", "v1", "v2", "sound"}

// saved copies all that the playlists list by now, to be played from the disk, and returns
// the index's path.
func (h *house) saved() string {
	h.Helper()
	dir := h.TempDir()
	index := h.put(dir, "index.m3u8", h.file("index.m3u8"))
	for _, track := range hlsTracks {
		h.saveTrack(dir, track+".m3u8")
	}
	return index
}

// savedTrack does so with one track and returns its path.
func (h *house) savedTrack(name string) string {
	h.Helper()
	return h.saveTrack(h.TempDir(), name)
}

func (h *house) saveTrack(dir, name string) string {
	h.Helper()
	list := h.file(name)
	if !bytes.Contains(list, []byte("ENDLIST")) {
		list = append(list, "#EXT-X-ENDLIST\n"...) // or ffmpeg waits for more
	}
	for line := range strings.Lines(string(list)) {
		line = strings.TrimSpace(line)
		if uri, ok := strings.CutPrefix(line, "#EXT-X-MAP:URI="); ok {
			line = strings.Trim(uri, `"`)
		}
		if line != "" && line[0] != '#' {
			h.put(dir, line, h.file(line))
		}
	}
	return h.put(dir, name, list)
}

func (h *house) put(dir, name string, body []byte) string {
	h.Helper()
	path := filepath.Join(dir, name)
	if len(body) == 0 {
		h.Fatalf("there is no %s", name)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		h.Fatal(err)
	}
	return path
}

// closes closes the conference and waits for its recording.
func (h *house) closes() {
	h.Helper()
	cmd := exec.CommandContext(h.Context(), h.binary, "conference", "close", string(houseID), "--data="+h.data)
	if out, err := cmd.CombinedOutput(); err != nil {
		h.Fatalf("close: %v\n%s", err, out)
	}
	h.until("the recording is shown", func() bool { return bytes.Contains(h.file("v0.m3u8"), []byte("ENDLIST")) })
}

// ffmpeg runs it with a playlist as its input and returns what it wrote; any complaint fails.
func (h *house) ffmpeg(input string, args ...string) []byte {
	h.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(h.Context(), "ffmpeg", append([]string{"-v", "error", "-xerror", "-i", input}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil || problems.Len() > 0 {
		h.Errorf("ffmpeg %s: %v\n%.2000s", filepath.Base(input), err, problems.String())
	}
	return out.Bytes()
}

// decodes lets ffmpeg decode every track of what was saved.
func (h *house) decodes(index string) {
	h.Helper()
	for _, track := range hlsTracks {
		h.ffmpeg(filepath.Join(filepath.Dir(index), track+".m3u8"),
			"-map", "0", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-")
	}
}

// P1's figures.
const (
	mostFreeze = 400 * time.Millisecond // 95 of 100 takes
	mostTake   = 500 * time.Millisecond // likewise
)

// P1: takes among six sources with three encoders, at random times. A WHEP viewer sees one
// stream all the time: one SSRC, no gap, rising timestamps, every picture decodable, and
// is not asked to negotiate. In the soak, where no other test takes the processor away,
// pictures stand still and takes last no longer than was promised. What HLS and the
// recording have decodes without an error.
func TestP1_TakesAmongSixSources(t *testing.T) {
	t.Parallel()
	takes, longest := 20, 1500*time.Millisecond
	if soak() {
		takes, longest = 200, 5*time.Second
	}
	h := newHouse(t, 6)
	at := h.place(h.network)
	for i := range 4 { // pages: x264, three layers, constrained baseline, 15 pictures a second
		h.enter(at, i)
	}
	hummed, err := hum(700)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range []*encoder{
		{every: time.Second / 25, skew: -3 * time.Hour, units: filmed(t,
			"-f", "lavfi", "-i", "testsrc2=s=960x540:r=25:d=2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "main",
			"-preset", "veryfast", "-b:v", "900k", "-g", "50", "-x264-params", "repeat-headers=1:slices=1:aud=0:scenecut=0")},
		{every: time.Second / 30, skew: 90 * time.Second, units: filmed(t,
			"-f", "lavfi", "-i", "mandelbrot=s=1280x720:r=30", "-t", "2", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-profile:v", "high",
			"-preset", "veryfast", "-b:v", "1500k", "-g", "60", "-x264-params", "repeat-headers=1:slices=4:aud=0:scenecut=0")},
	} {
		h.attends(h.prepare(at, 4+i))
		e.venue, e.sound = venueID(4+i), func(n int) []byte { return hummed[n%len(hummed)] }
		h.publish(e)
	}
	h.ready(6)
	v := h.view()
	h.until("the programme is seen and heard", func() bool {
		return v.track(webrtc.RTPCodecTypeVideo) != nil && v.track(webrtc.RTPCodecTypeAudio) != nil &&
			v.track(webrtc.RTPCodecTypeVideo).shows(string(venueID(0)))
	})
	pictures := v.track(webrtc.RTPCodecTypeVideo)
	random := rand.New(rand.NewPCG(5, uint64(takes)))
	cuts := []cutAt{}
	onAir := 0
	for range takes {
		next := random.IntN(5)
		if next >= onAir {
			next++
		}
		onAir = next
		pictures.forget()
		cuts = append(cuts, cutAt{venueID(next), h.take(venueID(next))})
		h.until("the picture of "+string(venueID(next)), func() bool { return pictures.shows(string(venueID(next))) })
		pause(t.Context(), 500*time.Millisecond+rand.N(longest-500*time.Millisecond))
	}
	v.oneStream(takes)
	v.judge(cuts)
	h.decodes(h.saved())
	h.closes()
	h.decodes(h.saved())
}

// cutAt is a take: to whom, and when the stage manager took.
type cutAt struct {
	venue conference.VenueID
	at    time.Time
}

// shown is one picture as a viewer could show it.
type shown struct {
	mark mark
	at   time.Time // its last packet came
}

// pictures returns the pictures as they came. In the soak every one of them must be
// decodable; a machine that stalls for seconds may lose a few for good.
func (v *viewer) pictures() []shown {
	v.Helper()
	var all []shown
	var at time.Time
	w := newWatch(func(m mark) { all = append(all, shown{m, at}) })
	for _, q := range v.track(webrtc.RTPCodecTypeVideo).all() {
		if q.at.After(at) {
			at = q.at // a player shows in order
		}
		w.push(q.SequenceNumber, q.Timestamp, q.Marker, q.Payload, 0)
	}
	if s := w.stats; s.broken > few(s.frames) {
		v.Errorf("%d of %d pictures were not decodable: %d without what they refer to, %d not whole; %d packets lost",
			s.broken, s.frames, s.orphans, s.unfinished, s.lost)
	}
	return all
}

// few is how many of n a machine that stalls may spoil: none in the soak.
func few(n int) int {
	if soak() {
		return 0
	}
	return n / 10
}

// judge tells how long takes lasted and pictures stood still around them.
func (v *viewer) judge(cuts []cutAt) {
	v.Helper()
	all := v.pictures()
	var lasted, froze []time.Duration
	for i, c := range cuts {
		until := c.at.Add(2 * time.Second)
		if i+1 < len(cuts) && cuts[i+1].at.Before(until) {
			until = cuts[i+1].at
		}
		var still, took time.Duration
		for j := 1; j < len(all) && all[j].at.Before(until); j++ {
			if all[j].at.Before(c.at) {
				continue
			}
			still = max(still, all[j].at.Sub(all[j-1].at))
			if took == 0 && all[j].mark.venue == c.venue {
				took = all[j].at.Sub(c.at)
			}
		}
		lasted, froze = append(lasted, took), append(froze, still)
	}
	slices.Sort(lasted)
	slices.Sort(froze)
	middle, p95, last := len(cuts)/2, len(cuts)*95/100, len(cuts)-1
	v.Logf("%d takes: picture after %v median, %v p95, %v slowest; still for %v median, %v p95, %v longest", len(cuts),
		round(lasted[middle]), round(lasted[p95]), round(lasted[last]), round(froze[middle]), round(froze[p95]), round(froze[last]))
	if soak() && (lasted[p95] > mostTake || froze[p95] > mostFreeze) {
		v.Errorf("95 of 100 takes were seen after %v and stood still for %v, want %v and %v", lasted[p95], froze[p95], mostTake, mostFreeze)
	}
}
