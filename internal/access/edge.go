package access

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// MaxEdgeValidity is the longest an edge's token is good for.
const MaxEdgeValidity = 366 * 24 * time.Hour

// EdgeGrant is what an edge's token carries. It is signed with a key of its own, so that it
// opens nothing a link does, and no link opens what it does: an edge may say where it is and
// take what everybody may watch.
type EdgeGrant struct {
	ID      string    `json:"jti"`         // 128 random bits
	Name    string    `json:"n,omitempty"` // to tell it from others
	Expires time.Time `json:"e"`
}

// SignEdge makes the token of an edge.
func (s *Signer) SignEdge(grant EdgeGrant) string { return sign(s.edge, grant) }

// VerifyEdge checks the bearer token of an edge. Refusals (KindUnauthorised): link.invalid,
// link.expired.
func (g *Gate) VerifyEdge(token string) (EdgeGrant, error) {
	var grant EdgeGrant
	if err := open(g.signer.edge, token, &grant); err != nil {
		return EdgeGrant{}, err
	}
	if grant.ID == "" {
		return EdgeGrant{}, refuseInvalid("no id")
	}
	if !g.now().Before(grant.Expires) {
		return EdgeGrant{}, conference.Refuse(conference.KindUnauthorised, "link.expired", "")
	}
	return grant, nil
}
