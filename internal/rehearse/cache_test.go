package rehearse_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// cache is a shared cache as RFC 9111 has it, and no kinder: it stores what says public and
// max-age, for as long, by the address alone. Of those who ask at once for what it has not,
// one is passed on.
type cache struct {
	origin string
	client *http.Client

	mu      sync.Mutex // guards the rest
	stored  map[string]*answer
	fetched map[string]int // requests passed on, by file
}

// answer is what is stored, or on its way.
type answer struct {
	ready  chan struct{} // closed when the rest is set
	status int
	header http.Header
	body   []byte
	until  time.Time
}

func newCache(t *testing.T, origin string) (*cache, string) {
	t.Helper()
	c := &cache{origin: origin, client: &http.Client{}, stored: map[string]*answer{}, fetched: map[string]int{}}
	front := httptest.NewServer(c)
	t.Cleanup(func() {
		front.Close()
		c.client.CloseIdleConnections()
	})
	return c, front.URL
}

// ServeHTTP implements http.Handler.
func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	a := c.stored[r.URL.Path]
	if a == nil || isClosed(a.ready) && !time.Now().Before(a.until) {
		a = &answer{ready: make(chan struct{})}
		c.stored[r.URL.Path] = a
		c.fetched[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]++
		c.mu.Unlock()
		c.fetch(context.WithoutCancel(r.Context()), a, r.URL.Path) // others wait for it too
	} else {
		c.mu.Unlock()
		<-a.ready
	}
	w.Header().Set("Content-Type", a.header.Get("Content-Type"))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a viewer that has left
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// fetch asks the origin.
func (c *cache) fetch(ctx context.Context, a *answer, path string) {
	defer close(a.ready)
	a.status = http.StatusBadGateway
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.origin+path, http.NoBody)
	if err != nil {
		return
	}
	asked := time.Now()
	response, err := c.client.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	a.body, err = io.ReadAll(response.Body)
	if err != nil {
		return
	}
	a.status, a.header = response.StatusCode, response.Header
	a.until = asked.Add(storable(response))
}

// storable is for how long an answer may be given to everybody.
func storable(r *http.Response) time.Duration {
	if r.StatusCode != http.StatusOK || r.Header.Get("Set-Cookie") != "" || r.Header.Get("Vary") != "" {
		return 0
	}
	var age time.Duration
	public := false
	for part := range strings.SplitSeq(r.Header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "public":
			public = true
		case "max-age":
			seconds, _ := strconv.Atoi(value)
			age = time.Duration(seconds) * time.Second
		case "no-cache", "no-store", "private":
			return 0
		}
	}
	if !public {
		return 0
	}
	return age
}

// However many watch behind a cache, the server is asked once for each segment, and for a
// playlist no oftener than once a second.
func TestP5_TheServerIsAskedByTheCacheNotByViewers(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.grows(s.grows(1).first + 4)
	for _, viewers := range []int{10, 150} {
		c, address := newCache(t, "http://"+s.listen)
		a := newAudience(address + "/live/" + demoConference)
		ctx, over := context.WithCancel(t.Context())
		began := time.Now()
		done := make(chan struct{})
		go func() { // ends with ctx
			defer close(done)
			a.run(ctx, viewers)
		}()
		limit := time.After(time.Minute)
		tick := time.NewTicker(100 * time.Millisecond)
		for a.satisfied.Load() < int64(viewers) {
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("of %d viewers %d have what they need; %v", viewers, a.satisfied.Load(), a.faults())
			}
		}
		tick.Stop()
		over()
		<-done
		took := time.Since(began)
		if faults := a.faults(); len(faults) > 0 {
			t.Errorf("%d viewers: %v", viewers, faults)
		}
		total := 0
		for name, n := range c.fetched {
			total += n
			most := 1
			if strings.HasSuffix(name, ".m3u8") {
				most = int(took/time.Second) + 2
			}
			if n > most {
				t.Errorf("%d viewers: the server was asked for %s %d times in %v", viewers, name, n, took)
			}
		}
		t.Logf("%d viewers asked %d times in %v, the server was asked %d times", viewers, a.asked.Load(), took.Round(time.Millisecond), total)
	}
	http.DefaultClient.CloseIdleConnections()
}
