package access

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
)

// SessionTTL is how long a session lasts.
const SessionTTL = 24 * time.Hour

// Grant is what a link carries, signed: HMAC-SHA-256 under the installation's key.
type Grant struct {
	ID         string             `json:"jti"` // 128 random bits
	Conference conference.ID      `json:"c"`   // "" for RoleAdmin only: every conference
	Role       conference.Role    `json:"r"`
	Venue      conference.VenueID `json:"v,omitempty"` // required for RoleVenue, may be given for RoleRegistrar
	Person     string             `json:"n,omitempty"` // display name
	Expires    time.Time          `json:"e"`
	// Demo links may be redeemed again and again until the server that made them stops.
	Demo string `json:"d,omitempty"` // id of the demo run; "" for one-use links
}

// Actor returns the bearer of the link as the giver of commands.
func (g *Grant) Actor() conference.Actor {
	return conference.Actor{Role: g.Role, Venue: g.Venue, Session: g.ID, Person: g.Person}
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
type Gate struct {
	signer *Signer
	store  sessionStore
	now    func() time.Time
	demo   string
}

// New returns a Gate.
func New(cfg Config) *Gate {
	return &Gate{
		signer: NewSigner(cfg.Keys),
		store:  sessionStore{ephemeral: cfg.Ephemeral, now: cfg.Now},
		now:    cfg.Now,
		demo:   cfg.DemoRun,
	}
}
