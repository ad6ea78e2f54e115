package edge_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
)

const place conference.ID = "dat-dai"

// memory is the store of two nodes.
type memory struct {
	mu   sync.Mutex
	held map[string][]byte
	away bool
}

var errAway = errors.New("away")

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errAway
	}
	return m.held[key], nil
}

func (m *memory) CompareAndSet(_ context.Context, key string, old, value []byte, _ time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away || !bytes.Equal(m.held[key], old) {
		return false, nil
	}
	if m.held == nil {
		m.held = map[string][]byte{}
	}
	m.held[key] = value
	return true, nil
}

func registry(store edge.Store, allowed ...string) *edge.Registry {
	return edge.NewRegistry(edge.RegistryConfig{Store: store, Allowed: allowed, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
}

func report(url string, change ...func(*edge.Report)) edge.Report {
	r := edge.Report{Run: "run-of-" + url, URL: url, Capacity: 100, Shows: []conference.ID{place}}
	for _, c := range change {
		c(&r)
	}
	return r
}

func take(t *testing.T, r *edge.Registry, reports ...edge.Report) {
	t.Helper()
	for _, one := range reports {
		if err := r.Report(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	hue  = "https://hue.example.org"
	vinh = "https://vinh.example.org"
)

func TestP7_PickTakesTheEdgeWithRoom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		reports []edge.Report
		want    edge.Want
		picks   string
	}{
		{"nobody is there", nil, edge.Want{Conference: place}, ""},
		{"the emptier one", []edge.Report{report(hue, viewers(50)), report(vinh, viewers(10))}, edge.Want{Conference: place}, vinh},
		{"the emptier one for its size", []edge.Report{report(hue, viewers(50), capacity(1000)), report(vinh, viewers(10))}, edge.Want{Conference: place}, hue},
		{"all are full", []edge.Report{report(hue, viewers(100)), report(vinh, full)}, edge.Want{Conference: place}, ""},
		{"one without room", []edge.Report{report(hue, capacity(0))}, edge.Want{Conference: place}, ""},
		{"another conference", []edge.Report{report(hue)}, edge.Want{Conference: "another"}, ""},
		{"TLS goes to no plain one", []edge.Report{report("http://10.0.0.7:8080")}, edge.Want{Conference: place, Secure: true}, ""},
		{"plain goes to TLS", []edge.Report{report(hue)}, edge.Want{Conference: place}, hue},
		{"HLS only where it is taken", []edge.Report{report(hue), report(vinh, hls, viewers(90))}, edge.Want{Conference: place, HLS: true}, vinh},
		{"HLS has no places", []edge.Report{report(hue, hls, viewers(100), full)}, edge.Want{Conference: place, HLS: true}, hue},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := registry(nil)
			take(t, r, test.reports...)
			if got := r.Pick(test.want); got != test.picks {
				t.Errorf("got %q, want %q", got, test.picks)
			}
		})
	}
}

func viewers(n int) func(*edge.Report)  { return func(r *edge.Report) { r.Viewers = n } }
func capacity(n int) func(*edge.Report) { return func(r *edge.Report) { r.Capacity = n } }
func full(r *edge.Report)               { r.Full = true }
func hls(r *edge.Report)                { r.HLS = true }

// A thousand viewers who come between two reports are shared out, and no edge is sent more
// than it takes.
func TestP7_PickSharesOutARush(t *testing.T) {
	t.Parallel()
	r := registry(nil)
	take(t, r, report(hue, capacity(100)), report(vinh, capacity(300)))
	got := map[string]int{}
	for range 1000 {
		got[r.Pick(edge.Want{Conference: place})]++
	}
	if diff := cmp.Diff(map[string]int{hue: 100, vinh: 300, "": 600}, got); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// An edge that is not heard of is dropped within seconds, one that leaves at once, also by
// the nodes it does not report to.
func TestP7_DeadEdgeIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		here, there := registry(store), registry(store)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{}, 2)
		for _, r := range []*edge.Registry{here, there} {
			go func() { _ = r.Run(ctx); ended <- struct{}{} }()
		}
		picks := func(r *edge.Registry) string { return r.Pick(edge.Want{Conference: place}) }
		take(t, here, report(hue))
		time.Sleep(1500 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		if picks(here) != hue || picks(there) != hue {
			t.Error("the edge is not known to both nodes")
		}
		time.Sleep(2600 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		if picks(here) != "" || picks(there) != "" || len(there.Origins()) != 0 {
			t.Error("an edge that was silent for 4.1 s is still sent viewers")
		}
		take(t, there, report(hue))
		take(t, there, report(hue, func(r *edge.Report) { r.Leaving, r.Run = true, "an older run" }))
		if picks(there) != hue {
			t.Error("an older run of the edge took it away")
		}
		take(t, there, report(hue, func(r *edge.Report) { r.Leaving = true }))
		if picks(there) != "" {
			t.Error("an edge that left is still sent viewers")
		}
		store.away = true
		take(t, here, report(vinh))
		time.Sleep(2 * time.Second) //nolint:forbidigo // the bubble's clock
		if picks(here) != vinh {
			t.Error("while the store is away an edge is not known to the node it reports to")
		}
		cancel()
		<-ended
		<-ended
	})
}

func TestP7_ReportIsRefused(t *testing.T) {
	t.Parallel()
	r := registry(nil, hue)
	for name, test := range map[string]struct {
		report edge.Report
		code   string
	}{
		"a path":         {report(hue + "/x"), "edge.bad_report"},
		"a query":        {report(hue + "?x"), "edge.bad_report"},
		"a directive":    {report("https://x;script-src"), "edge.bad_report"},
		"a scheme":       {report("javascript://x"), "edge.bad_report"},
		"with a user":    {report("https://a@hue.example.org"), "edge.bad_report"},
		"no run":         {report(hue, func(r *edge.Report) { r.Run = "" }), "edge.bad_report"},
		"negative":       {report(hue, viewers(-1)), "edge.bad_report"},
		"too much":       {report(hue, func(r *edge.Report) { r.Shows = make([]conference.ID, edge.MaxShown+1) }), "edge.bad_report"},
		"not allowed":    {report(vinh), "edge.not_allowed"},
		"allowed by all": {report(hue), ""},
	} {
		err := r.Report(t.Context(), test.report)
		var refusal *conference.Error
		if errors.As(err, &refusal); (test.code == "") != (err == nil) || (refusal != nil && refusal.Code != test.code) {
			t.Errorf("%s: got %v, want %q", name, err, test.code)
		}
	}
	if got := r.Origins(); !slices.Equal(got, []string{hue}) {
		t.Errorf("pages may go to %v, want the edge that is allowed", got)
	}
}

// An edge that was taken off the list is sent nobody by the nodes that were restarted since,
// though another one still takes its reports.
func TestP7_EdgeTakenOffTheList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		old, now := registry(store, hue, vinh), registry(store, hue)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- now.Run(ctx) }()
		take(t, old, report(vinh))
		time.Sleep(1500 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		if got := now.Pick(edge.Want{Conference: place}); got != "" || !slices.Equal(now.Origins(), []string{hue}) {
			t.Errorf("a viewer is sent to %q, pages may go to %v", got, now.Origins())
		}
		take(t, old, report(hue))
		time.Sleep(1500 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		if got := now.Pick(edge.Want{Conference: place}); got != hue {
			t.Errorf("a viewer is sent to %q, want the edge that is on the list", got)
		}
		cancel()
		<-ended
	})
}
