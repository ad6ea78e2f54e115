package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/pion/turn/v5"
)

const (
	realm = "diemcau"
	// validFor is how long credentials may begin a relay. One that runs goes on.
	validFor = 5 * time.Minute
)

// Credentials returns what a client needs to relay for one media session. They begin
// relays for five minutes. Secrets: they belong in no log.
func (r *Relay) Credentials(session string) (username, credential string) {
	name := sha256.Sum256([]byte(session))
	expires := r.cfg.Now().Add(validFor).Unix()
	username = strconv.FormatInt(expires, 10) + ":" + hex.EncodeToString(name[:8])
	return username, r.credential(username)
}

func (r *Relay) credential(username string) string {
	mac := hmac.New(sha256.New, r.cfg.Key)
	mac.Write([]byte(username))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate returns the key of a user name, and the session it is for. Names that have
// expired begin nothing new, but what they began may be refreshed.
func (r *Relay) authenticate(attributes *turn.RequestAttributes) (session string, key []byte, ok bool) {
	expires, session, found := strings.Cut(attributes.Username, ":")
	at, err := strconv.ParseInt(expires, 10, 64)
	if !found || err != nil || session == "" || attributes.Realm != realm {
		return "", nil, false
	}
	if isAllocate(attributes) && r.cfg.Now().After(time.Unix(at, 0)) {
		return "", nil, false
	}
	return session, turn.GenerateAuthKey(attributes.Username, realm, r.credential(attributes.Username)), true
}
