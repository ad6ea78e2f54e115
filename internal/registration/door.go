package registration

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// checkIn looks at a ticket at a venue's door. What a device saw while it was offline is
// written down whatever it is: the person was let in, or not, by what the device knew.
func (b *Board) checkIn(actor conference.Actor, body CheckIn, now time.Time) (conference.Decision, error) {
	r := b.Registration(body.ID)
	switch {
	case r == nil:
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "registration.unknown", "")
	case elsewhere(actor, body.Venue):
		return conference.Decision{}, conflict("registration.other_venue", string(actor.Venue))
	}
	result := r.look(body.Venue)
	if !body.Offline {
		if err := refusal(result, r); err != nil {
			return conference.Decision{}, err
		}
	}
	if len(r.Scans) >= MaxScans {
		return conference.Decision{}, conflict("registration.too_many_scans", string(r.ID))
	}
	at := body.At
	if at.IsZero() || at.After(now) {
		at = now
	}
	draft := draftOf(EventScanned, r.ID, Scanned{
		Registration: r.ID, Venue: body.Venue, Device: body.Device, Scan: body.Scan,
		At: at.UTC(), Offline: body.Offline, Result: result,
	}, seatsOf(r.Venue)...)
	return decide(nil, draft), nil
}

// look tells what the door of a venue says to a ticket.
func (r *Registration) look(venue conference.VenueID) Result {
	switch {
	case !r.Active():
		return ResultCancelled
	case r.Venue != venue:
		return ResultOtherVenue
	case r.State == StateCheckedIn:
		return ResultAgain
	case r.State == StateConfirmed:
		return ResultIn
	}
	return ResultWaiting
}

// refusal is what a door that is online answers to a ticket that lets nobody in.
func refusal(result Result, r *Registration) error {
	switch result {
	case ResultAgain:
		return conflict("registration.already_checked_in", r.CheckedInAt().Format(time.RFC3339))
	case ResultOtherVenue:
		return conflict("registration.other_venue", string(r.Venue))
	case ResultWaiting:
		return conflict("registration.waiting", "")
	case ResultCancelled:
		return conflict("registration.already_"+string(r.State), "")
	case ResultIn:
	}
	return nil
}

// undo takes a check-in back; a walk-in is undone altogether.
func (b *Board) undo(info *conference.Info, actor conference.Actor, body UndoCheckIn, now time.Time) (conference.Decision, error) {
	r := b.Registration(body.ID)
	switch {
	case r == nil:
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "registration.unknown", string(body.ID))
	case elsewhere(actor, r.Venue):
		return conference.Decision{}, conflict("registration.other_venue", string(r.Venue))
	case r.State != StateCheckedIn:
		return conference.Decision{}, conflict("registration.not_checked_in", string(r.State))
	case r.WalkIn:
		return b.leave(info, r, EventCancelled, now), nil
	}
	return decide(nil, draftOf(EventUndone, r.ID, Named{r.ID}, seatsOf(r.Venue)...)), nil
}
