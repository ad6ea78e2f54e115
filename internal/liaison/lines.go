package liaison

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
)

// Lines are those of the node that has the media. They refuse (media.unavailable) when media
// are not held here.
type Lines interface {
	LineKeeper
	LineTeller
}

// LineKeeper keeps what is known of a venue.
type LineKeeper interface {
	Report(ctx context.Context, id conference.ID, venue conference.VenueID, report line.Report) error
	History(ctx context.Context, id conference.ID, venue conference.VenueID) ([]line.Sample, error)
	PutStill(ctx context.Context, id conference.ID, venue conference.VenueID, picture []byte) error
	Still(ctx context.Context, id conference.ID, venue conference.VenueID) ([]byte, error)
}

// LineTeller tells what has changed of all venues.
type LineTeller interface {
	Changes(id conference.ID, since uint64) line.Changes
	Speaking(id conference.ID) (line.Speaking, uint64)
}

// Addresses of lines below Path.
const (
	ofLines      = "line"
	linesReport  = "report"
	linesHistory = "history"
	linesPut     = "putStill"
	linesStill   = "still"
	linesFollow  = "follow"
)

// How often a stream of lines is looked at, and how many rows one of its messages has at most.
const (
	linesEach  = 500 * time.Millisecond
	rowsOfLine = 64
)

// aboutLine is what is asked of a venue's line.
type aboutLine struct {
	Conference conference.ID      `json:"conference"`
	Venue      conference.VenueID `json:"venue,omitempty"`
	Report     *line.Report       `json:"report,omitempty"`
	Picture    []byte             `json:"picture,omitempty"`
}

// ofLine is the answer.
type ofLine struct {
	Samples []line.Sample `json:"samples,omitempty"`
	Picture []byte        `json:"picture,omitempty"`
}

// LinesTold is one message of a stream of lines.
type LinesTold struct {
	Whole    bool                 `json:"whole,omitempty"` // Rows are all there are, or the first of them
	Rows     []line.Row           `json:"rows,omitempty"`
	Gone     []conference.VenueID `json:"gone,omitempty"`
	Speaking *line.Speaking       `json:"speaking,omitempty"`
}

func (c *Client) askLine(ctx context.Context, origin, what string, about aboutLine) (ofLine, error) {
	var answer ofLine
	err := c.ask(ctx, origin, Path+"/"+ofLines+"/"+what, about, &answer)
	return answer, err
}

// Report passes on what the page of a venue tells. Refusals: the other node's;
// media.unavailable, as of the methods below.
func (c *Client) Report(ctx context.Context, origin string, id conference.ID, venue conference.VenueID, report line.Report) error {
	_, err := c.askLine(ctx, origin, linesReport, aboutLine{Conference: id, Venue: venue, Report: &report})
	return err
}

// History returns a venue's last half hour.
func (c *Client) History(ctx context.Context, origin string, id conference.ID, venue conference.VenueID) ([]line.Sample, error) {
	answer, err := c.askLine(ctx, origin, linesHistory, aboutLine{Conference: id, Venue: venue})
	return answer.Samples, err
}

// PutStill passes on a venue's picture.
func (c *Client) PutStill(ctx context.Context, origin string, id conference.ID, venue conference.VenueID, picture []byte) error {
	_, err := c.askLine(ctx, origin, linesPut, aboutLine{Conference: id, Venue: venue, Picture: picture})
	return err
}

// Still returns it.
func (c *Client) Still(ctx context.Context, origin string, id conference.ID, venue conference.VenueID) ([]byte, error) {
	answer, err := c.askLine(ctx, origin, linesStill, aboutLine{Conference: id, Venue: venue})
	return answer.Picture, err
}

// FollowLines calls told with the lines of a conference on the other node, the first time
// with all of them, until ctx ends, the stream breaks or the other node is silent.
func (c *Client) FollowLines(ctx context.Context, origin string, id conference.ID, told func(LinesTold)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	quiet := time.AfterFunc(silence, stop)
	defer quiet.Stop()
	response, err := c.post(ctx, origin, Path+"/"+ofLines+"/"+linesFollow, aboutLine{Conference: id})
	if err != nil {
		return c.elsewhere(ctx, origin, err)
	}
	defer response.Body.Close() //nolint:errcheck // it is over either way
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		quiet.Reset(silence)
		var one struct {
			LinesTold

			Refused *refused `json:"refused,omitempty"`
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return c.elsewhere(ctx, origin, err)
		}
		if one.Refused != nil {
			return one.Refused.err()
		}
		told(one.LinesTold)
	}
	return lines.Err() //nolint:wrapcheck // nil when the other node has ended it
}

// lines answers what another node asks of a venue's line.
func (h *Handler) lines(w http.ResponseWriter, r *http.Request, what string, body []byte) {
	var about aboutLine
	if json.Unmarshal(body, &about) != nil || h.cfg.Lines == nil || (what == linesReport) != (about.Report != nil) {
		h.refuse(w, conference.Refuse(conference.KindInvalid, "request.bad_body", ""))
		return
	}
	var answer ofLine
	var err error
	switch what {
	case linesFollow:
		h.followLines(w, r, about.Conference)
		return
	case linesReport:
		err = h.cfg.Lines.Report(r.Context(), about.Conference, about.Venue, *about.Report)
	case linesHistory:
		answer.Samples, err = h.cfg.Lines.History(r.Context(), about.Conference, about.Venue)
	case linesPut:
		err = h.cfg.Lines.PutStill(r.Context(), about.Conference, about.Venue, about.Picture)
	case linesStill:
		answer.Picture, err = h.cfg.Lines.Still(r.Context(), about.Conference, about.Venue)
	default:
		err = unknownSession()
	}
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.write(w, http.StatusOK, answer)
}

// followLines tells the lines of a conference until the other node goes away.
func (h *Handler) followLines(w http.ResponseWriter, r *http.Request, id conference.ID) {
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	tell := func(t LinesTold) bool {
		_ = control.SetWriteDeadline(time.Now().Add(silence)) // not every writer has one
		return out.Encode(t) == nil && control.Flush() == nil
	}
	tick := time.NewTicker(linesEach)
	defer tick.Stop()
	var version, spoke uint64
	for first := true; ; first = false {
		changes := h.cfg.Lines.Changes(id, version)
		now, speaks := h.cfg.Lines.Speaking(id)
		t := LinesTold{Whole: first, Gone: changes.Gone}
		if first || speaks != spoke {
			t.Speaking = &now
		}
		for {
			n := min(len(changes.Rows), rowsOfLine)
			t.Rows = changes.Rows[:n]
			if !tell(t) { // an empty one only says that this node is alive
				return
			}
			if changes.Rows = changes.Rows[n:]; len(changes.Rows) == 0 {
				break
			}
			t = LinesTold{}
		}
		version, spoke = changes.Version, speaks
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}
