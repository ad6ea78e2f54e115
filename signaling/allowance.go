package signaling

import (
	"time"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// What one socket may send: so many at once, and one more each so often.
const (
	framesEvery   = messagesEvery / 2 // all that arrives
	framesBurst   = messagesBurst + 2*protocol.MaxFollowsPerPeer
	messagesEvery = time.Second / protocol.MessagesPerSecond // all but follow and unfollow
	messagesBurst = protocol.MessageBurst
	lookupsEvery  = 2 * time.Second // failed and first lookups of tracking codes
	lookupsBurst  = protocol.MaxFollowsPerPeer
)

// allowance is a token bucket of 8 bytes, as every socket has three (rate.Limiter takes
// 80). It holds when on the hub's clock it will be full; the zero allowance is full.
type allowance time.Duration

// take takes one; false: none is left. One comes back each every, up to burst.
func (a *allowance) take(now, every time.Duration, burst int) bool {
	full := max(time.Duration(*a), now) + every
	if full-now > time.Duration(burst)*every {
		return false
	}
	*a = allowance(full)
	return true
}
