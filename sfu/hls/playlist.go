package hls

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SoundName is the track of the sound in addresses; the rungs are VideoName.
const SoundName = "sound"

// VideoName returns the track of a rung in addresses: "v0", "v1" and so on.
func VideoName(rung int) string { return "v" + strconv.Itoa(rung) }

// SegmentFile and InitFile name a track's files; an init is in force from its group on.
func SegmentFile(track string, sequence uint64) string {
	return track + "-" + strconv.FormatUint(sequence, 10) + ".m4s"
}

// InitFile is for SegmentFile.
func InitFile(track string, sequence uint64) string {
	return track + "-" + strconv.FormatUint(sequence, 10) + ".mp4"
}

// Entry is a group in a track's playlist.
type Entry struct {
	Sequence uint64
	// Track has the segment; "": the playlist's own.
	Track string
	// Init is the group whose init is in force.
	Init          uint64
	Discontinuity bool   // before this group
	Number        uint64 // discontinuity sequence number of the group
	Start         time.Time
	Duration      time.Duration
	Independent   bool
	Parts         []Part // those that are listed
}

// Media writes the playlist of a track with these groups, which follow each other; ended:
// no more will come, and a player may begin anywhere.
func Media(track string, entries []Entry, ended bool) []byte {
	var b strings.Builder
	b.Grow(200 + 110*len(entries))
	begin(&b, entries, ended, func() {})
	for i := range entries {
		before(&b, track, entries, i)
		date(&b, &entries[i])
		segment(&b, track, &entries[i])
	}
	if ended {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return []byte(b.String())
}

// begin writes the head of a playlist; more writes what else a player has to know first.
func begin(b *strings.Builder, all []Entry, ended bool, more func()) {
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	fmt.Fprintf(b, "#EXT-X-TARGETDURATION:%d\n", int(TargetDuration/time.Second))
	more()
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "#EXT-X-MEDIA-SEQUENCE:%d\n", all[0].Sequence)
	number := all[0].Number
	if all[0].Discontinuity && number > 0 {
		number--
	}
	fmt.Fprintf(b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", number)
	if ended {
		b.WriteString("#EXT-X-PLAYLIST-TYPE:VOD\n")
	}
	if independent(all) {
		b.WriteString("#EXT-X-INDEPENDENT-SEGMENTS\n")
	}
}

// before writes what has to be told before entry i.
func before(b *strings.Builder, track string, all []Entry, i int) {
	e := &all[i]
	if e.Discontinuity && e.Number > 0 {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if i == 0 || e.Init != all[i-1].Init || e.Track != all[i-1].Track {
		fmt.Fprintf(b, "#EXT-X-MAP:URI=%q\n", InitFile(e.from(track), e.Init))
	}
}

// date writes when an entry was on air.
func date(b *strings.Builder, e *Entry) {
	fmt.Fprintf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", e.Start.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// segment writes an entry's segment.
func segment(b *strings.Builder, track string, e *Entry) {
	fmt.Fprintf(b, "#EXTINF:%.5f,\n%s\n", InTarget(e.Duration).Seconds(), SegmentFile(e.from(track), e.Sequence))
}

// from is the track that has the entry's segment.
func (e *Entry) from(track string) string { return cmp.Or(e.Track, track) }

func independent(entries []Entry) bool {
	for _, e := range entries {
		if !e.Independent {
			return false
		}
	}
	return true
}

// InTarget is how long a playlist says that a segment lasts: it keeps a duration from being rounded to more than the target: a source that sent
// nothing for long made its last picture last longer, which the segment itself tells.
func InTarget(d time.Duration) time.Duration {
	return min(d, TargetDuration+499*time.Millisecond)
}

// Variant is a line of the multivariant playlist.
type Variant struct {
	Track         string
	Codec         string
	Width, Height int
	Peak, Average int // bits/s of the track alone
}

// usually is what a rung of a camera takes, bits/s, the largest first.
func usually(rung int) int {
	return []int{1_800_000, 500_000, 150_000}[min(rung, 2)]
}

// ordered returns the rungs as a player is to choose among them for as long as it plays: it
// reads this playlist once. An encoder's one layer fills all rungs, and the slate takes next
// to nothing, so what was measured says little of what comes after the next take; and of two
// rungs that tell the same a player takes one to be a spare of the other.
func ordered(rungs []Variant) []Variant {
	rungs = slices.Clone(rungs)
	for i := len(rungs) - 1; i >= 0; i-- {
		v := &rungs[i]
		v.Peak, v.Average = max(v.Peak, usually(i)), max(v.Average, usually(i))
		if i+1 < len(rungs) {
			const apart = 11 // tenths
			v.Average = max(v.Average, rungs[i+1].Average*apart/10)
			v.Peak = max(v.Peak, rungs[i+1].Peak*apart/10)
		}
		v.Peak = max(v.Peak, v.Average)
	}
	return rungs
}

// Multivariant writes the playlist a player begins with: each rung with the sound, the
// largest first and with the highest rates, and the sound alone. Language is that of the
// sound, e.g. "vi".
func Multivariant(rungs []Variant, sound Variant, language string) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"Programme\",LANGUAGE=%q,DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"1\",URI=\"%s.m3u8\"\n",
		language, sound.Track)
	for _, v := range ordered(rungs) {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s,%s\",RESOLUTION=%dx%d,AUDIO=\"sound\"\n%s.m3u8\n",
			v.Peak+sound.Peak, v.Average+sound.Average, v.Codec, sound.Codec, v.Width, v.Height, v.Track)
	}
	fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,CODECS=\"%s\",AUDIO=\"sound\"\n%s.m3u8\n",
		sound.Peak, sound.Average, sound.Codec, sound.Track)
	return []byte(b.String())
}

// Rate returns bits/s, rounded up to two digits so that it seldom changes.
func Rate(bytes int64, d time.Duration) int {
	if d <= 0 || bytes <= 0 {
		return 1000
	}
	bits := float64(bytes) * 8 / d.Seconds()
	step := math.Pow(10, math.Floor(math.Log10(bits))-1)
	return int(math.Ceil(bits/step) * step)
}
