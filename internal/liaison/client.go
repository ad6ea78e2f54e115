package liaison

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// joinWithin bounds how long the other node may take to answer an offer, and anything else.
const joinWithin = 10 * time.Second

// maxLine is the longest line of a stream: an answer of 64 KiB in JSON.
const maxLine = 128 << 10

// Client asks other nodes. All methods may be called concurrently.
type Client struct {
	key    []byte
	now    func() time.Time
	logger *slog.Logger
	http   *http.Client

	sessionsMu sync.Mutex // guards sessions, ended
	sessions   map[*session]struct{}
	ended      bool
	wg         sync.WaitGroup // the readers of all sessions
}

// NewClient returns a Client; key is the installation's.
func NewClient(key []byte, now func() time.Time, logger *slog.Logger) *Client {
	return &Client{key: key, now: now, logger: logger.With(slog.String("part", "liaison")), sessions: make(map[*session]struct{}), http: &http.Client{
		Transport: &http.Transport{}, // its own, so that Run can end its connections
		// A signature is for one address: a redirect would have to be signed anew.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Run waits until ctx ends, then ends every session and waits for it.
func (c *Client) Run(ctx context.Context) error {
	<-ctx.Done()
	c.sessionsMu.Lock()
	c.ended = true
	for s := range c.sessions {
		s.stop()
	}
	c.sessionsMu.Unlock()
	c.wg.Wait()
	c.http.CloseIdleConnections()
	return nil
}

// follow reads a session's stream until it ends. It reports false after Run.
func (c *Client) follow(s *session, lines *bufio.Scanner, body io.Closer) bool {
	c.sessionsMu.Lock()
	defer c.sessionsMu.Unlock()
	if c.ended {
		return false
	}
	c.sessions[s] = struct{}{}
	// Ends with the stream: by Close, the other node, its silence, or Run.
	c.wg.Go(func() {
		s.read(lines, body)
		c.sessionsMu.Lock()
		defer c.sessionsMu.Unlock()
		delete(c.sessions, s)
	})
	return true
}

// EndOthers ends the sessions of a conference's pages on every node but the one with the
// given origin; "": on all. The media are there now, whatever the others believe: one that
// has lost the store goes on until it sees it again.
func (c *Client) EndOthers(id conference.ID, origin string) {
	c.sessionsMu.Lock()
	defer c.sessionsMu.Unlock()
	for s := range c.sessions {
		if s.conference == id && s.origin != origin {
			s.stop()
		}
	}
}

var errUnavailable = conference.Refuse(conference.KindUnavailable, "media.unavailable", "")

// elsewhere refuses when the node that should hold the media does not answer: the page tries
// again, and by then they may have another home. What is wrong is for the log alone: it names
// addresses of the inner network.
func (c *Client) elsewhere(ctx context.Context, origin string, err error) error {
	if !errors.Is(err, context.Canceled) { // nobody waits any more
		c.logger.WarnContext(ctx, "another node does not answer", slog.String("node", origin), slog.Any("err", err))
	}
	return errUnavailable
}

// Join makes a session on the node with the given origin. Refusals: the other node's;
// media.unavailable.
func (c *Client) Join(ctx context.Context, origin string, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
	s, answer, err := c.begin(ctx, origin, join{
		Conference: id, Role: actor.Role, Venue: actor.Venue, Session: actor.Session, SDP: offer.SDP, MediaToken: offer.MediaToken,
	})
	if err != nil {
		return nil, "", err
	}
	return s, answer, nil
}

// Resume gives a page the session back that it has on the node with the given origin.
// Refusals: the other node's; media.unavailable.
func (c *Client) Resume(ctx context.Context, origin string, id conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error) {
	s, _, err := c.begin(ctx, origin, join{
		Conference: id, Role: actor.Role, Venue: actor.Venue, Session: actor.Session, MediaToken: token,
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// begin asks and follows the stream that answers.
func (c *Client) begin(ctx context.Context, origin string, asked join) (*session, string, error) {
	// The stream outlives this call: Close ends it, or its end does.
	stream, stop := context.WithCancel(context.WithoutCancel(ctx))
	patience := context.AfterFunc(ctx, stop)
	defer patience()
	late := time.AfterFunc(joinWithin, stop)
	defer late.Stop()
	response, err := c.post(stream, origin, Path, asked)
	if err != nil {
		stop()
		return nil, "", c.elsewhere(ctx, origin, err)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxLine)
	first, err := next(lines)
	if err == nil && first.Refused != nil {
		err = first.Refused.err()
	} else if err != nil {
		err = c.elsewhere(ctx, origin, err)
	}
	if err != nil {
		stop()
		_ = response.Body.Close() // nothing is wanted of it any more
		return nil, "", err
	}
	s := &session{
		client: c, conference: asked.Conference, origin: origin, id: first.ID, token: first.MediaToken, ice: first.ICEServers,
		stop: stop, done: make(chan struct{}), change: make(chan struct{}),
	}
	if !c.follow(s, lines, response.Body) {
		stop()
		_ = response.Body.Close()      // nothing is wanted of it any more
		return nil, "", errUnavailable // this node stops
	}
	return s, first.SDP, nil
}

func next(lines *bufio.Scanner) (told, error) {
	var t told
	if !lines.Scan() {
		if err := lines.Err(); err != nil {
			return t, fmt.Errorf("read from another node: %w", err)
		}
		return t, fmt.Errorf("read from another node: %w", io.ErrUnexpectedEOF)
	}
	if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
		return t, fmt.Errorf("read from another node: %w", err)
	}
	return t, nil
}

func (c *Client) post(ctx context.Context, origin, path string, body any) (*http.Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("ask another node: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+path, bytes.NewReader(raw)) //nolint:gosec // the origin stands in a lease, which only nodes with the secret's store write
	if err != nil {
		return nil, fmt.Errorf("ask another node: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	sign(request, c.key, c.now(), raw)
	response, err := c.http.Do(request) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("ask another node: %w", err)
	}
	switch response.StatusCode {
	case http.StatusOK, http.StatusConflict:
		return response, nil
	}
	_ = response.Body.Close() // its words are not for us
	return nil, fmt.Errorf("ask another node: it answered %s", response.Status)
}

// ask posts and reads one answer.
func (c *Client) ask(ctx context.Context, origin, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	response, err := c.post(ctx, origin, path, body)
	if err != nil {
		return c.elsewhere(ctx, origin, err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxLine))
	if err != nil {
		return c.elsewhere(ctx, origin, err)
	}
	var t told
	if response.StatusCode == http.StatusConflict && json.Unmarshal(raw, &t) == nil && t.Refused != nil {
		return t.Refused.err()
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return c.elsewhere(ctx, origin, err)
	}
	return nil
}

// session is a session on another node; a signaling.MediaSession.
type session struct {
	client     *Client
	conference conference.ID
	origin     string
	id         string
	token      string
	stop       context.CancelFunc
	done       chan struct{}

	replaced atomic.Bool

	slotsMu sync.Mutex // guards slots, change, ice
	slots   protocol.Slots
	change  chan struct{}
	ice     []protocol.ICEServer // as last told
}

// read follows the stream until it ends.
func (s *session) read(lines *bufio.Scanner, body io.Closer) {
	defer close(s.done)
	defer s.stop()
	defer body.Close() //nolint:errcheck // it is over either way
	quiet := time.AfterFunc(silence, s.stop)
	defer quiet.Stop()
	for {
		t, err := next(lines)
		if err != nil {
			return
		}
		quiet.Reset(silence)
		s.replaced.Store(t.Replaced)
		if t.Slots != nil {
			s.see(*t.Slots)
		}
	}
}

func (s *session) see(slots protocol.Slots) {
	s.slotsMu.Lock()
	defer s.slotsMu.Unlock()
	s.slots = slots
	close(s.change)
	s.change = make(chan struct{})
}

// Slots returns the map of receive slots, the layers of the camera that are wanted, and a
// channel closed when either changes.
func (s *session) Slots() (protocol.Slots, <-chan struct{}) {
	s.slotsMu.Lock()
	defer s.slotsMu.Unlock()
	return s.slots, s.change
}

// Restart answers a full offer with new ICE credentials.
func (s *session) Restart(ctx context.Context, offer string) (string, error) {
	var answer description
	if err := s.client.ask(ctx, s.origin, Path+"/"+s.id+"/restart", description{SDP: offer}, &answer); err != nil {
		return "", err
	}
	s.slotsMu.Lock()
	defer s.slotsMu.Unlock()
	s.ice = answer.ICEServers
	return answer.SDP, nil
}

// Tiles chooses the venues in the tile slots. It is best effort: a node that does not
// answer ends the session before long.
func (s *session) Tiles(venues []conference.VenueID) { s.tell("tiles", tiles{Venues: venues}) }

// Talk lets the stage's microphone be heard in one venue. Refusals: the other node's.
func (s *session) Talk(ctx context.Context, venue conference.VenueID) error {
	return s.client.ask(ctx, s.origin, Path+"/"+s.id+"/talk", talk{Venue: venue}, &struct{}{})
}

// Look tells how slots are shown. It is best effort, as Tiles is.
func (s *session) Look(slots []protocol.SlotLook) { s.tell("look", protocol.MediaLook{Slots: slots}) }

func (s *session) tell(what string, body any) {
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	err := s.client.ask(ctx, s.origin, Path+"/"+s.id+"/"+what, body, &struct{}{})
	var refusal *conference.Error
	if errors.As(err, &refusal) && refusal.Kind == conference.KindNotFound {
		s.stop()
	}
}

// ICEServers returns what relays the session's media: the other node's relay, with the
// credentials that came with the last answer.
func (s *session) ICEServers() []protocol.ICEServer {
	s.slotsMu.Lock()
	defer s.slotsMu.Unlock()
	return s.ice
}

// Token is what the page comes back with, through whichever node.
func (s *session) Token() string { return s.token }

// Park lets go of the session; the other node keeps it for a minute.
func (s *session) Park() { s.stop() }

// Close ends the session; again and again is no error. A node that does not answer ends it
// a minute later.
func (s *session) Close() {
	defer s.stop()
	select {
	case <-s.done:
		return
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	_ = s.client.ask(ctx, s.origin, Path+"/"+s.id+"/leave", struct{}{}, &struct{}{}) // see above
}

// Replaced reports whether another page of the venue took the place.
func (s *session) Replaced() bool { return s.replaced.Load() }

// Done is closed when the session has ended, by whomever.
func (s *session) Done() <-chan struct{} { return s.done }
