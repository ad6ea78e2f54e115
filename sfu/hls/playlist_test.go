package hls_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/sfu/hls"
)

func entries() []hls.Entry {
	at := time.Date(2022, 10, 28, 1, 0, 0, 5e6, time.UTC)
	var all []hls.Entry
	for i := range uint64(4) {
		e := hls.Entry{
			Sequence: 40 + i, Init: 33, Number: 2, Start: at.Add(time.Duration(i) * 2 * time.Second),
			Duration: 2 * time.Second, Independent: true,
		}
		if i >= 2 {
			e.Init, e.Number = 42, 3
		}
		e.Discontinuity = i == 2
		all = append(all, e)
	}
	all[3].Duration = 3200 * time.Millisecond // a camera that stood still
	return all
}

func TestP8_PlaylistWhileLive(t *testing.T) {
	t.Parallel()
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="v1-33.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:00.005Z
#EXTINF:2.00000,
v1-40.m4s
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:02.005Z
#EXTINF:2.00000,
v1-41.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="v1-42.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:04.005Z
#EXTINF:2.00000,
v1-42.m4s
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:06.005Z
#EXTINF:2.49900,
v1-43.m4s
`
	if diff := cmp.Diff(want, string(hls.Media("v1", entries(), false))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A discontinuity that has become the first group keeps its tag, and the number is that of
// what was before it (RFC 8216 §6.2.2).
func TestP8_PlaylistThatBeginsWithADiscontinuity(t *testing.T) {
	t.Parallel()
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:42
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="sound-42.mp4"
#EXT-X-PROGRAM-DATE-TIME:2022-10-28T01:00:04.005Z
#EXTINF:2.00000,
sound-42.m4s
#EXT-X-ENDLIST
`
	last := entries()[2:3]
	last[0].Independent = false
	if diff := cmp.Diff(want, string(hls.Media(hls.SoundName, last, true))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestP8_MultivariantPlaylist(t *testing.T) {
	t.Parallel()
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Programme",LANGUAGE="vi",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="1",URI="sound.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2548000,AVERAGE-BANDWIDTH=1848000,CODECS="avc1.42e01f,Opus",RESOLUTION=1280x720,AUDIO="sound"
v0.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=548000,AVERAGE-BANDWIDTH=548000,CODECS="avc1.42e01f,Opus",RESOLUTION=320x180,AUDIO="sound"
v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=48000,AVERAGE-BANDWIDTH=48000,CODECS="Opus",AUDIO="sound"
sound.m3u8
`
	got := hls.Multivariant([]hls.Variant{
		{Track: "v0", Codec: "avc1.42e01f", Width: 1280, Height: 720, Peak: 2_500_000, Average: 1_800_000},
		{Track: "v1", Codec: "avc1.42e01f", Width: 320, Height: 180, Peak: 300_000, Average: 200_000},
	}, hls.Variant{Track: "sound", Codec: "Opus", Peak: 48_000, Average: 48_000}, "vi")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// One layer that fills all rungs, or the slate: a player that begins then still finds them in
// their order, and none that tells the same as another.
func TestP4_VariantsAreInOrderWhateverIsShown(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`:BANDWIDTH=(\d+),AVERAGE-BANDWIDTH=(\d+),`)
	for _, c := range []struct {
		name  string
		rates [3]int
	}{
		{"the slate", [3]int{40_000, 41_000, 42_000}},
		{"an encoder's one layer", [3]int{2_500_000, 2_500_000, 2_500_000}},
		{"a camera", [3]int{1_700_000, 600_000, 140_000}},
		{"measured at odd moments", [3]int{190_000, 290_000, 910_000}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var rungs []hls.Variant
			for i, rate := range c.rates {
				rungs = append(rungs, hls.Variant{Track: hls.VideoName(i), Codec: "avc1.42e01f", Width: 640, Height: 360, Peak: rate, Average: rate})
			}
			text := string(hls.Multivariant(rungs, hls.Variant{Track: "sound", Codec: "Opus", Peak: 48_000, Average: 48_000}, "vi"))
			found := line.FindAllStringSubmatch(text, -1)
			if len(found) != 4 {
				t.Fatalf("got %d variants\n%s", len(found), text)
			}
			for i := range 3 {
				for k := 1; k <= 2; k++ {
					this, _ := strconv.Atoi(found[i][k])
					next, _ := strconv.Atoi(found[i+1][k])
					if this <= next || this < c.rates[i] {
						t.Errorf("variant %d tells %d, the next %d; it takes %d", i, this, next, c.rates[i])
					}
				}
			}
		})
	}
}

func TestRateSeldomChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bytes int64
		d     time.Duration
		want  int
	}{
		{300_000, 2 * time.Second, 1_200_000},
		{300_100, 2 * time.Second, 1_300_000},
		{12_345, time.Second, 99_000},
		{0, time.Second, 1000},
		{5, 0, 1000},
	} {
		if got := hls.Rate(c.bytes, c.d); got != c.want {
			t.Errorf("%d bytes in %v: got %d, want %d", c.bytes, c.d, got, c.want)
		}
	}
}

// FuzzReadSegment: no file makes the readers panic, and what passes tells a time.
func FuzzReadSegment(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\x08moof\x00\x00\x00\x08mdat"))
	f.Add([]byte("\x00\x00\x00\x10moof\x00\x00\x00\x08traf"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := hls.ReadSegment(b, int64(len(b))); err == nil && (h.End < h.Start || h.Samples < 1) {
			t.Errorf("got %+v", h)
		}
		if track, err := hls.ReadInit(b); err == nil && (track.Codec == "" || track.Rate < 1) {
			t.Errorf("got %+v", track)
		}
	})
}
