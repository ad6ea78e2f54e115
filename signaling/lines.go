package signaling

import (
	"context"
	"log/slog"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Lines knows the lines of the venues, wherever their media are.
type Lines interface {
	// Report takes what the page of a venue tells. Refusals: line.bad_report, line.too_often,
	// media.unavailable.
	Report(ctx context.Context, id conference.ID, venue conference.VenueID, report line.Report) error
	// Changes returns what changed since a version; since 0 all rows.
	Changes(id conference.ID, since uint64) line.Changes
	// Speaking returns who is heard now, and a number that grows with each change.
	Speaking(id conference.ID) (line.Speaking, uint64)
}

const (
	linesEach    = protocol.LinesEveryMs * time.Millisecond
	speakingEach = protocol.SpeakingEveryMs * time.Millisecond
)

// told is what a room's sockets know of the lines. It belongs to the room's goroutine.
type told struct {
	lines    uint64 // version
	speaking uint64
}

// reportLine takes a page's word on its own line, while its media are connected: a page
// that another one has replaced has no say.
func (c *conn) reportLine(ctx context.Context, m *protocol.ClientMessage) error {
	report, err := body[protocol.LineReport](m.Data)
	switch {
	case err != nil:
		return err
	case c.hub.cfg.Lines == nil:
		return errNoMedia
	case c.currentMedia() == nil:
		return errNotJoined
	}
	return c.hub.cfg.Lines.Report(ctx, c.room.id, c.actor.Venue, line.Report(report))
}

// hasLines reports whether a role gets the lines of all venues.
func hasLines(role conference.Role) bool {
	return role == conference.RoleStage || role == conference.RoleAdmin
}

// tellLines sends what has changed: to stage and admin, and to each venue its own.
func (r *room) tellLines() {
	if r.lines == nil {
		return
	}
	changes := r.lines.Changes(r.id, r.told.lines)
	if changes.Version == r.told.lines {
		return
	}
	r.told.lines = changes.Version
	all := lineViews(changes.Rows)
	message := &protocol.Lines{Rows: all}
	for _, venue := range changes.Gone {
		message.Gone = append(message.Gone, string(venue))
	}
	r.toEach(hasLines, &protocol.ServerMessage{Type: typeLines, Lines: message})
	venues := r.rings[conference.RoleVenue]
	if venues == nil {
		return
	}
	byVenue := make(map[string]int, len(all))
	for i := range all {
		byVenue[all[i].Venue] = i
	}
	for c := range venues.socks {
		if i, changed := byVenue[string(c.actor.Venue)]; changed {
			c.send(&protocol.ServerMessage{Type: typeLines, Lines: &protocol.Lines{Rows: all[i : i+1]}})
		}
	}
}

// tellAllLines sends a new socket all it may know; run by the room, so that no change is
// told before it.
func (r *room) tellAllLines(c *conn) {
	role := c.actor.Role
	if r.lines == nil || (!hasLines(role) && role != conference.RoleVenue) {
		return
	}
	rows := lineViews(r.lines.Changes(r.id, 0).Rows)
	if role == conference.RoleVenue {
		own := []protocol.VenueLine{}
		for i := range rows {
			if rows[i].Venue == string(c.actor.Venue) {
				own = rows[i : i+1]
			}
		}
		rows = own
	}
	c.send(&protocol.ServerMessage{Type: typeLines, Lines: &protocol.Lines{Whole: true, Rows: rows}})
	if role == conference.RoleStage {
		now, _ := r.lines.Speaking(r.id)
		c.send(&protocol.ServerMessage{Type: typeSpeaking, Speaking: speakingView(now)})
	}
}

// tellSpeaking sends the stage who is heard, when that is somebody else.
func (r *room) tellSpeaking() {
	if r.lines == nil {
		return
	}
	now, version := r.lines.Speaking(r.id)
	if version == r.told.speaking {
		return
	}
	r.told.speaking = version
	stage := func(role conference.Role) bool { return role == conference.RoleStage }
	r.toEach(stage, &protocol.ServerMessage{Type: typeSpeaking, Speaking: speakingView(now)})
}

// toEach sends a message outside the chain of cursors to all sockets of some roles.
func (r *room) toEach(of func(conference.Role) bool, m *protocol.ServerMessage) {
	var prepared outgoing
	for role, g := range r.rings {
		if !of(role) || len(g.socks) == 0 {
			continue
		}
		if prepared.prepared == nil {
			message, size, err := prepare(m)
			if err != nil {
				r.logger.Error("message cannot be encoded", slog.String("type", m.Type), slog.Any("err", err))
				return
			}
			prepared = outgoing{prepared: message, size: size}
		}
		for c := range g.socks {
			c.queue(prepared)
		}
	}
}

func lineViews(rows []line.Row) []protocol.VenueLine {
	views := make([]protocol.VenueLine, len(rows))
	for i := range rows {
		views[i] = protocol.VenueLine(rows[i])
	}
	return views
}

func speakingView(now line.Speaking) *protocol.Speaking {
	view := &protocol.Speaking{Now: string(now.Now)}
	for _, venue := range now.Loud {
		view.Loud = append(view.Loud, string(venue))
	}
	return view
}
