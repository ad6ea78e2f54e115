package rehearse_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// audience are players of the smallest variant: each reads the playlists of picture and sound
// every two seconds, and gets what is new.
type audience struct {
	base      string // of the conference's addresses, without a slash at the end
	client    *http.Client
	asked     atomic.Int64 // requests
	bytes     atomic.Int64
	satisfied atomic.Int64 // viewers who have had enoughSegments
	wrongMu   sync.Mutex   // guards wrong
	wrong     []string
}

const (
	reload         = 2 * time.Second
	enoughSegments = 6 // three of the picture, three of the sound
)

func newAudience(base string) *audience {
	const idle = 20_000
	return &audience{base: base, client: &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{MaxIdleConns: idle, MaxIdleConnsPerHost: idle, DisableCompression: true},
	}}
}

// run lets n viewers watch until ctx ends; they come within one reload.
func (a *audience) run(ctx context.Context, n int) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { // ends with ctx
			if pause(ctx, reload*time.Duration(i)/time.Duration(n)) {
				a.watch(ctx)
			}
		})
	}
	wg.Wait()
	a.client.CloseIdleConnections()
}

// pause waits; false: ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// watch is one viewer.
func (a *audience) watch(ctx context.Context) {
	seen := map[string]bool{}
	got := 0
	for {
		for _, track := range []string{"v2", "sound"} {
			segments := listed(a.get(ctx, track+".m3u8"))
			if len(seen) == 0 && len(segments) > 3 { // it begins near the end
				segments = segments[len(segments)-3:]
			}
			for _, name := range segments {
				if seen[name] || ctx.Err() != nil {
					continue
				}
				seen[name] = true
				if len(a.get(ctx, name)) > 0 {
					if got++; got == enoughSegments {
						a.satisfied.Add(1)
					}
				}
			}
		}
		if !pause(ctx, reload) {
			return
		}
	}
}

// listed are the segments of a playlist.
func listed(playlist []byte) []string {
	var all []string
	for line := range strings.Lines(string(playlist)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// get asks for a file; nil: it could not be had, which is noted unless the viewer was leaving.
func (a *audience) get(ctx context.Context, name string) []byte {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/"+name, http.NoBody)
	if err != nil {
		a.note(err.Error())
		return nil
	}
	a.asked.Add(1)
	response, err := a.client.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			a.note(err.Error())
		}
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	a.bytes.Add(int64(len(body)))
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		a.note(err.Error())
		return nil
	case response.StatusCode != http.StatusOK:
		a.note(fmt.Sprintf("%s: %s", name, response.Status))
		return nil
	}
	return body
}

func (a *audience) note(what string) {
	a.wrongMu.Lock()
	defer a.wrongMu.Unlock()
	if len(a.wrong) < 10 {
		a.wrong = append(a.wrong, what)
	}
}

// faults are the first things that went wrong.
func (a *audience) faults() []string {
	a.wrongMu.Lock()
	defer a.wrongMu.Unlock()
	return a.wrong
}
