package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/netip"
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

// Whom credentials are for; the middle part of a user name.
const (
	forMember = "m" // a page or an encoder that has shown who it is
	forPublic = "p" // anybody who watches
)

// Credentials returns what a client that has shown who it is needs to relay for one
// session. They begin relays for five minutes. Secrets: they belong in no log.
func (r *Relay) Credentials(session string) (username, credential string) {
	return r.credentials(forMember, session)
}

// PublicCredentials are for anybody: they share Config.Public relays among them, so that
// those who watch cannot shut out those who take part.
func (r *Relay) PublicCredentials(session string) (username, credential string) {
	return r.credentials(forPublic, session)
}

func (r *Relay) credentials(whom, session string) (username, credential string) {
	name := sha256.Sum256([]byte(session))
	expires := r.cfg.Now().Add(validFor).Unix()
	username = strconv.FormatInt(expires, 10) + ":" + whom + ":" + hex.EncodeToString(name[:8])
	return username, r.credential(username)
}

func (r *Relay) credential(username string) string {
	mac := hmac.New(sha256.New, r.cfg.Key)
	mac.Write([]byte(username))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate returns the key of a user name, and the holder it stands for. Names that
// have expired begin nothing new, but what they began may be refreshed: it ends when the
// media plane has nothing more to send there.
func (r *Relay) authenticate(attributes *turn.RequestAttributes) (user string, key []byte, ok bool) {
	expires, rest, _ := strings.Cut(attributes.Username, ":")
	whom, session, found := strings.Cut(rest, ":")
	at, err := strconv.ParseInt(expires, 10, 64)
	if !found || err != nil || session == "" || attributes.Realm != realm || (whom != forMember && whom != forPublic) {
		return "", nil, false
	}
	if isAllocate(attributes) && r.cfg.Now().After(time.Unix(at, 0)) {
		return "", nil, false
	}
	from, err := netip.ParseAddrPort(attributes.SrcAddr.String())
	if err != nil {
		return "", nil, false
	}
	user = holder{public: whom == forPublic, session: session, from: from}.String()
	return user, turn.GenerateAuthKey(attributes.Username, realm, r.credential(attributes.Username)), true
}

// holder is who has a relay, or asks for one. It travels through pion as a user's name.
type holder struct {
	public  bool
	session string
	from    netip.AddrPort // the connection's other end
}

// String returns the name.
func (h holder) String() string {
	whom := forMember
	if h.public {
		whom = forPublic
	}
	return whom + " " + h.from.String() + " " + h.session
}

// holderOf reads the name back.
func holderOf(user string) (holder, bool) {
	whom, rest, _ := strings.Cut(user, " ")
	from, session, found := strings.Cut(rest, " ")
	at, err := netip.ParseAddrPort(from)
	return holder{public: whom == forPublic, session: session, from: at}, found && err == nil
}

// network is what counts as one address: an IPv4 address, or the /64 of an IPv6 address.
func (h holder) network() netip.Prefix { return networkOf(h.from.Addr()) }

func networkOf(address netip.Addr) netip.Prefix {
	address = address.Unmap().WithZone("")
	bits := 32
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
