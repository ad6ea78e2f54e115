package access

import (
	"context"

	"github.com/diemcau/diemcau/internal/conference"
)

// Hand notes that a link was given away: with its role, and its venue. A link made by the
// command line is noted when it is used. Nothing rests on it but the checklist.
func (g *Gate) Hand(ctx context.Context, grant Grant) error {
	_, err := g.store.ephemeral.Increment(ctx, handedKey(grant.Conference, grant.Role, grant.Venue), 1, MaxLinkValidity)
	return wrap("note a link", err)
}

// Handed returns the roles, and of venues those, that a link was given away for.
func (g *Gate) Handed(ctx context.Context, id conference.ID, venues []conference.Venue) (map[conference.Role]bool, map[conference.VenueID]bool, error) {
	roles, halls := map[conference.Role]bool{}, map[conference.VenueID]bool{}
	for _, role := range Staff() {
		if role == conference.RoleVenue {
			continue
		}
		there, err := g.store.ephemeral.Get(ctx, handedKey(id, role, ""))
		if err != nil {
			return nil, nil, wrap("read the links", err)
		}
		roles[role] = there != nil
	}
	for _, venue := range venues {
		there, err := g.store.ephemeral.Get(ctx, handedKey(id, conference.RoleVenue, venue.ID))
		if err != nil {
			return nil, nil, wrap("read the links", err)
		}
		halls[venue.ID] = there != nil
	}
	return roles, halls, nil
}

func handedKey(id conference.ID, role conference.Role, venue conference.VenueID) string {
	return "link-handed." + string(id) + "." + string(role) + "." + string(venue)
}
