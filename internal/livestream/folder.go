package livestream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diemcau/diemcau/sfu/hls"
)

// folder is the recording of one conference: for each group a segment of every track, the
// sound's last, and for a group before which there is a discontinuity the inits.
//
//	v0-123.mp4 v0-123.m4s v1-… sound-123.mp4 sound-123.m4s
type folder struct {
	dir   string
	write func(path string, data []byte) error
}

// kept is a group as it is in a folder or in memory.
type kept struct {
	hls.Entry
	tracks []track // the rungs, then the sound
}

// track is one track's part of it.
type track struct {
	start       time.Time
	duration    time.Duration
	bytes       int
	independent bool
	format      *hls.Format
	data        []byte // nil: on the disk only
	parts       []hls.Part
}

// keep writes a group so that it is there after a crash, or not at all: the sound comes
// last, and a group without it is none. Inits are written with the first group, and with one
// before which groups are missing.
func (f *folder) keep(g hls.Group, inits bool) (int64, error) {
	var written int64
	put := func(name string, data []byte) error {
		if err := f.write(filepath.Join(f.dir, name), data); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
		written += int64(len(data))
		return nil
	}
	for i, s := range g.Tracks {
		name := trackName(i, len(g.Tracks))
		if g.Discontinuity || inits {
			if err := put(hls.InitFile(name, g.Sequence), s.Format.Init); err != nil {
				return written, err
			}
		}
		if err := put(hls.SegmentFile(name, g.Sequence), s.Data); err != nil {
			return written, err
		}
	}
	return written, syncDir(f.dir)
}

// trackName is the name of track i of n in addresses.
func trackName(i, n int) string {
	if i == n-1 {
		return hls.SoundName
	}
	return hls.VideoName(i)
}

// writeFile writes a file whole or not at all: what bears the name is complete.
func writeFile(path string, data []byte) error {
	dir, name := filepath.Split(path)
	part := filepath.Join(dir, "."+name+".part")
	err := writeSynced(part, data)
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		_ = os.Remove(part) // the first error is what matters
	}
	return err
}

func writeSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640) //nolint:gosec // recordings are for the operator's group too
	if err != nil {
		return err //nolint:wrapcheck // names the file
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // our own
	if err != nil {
		return err //nolint:wrapcheck // names the folder
	}
	return errors.Join(d.Sync(), d.Close())
}

// fileName is what the name of a file tells.
type fileName struct {
	track    string
	sequence uint64
	init     bool
}

// parse reads a file's name.
func parse(name string) (f fileName, ok bool) {
	stem, init := strings.CutSuffix(name, ".mp4")
	if !init {
		if stem, ok = strings.CutSuffix(name, ".m4s"); !ok {
			return fileName{}, false
		}
	}
	track, digits, ok := strings.Cut(stem, "-")
	if !ok || len(digits) > 1 && digits[0] == '0' {
		return fileName{}, false
	}
	rung, isRung := strings.CutPrefix(track, "v")
	if track != hls.SoundName && (!isRung || len(rung) != 1 || rung[0] < '0' || rung[0] > '9') {
		return fileName{}, false
	}
	sequence, err := strconv.ParseUint(digits, 10, 64)
	return fileName{track: track, sequence: sequence, init: init}, err == nil
}

// recording is what a folder holds.
type recording struct {
	groups []kept
	epoch  time.Time // of its decode times; zero when it is empty
	bytes  int64
	// damaged are files that are not what they should be; their groups are left out.
	damaged []string
}

// read reads the folder. One that does not exist is empty.
func (f *folder) read() (recording, error) {
	var r recording
	names, err := os.ReadDir(f.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read recording: %w", err)
	}
	segments, inits := map[uint64][]string{}, map[uint64]map[string]*hls.Track{}
	for _, entry := range names {
		name := entry.Name()
		if info, err := entry.Info(); err == nil {
			r.bytes += info.Size()
		}
		file, ok := parse(name)
		track, seq := file.track, file.sequence
		switch {
		case !ok:
		case !file.init:
			segments[seq] = append(segments[seq], track)
		default:
			data, err := os.ReadFile(filepath.Join(f.dir, name)) //nolint:gosec // our own
			if err != nil {
				return r, fmt.Errorf("read recording: %w", err)
			}
			told, err := hls.ReadInit(data)
			if err != nil {
				r.damaged = append(r.damaged, name)
				continue
			}
			if inits[seq] == nil {
				inits[seq] = map[string]*hls.Track{}
			}
			inits[seq][track] = &told
		}
	}
	f.join(&r, segments, inits)
	return r, nil
}

// join puts the groups together in their order.
func (f *folder) join(r *recording, segments map[uint64][]string, inits map[uint64]map[string]*hls.Track) {
	var order []uint64
	for seq, tracks := range segments {
		if slices.Contains(tracks, hls.SoundName) {
			order = append(order, seq)
		}
	}
	slices.Sort(order)
	force := map[string]*hls.Track{}
	var initOf, number uint64
	for _, seq := range order {
		if fresh := inits[seq]; fresh != nil {
			force, initOf = fresh, seq
		}
		names := ordered(segments[seq])
		tracks := f.tracks(names, seq, force)
		if len(tracks) < len(names) {
			r.damaged = append(r.damaged, hls.SegmentFile(names[len(tracks)], seq))
			continue
		}
		// What follows a gap is played like what follows a take.
		n := len(r.groups)
		fresh := inits[seq] != nil || n > 0 && r.groups[n-1].Sequence+1 != seq
		if fresh && n > 0 {
			number++
		}
		r.epoch = force[names[0]].Epoch
		r.groups = append(r.groups, kept{
			Entry:  hls.Entry{Sequence: seq, Init: initOf, Discontinuity: fresh, Number: number},
			tracks: tracks,
		})
	}
}

// tracks reads the segments of a group, up to the first that is not what it should be.
func (f *folder) tracks(names []string, seq uint64, force map[string]*hls.Track) []track {
	var all []track
	for i, name := range names {
		part, ok := f.segment(name, seq, force[name])
		if !ok || trackName(i, len(names)) != name {
			break
		}
		all = append(all, part)
	}
	return all
}

// ordered puts the rungs first, the sound last.
func ordered(tracks []string) []string {
	slices.Sort(tracks)
	at := slices.Index(tracks, hls.SoundName)
	return append(slices.Delete(tracks, at, at+1), hls.SoundName)
}

// segment reads what a segment's file tells.
func (f *folder) segment(name string, seq uint64, t *hls.Track) (track, bool) {
	if t == nil {
		return track{}, false
	}
	h, size, err := readHead(filepath.Join(f.dir, hls.SegmentFile(name, seq)))
	if err != nil {
		return track{}, false
	}
	return track{
		start: t.Epoch.Add(span(h.Start, t.Rate)), duration: span(h.End-h.Start, t.Rate),
		bytes: int(size), independent: h.Independent, format: &t.Format,
	}, true
}

// span converts ticks without overflow.
func span(ticks, rate int64) time.Duration {
	return time.Duration(ticks/rate)*time.Second + time.Duration(ticks%rate)*time.Second/time.Duration(rate)
}

// headSize is more than the table of samples of a usual segment takes.
const headSize = 4 << 10

// readHead reads a segment's table of samples, and not the samples: a recording may have
// tens of thousands of files.
func readHead(path string) (hls.Header, int64, error) {
	file, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return hls.Header{}, 0, err //nolint:wrapcheck // only looked at
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return hls.Header{}, 0, err //nolint:wrapcheck // only looked at
	}
	var h hls.Header
	for _, n := range []int64{headSize, 64 * headSize} {
		head := make([]byte, min(n, info.Size()))
		if _, err = file.ReadAt(head, 0); err != nil {
			return h, 0, err //nolint:wrapcheck // only looked at
		}
		if h, err = hls.ReadSegment(head, info.Size()); err == nil {
			break
		}
	}
	return h, info.Size(), err //nolint:wrapcheck // only looked at
}
