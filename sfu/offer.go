package sfu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of an offer. A stage page has 32 tiles, a programme and a handful of voices.
const (
	maxOffer = 64 << 10
	maxLines = 64
	maxRIDs  = 3
)

// Refusals of an offer.
const (
	codeBadSDP = "media.bad_sdp"
	codeNoH264 = "media.no_h264"
	codeNoOpus = "media.no_opus"
)

func badSDP(detail string) error {
	return conference.Refuse(conference.KindInvalid, codeBadSDP, detail)
}

// offer is a client's offer, read and reduced to what this server takes: one H.264 format
// with its retransmissions, one Opus format, no candidates. Browsers' mDNS names and
// private addresses are not needed: the server is ICE-lite and learns the address from
// the connectivity checks (RFC 8445 §7.3.1.3).
type offer struct {
	text  string
	lines []line
}

// line is one m-line.
type line struct {
	mid   string
	media webrtc.RTPCodecType // 0: neither audio nor video; answered as it is
	up    bool                // the client sends
	down  bool                // the client receives
	rids  []string            // of a simulcast camera, in the offer's order
	codec format
	rtx   *format
	// feedback are the kinds of RTCP feedback offered for the codec, e.g. "nack pli".
	feedback []string
	refusal  string // of neither medium: the m-line as it is refused
}

// readOffer reads an offer of at most 64 KiB and 64 m-lines. Refusals: media.bad_sdp,
// media.no_h264, media.no_opus. It never panics, whatever the text.
func readOffer(text string) (o *offer, err error) {
	defer func() {
		if r := recover(); r != nil {
			o, err = nil, badSDP(fmt.Sprint("unreadable: ", r))
		}
	}()
	if len(text) > maxOffer {
		return nil, badSDP("longer than 64 KiB")
	}
	if strings.Count(text, "\r") != strings.Count(text, "\r\n") {
		return nil, badSDP("a carriage return within a line") // it would be two lines when the offer is repeated
	}
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(text); err != nil {
		return nil, badSDP("not a session description")
	}
	if len(desc.MediaDescriptions) == 0 || len(desc.MediaDescriptions) > maxLines {
		return nil, badSDP("no m-line, or more than 64")
	}
	o = &offer{}
	for _, m := range desc.MediaDescriptions {
		l, err := readLine(m, &desc)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(o.lines, func(other line) bool { return other.mid == l.mid }) {
			return nil, badSDP("two m-lines with one mid")
		}
		o.lines = append(o.lines, l)
	}
	if err := o.agree(); err != nil {
		return nil, err
	}
	if !bundled(&desc) {
		return nil, badSDP("an m-line outside the BUNDLE group")
	}
	desc.Attributes = slices.DeleteFunc(desc.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "candidate"
	})
	b, err := desc.Marshal()
	if err != nil {
		return nil, badSDP("not a session description")
	}
	o.text = string(b)
	return o, nil
}

// bundled reports whether all m-lines that are not refused by the offer itself are in one
// BUNDLE group (RFC 9725 §4.4.1: it must be so). Without it the answer would refuse all
// but the first, and an encoder would believe that it sends.
func bundled(desc *sdp.SessionDescription) bool {
	var group []string
	for _, a := range desc.Attributes {
		if mids, is := strings.CutPrefix(a.Value, "BUNDLE "); is && a.Key == "group" {
			group = strings.Fields(mids)
			break
		}
	}
	alone := len(desc.MediaDescriptions) == 1
	return alone || !slices.ContainsFunc(desc.MediaDescriptions, func(m *sdp.MediaDescription) bool {
		mid, _ := m.Attribute("mid")
		return !switchedOff(m) && !slices.Contains(group, mid)
	})
}

// switchedOff reports an m-line with port 0 that is not merely bundled (RFC 9143 §6).
func switchedOff(m *sdp.MediaDescription) bool {
	_, bundleOnly := m.Attribute("bundle-only")
	return m.MediaName.Port.Value == 0 && !bundleOnly
}

// agree refuses one payload type used for two formats: pion keeps one table per connection.
func (o *offer) agree() error {
	seen := make(map[uint8]string)
	for _, l := range o.lines {
		if l.media == 0 || (!l.up && !l.down) {
			continue
		}
		if was, ok := seen[l.codec.payload]; ok && was != l.codec.codec {
			return badSDP("one payload type for two formats")
		}
		seen[l.codec.payload] = l.codec.codec
	}
	return nil
}

func readLine(m *sdp.MediaDescription, desc *sdp.SessionDescription) (line, error) {
	mid, ok := m.Attribute("mid")
	if !ok || mid == "" || len(mid) > 16 {
		return line{}, badSDP("an m-line without mid")
	}
	l := line{mid: mid}
	if !switchedOff(m) {
		l.up, l.down = direction(m, desc)
	}
	switch m.MediaName.Media {
	case "audio":
		l.media = webrtc.RTPCodecTypeAudio
		l.codec, ok = chooseOpus(formats(m))
		if !ok {
			return line{}, conference.Refuse(conference.KindInvalid, codeNoOpus, "m-line "+mid)
		}
	case "video":
		l.media = webrtc.RTPCodecTypeVideo
		l.codec, l.rtx, ok = chooseH264(formats(m))
		if !ok {
			return line{}, conference.Refuse(conference.KindInvalid, codeNoH264, "m-line "+mid)
		}
		if l.rids, ok = simulcast(m); !ok {
			return line{}, badSDP("more than three simulcast layers")
		}
	default:
		l.refusal = m.MediaName.Media + " 0 " + strings.Join(m.MediaName.Protos, "/") + " " + strings.Join(m.MediaName.Formats, " ")
		return l, nil
	}
	reduce(m, l)
	l.feedback = feedback(m, l)
	return l, nil
}

// direction returns whether the client sends and receives.
func direction(m *sdp.MediaDescription, desc *sdp.SessionDescription) (up, down bool) {
	for _, attributes := range [][]sdp.Attribute{m.Attributes, desc.Attributes} {
		for _, a := range attributes {
			switch a.Key {
			case "sendonly":
				return true, false
			case "recvonly":
				return false, true
			case "sendrecv":
				return true, true
			case "inactive":
				return false, false
			}
		}
	}
	return true, true
}

// simulcast returns the RIDs sent, in order (RFC 8853); false when there are too many.
func simulcast(m *sdp.MediaDescription) ([]string, bool) {
	var rids []string
	for _, a := range m.Attributes {
		if a.Key != "rid" {
			continue
		}
		rid, way, ok := strings.Cut(a.Value, " ")
		if ok && strings.HasPrefix(way, "send") {
			rids = append(rids, rid)
		}
	}
	return rids, len(rids) <= maxRIDs
}

// feedback returns the kinds of RTCP feedback of the chosen format.
func feedback(m *sdp.MediaDescription, l line) []string {
	var kinds []string
	for _, a := range m.Attributes {
		number, kind, ok := strings.Cut(a.Value, " ")
		if ok && a.Key == "rtcp-fb" && (number == "*" || number == strconv.Itoa(int(l.codec.payload))) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// reduce leaves the chosen formats in the m-line and takes the candidates out.
func reduce(m *sdp.MediaDescription, l line) {
	keep := []string{strconv.Itoa(int(l.codec.payload))}
	if l.rtx != nil {
		keep = append(keep, strconv.Itoa(int(l.rtx.payload)))
	}
	m.MediaName.Formats = keep
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		switch a.Key {
		case "candidate", "end-of-candidates", "remote-candidates":
			return true
		case "rtpmap", "fmtp", "rtcp-fb":
			number, _, _ := strings.Cut(a.Value, " ")
			return a.Key == "fmtp" && number == keep[0] || number != "*" && !slices.Contains(keep, number)
		}
		return false
	})
	if l.codec.fmtp != "" {
		m.Attributes = append(m.Attributes, sdp.NewAttribute("fmtp", keep[0]+" "+l.codec.fmtp))
	}
}
