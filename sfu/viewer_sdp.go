package sfu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

// viewerOffer is what is taken of a viewer's offer.
type viewerOffer struct {
	lines        []line
	ufrag, pwd   string
	fingerprints []string // "sha-256 AB:CD…"
	passive      bool     // the offer wants us to be the DTLS client
}

// readViewerOffer reads the offer of a viewer. Refusals: those of readOffer.
func readViewerOffer(text string) (*viewerOffer, error) {
	o, err := readOffer(text)
	if err != nil {
		return nil, err
	}
	if !o.receives(webrtc.RTPCodecTypeVideo) && !o.receives(webrtc.RTPCodecTypeAudio) {
		return nil, badSDP("nothing is received")
	}
	v := &viewerOffer{lines: o.lines, passive: attribute(o.text, "setup") == "passive"}
	if v.ufrag, v.pwd = o.credentials(); !iceText(v.ufrag, 4) || !iceText(v.pwd, 22) {
		return nil, badSDP("no ICE credentials")
	}
	for l := range strings.Lines(o.text) {
		if f, ok := strings.CutPrefix(l, "a=fingerprint:"); ok {
			v.fingerprints = append(v.fingerprints, strings.TrimRight(f, "\r\n"))
		}
	}
	if len(v.fingerprints) == 0 {
		return nil, badSDP("no fingerprint")
	}
	return v, nil
}

// allot gives the first m-line of each medium that receives to a leg; of the programme the
// second one of pictures too.
func (v *Viewer) allot(programme bool) {
	for _, l := range v.offer.lines {
		m := sound
		switch {
		case !l.down || l.media == 0:
			continue
		case l.media == webrtc.RTPCodecTypeVideo && v.legs[picture].on && programme:
			m = beside
		case l.media == webrtc.RTPCodecTypeVideo:
			m = picture
		}
		if v.legs[m].on {
			continue
		}
		v.legs[m] = newLeg(l)
		v.legs[m].mid = l.mid
		for n := range m { // 1 in 2^32
			for v.legs[n].ssrc == v.legs[m].ssrc || v.legs[n].rtxSSRC == v.legs[m].rtxSSRC {
				v.legs[m].ssrc, v.legs[m].rtxSSRC = v.legs[m].ssrc+2, v.legs[m].rtxSSRC+2
			}
		}
	}
}

// legOf returns which leg an m-line is; false: none.
func (v *Viewer) legOf(l line) (medium, bool) {
	for m := range media {
		if v.legs[m].on && v.legs[m].mid == l.mid {
			return m, true
		}
	}
	return 0, false
}

// answer writes the answer: always the same but for the identifiers.
func (v *Viewer) answer() (string, error) {
	ufrag, pwd, err := v.agent.GetLocalUserCredentials()
	if err != nil {
		return "", conference.Refuse(conference.KindNotFound, "media.unknown_session", "ended")
	}
	v.plane.node.door.expect(v, ufrag)
	return v.plane.node.mux.announce(v.description(ufrag, pwd, v.plane.node.identity.fingerprint)), nil
}

// description is the answer, with one candidate that stands for all.
func (v *Viewer) description(ufrag, pwd, fingerprint string) string {
	var mids []string
	for _, l := range v.offer.lines {
		if _, ok := v.legOf(l); ok {
			mids = append(mids, l.mid)
		}
	}
	setup := "passive"
	if v.offer.passive {
		setup = "active"
	}
	var b strings.Builder
	b.WriteString("v=0\r\no=- " + v.number + " 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n")
	b.WriteString("a=fingerprint:" + fingerprint + "\r\n")
	b.WriteString("a=msid-semantic:WMS *\r\na=group:BUNDLE " + strings.Join(mids, " ") + "\r\n")
	for _, l := range v.offer.lines {
		m, ok := v.legOf(l)
		if !ok {
			refuseLine(&b, l)
			continue
		}
		v.answerLine(&b, l, m)
		b.WriteString("a=setup:" + setup + "\r\na=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd + "\r\n")
		if l.mid == mids[0] {
			b.WriteString("a=candidate:\r\na=end-of-candidates\r\n")
		}
	}
	return b.String()
}

// refuseLine answers an m-line that is not used (RFC 9429 §5.3.1).
func refuseLine(b *strings.Builder, l line) {
	switch l.media {
	case webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio:
		fmt.Fprintf(b, "m=%s 0 UDP/TLS/RTP/SAVPF %d\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\na=inactive\r\n", l.media, l.codec.payload, l.mid)
		describe(b, l)
	case webrtc.RTPCodecTypeUnknown:
		fmt.Fprintf(b, "m=%s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\n", l.refusal, l.mid)
	}
}

// describe writes the format of an m-line.
func describe(b *strings.Builder, l line) {
	p := l.codec.payload
	if l.media == webrtc.RTPCodecTypeAudio {
		fmt.Fprintf(b, "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d minptime=10;useinbandfec=1\r\n", p, p)
		return
	}
	fmt.Fprintf(b, "a=rtpmap:%d H264/90000\r\na=fmtp:%d %s\r\n", p, p, l.codec.fmtp)
}

// answerLine answers an m-line of ours, but for what all share.
func (v *Viewer) answerLine(b *strings.Builder, l line, m medium) {
	g, p := &v.legs[m], l.codec.payload
	formats := strconv.Itoa(int(p))
	if l.rtx != nil {
		formats += " " + strconv.Itoa(int(l.rtx.payload))
	}
	fmt.Fprintf(b, "m=%s 9 UDP/TLS/RTP/SAVPF %s\r\nc=IN IP4 0.0.0.0\r\na=mid:%s\r\n", l.media, formats, l.mid)
	b.WriteString("a=sendonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n")
	describe(b, l)
	for _, f := range l.feedback {
		if slices.Contains([]string{"nack", "nack pli", "ccm fir", "goog-remb"}, f) {
			fmt.Fprintf(b, "a=rtcp-fb:%d %s\r\n", p, f)
		}
	}
	if l.rtx != nil {
		fmt.Fprintf(b, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", l.rtx.payload, l.rtx.payload, p)
		fmt.Fprintf(b, "a=ssrc-group:FID %d %d\r\n", g.ssrc, g.rtxSSRC)
	}
	msid := "programme " + l.media.String() + "-" + l.mid
	if m == beside {
		msid = "beside " + l.media.String() + "-" + l.mid // nobody's sound waits for it
	}
	b.WriteString("a=msid:" + msid + "\r\n")
	fmt.Fprintf(b, "a=ssrc:%d cname:programme\r\na=ssrc:%d msid:%s\r\n", g.ssrc, g.ssrc, msid)
	if l.rtx != nil {
		fmt.Fprintf(b, "a=ssrc:%d cname:programme\r\n", g.rtxSSRC)
	}
}
