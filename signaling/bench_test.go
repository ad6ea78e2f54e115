package signaling_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
)

// BenchmarkQ9_ApproveToAllScreens measures how long after a moderator begins to approve,
// durable on SQLite included, a question is read by 8,000 sockets; beside it, in the same
// run and over the same sockets, a loop that does nothing but write as many bytes to one
// after the other (want: p99/bare ≤ 1.5). The clients are another process, so that
// KiB/idle is what the server alone has in memory for a socket (want ≤ 8).
func BenchmarkQ9_ApproveToAllScreens(b *testing.B) {
	const sockets = 8000
	if err := mostFiles(); err != nil {
		b.Fatal(err)
	}
	conf := running(b)
	h := newHarness(b, nil, conf)
	raw := &rawConns{}
	h.server.Config.ConnState = raw.note
	h.start()
	before := resident(b)
	screens := startCrowd(b, order{URL: h.address(), Members: sockets})
	idle := float64(resident(b)-before) / sockets / (1 << 10)
	var hub, bare []figures
	round := func(send func()) (f figures) {
		screens.tell("next")
		send()
		screens.hear(&f)
		return f
	}
	for b.Loop() {
		id := submitted(b, conf)
		hub = append(hub, round(func() { approve(b, conf, id) }))
		b.StopTimer()
		bare = append(bare, round(func() { raw.write(b, hub[0].Bytes) }))
		b.StartTimer()
	}
	p99, limit := median(hub, figures.p99), median(bare, figures.p99)
	b.ReportMetric(idle, "KiB/idle")
	b.ReportMetric(median(hub, figures.p50), "p50-ms")
	b.ReportMetric(p99, "p99-ms")
	b.ReportMetric(limit, "bare-p99-ms")
	b.ReportMetric(p99/limit, "p99/bare")
}

// BenchmarkQ8_Sockets measures submissions over 500 real sockets to a hub on SQLite, each
// acknowledged when durable before the next is asked; beside it the same number by as
// many callers of the conference, without sockets. The clients are another process. For
// the sockets time goes 20 times as fast: what one socket may send in a second would
// bound them at 10 questions each.
func BenchmarkQ8_Sockets(b *testing.B) {
	const askers, questions = 500, 5000
	conf := running(b)
	began := time.Now()
	h := serve(b, conf, func(c *signaling.Config) {
		c.Now = func() time.Time { return began.Add(20 * time.Since(began)) }
	})
	crowd := startCrowd(b, order{URL: h.address(), Members: askers, Ask: true})
	var socket, direct []figures
	for b.Loop() {
		var f figures
		crowd.tell(questions)
		crowd.hear(&f)
		socket = append(socket, f)
		b.StopTimer()
		f, err := askAll(askers, questions, func(int) error {
			_, err := conf.Do(b.Context(), conference.Command{
				ID: rand.Text(), Actor: conference.Actor{Role: conference.RoleCitizen}, Body: benchSubmission(),
			})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		direct = append(direct, f)
		b.StartTimer()
	}
	if got := len(conf.Snapshot().Questions); got != 2*questions*len(socket) {
		b.Errorf("questions: got %d, want %d", got, 2*questions*len(socket))
	}
	perSecond := func(rounds []figures) float64 { return questions / median(rounds, figures.took) * 1000 }
	b.ReportMetric(perSecond(socket), "questions/s")
	b.ReportMetric(median(socket, figures.p50), "p50-ms")
	b.ReportMetric(median(socket, figures.p99), "p99-ms")
	b.ReportMetric(perSecond(direct), "direct-questions/s")
	b.ReportMetric(median(direct, figures.p99), "direct-p99-ms")
}

func benchSubmission() live.SubmitQuestion {
	return live.SubmitQuestion{IdempotencyKey: rand.Text(), Body: benchQuestion, Topic: "land", Channel: moderation.ChannelWeb}
}

// resident is the memory this process has, in bytes, with what is only garbage given back.
func resident(tb testing.TB) int64 {
	tb.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// submitted asks a question and lets a moderator claim it.
func submitted(tb testing.TB, conf *live.Conference) conference.QuestionID {
	tb.Helper()
	q := do(tb, conf, conference.Actor{Role: conference.RoleCitizen}, benchSubmission())
	do(tb, conf, benchModerator, moderation.ClaimCard{ID: q.Question})
	return q.Question
}

// approve approves a question with words that tell when.
func approve(tb testing.TB, conf *live.Conference, id conference.QuestionID) {
	tb.Helper()
	do(tb, conf, benchModerator, moderation.Approve{ID: id, Short: benchQuestion + " " + stamp(time.Now())})
}

func do(tb testing.TB, conf *live.Conference, actor conference.Actor, body conference.Body) live.Outcome {
	tb.Helper()
	outcome, err := conf.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
	if err != nil {
		tb.Fatalf("%s: %v", body.CommandType(), err)
	}
	return outcome
}

var benchModerator = conference.Actor{Role: conference.RoleModerator, Session: "m", Person: "Lan"}

// rawConns are the connections below the sockets.
type rawConns struct {
	mu    sync.Mutex // guards conns
	conns []net.Conn
}

func (r *rawConns) note(c net.Conn, state http.ConnState) {
	if state == http.StateHijacked {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.conns = append(r.conns, c)
	}
}

// write writes one message of a size to all, one after the other.
func (r *rawConns) write(tb testing.TB, size int) {
	tb.Helper()
	began := stamp(time.Now())
	text := began + strings.Repeat(" ", size-len(began))
	frame := append([]byte{0x81, 126, byte(size >> 8), byte(size)}, text...) // RFC 6455 §5.2
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		if _, err := c.Write(frame); err != nil {
			tb.Fatal(err)
		}
	}
}

func (f figures) p50() time.Duration  { return f.P50 }
func (f figures) p99() time.Duration  { return f.P99 }
func (f figures) took() time.Duration { return f.Took }

// median is that of all rounds, in ms.
func median(rounds []figures, of func(figures) time.Duration) float64 {
	var all []time.Duration
	for _, f := range rounds {
		all = append(all, of(f))
	}
	slices.Sort(all)
	return float64(all[len(all)/2]) / float64(time.Millisecond)
}
