package main

import (
	"context"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/server"
	"github.com/diemcau/diemcau/sfu"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// whip lets the HTTP edge publish and watch.
type whip struct{ node *sfu.Node }

// Publish takes a venue from an encoder.
func (w whip) Publish(ctx context.Context, info *conference.Info, venue conference.VenueID, offer string) (server.MediaSession, string, error) {
	session, answer, err := w.node.Plane(info.ID, info.MainVenue()).Publish(ctx, venue, offer)
	if err != nil {
		return nil, "", err
	}
	return session, answer, nil
}

// Watch sends the programme or a venue to a viewer.
func (w whip) Watch(ctx context.Context, info *conference.Info, venue conference.VenueID, offer string) (server.MediaSession, string, error) {
	session, answer, err := w.node.Plane(info.ID, info.MainVenue()).Watch(ctx, venue, offer)
	if err != nil {
		return nil, "", err
	}
	return session, answer, nil
}

// Ready returns nil when media can be received.
func (w whip) Ready() error { return w.node.Ready() }

// joins lets venue and stage pages negotiate over their socket.
type joins struct {
	live *live.Node
	node *sfu.Node
}

// Join answers the first offer of a venue or stage page.
func (j joins) Join(ctx context.Context, id conference.ID, actor conference.Actor, offer string) (signaling.MediaSession, string, error) {
	running, err := j.live.Conference(id)
	if err != nil {
		return nil, "", err
	}
	plane := j.node.Plane(id, running.Snapshot().Info.MainVenue())
	var session *sfu.Session
	var answer string
	switch actor.Role { //nolint:exhaustive // the table lets nobody else join
	case conference.RoleVenue:
		session, answer, err = plane.JoinVenue(ctx, actor.Venue, offer)
	case conference.RoleStage:
		session, answer, err = plane.JoinStage(ctx, offer)
	default:
		err = conference.Refuse(conference.KindForbidden, "access.denied", "media.join")
	}
	if err != nil {
		return nil, "", err
	}
	return joined{session}, answer, nil
}

// joined tells a session's slots in the words of the wire.
type joined struct{ *sfu.Session }

// Slots returns the map of receive slots and a channel closed when it changes.
func (j joined) Slots() ([]protocol.Slot, <-chan struct{}) {
	slots, changed := j.Session.Slots()
	out := make([]protocol.Slot, len(slots))
	for i, slot := range slots {
		out[i] = protocol.Slot{MID: slot.MID, Kind: protocol.SlotKind(slot.Kind), Venue: string(slot.Venue)}
	}
	return out, changed
}
