package access

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	// cookieLength is 256 bits in base64url.
	cookieLength = 43
	// indexShards spreads a conference's list of sessions over several values, each of
	// which the Ephemeral limits to 64 KiB (some 1,100 sessions).
	indexShards = 16
	indexBytes  = 60 << 10
	// revokedLinkTTL outlives every link (the longest is valid for 90 days).
	revokedLinkTTL = MaxLinkValidity
	casTries       = 64
)

// MaxLinkValidity is the longest a link may be valid.
const MaxLinkValidity = 90 * 24 * time.Hour

// sessionStore keeps sessions in the Ephemeral:
//
//	session.HASH        the session in JSON
//	session-ref.REF     its HASH
//	sessions.CONF.SHARD lines "HASH EXPIRY", CAS loop
//	link-used.JTI, link-revoked.JTI
type sessionStore struct {
	ephemeral eventlog.Ephemeral
	now       func() time.Time
}

func (s *sessionStore) put(ctx context.Context, hash string, session *Session) error {
	raw, err := json.Marshal(session)
	if err != nil {
		return wrap("marshal a session", err)
	}
	ttl := ttlUntil(session.ExpiresAt, s.now())
	for key, value := range map[string][]byte{"session." + hash: raw, "session-ref." + session.Ref: []byte(hash)} {
		written, err := s.ephemeral.CompareAndSet(ctx, key, nil, value, ttl)
		if err != nil {
			return wrap("store a session", err)
		}
		if !written {
			return errors.New("store a session: its random key is taken")
		}
	}
	line := hash + " " + strconv.FormatInt(session.ExpiresAt.Unix(), 36)
	return s.changeIndex(ctx, indexKey(session.Conference, hash), func(lines []string) []string {
		return append(lines, line)
	})
}

func (s *sessionStore) get(ctx context.Context, hash string) (*Session, error) {
	raw, err := s.ephemeral.Get(ctx, "session."+hash)
	if err != nil {
		return nil, wrap("read a session", err)
	}
	if raw == nil {
		return nil, nil //nolint:nilnil // none is no fault; the callers turn it into their refusal
	}
	session := new(Session)
	if err := json.Unmarshal(raw, session); err != nil {
		return nil, wrap("read a session", err)
	}
	return session, nil
}

func (s *sessionStore) byRef(ctx context.Context, ref string) (string, *Session, error) {
	if ref == "" || len(ref) > 64 {
		return "", nil, nil
	}
	hash, err := s.ephemeral.Get(ctx, "session-ref."+ref)
	if err != nil {
		return "", nil, wrap("find a session", err)
	}
	if hash == nil {
		return "", nil, nil
	}
	session, err := s.get(ctx, string(hash))
	return string(hash), session, err
}

func (s *sessionStore) remove(ctx context.Context, hash string, session *Session) error {
	for _, key := range []string{"session." + hash, "session-ref." + session.Ref} {
		if err := s.drop(ctx, key); err != nil {
			return err
		}
	}
	return s.changeIndex(ctx, indexKey(session.Conference, hash), func(lines []string) []string {
		kept := lines[:0]
		for _, line := range lines {
			if !strings.HasPrefix(line, hash+" ") {
				kept = append(kept, line)
			}
		}
		return kept
	})
}

// drop deletes a key whatever its value is.
func (s *sessionStore) drop(ctx context.Context, key string) error {
	for range casTries {
		old, err := s.ephemeral.Get(ctx, key)
		if err != nil {
			return wrap("delete a session", err)
		}
		if old == nil {
			return nil
		}
		done, err := s.ephemeral.CompareAndSet(ctx, key, old, nil, 0)
		if err != nil {
			return wrap("delete a session", err)
		}
		if done {
			return nil
		}
	}
	return errors.New("delete a session: its record keeps changing")
}

func (s *sessionStore) list(ctx context.Context, id conference.ID) ([]Session, error) {
	sessions := []Session{}
	now := s.now()
	for shard := range indexShards {
		raw, err := s.ephemeral.Get(ctx, shardKey(id, shard))
		if err != nil {
			return nil, wrap("list sessions", err)
		}
		for _, line := range splitLines(raw) {
			hash, _, _ := strings.Cut(line, " ")
			session, err := s.get(ctx, hash)
			if err != nil {
				return nil, err
			}
			if session != nil && now.Before(session.ExpiresAt) {
				sessions = append(sessions, *session)
			}
		}
	}
	return sessions, nil
}

// changeIndex applies change to a shard's lines that have not expired.
func (s *sessionStore) changeIndex(ctx context.Context, key string, change func([]string) []string) error {
	for range casTries {
		old, err := s.ephemeral.Get(ctx, key)
		if err != nil {
			return wrap("read the list of sessions", err)
		}
		lines := change(s.unexpired(splitLines(old)))
		value := []byte(strings.Join(lines, "\n"))
		if len(value) > indexBytes {
			return conference.Refuse(conference.KindUnavailable, "session.too_many", "too many open sessions")
		}
		if bytes.Equal(old, value) {
			return nil
		}
		if len(value) == 0 {
			value = nil
		}
		done, err := s.ephemeral.CompareAndSet(ctx, key, old, value, SessionTTL)
		if err != nil {
			return wrap("write the list of sessions", err)
		}
		if done {
			return nil
		}
	}
	return conference.Refuse(conference.KindUnavailable, "session.too_many", "the list of sessions keeps changing")
}

func (s *sessionStore) unexpired(lines []string) []string {
	now := s.now().Unix()
	kept := make([]string, 0, len(lines)+1)
	for _, line := range lines {
		_, expiry, _ := strings.Cut(line, " ")
		if at, err := strconv.ParseInt(expiry, 36, 64); err == nil && at > now {
			kept = append(kept, line)
		}
	}
	return kept
}

// markUsed reports whether this was the link's first use.
func (s *sessionStore) markUsed(ctx context.Context, grant Grant, now time.Time) (bool, error) {
	first, err := s.ephemeral.CompareAndSet(ctx, "link-used."+grant.ID, nil, []byte("1"), ttlUntil(grant.Expires, now)+time.Minute)
	return first, wrap("mark a link used", err)
}

func (s *sessionStore) revokeLink(ctx context.Context, grant string) error {
	_, err := s.ephemeral.CompareAndSet(ctx, "link-revoked."+grant, nil, []byte("1"), revokedLinkTTL)
	return wrap("revoke a link", err)
}

func (s *sessionStore) linkRevoked(ctx context.Context, grant string) (bool, error) {
	raw, err := s.ephemeral.Get(ctx, "link-revoked."+grant)
	return raw != nil, wrap("check whether a link is revoked", err)
}

func indexKey(id conference.ID, hash string) string {
	shard := 0
	for _, c := range []byte(hash) {
		shard += int(c)
	}
	return shardKey(id, shard%indexShards)
}

func shardKey(id conference.ID, shard int) string {
	return "sessions." + string(id) + "." + strconv.Itoa(shard)
}

func splitLines(raw []byte) []string {
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(string(raw), "\n")
}

// wrap returns nil for nil.
func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
