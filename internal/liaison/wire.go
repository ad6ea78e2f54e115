package liaison

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Path is where a node answers others; below it /{session}/restart, /tiles, /talk, /look, /leave, and
// /line/… for the venues' lines.
const Path = "/api/v1/nodes/media"

// join asks for a session; without an SDP: for the one the token is for.
type join struct {
	Conference conference.ID      `json:"conference"`
	Role       conference.Role    `json:"role"`
	Venue      conference.VenueID `json:"venue,omitempty"`
	Session    string             `json:"session,omitempty"`
	SDP        string             `json:"sdp,omitempty"`
	MediaToken string             `json:"mediaToken,omitempty"`
}

// told is one line of the stream that answers a join. The first one has ID, MediaToken and
// SDP, or a refusal; an empty one only says that the node is alive.
type told struct {
	ID  string `json:"id,omitempty"`
	SDP string `json:"sdp,omitempty"`
	// MediaToken is what the page comes back with.
	MediaToken string `json:"mediaToken,omitempty"`
	// ICEServers come with the first line: what relays media to the node that has them.
	ICEServers []protocol.ICEServer `json:"iceServers,omitempty"`
	Slots      *protocol.Slots      `json:"slots,omitempty"`
	Refused    *refused             `json:"refused,omitempty"`
	// Replaced ends the stream: another page of the venue took the place.
	Replaced bool `json:"replaced,omitempty"`
}

// refused is a conference.Error on its way.
type refused struct {
	Kind   conference.Kind `json:"kind"`
	Code   string          `json:"code"`
	Detail string          `json:"detail,omitempty"`
}

func (r *refused) err() error { return conference.Refuse(r.Kind, r.Code, r.Detail) }

// restart and its answer carry a description; tiles says which venues to show. The answer
// has what relays media to the node, with new credentials.
type description struct {
	SDP        string               `json:"sdp"`
	ICEServers []protocol.ICEServer `json:"iceServers,omitempty"`
}

// talk says which venue hears the stage; "": none.
type talk struct {
	Venue conference.VenueID `json:"venue"`
}

type tiles struct {
	Venues []conference.VenueID `json:"venues"`
}
