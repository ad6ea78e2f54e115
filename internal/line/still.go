package line

import (
	"bytes"
	"image/jpeg"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of a still.
const (
	MaxStillBytes  = 20 << 10
	maxStillWidth  = 640 // pixels
	maxStillHeight = 480
	leastStill     = 4 * time.Second // between two of a venue
	stillFor       = 2 * time.Minute // an older one shows what is no more
)

// CodeBadStill refuses what is no small JPEG.
const CodeBadStill = "line.bad_still"

// CheckStill refuses what is no JPEG of at most 20 KiB and 640 × 480 (line.bad_still).
func CheckStill(picture []byte) error {
	bad := func(why string) error { return conference.Refuse(conference.KindInvalid, CodeBadStill, why) }
	if len(picture) > MaxStillBytes {
		return conference.Refuse(conference.KindTooLarge, CodeBadStill, "longer than 20 KiB")
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(picture))
	switch {
	case err != nil:
		return bad("not a JPEG")
	case config.Width > maxStillWidth || config.Height > maxStillHeight:
		return bad("larger than 640 × 480")
	}
	return nil
}

// PutStill keeps a venue's picture in the place of the one before. The bytes are the book's
// from then on. Refusals: line.bad_still, line.too_often.
func (b *Book) PutStill(id conference.ID, venue conference.VenueID, picture []byte, now time.Time) error {
	if err := CheckStill(picture); err != nil {
		return err
	}
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	h := b.hall(id, venue)
	if !h.stillAt.IsZero() && now.Sub(h.stillAt) < leastStill {
		return conference.Refuse(conference.KindRateLimited, CodeTooOften, "")
	}
	h.still, h.stillAt = picture, now
	return nil
}

// Still returns a venue's latest picture, which is not to be changed. Refusal: line.no_still.
func (b *Book) Still(id conference.ID, venue conference.VenueID, now time.Time) ([]byte, error) {
	b.booksMu.Lock()
	defer b.booksMu.Unlock()
	if one := b.books[id]; one != nil && one.halls[venue] != nil {
		if h := one.halls[venue]; h.still != nil && now.Sub(h.stillAt) < stillFor {
			return h.still, nil
		}
	}
	return nil, conference.Refuse(conference.KindNotFound, CodeNoStill, "")
}
