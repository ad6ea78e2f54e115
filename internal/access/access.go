package access

import (
	"context"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
)

// Grant is what a link carries, signed: HMAC-SHA-256 under the installation's key.
type Grant struct {
	ID         string             `json:"jti"` // 128 random bits
	Conference conference.ID      `json:"c"`
	Role       conference.Role    `json:"r"`
	Venue      conference.VenueID `json:"v,omitempty"` // required for RoleVenue
	Person     string             `json:"n,omitempty"` // display name
	Expires    time.Time          `json:"e"`
	// Demo links may be redeemed again and again until the server that made them stops.
	Demo string `json:"d,omitempty"` // id of the demo run; "" for one-use links
}

// Session is a redeemed link.
type Session struct {
	Ref        string             `json:"ref"` // public reference (not the cookie)
	Conference conference.ID      `json:"conference"`
	Role       conference.Role    `json:"role"`
	Venue      conference.VenueID `json:"venue,omitempty"`
	Person     string             `json:"person,omitempty"`
	Grant      string             `json:"grant"`
	CreatedAt  time.Time          `json:"createdAt"`
	ExpiresAt  time.Time          `json:"expiresAt"`
	Demo       bool               `json:"demo,omitempty"`
}

// Actor returns the session as the giver of commands.
func (s *Session) Actor() conference.Actor {
	return conference.Actor{Role: s.Role, Venue: s.Venue, Session: s.Ref, Person: s.Person}
}

// Config is what a Gate needs. DemoRun is "" unless the server runs with --demo.
type Config struct {
	Ephemeral eventlog.Ephemeral
	Keys      *secret.Keys
	Now       func() time.Time
	DemoRun   string
}

// Gate makes, checks and revokes links and sessions. Safe for concurrent use.
type Gate struct{ cfg Config }

// New returns a Gate.
func New(cfg Config) *Gate { return &Gate{cfg: cfg} }

// Sign makes the token of a grant: base64url(JSON) "." base64url(HMAC).
func (g *Gate) Sign(grant Grant) string { panic("not built") }

// Verify checks signature, expiry and revocation, not use; for bearer tokens (WHIP, WHEP).
// Refusals (KindUnauthorised): link.invalid, link.expired, link.revoked.
func (g *Gate) Verify(ctx context.Context, token string) (Grant, error) { panic("not built") }

// Redeem verifies a link, marks it used and opens a session. The first result is the
// cookie's value (256 random bits; only its SHA-256 is stored).
// Refusals: those of Verify, link.used.
func (g *Gate) Redeem(ctx context.Context, token string) (string, *Session, error) {
	panic("not built")
}

// Session returns the session of a cookie's value. Refusal: session.unknown (KindUnauthorised).
func (g *Gate) Session(ctx context.Context, cookie string) (*Session, error) { panic("not built") }

// Sessions returns the sessions of a conference, newest first.
func (g *Gate) Sessions(ctx context.Context, id conference.ID) ([]Session, error) {
	panic("not built")
}

// Revoke ends a session by its Ref and the link it came from, on all nodes.
// Refusal: session.unknown (KindNotFound).
func (g *Gate) Revoke(ctx context.Context, ref string) error { panic("not built") }

// Revoked receives the Ref of every session revoked from now on, on any node.
func (g *Gate) Revoked(ctx context.Context) (<-chan string, error) { panic("not built") }

// May reports whether a role may do an action: the wire name of a command
// ("question.approve") or a REST action ("link.create", "session.list", "media.publish").
func May(role conference.Role, action string) bool { panic("not built") }
