package signaling

import (
	"context"
	"log/slog"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// watchRevoked closes the sockets of sessions that are revoked, on any node.
func (h *Hub) watchRevoked(ctx context.Context) {
	for ctx.Err() == nil {
		revoked, err := h.cfg.Gate.Revoked(ctx)
		if err != nil {
			h.cfg.Logger.WarnContext(ctx, "revocations cannot be followed", slog.Any("err", err))
			if !sleep(ctx, retryRevoked) {
				return
			}
			continue
		}
		for ref := range revoked {
			h.revoke(ref)
		}
		if !sleep(ctx, retryRevoked) {
			return
		}
	}
}

// revoke ends what a role session has on this node.
func (h *Hub) revoke(ref string) {
	if h.cfg.Media != nil {
		h.cfg.Media.Revoke(ref)
	}
	for _, c := range h.sockets() {
		if mine, _ := c.signedInAs(); mine != "" && mine == ref {
			c.bye(protocol.CloseRevoked, byeRevoked, 0)
		}
	}
}

// recheckSessions asks once a minute whether the sessions still stand: expiry, and what
// watchRevoked may have missed.
func (h *Hub) recheckSessions(ctx context.Context) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		for _, c := range h.sockets() {
			ref, cookie := c.signedInAs()
			if ref == "" {
				continue
			}
			one, cancel := context.WithTimeout(ctx, sessionWithin)
			_, err := h.cfg.Gate.Session(one, cookie)
			cancel()
			if isKind(err, conference.KindUnauthorised) {
				c.bye(protocol.CloseRevoked, byeRevoked, 0)
			} else if err != nil && ctx.Err() == nil {
				h.cfg.Logger.WarnContext(ctx, "session cannot be checked again", slog.Any("err", err))
			}
		}
	}
}

// signedInAs returns the session's public reference and its cookie; empty for citizens.
func (c *conn) signedInAs() (ref, cookie string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.actor.Session, c.cookie
}

// sleep waits; false when ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
