package rehearse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/testnet"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// spectator is a WHEP viewer that counts what it is sent.
type spectator struct {
	house    *house
	client   *http.Client
	location string
	patient  bool // asks again until there is an answer, as the player does
	peer     *peer
	readers  sync.WaitGroup
	packets  atomic.Int64
}

// watchHouse joins as a viewer, from a network.
func (h *house) watchHouse(from Network, client *http.Client) *spectator {
	h.Helper()
	s := &spectator{house: h, client: client, peer: &peer{}}
	s.connect(from, func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		s.readers.Add(1)
		defer s.readers.Done()
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			s.packets.Add(1)
		}
	})
	return s
}

// connect joins from a network; take has each stream until the connection is closed.
func (s *spectator) connect(from Network, take func(*webrtc.TrackRemote, *webrtc.RTPReceiver)) {
	h := s.house
	h.Helper()
	var err error
	if s.peer.socket, err = listen(h.Context(), from, hostOf("http://"+h.listen)); err != nil {
		h.Fatal(err)
	}
	api, err := newAPI(s.peer.socket, relayDialer{from, nil}, newUplink())
	if err != nil {
		h.Fatal(err)
	}
	if s.peer.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		h.Fatal(err)
	}
	s.peer.pc.OnTrack(take)
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := s.peer.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			h.Fatal(err)
		}
	}
	if err := s.peer.connect(h.live, func(offer string) (string, error) {
		for {
			answer, at, err := s.ask(http.MethodPost, "/api/v1/conferences/"+string(houseID)+"/whep", offer)
			s.location = at
			if err == nil || !s.patient || !pause(h.live, firstBackOff) {
				return answer, err
			}
		}
	}); err != nil {
		h.Fatal(err)
	}
}

func (s *spectator) ask(method, path, body string) (answer, location string, err error) {
	if !strings.Contains(path, "://") {
		path = "http://" + s.house.listen + path
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(s.house.Context()), method, path, strings.NewReader(body))
	if err != nil {
		return "", "", err
	}
	request.Header.Set("Content-Type", "application/sdp")
	response, err := s.client.Do(request)
	if err != nil {
		return "", "", err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s %s", method, path, response.Status, raw)
	}
	if at, err := response.Location(); err == nil { // of whoever answered, perhaps an edge
		location = at.String()
	}
	return string(raw), location, err
}

// leave ends it as a player does.
func (s *spectator) leave() {
	s.house.Helper()
	if _, _, err := s.ask(http.MethodDelete, s.location, ""); err != nil {
		s.house.Error(err)
	}
	s.peer.close()
	s.readers.Wait()
}

// course is how a figure went: at equal distances.
type course []float64

// window is the mean of one of three equal parts.
func (c course) window(i int) float64 {
	part := c[len(c)*i/3 : len(c)*(i+1)/3]
	sum := 0.0
	for _, v := range part {
		sum += v
	}
	return sum / float64(len(part))
}

// rise is how much it rose over all of it, by the line of least squares.
func (c course) rise() float64 {
	n := float64(len(c))
	var sx, sy, sxx, sxy float64
	for i, v := range c {
		x := float64(i)
		sx, sy, sxx, sxy = sx+x, sy+v, sxx+x*x, sxy+x*v
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx) * (n - 1)
}

// flat wants the last part and the slope to show no growth beyond what is allowed.
func (c course) flat(t *testing.T, what string, allowed float64) {
	t.Helper()
	t.Logf("%s: %.0f, %.0f, %.0f; rises by %.1f in all, allowed are %.0f", what, c.window(0), c.window(1), c.window(2), c.rise(), allowed)
	if more := c.window(2) - c.window(0); more > allowed || c.rise() > 1.5*allowed {
		t.Errorf("%s grew by %.1f from the first part to the last and by %.1f in all, allowed are %.0f", what, more, c.rise(), allowed)
	}
}

// fill brings what has a bound to it: the rings of messages by events, and pion's buffers,
// which keep the size of the largest burst they held, by a server that stands still.
func (h *house) fill(venues int) {
	h.Helper()
	h.ready(venues)
	for i := range 1200 {
		if _, err := h.stage.command(h.Context(), "floor.preview", protocol.VenueRef{Venue: string(venueID(1 + i%2))}, nil); err != nil {
			h.Fatal(err)
		}
	}
	for range 5 {
		for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
			if err := h.process.Process.Signal(signal); err != nil {
				h.Fatal(err)
			}
			pause(h.Context(), time.Second)
		}
	}
}

// M9: venues and viewers over lines that lose 2 %, of whom one after another leaves and
// comes back: the server's goroutines and memory stay as they are (soak: 30 venues and 200
// viewers for half an hour).
func TestM9_GoroutinesAndMemoryStayFlat(t *testing.T) {
	t.Parallel()
	const times = 30
	venues, viewers, warm, every, long := 4, 8, 4*time.Second, 300*time.Millisecond, time.Duration(0)
	goroutines, memory, live := 12.0, 24.0, 12.0 // one that each of 30 viewers leaves behind is too much; MiB
	if soak() {
		// The heap grows to twice of what lives in the first minutes.
		venues, viewers, warm, every, long = 30, 200, 4*time.Minute, time.Second, 30*time.Minute
		goroutines, memory, live = 40, 16, 4
	}
	network := testnet.New(t, testnet.Config{Hosts: []string{"server", "halls", "crowd"}, Seed: 9})
	for _, host := range []string{"halls", "crowd"} {
		network.Host(host).SetBoth(testnet.Line{Loss: 0.02})
	}
	crowd := network.Host("crowd")
	h := newHouse(t, venues+1, func(h *house) {
		h.listen, h.scrape, h.network = "10.77.0.1:8080", "10.77.0.1:9090", crowd
		h.start, h.begin = network.Host("server").Start, network.Host("halls").Start
	})
	var said bytes.Buffer
	h.play(venues, 3*time.Hour, &said, "--no-floor")
	client := &http.Client{Transport: &http.Transport{DialContext: crowd.Dial}, Timeout: inTime}
	t.Cleanup(client.CloseIdleConnections)
	restless := h.enter(h.place(crowd), venues)
	all := make([]*spectator, viewers)
	for i := range all {
		all[i] = h.watchHouse(crowd, client)
	}
	h.until("all are there", func() bool {
		now := h.measure()
		return int(now.sessions) == venues+1 && int(now.viewers) == viewers
	})
	if soak() {
		h.fill(venues + 1)
	}
	pause(t.Context(), warm)
	var threads, bytes, heap course
	start := time.Now()
	for i := 0; i < times || time.Since(start) < long; i++ {
		place := i % viewers
		all[place].leave()
		all[place] = h.watchHouse(crowd, client)
		if i%5 == 0 {
			notify(restless.again)
		}
		pause(t.Context(), every)
		now := h.measure()
		threads, bytes = append(threads, now.goroutines), append(bytes, now.rss/(1<<20))
		heap = append(heap, now.live/(1<<20))
	}
	threads.flat(t, "goroutines", goroutines)
	bytes.flat(t, "MiB resident", memory)
	heap.flat(t, "MiB live", live)
	before := make([]int64, viewers)
	for i, s := range all {
		before[i] = s.packets.Load()
	}
	for i, s := range all {
		h.until("every viewer is sent the programme", func() bool { return s.packets.Load() > before[i]+30 })
	}
	if joins := restless.joinCount(); joins < len(threads)/10 {
		t.Errorf("the restless venue joined %d times only", joins)
	}
	for _, s := range all {
		s.leave()
	}
	h.until("nobody is left", func() bool { return h.measure().viewers == 0 })
}
