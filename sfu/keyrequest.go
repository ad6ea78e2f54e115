package sfu

import (
	"sync/atomic"
	"time"
)

// keyInterval is the shortest time between two keyframe requests to one source layer.
const keyInterval = time.Second

// keyUnderWay is how long a keyframe that was asked for may take to come.
const keyUnderWay = 300 * time.Millisecond

// keyRequests throttles the keyframe requests to one source: at most one a second however
// many ask; a request that comes too early is kept and made by the next tick.
type keyRequests struct {
	wanted atomic.Bool
	last   atomic.Int64
	send   func() // asks the source; set before the feed is used; nil: nobody to ask
}

// ask makes the request now, or lets tick make it. It may be called from the packet path
// of another source; send must not block.
func (k *keyRequests) ask(now int64) {
	k.wanted.Store(true)
	k.tick(now)
}

// askNow makes a request that the programme waits for: within a second of the last one too,
// unless that is still under way; but then none is made in the second after.
func (k *keyRequests) askNow(now int64) {
	last := k.last.Load()
	if since := now - last; k.send != nil && since >= int64(keyUnderWay) && since < int64(keyInterval) &&
		k.last.CompareAndSwap(last, last+int64(keyInterval)) {
		k.wanted.Store(false)
		k.send()
		return
	}
	k.ask(now)
}

// tick makes a kept request if its time has come.
func (k *keyRequests) tick(now int64) {
	last := k.last.Load()
	if k.send == nil || !k.wanted.Load() || (last != 0 && now-last < int64(keyInterval)) {
		return
	}
	if k.last.CompareAndSwap(last, now) {
		k.wanted.Store(false)
		k.send()
	}
}

// satisfied forgets a kept request: a keyframe has come.
func (k *keyRequests) satisfied() {
	if k.wanted.Load() {
		k.wanted.Store(false)
	}
}
