package server

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
)

// Media is what WHIP and WHEP need of the media plane.
type Media interface {
	// Publish takes a venue from an encoder; Watch sends the programme or one venue. Both
	// return the SDP answer. Refusals: those of sfu.Plane.
	Publish(ctx context.Context, info *conference.Info, venue conference.VenueID, offer string) (MediaSession, string, error)
	Watch(ctx context.Context, info *conference.Info, at Viewing, offer string) (MediaSession, string, error)
	// Ready returns nil when media can be received.
	Ready() error
}

// Viewing is what is watched, and from where.
type Viewing struct {
	Venue conference.VenueID // "": the programme
	From  netip.Prefix       // the address, as limits.Network gives it
	// Edge: an edge asks, for one size of the programme: 0 is the largest.
	Edge bool
	Rung int
}

// Relay tells clients how to reach the TURN server.
type Relay interface {
	// URL returns it as the client of a request reaches this server; "": there is none.
	URL(r *http.Request) string
	// Credentials are for one session; they are secrets. PublicCredentials are for one that
	// anybody may have made.
	Credentials(session string) (username, credential string)
	PublicCredentials(session string) (username, credential string)
}

// MediaSession is one PeerConnection; *sfu.Session is one.
type MediaSession interface {
	ID() string
	ETag() string
	Patch(ctx context.Context, fragment, ifMatch string) (string, error)
	Close()
	Done() <-chan struct{}
}

const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// mediaRoutes are WHIP (RFC 9725) and WHEP. A session's address holds 128 random bits and
// is told to its maker only; what was made with a token is changed with it only.
func (s *Server) mediaRoutes(add func(method, path string, handler echo.HandlerFunc)) {
	add(http.MethodPost, "/whip/:venue", s.publish)
	add(http.MethodPost, "/whep", s.watch)
	add(http.MethodPost, "/whep/:venue", s.watch)
	for _, path := range []string{"/whip/:venue", "/whep", "/whep/:venue"} {
		add(http.MethodOptions, path, s.mediaOptions)
	}
	for _, path := range []string{"/whip/:venue/:session", "/whep/:venue/:session"} {
		add(http.MethodPatch, path, s.patchMedia)
		add(http.MethodDelete, path, s.closeMedia)
		add(http.MethodOptions, path, s.mediaOptions)
	}
}

// publish is WHIP: the bearer token of the venue and an offer → 201, Location, ETag.
func (s *Server) publish(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	venue := conference.VenueID(c.Param("venue"))
	owner, err := s.mediaOwner(c, info, venue, access.ActionMediaPublish)
	if err != nil {
		return err
	}
	if away, err := s.redirectMedia(c, info.ID); away {
		return err
	}
	offer, err := readText(c, typeSDP)
	if err != nil {
		return err
	}
	session, sdp, err := s.cfg.Media.Publish(c.Request().Context(), info, venue, offer)
	if err != nil {
		return err
	}
	return s.answerMedia(c, "whip/"+string(venue), owner, session, sdp)
}

// watch is WHEP: the programme is open when the conference is public; one venue needs a
// venue or stage token, or the stage page's session.
func (s *Server) watch(c echo.Context) error {
	info, err := s.about(c)
	if err != nil {
		return err
	}
	venue := conference.VenueID(c.Param("venue"))
	action, place := access.ActionMediaWatch, "whep/~"
	if venue != "" {
		action, place = access.ActionMediaWatchVenue, "whep/"+string(venue)
	}
	var owner mediaOwner
	if venue != "" || !info.Public {
		if owner, err = s.mediaOwner(c, info, venue, action); err != nil {
			return err
		}
	} else if s.toEdge(c, info, false) {
		return nil
	}
	if away, err := s.redirectMedia(c, info.ID); away {
		return err
	}
	asker := s.asker(c)
	if err := s.cfg.Limits.Take(c.Request().Context(), limits.Watch, asker); err != nil {
		return err
	}
	offer, err := readText(c, typeSDP)
	if err != nil {
		return err
	}
	session, sdp, err := s.cfg.Media.Watch(c.Request().Context(), info, Viewing{Venue: venue, From: asker.Address}, offer)
	if err != nil {
		return err
	}
	return s.answerMedia(c, place, owner, session, sdp)
}

// redirectMedia sends the request to the node that has the conference's media (307: the
// same method and body, RFC 9110 §15.4.8); false: that is this one.
func (s *Server) redirectMedia(c echo.Context, id conference.ID) (bool, error) {
	if s.cfg.MediaHome == nil {
		return false, nil
	}
	origin, err := s.cfg.MediaHome(id)
	if err != nil || origin == "" {
		return err != nil, err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return true, c.Redirect(http.StatusTemporaryRedirect, origin+c.Request().URL.RequestURI())
}

func (s *Server) answerMedia(c echo.Context, place string, owner mediaOwner, session MediaSession, sdp string) error {
	id := conference.ID(c.Param("conference"))
	s.media.add(session, id, owner)
	header := c.Response().Header()
	header.Set("Location", "/api/v1/conferences/"+string(id)+"/"+place+"/"+session.ID())
	header.Set("ETag", quoted(session.ETag()))
	header.Set("Accept-Patch", typeFragment)
	header.Set("Cache-Control", "no-store")
	s.linkRelay(c, owner, session)
	return c.Blob(http.StatusCreated, typeSDP, []byte(sdp))
}

// linkRelay tells what relays a session's media that gets through no other way, with
// fresh credentials (RFC 9725 §4.6).
func (s *Server) linkRelay(c echo.Context, owner mediaOwner, session MediaSession) {
	if s.cfg.Relay == nil {
		return
	}
	url := s.cfg.Relay.URL(c.Request())
	if url == "" {
		return
	}
	credentials := s.cfg.Relay.Credentials
	if owner == "" {
		credentials = s.cfg.Relay.PublicCredentials
	}
	username, credential := credentials(session.ID())
	c.Response().Header().Add("Link", fmt.Sprintf(
		`<%s>; rel="ice-server"; username=%q; credential=%q; credential-type="password"`, url, username, credential))
}

// patchMedia takes trickled candidates (204) or an ICE restart (200 with a new ETag).
func (s *Server) patchMedia(c echo.Context) error {
	held, err := s.mediaSession(c)
	if err != nil {
		return err
	}
	fragment, err := readText(c, typeFragment)
	if err != nil {
		return err
	}
	match := c.Request().Header.Get("If-Match")
	if match == "" {
		return conference.Refuse(conference.KindInvalid, "media.etag_missing", "If-Match") // RFC 9725 §4.3.1
	}
	sdp, err := held.session.Patch(c.Request().Context(), fragment, match)
	if err != nil {
		return err
	}
	if sdp == "" {
		return c.NoContent(http.StatusNoContent)
	}
	c.Response().Header().Set("ETag", quoted(held.session.ETag()))
	s.linkRelay(c, held.owner, held.session)
	return c.Blob(http.StatusOK, typeFragment, []byte(sdp))
}

func (s *Server) closeMedia(c echo.Context) error {
	held, err := s.mediaSession(c)
	if err != nil {
		return err
	}
	held.session.Close()
	s.media.forget(held.session.ID())
	return c.NoContent(http.StatusOK)
}

func (s *Server) mediaOptions(c echo.Context) error {
	header := c.Response().Header()
	takes := "Accept-Post"
	if c.Param("session") != "" {
		takes = "Accept-Patch"
	}
	header.Set(takes, acceptsOf(takes))
	header.Set("Access-Control-Allow-Methods", "POST, PATCH, DELETE, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, Accept-Language")
	header.Set("Access-Control-Max-Age", "86400")
	return c.NoContent(http.StatusNoContent)
}

// acceptsOf returns the content type that Accept-Post or Accept-Patch tells.
func acceptsOf(header string) string {
	if header == "Accept-Patch" {
		return typeFragment
	}
	return typeSDP
}

// refuseMedia sets what a refused program of WHIP or WHEP, or a page of another site,
// needs besides the problem: leave to read it, how to sign in, and what is taken. The
// router's own refusals (404, 405) do not pass the routes' middleware.
func refuseMedia(c echo.Context, status int) {
	r, header := c.Request(), c.Response().Header()
	if isHLS(r) {
		openToAll(header)
		return
	}
	if !isMedia(r) {
		return
	}
	openToAll(header)
	switch status {
	case http.StatusUnauthorized:
		header.Set("WWW-Authenticate", "Bearer")
	case http.StatusUnsupportedMediaType:
		takes := "Accept-Post"
		if r.Method == http.MethodPatch {
			takes = "Accept-Patch"
		}
		header.Set(takes, acceptsOf(takes))
	}
}

// isMedia reports whether a request is for an address of WHIP or WHEP.
func isMedia(r *http.Request) bool {
	rest, found := strings.CutPrefix(r.URL.Path, "/api/v1/conferences/")
	_, place, _ := strings.Cut(rest, "/")
	kind, _, _ := strings.Cut(place, "/")
	return found && (kind == "whip" || kind == "whep")
}

// mediaOwner returns who asks for media: by a bearer token of this conference, or (WHEP)
// by a staff page's session. A venue's token is good for that venue only.
func (s *Server) mediaOwner(c echo.Context, info *conference.Info, venue conference.VenueID, action string) (mediaOwner, error) {
	r := c.Request()
	if bearer(r) == "" && carriesOurCookie(r) {
		if action == access.ActionMediaPublish {
			return "", conference.Refuse(conference.KindUnauthorised, "link.invalid", "WHIP takes a bearer token")
		}
		if err := exactOrigin(r); err != nil {
			return "", err
		}
	}
	actor, err := s.authorise(c, info.ID, action)
	if err != nil {
		return "", err
	}
	denied := conference.Refuse(conference.KindForbidden, "access.denied", "another venue's")
	if actor.Role == conference.RoleVenue && venue != "" && actor.Venue != venue {
		return "", denied
	}
	if _, found := info.Venue(venue); venue != "" && !found {
		return "", conference.Refuse(conference.KindNotFound, "media.unknown_venue", "")
	}
	return mediaOwner(actor.Session), nil
}

// mediaSession returns the session a route names, if its maker asks.
func (s *Server) mediaSession(c echo.Context) (heldMedia, error) {
	held, found := s.media.get(c.Param("session"))
	if !found || held.conference != conference.ID(c.Param("conference")) {
		return heldMedia{}, conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
	}
	if held.owner == "" {
		return held, nil // a public viewer: the address alone opens it
	}
	_, info, err := s.info(c)
	if err != nil {
		return heldMedia{}, err
	}
	venue := conference.VenueID(c.Param("venue"))
	action := access.ActionMediaWatch
	if _, isVenue := info.Venue(venue); isVenue {
		action = access.ActionMediaWatchVenue
	} else {
		venue = ""
	}
	owner, err := s.mediaOwner(c, info, venue, action)
	if err != nil {
		return heldMedia{}, err
	}
	if owner != held.owner {
		return heldMedia{}, conference.Refuse(conference.KindForbidden, "access.denied", "another's session")
	}
	return held, nil
}

// quoted returns an entity tag as a header carries it.
func quoted(tag string) string {
	if len(tag) > 1 && tag[0] == '"' {
		return tag
	}
	return `"` + tag + `"`
}

// mediaOwner is who made a media session: a session's Ref, a link's id, or "" (public).
type mediaOwner string

// heldMedia is a media session this server made.
type heldMedia struct {
	session    MediaSession
	conference conference.ID
	owner      mediaOwner
}

// mediaSessions are the WHIP and WHEP sessions made here.
type mediaSessions struct {
	heldMu sync.Mutex // guards held
	held   map[string]heldMedia
}

func newMediaSessions() *mediaSessions { return &mediaSessions{held: map[string]heldMedia{}} }

func (m *mediaSessions) add(session MediaSession, id conference.ID, owner mediaOwner) {
	m.heldMu.Lock()
	defer m.heldMu.Unlock()
	m.held[session.ID()] = heldMedia{session: session, conference: id, owner: owner}
}

func (m *mediaSessions) get(id string) (heldMedia, bool) {
	m.heldMu.Lock()
	defer m.heldMu.Unlock()
	held, found := m.held[id]
	if !found {
		return held, false
	}
	select {
	case <-held.session.Done():
		delete(m.held, id)
		return held, false
	default:
		return held, true
	}
}

func (m *mediaSessions) forget(id string) {
	m.heldMu.Lock()
	defer m.heldMu.Unlock()
	delete(m.held, id)
}

// closeOf ends the media of a revoked session and of its link.
func (m *mediaSessions) closeOf(ref, grant string) {
	var ended []MediaSession
	m.heldMu.Lock()
	for id, held := range m.held {
		if held.owner != "" && (held.owner == mediaOwner(ref) || held.owner == mediaOwner(grant)) {
			ended = append(ended, held.session)
			delete(m.held, id)
		}
	}
	m.heldMu.Unlock()
	for _, session := range ended {
		session.Close()
	}
}

// sweep forgets what has ended.
func (m *mediaSessions) sweep() {
	m.heldMu.Lock()
	defer m.heldMu.Unlock()
	for id, held := range m.held {
		select {
		case <-held.session.Done():
			delete(m.held, id)
		default:
		}
	}
}
