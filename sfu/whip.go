package sfu

import (
	"context"
	"slices"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
)

// Publish takes a venue from an encoder (WHIP, RFC 9725). While it publishes it goes
// before the venue's page; a second encoder is refused with media.already_publishing, and
// replaces the first once that one is silent.
func (p *Plane) Publish(ctx context.Context, venue conference.VenueID, offer string) (*Session, string, error) {
	return p.join(ctx, roleEncoder, Page{Venue: venue}, offer)
}

// ETag returns the entity tag of the current ICE session (WHIP, RFC 9725 §4.3).
func (s *Session) ETag() string {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	return s.etag
}

// renew gives the session a new entity tag: an ICE session begins.
func (s *Session) renew() {
	s.viewMu.Lock()
	defer s.viewMu.Unlock()
	s.etag = `"` + token() + `"`
}

// maxFragment is the longest trickle-ice-sdpfrag, in bytes.
const maxFragment = 16 << 10

// Patch takes a trickle-ice-sdpfrag: trickled candidates (answer "") or an ICE restart
// (answer fragment, new ETag). Candidates are read and not used: the server is ICE-lite.
// A restart may come with the ETag or with "*" (RFC 9725 §4.3.3). Refusals: media.bad_sdp,
// media.etag_mismatch (KindConflict).
func (s *Session) Patch(ctx context.Context, fragment, ifMatch string) (string, error) {
	f, err := readFragment(fragment)
	if err != nil {
		return "", err
	}
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	if ifMatch != "*" && ifMatch != s.ETag() {
		return "", conference.Refuse(conference.KindConflict, "media.etag_mismatch", "")
	}
	ufrag, pwd := s.offer.credentials()
	if f.ufrag == ufrag && f.pwd == pwd {
		return "", nil
	}
	old := s.offer
	next, err := readOffer(old.withCredentials(f.ufrag, f.pwd))
	if err != nil {
		return "", err
	}
	s.offer = next
	answer, err := s.answer(ctx, nil)
	if err != nil {
		s.offer = old
		return "", err
	}
	s.renew()
	return fragmentOf(answer), nil
}

// Restart answers a full offer with new ICE credentials (venue and stage pages). The
// m-lines must be those of the join.
func (s *Session) Restart(ctx context.Context, offer string) (string, error) {
	next, err := readOffer(offer)
	if err != nil {
		return "", err
	}
	if err := s.acquire(ctx); err != nil {
		return "", err
	}
	defer s.release()
	if !slices.EqualFunc(s.offer.lines, next.lines, sameLine) {
		return "", badSDP("other m-lines than those of the join")
	}
	old := s.offer
	s.offer = next
	answer, err := s.answer(ctx, nil)
	if err != nil {
		s.offer = old
		return "", err
	}
	s.renew()
	return answer, nil
}

func sameLine(a, b line) bool {
	return a.mid == b.mid && a.media == b.media && a.up == b.up && a.down == b.down &&
		a.codec.payload == b.codec.payload
}

// fragment is what is read of a trickle-ice-sdpfrag (RFC 8840 §9).
type fragment struct{ ufrag, pwd string }

func readFragment(text string) (fragment, error) {
	var f fragment
	if len(text) > maxFragment {
		return f, badSDP("fragment longer than 16 KiB")
	}
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\r\n")
		if v, ok := strings.CutPrefix(l, "a=ice-ufrag:"); ok {
			f.ufrag = v
		}
		if v, ok := strings.CutPrefix(l, "a=ice-pwd:"); ok {
			f.pwd = v
		}
	}
	if !iceText(f.ufrag, 4) || !iceText(f.pwd, 22) {
		return f, badSDP("fragment without ICE credentials")
	}
	return f, nil
}

// iceText reports whether s is at least n and at most 256 ice-chars (RFC 8839 §5.4).
func iceText(s string, n int) bool {
	if len(s) < n || len(s) > 256 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '/'
	}) < 0
}

func (o *offer) credentials() (ufrag, pwd string) {
	return attribute(o.text, "ice-ufrag"), attribute(o.text, "ice-pwd")
}

// attribute returns the first value of an attribute anywhere in a description.
func attribute(text, key string) string {
	for l := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(l, "a="+key+":"); ok {
			return strings.TrimRight(v, "\r\n")
		}
	}
	return ""
}

// withCredentials returns the offer with other ICE credentials.
func (o *offer) withCredentials(ufrag, pwd string) string {
	var b strings.Builder
	for l := range strings.Lines(o.text) {
		switch {
		case strings.HasPrefix(l, "a=ice-ufrag:"):
			l = "a=ice-ufrag:" + ufrag + "\r\n"
		case strings.HasPrefix(l, "a=ice-pwd:"):
			l = "a=ice-pwd:" + pwd + "\r\n"
		}
		b.WriteString(l)
	}
	return b.String()
}

// fragmentOf returns what a WHIP client needs of an answer: credentials and candidates.
func fragmentOf(answer string) string {
	var b strings.Builder
	b.WriteString("a=ice-lite\r\n")
	b.WriteString("a=ice-ufrag:" + attribute(answer, "ice-ufrag") + "\r\n")
	b.WriteString("a=ice-pwd:" + attribute(answer, "ice-pwd") + "\r\n")
	first := true
	for l := range strings.Lines(answer) {
		switch {
		case strings.HasPrefix(l, "m=") && first:
			b.WriteString(l)
			first = false
		case strings.HasPrefix(l, "a=candidate:"), strings.HasPrefix(l, "a=end-of-candidates"):
			b.WriteString(l)
		}
	}
	return b.String()
}
