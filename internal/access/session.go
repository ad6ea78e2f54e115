package access

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
)

// revokedChannel carries "REF GRANT" of every revoked session.
const revokedChannel = "access.revoked"

// Revocation tells which session ended, and which link with it.
type Revocation struct {
	Ref   string // the session's public reference
	Grant string // the link's id: media published with it as a bearer token ends too
}

// Session returns the session of a cookie's value. Refusal: session.unknown (KindUnauthorised).
func (g *Gate) Session(ctx context.Context, cookie string) (*Session, error) {
	unknown := conference.Refuse(conference.KindUnauthorised, "session.unknown", "")
	if len(cookie) != cookieLength {
		return nil, unknown
	}
	session, err := g.store.get(ctx, cookieHash(cookie))
	if err != nil {
		return nil, err
	}
	if session == nil || !g.now().Before(session.ExpiresAt) {
		return nil, unknown
	}
	return session, nil
}

// Sessions returns the sessions of a conference, newest first; of "": those of the
// administrators of every conference.
func (g *Gate) Sessions(ctx context.Context, id conference.ID) ([]Session, error) {
	sessions, err := g.store.list(ctx, id)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(sessions, func(a, b Session) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.Ref, b.Ref))
	})
	return sessions, nil
}

// SessionByRef returns the session with a public reference. Refusal: session.unknown (KindNotFound).
func (g *Gate) SessionByRef(ctx context.Context, ref string) (*Session, error) {
	_, session, err := g.byRef(ctx, ref)
	return session, err
}

// SignOut ends a session by its cookie; the link it came from is left as it is. An
// unknown cookie is no error.
func (g *Gate) SignOut(ctx context.Context, cookie string) error {
	if len(cookie) != cookieLength {
		return nil
	}
	hash := cookieHash(cookie)
	session, err := g.store.get(ctx, hash)
	if err != nil || session == nil {
		return err
	}
	if err := g.store.remove(ctx, hash, session); err != nil {
		return err
	}
	return g.publish(ctx, session)
}

// Revoke ends a session by its Ref and the link it came from, on all nodes.
// Refusal: session.unknown (KindNotFound).
func (g *Gate) Revoke(ctx context.Context, ref string) error {
	hash, session, err := g.byRef(ctx, ref)
	if err != nil {
		return err
	}
	// The link first: a demo link must not open another session in between.
	if err := g.store.revokeLink(ctx, session.Grant); err != nil {
		return err
	}
	if err := g.store.remove(ctx, hash, session); err != nil {
		return err
	}
	return g.publish(ctx, session)
}

// Revoked receives the Ref of every session revoked from now on, on any node.
func (g *Gate) Revoked(ctx context.Context) (<-chan string, error) {
	revocations, err := g.Revocations(ctx)
	if err != nil {
		return nil, err
	}
	refs := make(chan string)
	go func() { // ends when revocations is closed, which ctx ends
		defer close(refs)
		for r := range revocations {
			select {
			case refs <- r.Ref:
			case <-ctx.Done():
				return
			}
		}
	}()
	return refs, nil
}

// Revocations receives every session revoked or signed out from now on, on any node,
// until ctx ends; then the channel is closed.
func (g *Gate) Revocations(ctx context.Context) (<-chan Revocation, error) {
	payloads, err := g.store.ephemeral.Subscribe(ctx, revokedChannel)
	if err != nil {
		return nil, wrap("subscribe to revocations", err)
	}
	out := make(chan Revocation)
	go func() { // ends when payloads is closed, which ctx ends
		defer close(out)
		for payload := range payloads {
			ref, grant, _ := strings.Cut(string(payload), " ")
			select {
			case out <- Revocation{Ref: ref, Grant: grant}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func (g *Gate) byRef(ctx context.Context, ref string) (string, *Session, error) {
	hash, session, err := g.store.byRef(ctx, ref)
	if err != nil {
		return "", nil, err
	}
	if session == nil || !g.now().Before(session.ExpiresAt) {
		return "", nil, conference.Refuse(conference.KindNotFound, "session.unknown", "")
	}
	return hash, session, nil
}

func (g *Gate) publish(ctx context.Context, session *Session) error {
	payload := session.Ref + " " + session.Grant
	return wrap("publish a revocation", g.store.ephemeral.Publish(ctx, revokedChannel, []byte(payload)))
}
