package liaison

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	scheme  = "DiemcauNode"
	maxBody = 96 << 10 // an offer of 64 KiB in JSON
	// maxSkew is how far the clocks of two nodes may differ; a node whose clock is a second
	// off the store's is not ready anyway.
	maxSkew = 30 * time.Second

	noncePrefix = "liaison/nonce/"
)

// Store remembers which requests were seen; see eventlog.Ephemeral.
type Store interface {
	CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error)
}

// signature covers what a request asks: method, address, moment, nonce and body.
func signature(key []byte, r *http.Request, at, nonce string, body []byte) string {
	digest := sha256.Sum256(body)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s\n%s\n%s\n%s\n%x", r.Method, r.URL.Path, at, nonce, digest)
	return hex.EncodeToString(mac.Sum(nil))
}

func sign(r *http.Request, key []byte, now time.Time, body []byte) {
	at, nonce := strconv.FormatInt(now.Unix(), 10), rand.Text()
	r.Header.Set("Authorization", scheme+" "+at+" "+nonce+" "+signature(key, r, at, nonce, body))
}

// verify returns the body of a request that another node signed, once.
// Refusals: access.denied; request.too_large; log.unavailable when nonces cannot be kept.
func verify(w http.ResponseWriter, r *http.Request, key []byte, now time.Time, seen Store) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, conference.Refuse(conference.KindTooLarge, "request.too_large", "")
	}
	denied := conference.Refuse(conference.KindForbidden, "access.denied", "not signed by a node of this installation")
	fields := strings.Fields(r.Header.Get("Authorization"))
	const parts = 4
	if len(fields) != parts || fields[0] != scheme || len(fields[2]) > 64 {
		return nil, denied
	}
	unix, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || now.Sub(time.Unix(unix, 0)).Abs() > maxSkew {
		return nil, denied
	}
	want := signature(key, r, fields[1], fields[2], body)
	if !hmac.Equal([]byte(want), []byte(fields[3])) {
		return nil, denied
	}
	fresh, err := seen.CompareAndSet(r.Context(), noncePrefix+fields[2], nil, []byte{1}, 2*maxSkew)
	if err != nil {
		return nil, conference.Refuse(conference.KindUnavailable, "log.unavailable", "")
	}
	if !fresh {
		return nil, denied
	}
	return body, nil
}
