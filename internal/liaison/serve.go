package liaison

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// alive is how often a stream says something; a reader that hears nothing for silence
// takes the other node for dead.
const (
	alive   = time.Second
	silence = 4 * time.Second
)

// Config is what a Handler needs.
type Config struct {
	// Join is the local media plane's; it refuses when media are not held here.
	Join func(ctx context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error)
	// Resume gives a page its session back; likewise.
	Resume func(ctx context.Context, id conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error)
	// ICEServers returns what relays media to this node, with credentials for the session.
	ICEServers func(session string) []protocol.ICEServer
	// Lines are this node's; nil: it has none.
	Lines  Lines
	Key    []byte // the same on every node of an installation
	Store  Store
	Now    func() time.Time
	Logger *slog.Logger
}

// Handler answers other nodes. Safe for concurrent use.
type Handler struct {
	cfg Config

	sessionsMu sync.Mutex // guards sessions
	sessions   map[string]kept
}

// kept is a session that another node's page has here.
type kept struct {
	signaling.MediaSession

	owner string // whom the credentials of a relay are for
}

// NewHandler returns a Handler for Path and everything below it.
func NewHandler(cfg Config) *Handler {
	return &Handler{cfg: cfg, sessions: make(map[string]kept)}
}

// ServeHTTP answers POST of signed requests.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := verify(w, r, h.cfg.Key, h.cfg.Now(), h.cfg.Store)
	if err != nil {
		h.refuse(w, err)
		return
	}
	session, action, _ := strings.Cut(strings.Trim(strings.TrimPrefix(r.URL.Path, Path), "/"), "/")
	switch {
	case r.Method != http.MethodPost:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case session == "":
		h.join(w, r, body)
	case session == ofLines:
		h.lines(w, r, action, body)
	case action == "restart":
		h.restart(w, r, session, body)
	case action == "tiles":
		h.tiles(w, session, body)
	case action == "talk":
		h.talk(w, r, session, body)
	case action == "leave":
		h.leave(w, session)
	case action == "look":
		h.look(w, session, body)
	default:
		h.refuse(w, unknownSession())
	}
}

func unknownSession() error {
	return conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
}

// join makes or finds a session and tells of it until it ends or the other node goes away.
func (h *Handler) join(w http.ResponseWriter, r *http.Request, body []byte) {
	var asked join
	if err := json.Unmarshal(body, &asked); err != nil {
		h.refuse(w, conference.Refuse(conference.KindInvalid, "request.bad_body", ""))
		return
	}
	actor := conference.Actor{Role: asked.Role, Venue: asked.Venue, Session: asked.Session}
	session, answer, err := h.session(r.Context(), actor, &asked)
	if err != nil {
		h.refuse(w, err)
		return
	}
	defer session.Park() // or it has ended
	owner := string(asked.Conference) + "/" + asked.Session
	id := h.keep(kept{session, owner})
	defer h.forget(id)
	control := http.NewResponseController(w)
	w.Header().Set("Content-Type", "application/x-ndjson")
	line := json.NewEncoder(w)
	tell := func(t told) bool {
		_ = control.SetWriteDeadline(time.Now().Add(silence)) // not every writer has one
		return line.Encode(t) == nil && control.Flush() == nil
	}
	if !tell(told{ID: id, SDP: answer, MediaToken: session.Token(), ICEServers: h.cfg.ICEServers(owner)}) {
		return
	}
	beat := time.NewTicker(alive)
	defer beat.Stop()
	for {
		slots, changed := session.Slots()
		if !tell(told{Slots: &slots}) {
			return
		}
		for waiting := true; waiting; {
			select {
			case <-changed:
				waiting = false
			case <-beat.C:
				if !tell(told{}) {
					return
				}
			case <-session.Done():
				tell(told{Replaced: signaling.Replaced(session)})
				return
			case <-r.Context().Done():
				return
			}
		}
	}
}

func (h *Handler) session(ctx context.Context, actor conference.Actor, asked *join) (signaling.MediaSession, string, error) {
	if asked.SDP == "" {
		session, err := h.cfg.Resume(ctx, asked.Conference, actor, asked.MediaToken)
		return session, "", err
	}
	return h.cfg.Join(ctx, asked.Conference, actor, protocol.MediaOffer{SDP: asked.SDP, MediaToken: asked.MediaToken})
}

func (h *Handler) restart(w http.ResponseWriter, r *http.Request, id string, body []byte) {
	session, known := h.find(id)
	var asked description
	if !known || json.Unmarshal(body, &asked) != nil {
		h.refuse(w, unknownSession())
		return
	}
	answer, err := session.Restart(r.Context(), asked.SDP)
	if err != nil {
		h.refuse(w, err)
		return
	}
	h.write(w, http.StatusOK, description{SDP: answer, ICEServers: h.cfg.ICEServers(session.owner)})
}

func (h *Handler) tiles(w http.ResponseWriter, id string, body []byte) {
	session, known := h.find(id)
	var asked tiles
	if !known || json.Unmarshal(body, &asked) != nil {
		h.refuse(w, unknownSession())
		return
	}
	session.Tiles(asked.Venues)
	h.write(w, http.StatusOK, struct{}{})
}

func (h *Handler) talk(w http.ResponseWriter, r *http.Request, id string, body []byte) {
	session, known := h.find(id)
	var asked talk
	if !known || json.Unmarshal(body, &asked) != nil {
		h.refuse(w, unknownSession())
		return
	}
	if err := session.Talk(r.Context(), asked.Venue); err != nil {
		h.refuse(w, err)
		return
	}
	h.write(w, http.StatusOK, struct{}{})
}

func (h *Handler) leave(w http.ResponseWriter, id string) {
	session, known := h.find(id)
	if !known {
		h.refuse(w, unknownSession())
		return
	}
	h.forget(id)
	session.Close()
	h.write(w, http.StatusOK, struct{}{})
}

func (h *Handler) look(w http.ResponseWriter, id string, body []byte) {
	session, known := h.find(id)
	var asked protocol.MediaLook
	if !known || json.Unmarshal(body, &asked) != nil {
		h.refuse(w, unknownSession())
		return
	}
	session.Look(asked.Slots)
	h.write(w, http.StatusOK, struct{}{})
}

// refuse passes a refusal on as it is; anything else is a fault of this node.
func (h *Handler) refuse(w http.ResponseWriter, err error) {
	var refusal *conference.Error
	if !errors.As(err, &refusal) {
		h.cfg.Logger.Error("relayed media met a fault", slog.Any("err", err))
		refusal = conference.Refuse(conference.KindInternal, "internal", "")
	}
	h.write(w, http.StatusConflict, told{Refused: &refused{refusal.Kind, refusal.Code, refusal.Detail}})
}

func (h *Handler) write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		h.cfg.Logger.Debug("the other node went away", slog.Any("err", err))
	}
}

func (h *Handler) keep(session kept) string {
	id := rand.Text()
	h.sessionsMu.Lock()
	defer h.sessionsMu.Unlock()
	h.sessions[id] = session
	return id
}

func (h *Handler) find(id string) (kept, bool) {
	h.sessionsMu.Lock()
	defer h.sessionsMu.Unlock()
	session, known := h.sessions[id]
	return session, known
}

func (h *Handler) forget(id string) {
	h.sessionsMu.Lock()
	defer h.sessionsMu.Unlock()
	delete(h.sessions, id)
}
