package rehearse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/conference"
)

// house is a server with a conference of as many venues as asked for, and its stage; the
// first venue is City Hall.
type house struct {
	testing.TB

	binary, data string
	listen       string // of the pages
	scrape       string // of the metrics
	flags        []string
	network      Network
	start        func(*exec.Cmd) error // the server
	begin        func(*exec.Cmd) error // those who come
	process      *exec.Cmd
	log          journal
	films        *films
	tones        []int
	stage        *socket

	live    context.Context //nolint:containedctx // as long as the test
	running *errgroup.Group
}

const houseID conference.ID = "nha-lon"

func venueID(i int) conference.VenueID { return conference.VenueID(fmt.Sprintf("diem-%03d", i)) }

// newHouse starts the server and opens the conference; the stage is connected.
func newHouse(tb testing.TB, venues int, configure ...func(*house)) *house {
	tb.Helper()
	h := &house{
		TB: tb, data: tb.TempDir(), binary: filepath.Join(tb.TempDir(), "diemcau"), network: own{},
		start: (*exec.Cmd).Start, begin: (*exec.Cmd).Start,
	}
	h.listen, h.scrape = freeAddress(tb), freeAddress(tb)
	for _, c := range configure {
		c(h)
	}
	out, err := exec.CommandContext(tb.Context(), "go", "build", "-o", h.binary, "github.com/diemcau/diemcau/cmd/diemcau").CombinedOutput()
	if err != nil {
		tb.Fatalf("build the server: %v\n%s", err, out)
	}
	h.describe(venues)
	h.serve()
	if h.films, err = loadFilms(); err != nil {
		tb.Fatal(err)
	}
	h.tones = []int{toneOf(0, 2), toneOf(1, 2)}
	live, stop := context.WithCancel(context.WithoutCancel(tb.Context()))
	h.running, h.live = errgroup.WithContext(live)
	tb.Cleanup(func() {
		stop()
		if err := h.running.Wait(); err != nil {
			tb.Error(err)
		}
	})
	at := h.place(h.network)
	if h.stage, err = newStage(tb.Context(), at, h.tokens()); err != nil {
		tb.Fatal(err)
	}
	h.running.Go(func() error { return h.stage.run(h.live) }) // stops with live
	return h
}

// freeAddress is one nobody listens at, by the time it is looked for.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// journal is what a process writes; it may be read meanwhile.
type journal struct {
	mu   sync.Mutex // guards text
	text []byte
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text = append(j.text, b...)
	return len(b), nil
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return string(j.text)
}

// describe makes the conference, in the log itself.
func (h *house) describe(venues int) {
	h.Helper()
	type place struct {
		ID   conference.VenueID `json:"id"`
		Name string             `json:"name"`
		Main bool               `json:"main,omitempty"`
	}
	info := map[string]any{
		"id": houseID, "title": "Hội nghị lớn", "startsAt": "2027-03-01T08:00:00+07:00", "public": true,
		"topics": []map[string]string{{"id": "dat-dai", "name": "Đất đai", "agency": "Sở Tài nguyên và Môi trường"}},
	}
	all := make([]place, venues)
	for i := range all {
		all[i] = place{venueID(i), fmt.Sprintf("Điểm cầu %d", i), i == 0}
	}
	info["venues"] = all
	raw, err := json.Marshal(info)
	if err != nil {
		h.Fatal(err)
	}
	file := filepath.Join(h.data, "conference.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		h.Fatal(err)
	}
	for _, args := range [][]string{{"create", "--file=" + file}, {"open", string(houseID)}} {
		cmd := exec.CommandContext(h.Context(), h.binary, append([]string{"conference"}, append(args, "--data="+h.data)...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			h.Fatalf("conference %s: %v\n%s", args[0], err, out)
		}
	}
}

// serve starts the server and waits until it answers.
func (h *house) serve() {
	h.Helper()
	h.process = exec.CommandContext(context.WithoutCancel(h.Context()), h.binary, append([]string{
		"serve", "--data=" + h.data,
		"--listen=" + h.listen, "--tls-listen=off", "--metrics-listen=" + h.scrape, "--media-port=" + h.mediaPort(),
	}, h.flags...)...)
	h.process.Stderr = &h.log
	if err := h.start(h.process); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		_ = h.process.Process.Kill()
		_ = h.process.Wait()
		if h.Failed() {
			h.Logf("server:\n%s", h.log.String())
		}
	})
	h.until("the server is ready", func() bool { _, err := h.get("http://" + h.listen + "/readyz"); return err == nil })
}

func (h *house) mediaPort() string {
	_, port, err := net.SplitHostPort(freeAddress(h)) // of TCP; as likely free for UDP
	if err != nil {
		h.Fatal(err)
	}
	return port
}

func (h *house) get(url string) (string, error) {
	client := http.Client{Transport: &http.Transport{DialContext: h.network.Dial, DisableKeepAlives: true}, Timeout: dialWithin}
	request, err := http.NewRequestWithContext(h.live0(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, response.Status)
	}
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func (h *house) live0() context.Context { return context.WithoutCancel(h.Context()) }

func (h *house) tokens() Tokens {
	h.Helper()
	return tokensOf(h, h.data)
}

// place is the server as seen from somewhere.
func (h *house) place(from Network) *place {
	h.Helper()
	at, err := findPlace(h.Context(), Config{URL: "http://" + h.listen, Network: from})
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(at.transport.CloseIdleConnections)
	return at
}

// enter lets the i-th venue join from where the place is seen.
func (h *house) enter(at *place, i int) *venue {
	h.Helper()
	v := h.prepare(at, i)
	h.begins(v)
	return v
}

// prepare signs the i-th venue in.
func (h *house) prepare(at *place, i int) *venue {
	h.Helper()
	part := &rehearsal{cfg: Config{Tokens: h.tokens()}, place: at, tones: h.tones, films: h.films}
	v, err := newVenue(h.Context(), part, venueID(i), i%len(h.tones), i == 0)
	if err != nil {
		h.Fatal(err)
	}
	return v
}

// begins lets a venue join with all it has.
func (h *house) begins(v *venue) {
	h.attends(v)
	h.running.Go(func() error { return v.run(h.live) }) // stops with live
}

// attends lets a venue's page join without media: an encoder sends for it.
func (h *house) attends(v *venue) {
	// Both stop with live.
	h.running.Go(func() error { return v.socket.run(h.live) })
	h.running.Go(func() error { return v.consent(h.live) })
}

// play lets the rehearsal of the binary play here, with as many venues; it ends with the
// test or after a time, and prints what it found to out.
func (h *house) play(venues int, length time.Duration, out io.Writer, more ...string) *exec.Cmd {
	h.Helper()
	args := append([]string{
		"rehearse", "http://" + h.listen, "--data=" + h.data, "--citizens=0",
		fmt.Sprintf("--venues=%d", venues), "--for=" + length.String(),
	}, more...)
	cmd := exec.CommandContext(context.WithoutCancel(h.Context()), h.binary, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := h.begin(cmd); err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // likewise
	})
	return cmd
}

// until waits until ok, looking again with every tick; for what nobody announces.
func (h *house) until(what string, ok func() bool) {
	h.Helper()
	late := time.NewTimer(inTime)
	defer late.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-late.C:
			h.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// size is what the server's process takes.
type size struct {
	cpu        float64 // seconds since its start
	goroutines float64
	rss        float64 // bytes
	live       float64 // bytes the last collection left
	sessions   float64
	viewers    float64
	packets    float64 // received and sent, since its start
}

// measure reads the metrics.
func (h *house) measure() size {
	h.Helper()
	text, err := h.get("http://" + h.scrape + "/metrics")
	for more := 5; err != nil && more > 0; more-- { // a machine at its limit may be late once
		text, err = h.get("http://" + h.scrape + "/metrics")
	}
	if err != nil {
		h.Fatal(err)
	}
	sum := func(name string) (n float64) {
		for line := range strings.Lines(text) {
			rest, ok := strings.CutPrefix(line, name)
			if !ok || (rest[0] != ' ' && rest[0] != '{') {
				continue
			}
			fields := strings.Fields(line)
			value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			if err != nil {
				h.Fatal(err)
			}
			n += value
		}
		return n
	}
	return size{
		cpu: sum("process_cpu_seconds_total"), goroutines: sum("go_goroutines"), rss: sum("process_resident_memory_bytes"),
		live:     sum("go_gc_heap_live_bytes"),
		sessions: sum("diemcau_media_sessions"), viewers: sum("diemcau_media_viewers"),
		packets: sum("diemcau_media_packets_received_total") + sum("diemcau_media_packets_sent_total"),
	}
}
