package sfu

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Config is what a Node needs.
type Config struct {
	Logger *slog.Logger
	Now    func() time.Time
	// MediaPort is the one UDP port; 0 takes a free one (tests).
	MediaPort int
	// PublicIPs are announced instead of the interfaces' own addresses; empty: all
	// interfaces, loopback included.
	PublicIPs []netip.Addr
}

// Node is the media of this process: one UDP port, one Plane per conference.
type Node struct{ cfg Config }

// New binds the UDP port. Nothing runs yet.
func New(cfg Config) (*Node, error) { panic("not built") }

// Run serves until ctx ends, then closes every session; it returns when all it started has ended.
func (n *Node) Run(ctx context.Context) error { panic("not built") }

// Ready returns nil when media can be received.
func (n *Node) Ready() error { panic("not built") }

// Plane returns the media of a conference, made on first use with its main venue.
func (n *Node) Plane(id conference.ID, main conference.VenueID) *Plane { panic("not built") }

// Plane is the media of one conference. All methods may be called concurrently.
type Plane struct{}

// Floor is what the media plane obeys.
type Floor struct {
	Holder  conference.VenueID // "" = City Hall alone
	Preview conference.VenueID
	Slate   bool
}

// SetFloor switches: audio of venues that are neither main nor holder is dropped from
// the next packet on; the programme cuts at the holder's next keyframe.
func (p *Plane) SetFloor(f Floor) { panic("not built") }

// Refusals of the Join, Publish and Watch methods (conference.Error):
// media.bad_sdp, media.no_h264 (KindInvalid; 406 for WHEP), media.no_opus,
// media.full (KindUnavailable), media.already_publishing (KindConflict).

// JoinVenue connects a venue page: mic and camera up, fixed slots down (docs/protocol.md).
// A second join of the same venue replaces the first.
func (p *Plane) JoinVenue(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	panic("not built")
}

// JoinStage connects a stage page: nothing up; programme, voices and tiles down.
func (p *Plane) JoinStage(ctx context.Context, offer string) (*Session, string, error) {
	panic("not built")
}

// Publish takes a venue from an encoder (WHIP).
func (p *Plane) Publish(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	panic("not built")
}

// Watch sends the programme (venue "") or one venue to a viewer (WHEP).
func (p *Plane) Watch(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	panic("not built")
}

// Session returns a session by its id. Refusal: media.unknown_session.
func (p *Plane) Session(id string) (*Session, error) { panic("not built") }

// Publisher tells what a venue sends right now.
type Publisher struct {
	Venue   conference.VenueID
	Video   bool
	Audio   bool
	Layers  int    // simulcast layers that arrive, 0–3
	Profile string // H.264 profile-level-id of the camera, e.g. "42e01f"
	Note    string // code of a refusal while connected, e.g. "media.b_frames"; "" when well
}

// Publishers returns who publishes now, and a channel that is closed when that changes.
func (p *Plane) Publishers() (map[conference.VenueID]Publisher, <-chan struct{}) {
	panic("not built")
}

// Session is one PeerConnection. All methods may be called concurrently.
type Session struct{}

// SlotKind is what a receive slot is for.
type SlotKind string

// The kinds of slots.
const (
	SlotProgramme SlotKind = "programme" // video and audio in one msid stream
	SlotReturn    SlotKind = "return"    // video: City Hall for the venues, the holder for City Hall
	SlotVoice     SlotKind = "voice"     // audio of one open microphone, never one's own
	SlotTile      SlotKind = "tile"      // video, lowest layer, stage
)

// Slot tells what a MID of the session carries now. Venue "" means: empty, nothing is sent
// (programme: always running).
type Slot struct {
	MID   string
	Kind  SlotKind
	Venue conference.VenueID
}

// ID returns the session's id (128 random bits, base32).
func (s *Session) ID() string { panic("not built") }

// ETag returns the entity tag of the current ICE session (WHIP, RFC 9725 §4.3).
func (s *Session) ETag() string { panic("not built") }

// Patch takes a trickle-ice-sdpfrag: trickled candidates (answer "") or an ICE restart
// (answer fragment, new ETag). Refusals: media.bad_sdp, media.etag_mismatch (KindConflict).
func (s *Session) Patch(ctx context.Context, fragment, ifMatch string) (string, error) {
	panic("not built")
}

// Restart answers a full offer with new ICE credentials (venue and stage pages).
func (s *Session) Restart(ctx context.Context, offer string) (string, error) { panic("not built") }

// Slots returns the map of slots and a channel that is closed when it changes.
func (s *Session) Slots() ([]Slot, <-chan struct{}) { panic("not built") }

// Tiles chooses the venues shown in the tile slots, in order; stage sessions only.
func (s *Session) Tiles(venues []conference.VenueID) { panic("not built") }

// Close ends the session. Done is closed when a session has ended, by whomever.
func (s *Session) Close() { panic("not built") }

// Done is closed when the session has ended.
func (s *Session) Done() <-chan struct{} { panic("not built") }
