package sfu

import (
	"context"

	"github.com/diemcau/diemcau/internal/conference"
)

// Watch sends the programme (venue "") or one venue to a viewer (WHEP). A viewer that
// does not offer H.264 is refused with media.no_h264, before anything is made.
func (p *Plane) Watch(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	return p.join(ctx, roleViewer, venue, offer)
}
