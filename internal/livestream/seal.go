package livestream

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/sfu/hls"
)

const (
	// sealEvery is how often what was kept is noted in the log.
	sealEvery = time.Minute
	// sealGroups is how many groups one seal covers at most: half an hour or so.
	sealGroups = 1000
)

// Seals is where it is noted what was kept; *live.Conference is one.
type Seals interface {
	// Recording returns what is noted already.
	Recording() record.Recording
	SealRecording(ctx context.Context, seal record.Seal) error
	RemoveRecording(ctx context.Context, removed record.Removed) error
}

// MakeSeal reads what a folder holds of the groups from..to and hashes it. Groups that were
// not kept whole are none. Errors: of reading.
func MakeSeal(dir string, from, to uint64) (record.Seal, error) {
	all, err := groupsOf(dir)
	if err != nil {
		return record.Seal{}, err
	}
	return sealOf(dir, within(all, from, to), from, to)
}

// within returns the numbers from..to of those in their order.
func within(all []uint64, from, to uint64) []uint64 {
	lo, _ := slices.BinarySearch(all, from)
	hi, found := slices.BinarySearch(all, to)
	if found {
		hi++
	}
	return all[lo:max(lo, hi)]
}

// groupsOf returns the numbers of the groups that were kept whole, in their order.
func groupsOf(dir string) ([]uint64, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	var all []uint64
	for _, entry := range names {
		if f, ok := parse(entry.Name()); ok && !f.init && f.track == hls.SoundName {
			all = append(all, f.sequence)
		}
	}
	slices.Sort(all)
	return all, nil
}

// sealOf hashes groups.
func sealOf(dir string, groups []uint64, from, to uint64) (record.Seal, error) {
	seal := record.Seal{From: from, To: to, Groups: len(groups)}
	sum := sha256.New()
	add := func(name string) (bool, error) {
		n, err := addFile(sum, filepath.Join(dir, name), name)
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		seal.Bytes += n
		return err == nil, err
	}
	for _, seq := range groups {
		for track := 0; ; track++ {
			name := hls.VideoName(track)
			if _, err := add(hls.InitFile(name, seq)); err != nil {
				return seal, err
			}
			if there, err := add(hls.SegmentFile(name, seq)); err != nil {
				return seal, err
			} else if !there {
				break
			}
		}
		for _, name := range []string{hls.InitFile(hls.SoundName, seq), hls.SegmentFile(hls.SoundName, seq)} {
			if _, err := add(name); err != nil {
				return seal, err
			}
		}
	}
	seal.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return seal, nil
}

// addFile adds a file's line to a sum.
func addFile(sum hash.Hash, path, name string) (int64, error) {
	file, err := os.Open(path) //nolint:gosec // our own
	if err != nil {
		return 0, err //nolint:wrapcheck // names the file
	}
	defer file.Close() //nolint:errcheck // only read
	own := sha256.New()
	n, err := io.Copy(own, bufio.NewReaderSize(file, 64<<10))
	if err != nil {
		return 0, fmt.Errorf("read recording: %w", err)
	}
	_, _ = fmt.Fprintf(sum, "%s %d %x\n", name, n, own.Sum(nil)) // never fails
	return n, nil
}

// sealing notes what is kept, every minute and at the end, until done is closed or ctx ends.
// A log that is away costs nothing: what was not noted is noted the next time.
func (c *channel) sealing(ctx context.Context, done <-chan struct{}) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for running := true; running; {
		select {
		case <-ctx.Done():
			return
		case <-done:
			running = false
		case <-tick.C:
		}
		c.seal(ctx)
	}
}

// seal notes what was kept and is in no seal yet.
func (c *channel) seal(ctx context.Context) {
	shown := c.reel.shown.Load()
	seals := c.station.seals(c.id)
	if c.folder == nil || seals == nil || shown == nil || len(shown.cuts) == 0 {
		return
	}
	err := sealFolder(ctx, seals, c.venue, c.folder.dir, shown.cuts[len(shown.cuts)-1].sequence)
	if err != nil && ctx.Err() == nil {
		c.log.WarnContext(ctx, "what was recorded could not be noted in the log; it is tried again", slog.Any("err", err))
	}
}

// sealFolder seals what is in a folder of a venue, or of the programme, up to a group.
func sealFolder(ctx context.Context, seals Seals, venue conference.VenueID, dir string, last uint64) error {
	all, err := groupsOf(dir)
	if err != nil {
		return err
	}
	noted := seals.Recording()
	var open []uint64
	flush := func() error {
		if len(open) == 0 {
			return nil
		}
		seal, err := sealOf(dir, open, open[0], open[len(open)-1])
		seal.Venue = venue
		if err == nil {
			err = seals.SealRecording(ctx, seal)
		}
		open = nil
		return err
	}
	for _, seq := range within(all, 0, last) {
		if noted.Covers(venue, seq) {
			if err := flush(); err != nil {
				return err
			}
			continue
		}
		if open = append(open, seq); len(open) == sealGroups {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// seals returns where it is noted what a conference's recording holds; nil: nowhere.
func (s *Station) seals(id conference.ID) Seals {
	if s.cfg.Seals == nil {
		return nil
	}
	return s.cfg.Seals(id)
}

// Checked is what CheckSeals found.
type Checked struct {
	Groups   int // in seals, and as they were
	Unsealed int // behind the last seal
}

// CheckSeals compares a folder with what was noted of it; venue "": it is the programme's. Errors: record.ErrChanged with the
// segments that are not what they were, are missing, or are in no seal though later ones are;
// those of reading.
func CheckSeals(dir string, venue conference.VenueID, seals []record.Seal) (Checked, error) {
	var done Checked
	all, err := groupsOf(dir)
	if err != nil {
		return done, err
	}
	noted := record.Recording{Seals: seals}
	last := uint64(0)
	for _, s := range seals {
		if s.Venue != venue {
			continue
		}
		last = max(last, s.To)
		groups := within(all, s.From, s.To)
		got, err := sealOf(dir, groups, s.From, s.To)
		got.Venue = venue
		switch {
		case err != nil:
			return done, err
		case got.Groups < s.Groups:
			return done, fmt.Errorf("%w: of the segments %d–%d %d are missing", record.ErrChanged, s.From, s.To, s.Groups-got.Groups)
		case got != s:
			return done, fmt.Errorf("%w: of the segments %d–%d at least one is not what was noted", record.ErrChanged, s.From, s.To)
		}
		done.Groups += got.Groups
	}
	for _, seq := range all {
		switch {
		case noted.Covers(venue, seq):
		case seq < last:
			return done, fmt.Errorf("%w: the segment %d was never noted, though later ones were", record.ErrChanged, seq)
		default:
			done.Unsealed++
		}
	}
	return done, nil
}
