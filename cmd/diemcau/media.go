package main

import (
	"context"
	"errors"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/home"
	"github.com/diemcau/diemcau/internal/liaison"
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

// Watch sends the programme or a venue to a viewer, or one size of the programme to an edge.
func (w whip) Watch(ctx context.Context, info *conference.Info, at server.Viewing, offer string) (server.MediaSession, string, error) {
	plane := w.node.Plane(info.ID, info.MainVenue())
	if at.Edge {
		session, answer, err := plane.WatchRung(ctx, at.Rung, offer)
		if err != nil {
			return nil, "", err
		}
		return session, answer, nil
	}
	session, answer, err := plane.WatchFrom(ctx, at.From, at.Venue, offer)
	if err != nil {
		return nil, "", err
	}
	return session, answer, nil
}

// Ready returns nil when media can be received.
func (w whip) Ready() error { return w.node.Ready() }

// joins lets venue and stage pages negotiate over their socket, wherever the media are.
type joins struct {
	live    *live.Node
	node    *sfu.Node
	home    *home.Keeper
	liaison *liaison.Client
}

// takeoverWithin is how long a page's offer waits for media that are changing their home,
// before it is passed on for the last time. A page waits 12 s for an answer, and the command
// ends after 10 s, however long the other node takes.
const takeoverWithin = 8 * time.Second

// Join answers the first offer of a venue or stage page. When the node that has the media
// does not answer, it waits for another one to take them over.
func (j joins) Join(ctx context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
	late := time.NewTimer(takeoverWithin)
	defer late.Stop()
	for {
		here, moved := j.home.Here(id)
		session, answer, err := j.ask(ctx, here, id, actor, offer)
		if !errors.Is(err, errNoHome) || here {
			return session, answer, err
		}
		select {
		case <-moved:
		case <-late.C:
			return nil, "", err
		case <-ctx.Done():
			return nil, "", err
		}
	}
}

// Resume gives a page its session back, if its media are still where they were.
func (j joins) Resume(ctx context.Context, id conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error) {
	if here, _ := j.home.Here(id); here {
		return j.LocalResume(ctx, id, actor, token)
	}
	holder, known := j.home.Holder(id)
	if !known {
		return nil, errNoHome
	}
	session, err := j.liaison.Resume(ctx, holder.Peer, id, actor, token)
	if err != nil {
		return nil, err
	}
	if j.moved(id, holder) {
		session.Park()
		return nil, errNoHome
	}
	return session, nil
}

// moved reports whether another node has got a conference's media since. Settle may have
// run before it could see a session that was being made.
func (j joins) moved(id conference.ID, since home.Node) bool {
	now, known := j.home.Holder(id)
	return !known || now != since
}

// Settle ends what this node's pages have on nodes that do not hold the conference's media
// any more: they join again where the media are now. The old holder may not know it yet.
func (j joins) Settle(id conference.ID) {
	holder, known := j.home.Holder(id)
	if !known {
		return
	}
	if here, _ := j.home.Here(id); here {
		holder.Peer = "" // no other node
	}
	j.liaison.EndOthers(id, holder.Peer)
}

// Revoke ends what a role session has here; the other nodes hear of it too.
func (j joins) Revoke(session string) { j.node.EndOwner(session) }

func (j joins) ask(ctx context.Context, here bool, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
	holder, known := j.home.Holder(id)
	switch {
	case here:
		return j.Local(ctx, id, actor, offer)
	case !known:
		return nil, "", errNoHome
	}
	session, answer, err := j.liaison.Join(ctx, holder.Peer, id, actor, offer)
	if err != nil {
		return nil, "", err
	}
	if j.moved(id, holder) {
		session.Park()
		return nil, "", errNoHome
	}
	return session, answer, nil
}

// Local is Join on this node. Refusal: media.unavailable when the media are elsewhere.
func (j joins) Local(ctx context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
	plane, page, err := j.page(id, actor, offer.MediaToken)
	if err != nil {
		return nil, "", err
	}
	session, answer, err := plane.Join(ctx, page, offer.SDP)
	if err != nil {
		return nil, "", err
	}
	return joined{session, session.Hold()}, answer, nil
}

// LocalResume is Resume on this node. Refusal: media.unavailable when the media are elsewhere.
func (j joins) LocalResume(_ context.Context, id conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error) {
	plane, page, err := j.page(id, actor, token)
	if err != nil {
		return nil, err
	}
	session, err := plane.Resume(page)
	if err != nil {
		return nil, err
	}
	return joined{session, session.Hold()}, nil
}

// page returns the media of a conference, if they are here, and who comes to them.
func (j joins) page(id conference.ID, actor conference.Actor, token string) (*sfu.Plane, sfu.Page, error) {
	page := sfu.Page{Owner: actor.Session, Resume: token}
	switch {
	case actor.Role == conference.RoleVenue && actor.Venue != "":
		page.Venue = actor.Venue
	case actor.Role == conference.RoleStage:
	default: // the table lets nobody else join
		return nil, page, conference.Refuse(conference.KindForbidden, "access.denied", "media.join")
	}
	if here, _ := j.home.Here(id); !here {
		return nil, page, errNoHome
	}
	running, err := j.live.Conference(id)
	if err != nil {
		return nil, page, err
	}
	return j.node.Plane(id, running.Snapshot().Info.MainVenue()), page, nil
}

var errNoHome = conference.Refuse(conference.KindUnavailable, "media.unavailable", "no node has these media yet")

// mediaHome returns where HTTP sends requests for a conference's media: "" is here.
func mediaHome(keeper *home.Keeper) func(conference.ID) (string, error) {
	return func(id conference.ID) (string, error) {
		if here, _ := keeper.Here(id); here {
			return "", nil
		}
		holder, known := keeper.Holder(id)
		if !known {
			return "", errNoHome
		}
		return holder.Public, nil
	}
}

// joined tells a session's slots in the words of the wire, and holds it for one socket.
type joined struct {
	*sfu.Session

	hold *sfu.Hold
}

// Park says that the socket broke.
func (j joined) Park() { j.hold.Park() }

// Close ends the session, unless another socket has it by now.
func (j joined) Close() { j.hold.Leave() }

// Slots returns the map of receive slots, the layers of the camera that are wanted, and a
// channel closed when either changes.
func (j joined) Slots() (protocol.Slots, <-chan struct{}) {
	slots, send, changed := j.Session.Slots()
	out := protocol.Slots{Slots: make([]protocol.Slot, len(slots)), Send: send}
	for i, slot := range slots {
		out.Slots[i] = protocol.Slot{
			MID: slot.MID, Kind: protocol.SlotKind(slot.Kind), Venue: string(slot.Venue), Paused: slot.Paused, Stage: slot.Stage,
		}
	}
	return out, changed
}

// Talk lets the stage's microphone be heard in one venue; "": in none.
func (j joined) Talk(_ context.Context, venue conference.VenueID) error {
	return j.Session.Talk(venue) //nolint:wrapcheck // a refusal
}

// Look tells how slots are shown.
func (j joined) Look(slots []protocol.SlotLook) {
	looks := make(map[string]sfu.Look, len(slots))
	for _, s := range slots {
		looks[s.MID] = sfu.Look{Height: s.Height, Hidden: s.Hidden}
	}
	j.Session.Look(looks)
}
