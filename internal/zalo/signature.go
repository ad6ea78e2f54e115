package zalo

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
)

// Headers of a webhook.
const (
	HeaderSignature = "X-ZEvent-Signature"
	HeaderTimestamp = "X-ZEvent-Timestamp"
)

// Sign returns the signature Zalo sends: hex(SHA-256(app id ‖ body ‖ timestamp ‖ secret of
// the Official Account). It is a plain hash, no HMAC, and the secret is the account's, not
// the application's.
func Sign(appID string, body []byte, stamp, secret string) string {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(appID), body, []byte(stamp), []byte(secret)} {
		_, _ = sum.Write(part) // a hash never returns an error
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// signed checks a signature, with or without "mac=" before it, in constant time. The time
// in it is the body's or, for accounts that sign the header's, the header's; both must be
// digits, so that no bytes can be moved from the body's end into the time.
func (h *Handler) signed(m *Message, body []byte, signature, headerStamp string) bool {
	signature = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(signature), "mac="))
	if signature == "" || m.AppID != h.cfg.AppID {
		return false
	}
	for _, stamp := range []string{m.Stamp, headerStamp} {
		at, ok := instant(stamp)
		if !ok {
			continue
		}
		want := Sign(h.cfg.AppID, body, stamp, h.cfg.OASecret)
		if subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1 {
			if m.Stamp == "" {
				m.Stamp, m.At = stamp, at
			}
			return true
		}
	}
	return false
}

// derive makes a pseudonym or a key that nobody outside can make: HMAC-SHA-256 over the
// purpose and the parts, each preceded by its length, under Config.Secret.
func (h *Handler) derive(purpose string, parts ...string) string {
	sum := hmac.New(sha256.New, h.cfg.Secret)
	for _, part := range append([]string{"zalo", purpose}, parts...) {
		_, _ = sum.Write([]byte(strconv.Itoa(len(part)) + ":" + part)) // a hash never returns an error
	}
	return hex.EncodeToString(sum.Sum(nil)[:20])
}
