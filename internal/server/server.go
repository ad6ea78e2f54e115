package server

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/workday"
)

// Config is what a Server needs. All fields are required but those that say otherwise.
type Config struct {
	Logger *slog.Logger
	Now    func() time.Time
	Gate   *access.Gate
	Live   *live.Node
	Media  Media
	Relay  Relay // nil: nothing is relayed
	// Livestream has the programme as HLS; nil: there is none.
	Livestream Livestream
	// VenueRecordings has what is kept of venues by themselves; nil: nothing is.
	VenueRecordings VenueRecordings
	Lines           Lines // nil: nothing is known of lines
	Pages           fs.FS // the built pages (web.Dist)
	// Socket serves the WebSocket of a conference; a refusal comes back before anything is
	// written.
	Socket func(w http.ResponseWriter, r *http.Request, id conference.ID) error
	// Limits are shared with the socket; nil: some of this server's own, without proof of work.
	Limits *limits.Limits
	// Holidays are the free days that due dates leave out; nil: those that come with the program.
	Holidays *workday.Calendar
	// Metrics counts requests; may be nil.
	Metrics *Metrics
	// Origins returns the https origins of this server, for pages opened over plain http
	// that need a camera; may be nil.
	Origins func() []string
	// CACert is the local authority's certificate (PEM); nil when there is none.
	CACert []byte
	// MediaHome returns the public origin of the node that has the conference's media, "" when
	// that is this one; nil: always. Refusal: media.unavailable while nobody has them.
	MediaHome func(id conference.ID) (origin string, err error)
	// Nodes answers the other nodes of this installation below liaison.Path; nil: there are none.
	Nodes http.Handler
	// Peers returns the public origins of the other nodes, which pages may be sent to for
	// media; may be nil.
	Peers func() []string
	// Edges are the servers elsewhere that viewers are sent to; nil: there can be none.
	Edges Edges
	// Templates are conferences that a new one can begin as; their ids name them.
	Templates []conference.Info
	// Zalo is the webhook of the Official Account; nil: there is none.
	Zalo http.Handler
	// ImportSecret keys the questions of imported tables: the same on every node, for ever;
	// at least 16 bytes.
	ImportSecret []byte
	// Codes sends one-time codes to telephones; nil: conferences that ask for one cannot be
	// registered for.
	Codes Codes
	// Mail writes to people who give an e-mail address; nil: nobody does.
	Mail Mail
	// BaseURL returns the origin put in front of new links; may be nil: the request's own.
	BaseURL func() string
}

// Server answers HTTP. Safe for concurrent use.
type Server struct {
	cfg      Config
	echo     *echo.Echo
	pages    *pageSet
	forms    *template.Template // of the pages without script
	media    *mediaSessions
	copies   copies // of records
	replays  replays
	sending  sending     // movies
	edge     *EdgeConfig // nil: this is no edge
	importMu sync.Mutex  // held while a table is read: one may take 200 MB of memory
	started  atomic.Bool
	draining atomic.Bool
}

// New returns a Server; its Handler answers at once, Run keeps its house.
func New(cfg Config) (*Server, error) {
	pages, err := loadPages(cfg.Pages)
	if err != nil {
		return nil, fmt.Errorf("load the pages: %w", err)
	}
	if cfg.Limits == nil {
		cfg.Limits = limits.New(limits.Config{Now: cfg.Now})
	}
	if cfg.Holidays == nil {
		cfg.Holidays = workday.Vietnam()
	}
	forms, err := loadForms()
	if err != nil {
		return nil, err
	}
	s := &Server{
		forms: forms, cfg: cfg, echo: echo.New(), pages: pages, media: newMediaSessions(), copies: copies{public: map[netip.Prefix]struct{}{}},
		replays: replays{last: map[conference.ID]*replayed{}}, sending: sending{by: map[netip.Prefix]int{}},
	}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.IPExtractor = echo.ExtractIPDirect()
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.Use(s.observe, s.recoverPanic, s.secure)
	s.routes()
	return s, nil
}

// Handler returns the handler of all routes.
func (s *Server) Handler() http.Handler { return s.echo }

// Run follows revocations and clears what has ended, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	revocations, err := s.cfg.Gate.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("follow revocations: %w", err)
	}
	sweep := time.NewTicker(30 * time.Second)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case r, open := <-revocations:
			if !open {
				if ctx.Err() != nil {
					return nil
				}
				return errors.New("follow revocations: the subscription ended")
			}
			s.media.closeOf(r.Ref, r.Grant)
		case <-sweep.C:
			s.media.sweep()
			s.cfg.Limits.Sweep()
		}
	}
}

// Started makes /readyz say yes, as far as log and media are well: all this process
// begins with is there.
func (s *Server) Started() { s.started.Store(true) }

// Drain makes /readyz say no, so that nobody new is sent here.
func (s *Server) Drain() { s.draining.Store(true) }

// routes is the table of everything this server answers. No echo groups: their own
// not-found routes would hide 405 Method Not Allowed.
func (s *Server) routes() {
	e := s.echo
	for path, entry := range pagePaths() {
		s.read(path, s.page(entry))
	}
	s.read("/c/:conference", s.page("conference"))
	s.read("/c/:conference/replay", s.page("replay"))
	s.read("/assets/*", s.asset)
	s.read("/plain.css", s.plainCSS)
	s.read("/ca", s.caPage)
	s.read("/ca.crt", s.caCert)
	s.read("/healthz", s.healthz)
	s.read("/readyz", s.readyz)

	if s.cfg.Zalo != nil { // signed by Zalo, no browser's: no Origin, no cookie
		e.Any("/api/v1/zalo", echo.WrapHandler(s.cfg.Zalo))
	}
	if s.cfg.Nodes != nil { // signed by a node
		e.Any(liaison.Path, echo.WrapHandler(s.cfg.Nodes))
		e.Any(liaison.Path+"/*", echo.WrapHandler(s.cfg.Nodes))
	}
	api := func(method, path string, handler echo.HandlerFunc) {
		e.Add(method, "/api/v1"+path, handler, s.guardOrigin)
	}
	if s.cfg.Edges != nil {
		api(http.MethodPost, strings.TrimPrefix(edge.Path, "/api/v1"), s.edgeReport)
		api(http.MethodPost, "/conferences/:conference/rungs/:rung", s.edgePull)
	}
	api(http.MethodGet, "/origins", s.origins)
	api(http.MethodPost, "/session", s.signIn)
	api(http.MethodGet, "/session", s.mySessions)
	api(http.MethodDelete, "/session", s.signOut)
	api(http.MethodGet, "/holidays", s.holidays)
	api(http.MethodGet, "/record/key", s.recordKey)
	api(http.MethodGet, "/conferences/:conference/record", s.copyRecord)
	api(http.MethodGet, "/conferences", s.conferences)
	api(http.MethodPost, "/conferences", s.createConference)
	s.setupRoutes(api)
	api(http.MethodPost, "/conferences/:conference/open", s.changeConference(conference.Open{}))
	api(http.MethodPost, "/conferences/:conference/close", s.changeConference(conference.Close{}))
	api(http.MethodPost, "/conferences/:conference/questions/import", s.importQuestions)
	api(http.MethodGet, "/conferences/:conference/questions/template.xlsx", s.importTemplate)
	api(http.MethodPost, "/conferences/:conference/questions", s.submitQuestion)
	api(http.MethodPost, "/questions/lookup", s.lookupQuestion)
	api(http.MethodGet, "/conferences/:conference/sessions", s.listSessions)
	api(http.MethodPost, "/conferences/:conference/links", s.createLink)
	api(http.MethodPost, "/conferences/:conference/revoke", s.revokeSession)
	api(http.MethodGet, "/conferences/:conference/socket", s.socket)
	api(http.MethodGet, "/conferences/:conference/lines.csv", s.lineTable)
	api(http.MethodGet, "/conferences/:conference/lines/:venue", s.lineHistory)
	api(http.MethodPost, "/conferences/:conference/stills/:venue", s.putStill)
	api(http.MethodGet, "/conferences/:conference/stills/:venue", s.getStill)

	s.registrationRoutes(api)
	s.hlsRoutes()
	s.mediaRoutes(func(method, path string, handler echo.HandlerFunc) {
		e.Add(method, "/api/v1/conferences/:conference"+path, handler, s.allowAnyOrigin)
	})
}

// read routes GET and HEAD.
func (s *Server) read(path string, handler echo.HandlerFunc) {
	s.echo.Match([]string{http.MethodGet, http.MethodHead}, path, handler)
}

// socket hands the request to the WebSocket, which checks the origin itself: a handshake
// is a GET, which guardOrigin lets through.
func (s *Server) socket(c echo.Context) error {
	id, err := s.conferenceID(c)
	if err != nil {
		return err
	}
	return s.cfg.Socket(c.Response(), c.Request(), id)
}

// asker returns on whose account a request is counted.
func (s *Server) asker(c echo.Context) limits.Asker {
	return limits.Asker{Address: s.cfg.Limits.From(c.Request()), Conference: conference.ID(c.Param("conference"))}
}

// conferenceID returns the conference a route names. Refusal: conference.unknown.
func (s *Server) conferenceID(c echo.Context) (conference.ID, error) {
	id := conference.ID(c.Param("conference"))
	if _, err := s.cfg.Live.Conference(id); err != nil {
		return "", err
	}
	return id, nil
}

// about returns what the conference of a route is, also at an edge, which has no record.
// Refusal: conference.unknown.
func (s *Server) about(c echo.Context) (*conference.Info, error) {
	if s.edge != nil {
		return s.edge.conference(conference.ID(c.Param("conference")))
	}
	_, info, err := s.info(c)
	return info, err
}

// info returns what the conference of a route is. Refusal: conference.unknown.
func (s *Server) info(c echo.Context) (*live.Conference, *conference.Info, error) {
	running, err := s.cfg.Live.Conference(conference.ID(c.Param("conference")))
	if err != nil {
		return nil, nil, err
	}
	return running, running.Snapshot().Info, nil
}
