//go:build linux

package load_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// never is after how long a viewer has waited in vain.
const never = 15 * time.Second

// Fifty viewers come in ten seconds (soak: 500): the source is asked for at most one
// keyframe a second, and each sees a picture soon after its offer. The soak holds the
// figure of the promise; a busy test machine gets twice the time.
func TestM3_ViewersJoinInTenSeconds(t *testing.T) {
	t.Parallel()
	viewers, soon := 50, 3*time.Second
	if os.Getenv("DIEMCAU_SOAK") == "1" {
		viewers, soon = 500, 1500*time.Millisecond
	}
	_, everywhere := cpus()
	r := newRig(t, roleServer, everywhere)
	asked, start := r.source.plis.Load(), time.Now()
	waited := make([]time.Duration, viewers)
	var joining errgroup.Group
	next := time.NewTicker(10 * time.Second / time.Duration(viewers))
	defer next.Stop()
	for i := range viewers {
		<-next.C
		joining.Go(func() error {
			offered := time.Now()
			x, err := watch(t.Context(), r.server.url, r.identity, false)
			if err != nil {
				return err
			}
			receiversMu.Lock()
			r.receivers = append(r.receivers, x)
			receiversMu.Unlock()
			select {
			case at := <-x.first:
				waited[i] = at.Sub(offered)
			case <-t.Context().Done():
				return t.Context().Err()
			case <-time.After(never):
				waited[i] = never
			}
			return nil
		})
	}
	check(t, joining.Wait())
	elapsed := time.Since(start)
	if n := r.source.plis.Load() - asked; n < 1 || float64(n) > elapsed.Seconds()+2 {
		t.Errorf("got %d keyframe requests in %v, want at most one a second", n, elapsed)
	}
	slices.Sort(waited)
	p95 := waited[viewers*95/100]
	t.Logf("%d viewers: first picture p50 %v, p95 %v, max %v; %d keyframe requests in %v",
		viewers, waited[viewers/2], p95, waited[viewers-1], r.source.plis.Load()-asked, elapsed)
	if waited[viewers-1] == never {
		t.Errorf("the last one saw no picture in %v: nobody came after it to ask again", never)
	}
	if p95 > soon {
		t.Errorf("got the first picture after %v (p95), want %v", p95, soon)
	}
}
