package signaling

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Replayed returns a question as everybody may read it, also long afterwards; false: it is not
// to be shown to the role. A conference that is not public has no citizens among its readers.
func Replayed(role conference.Role, info *conference.Info, q *moderation.Question) (protocol.Question, bool) {
	if !(audience{role: role, public: info.Public}).sees(q) || !q.Public() {
		return protocol.Question{}, false
	}
	return audience{role: conference.RoleCitizen, public: true}.question(q), true
}

// Shown returns the conference as everybody may know it.
func Shown(info *conference.Info) protocol.Conference {
	return audience{role: conference.RoleCitizen, public: info.Public}.info(info)
}
