package access

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/secret"
)

// MaxTokenBytes is the longest token that is looked at.
const MaxTokenBytes = 2048

// MaxPersonRunes is the longest display name on a link.
const MaxPersonRunes = 80

// Signer makes and reads tokens; it needs the installation's key only, no store, so
// that links can be made while the server runs or does not. Safe for concurrent use.
type Signer struct {
	key  []byte
	edge []byte // of edges' tokens
}

// NewSigner returns a Signer.
func NewSigner(keys *secret.Keys) *Signer {
	return &Signer{
		key:  keys.Derive("access: link signature v1", sha256.Size),
		edge: keys.Derive("access: edge signature v1", sha256.Size),
	}
}

// NewID returns 128 random bits as 26 lower-case base32 characters.
func NewID() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error (Go 1.24)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}

// Sign makes the token of a grant: base64url(JSON) "." base64url(HMAC).
func (s *Signer) Sign(grant Grant) string {
	return sign(s.key, grant)
}

func sign(key []byte, grant any) string {
	raw, err := json.Marshal(grant)
	if err != nil { // strings and a time: cannot fail but for a year beyond 9999
		panic(fmt.Sprintf("marshal a grant: %v", err))
	}
	payload := base64.RawURLEncoding.EncodeToString(raw)
	return payload + "." + base64.RawURLEncoding.EncodeToString(mac(key, payload))
}

// Open checks a token's signature and shape and returns its grant; it knows no clock.
// Refusal: link.invalid.
func (s *Signer) Open(token string) (Grant, error) {
	var grant Grant
	if err := open(s.key, token, &grant); err != nil {
		return Grant{}, err
	}
	if err := grant.check(); err != nil {
		return Grant{}, err
	}
	return grant, nil
}

// open checks a token's signature and reads what it carries. Refusal: link.invalid.
func open(key []byte, token string, into any) error {
	payload, signature, found := strings.Cut(token, ".")
	if !found || len(token) > MaxTokenBytes {
		return refuseInvalid("not a token")
	}
	got, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !hmac.Equal(got, mac(key, payload)) {
		return refuseInvalid("not signed by this installation")
	}
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return refuseInvalid("payload is not base64url")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return refuseInvalid("payload is not a grant")
	}
	return nil
}

func mac(key []byte, payload string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(payload))
	return h.Sum(nil)
}

// check refuses what a signer must never have signed.
func (g *Grant) check() error {
	switch {
	case g.ID == "" || len(g.ID) > 64:
		return refuseInvalid("no id")
	case !IsStaff(g.Role):
		return refuseInvalid("unknown role")
	case g.Conference == "" && g.Role != conference.RoleAdmin:
		return refuseInvalid("no conference")
	case g.Role == conference.RoleVenue && g.Venue == "", g.Venue != "" && !MayBeBound(g.Role):
		return refuseInvalid("a venue link names its venue, a registrar's may, no other does")
	}
	return nil
}

// Sign makes the token of a grant: base64url(JSON) "." base64url(HMAC).
func (g *Gate) Sign(grant Grant) string { return g.signer.Sign(grant) }

// Verify checks signature, expiry and revocation, not use; for bearer tokens (WHIP, WHEP).
// Refusals (KindUnauthorised): link.invalid, link.expired, link.revoked.
func (g *Gate) Verify(ctx context.Context, token string) (Grant, error) {
	grant, err := g.signer.Open(token)
	if err != nil {
		return Grant{}, err
	}
	if !g.now().Before(grant.Expires) || (grant.Demo != "" && grant.Demo != g.demo) {
		return Grant{}, conference.Refuse(conference.KindUnauthorised, "link.expired", "")
	}
	revoked, err := g.store.linkRevoked(ctx, grant.ID)
	if err != nil {
		return Grant{}, err
	}
	if revoked {
		return Grant{}, conference.Refuse(conference.KindUnauthorised, "link.revoked", "")
	}
	return grant, nil
}

// Redeem verifies a link, marks it used and opens a session. The first result is the
// cookie's value (256 random bits; only its SHA-256 is stored).
// Refusals: those of Verify, link.used, session.too_many (KindUnavailable).
func (g *Gate) Redeem(ctx context.Context, token string) (string, *Session, error) {
	grant, err := g.Verify(ctx, token)
	if err != nil {
		return "", nil, err
	}
	now := g.now().UTC()
	session := &Session{
		Ref: NewID(), Conference: grant.Conference, Role: grant.Role, Venue: grant.Venue,
		Person: grant.Person, Grant: grant.ID, CreatedAt: now, ExpiresAt: now.Add(SessionTTL),
		Demo: grant.Demo != "",
	}
	cookie, hash := newCookie()
	// The session first, the mark second: a fault in between costs nobody the link, and
	// a session whose cookie nobody was given opens nothing.
	if err := g.store.put(ctx, hash, session); err != nil {
		return "", nil, err
	}
	if grant.Demo == "" {
		first, err := g.store.markUsed(ctx, grant, now)
		if err == nil && !first {
			err = conference.Refuse(conference.KindUnauthorised, "link.used", "")
		}
		if err != nil {
			// What is left when this fails too opens nothing and expires by itself.
			_ = g.store.remove(ctx, hash, session) // the first error tells more
			return "", nil, err
		}
	}
	_ = g.Hand(ctx, grant) // the checklist can do without
	return cookie, session, nil
}

// newCookie returns a cookie's value and the hash it is stored by.
func newCookie() (value, hash string) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error (Go 1.24)
	value = base64.RawURLEncoding.EncodeToString(raw[:])
	return value, cookieHash(value)
}

func cookieHash(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func refuseInvalid(detail string) error {
	return conference.Refuse(conference.KindUnauthorised, "link.invalid", detail)
}

// ttlUntil returns how long a record about something that ends at t must be kept.
func ttlUntil(t, now time.Time) time.Duration { return max(t.Sub(now), time.Second) }
