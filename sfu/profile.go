package sfu

import (
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// format is one payload type of an m-line.
type format struct {
	payload uint8
	codec   string // lower case, without rate
	clock   uint32
	fmtp    string
}

// maxFormats is how many payload types of an m-line are read: there are 7 bits for them.
const maxFormats = 128

// formats reads the payload types of an m-line, in the offer's order.
func formats(m *sdp.MediaDescription) []format {
	texts := m.MediaName.Formats[:min(len(m.MediaName.Formats), maxFormats)]
	all := make([]format, 0, len(texts))
	for _, text := range texts {
		payload, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			continue
		}
		f := format{payload: uint8(payload)}
		for _, a := range m.Attributes {
			number, value, ok := strings.Cut(a.Value, " ")
			if !ok || number != text {
				continue
			}
			switch a.Key {
			case "rtpmap":
				name, rest, _ := strings.Cut(value, "/")
				rate, _, _ := strings.Cut(rest, "/")
				clock, _ := strconv.ParseUint(rate, 10, 32)
				f.codec, f.clock = strings.ToLower(name), uint32(clock)
			case "fmtp":
				f.fmtp = value
			}
		}
		all = append(all, f)
	}
	return all
}

// parameter returns one parameter of an fmtp line.
func parameter(fmtp, name string) (string, bool) {
	for pair := range strings.SplitSeq(fmtp, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.EqualFold(key, name) {
			return strings.ToLower(strings.TrimSpace(value)), true
		}
	}
	return "", false
}

// defaultProfile is what a format without profile-level-id is taken for. RFC 6184 says
// baseline level 1; encoders that leave it out send more than that.
const defaultProfile = "42e01f"

// profileRank says how much a profile is preferred, 0 most, and whether it is accepted at
// all. The level does not matter: what is sent is shown in its parameter sets.
func profileRank(fmtp string) (int, bool) {
	if mode, _ := parameter(fmtp, "packetization-mode"); mode != "1" {
		return 0, false
	}
	profile, ok := parameter(fmtp, "profile-level-id")
	if !ok {
		profile = defaultProfile
	}
	if len(profile) != 6 {
		return 0, false
	}
	if _, err := strconv.ParseUint(profile, 16, 32); err != nil {
		return 0, false
	}
	order := []string{"42e0", "42c0", "4200", "42", "640c", "4d", "64"}
	for i, prefix := range order {
		if strings.HasPrefix(profile, prefix) {
			return i, true
		}
	}
	return 0, false
}

// chooseH264 returns the preferred H.264 format of an m-line and its RTX format, if any.
func chooseH264(all []format) (video format, rtx *format, ok bool) {
	best := -1
	for _, f := range all {
		if f.codec != "h264" || f.clock != 90000 {
			continue
		}
		if r, accepted := profileRank(f.fmtp); accepted && (best < 0 || r < best) {
			best, video = r, f
		}
	}
	if best < 0 {
		return format{}, nil, false
	}
	if _, named := parameter(video.fmtp, "profile-level-id"); !named {
		video.fmtp = strings.TrimPrefix(video.fmtp+";profile-level-id="+defaultProfile, ";")
	}
	for _, f := range all {
		apt, _ := parameter(f.fmtp, "apt")
		if f.codec == "rtx" && apt == strconv.Itoa(int(video.payload)) {
			return video, &f, true
		}
	}
	return video, nil, true
}

// chooseOpus returns the Opus format of an m-line.
func chooseOpus(all []format) (format, bool) {
	for _, f := range all {
		if f.codec == "opus" && f.clock == 48000 {
			return f, true
		}
	}
	return format{}, false
}

// rtxFor returns the payload type of the retransmissions of payload, 0 for none.
func rtxFor(payload webrtc.PayloadType, codecs []webrtc.RTPCodecParameters) webrtc.PayloadType {
	for _, c := range codecs {
		if !strings.EqualFold(c.MimeType, webrtc.MimeTypeRTX) {
			continue
		}
		if apt, _ := parameter(c.SDPFmtpLine, "apt"); apt == strconv.Itoa(int(payload)) {
			return c.PayloadType
		}
	}
	return 0
}
