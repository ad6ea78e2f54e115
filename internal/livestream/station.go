package livestream

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/record"
	"github.com/diemcau/diemcau/sfu/hls"
)

// Config is what a Station needs.
type Config struct {
	// Folder is where the programme is kept, a folder for each conference; "": nowhere.
	Folder string
	// Quota is how many bytes all recordings may have; 0: as many as the disk holds.
	Quota int64
	// Parts: players that can are given the programme in parts (low latency).
	Parts bool
	// Keep is how long a closed conference's recording is kept; 0: for ever.
	Keep time.Duration
	Now  func() time.Time
	// Conferences are those of this installation.
	Conferences func() []*conference.Info
	// Here reports whether this node has a conference's media.
	Here func(id conference.ID) bool
	// Venues are those of a conference that are recorded now, each by itself; nil: none ever are.
	Venues func(info *conference.Info) []conference.VenueID
	// OpenVenue opens what a venue sends.
	OpenVenue func(info *conference.Info, venue conference.VenueID) Source
	// Open opens a conference's programme.
	Open func(info *conference.Info) (Source, error)
	// Seals is where it is noted what was kept of a conference, and when that was removed;
	// nil: nowhere. It may return nil.
	Seals  func(id conference.ID) Seals
	Logger *slog.Logger
	// Write writes a file whole and synced, or not at all; nil: to the disk (tests).
	Write func(path string, data []byte) error
}

// Station shows and keeps the programmes of this node's conferences. File and the counters
// may be called concurrently, Run once.
type Station struct {
	cfg   Config
	log   *slog.Logger
	shown atomic.Pointer[map[conference.ID]*channel]

	used     atomic.Int64 // bytes of all recordings
	groups   atomic.Uint64
	failures atomic.Uint64
	resets   atomic.Uint64
	warned   atomic.Bool
	waiting  atomic.Int64 // requests for what is not there yet
	venues   atomic.Pointer[map[showing]bool]
}

// What a caller may be told; the errors of recording are in the log and in Alarm.
var (
	errNone   = conference.Refuse(conference.KindNotFound, "live.none", "")
	errNotYet = conference.Refuse(conference.KindUnavailable, "live.not_yet", "")

	errSlow  = errors.New("the disk is too slow")
	errQuota = errors.New("the recordings' quota is used up (--record-quota)")
)

const (
	look       = 250 * time.Millisecond
	sweep      = time.Hour
	noteWithin = 5 * time.Second
	nearlyAll  = 0.9 // of the quota or the disk: a warning

	// numbersSince is what media sequence numbers are seconds from: 2020, in seconds since 1970.
	numbersSince = 1_577_836_800
)

// New returns a Station that shows nothing before Run.
func New(cfg Config) *Station {
	if cfg.Write == nil {
		cfg.Write = writeFile
	}
	s := &Station{cfg: cfg, log: cfg.Logger.With(slog.String("part", "livestream"))}
	s.shown.Store(&map[conference.ID]*channel{})
	s.venues.Store(&map[showing]bool{})
	return s
}

// Run shows every open conference whose media are here, and the recordings of closed ones,
// until ctx ends.
func (s *Station) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	if err := s.measure(); err != nil {
		return err
	}
	running := map[showing]bool{}
	ended := make(chan showing)
	run := func(c *channel, over func() (stop, closed bool)) {
		c.run(ctx, over)
		select {
		case ended <- showing{c.id, c.venue}:
		case <-ctx.Done():
		}
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var swept time.Time
	for {
		for _, info := range s.cfg.Conferences() {
			switch c := s.begin(ctx, info, running[showing{id: info.ID}]); {
			case c == nil:
			case c.source == nil: // a recording: what was not noted of it is noted now, and it may be too old
				swept = time.Time{}
				wg.Go(func() { c.seal(ctx) }) // ends with ctx
			default:
				running[showing{id: info.ID}] = true
				wg.Go(func() { run(c, func() (bool, bool) { return s.over(info.ID) }) }) // ends with ctx
			}
			for _, c := range s.beginVenues(info, running) {
				running[showing{info.ID, c.venue}] = true
				wg.Go(func() { run(c, func() (bool, bool) { return s.overVenue(info.ID, c.venue), false }) }) // ends with ctx
			}
		}
		if now := s.cfg.Now(); now.Sub(swept) >= sweep {
			swept = now
			s.sweep(ctx, now)
		}
		s.noteVenues(running)
		select {
		case <-ctx.Done():
			return nil
		case was := <-ended:
			delete(running, was)
			if _, closed := s.over(was.id); was.venue == "" && !closed {
				s.forget(was.id) // it is shown elsewhere now
			}
		case <-tick.C:
		}
	}
}

// begin returns the channel of a conference that is to be shown from now on, or nil. Of one
// that is closed it shows the recording; its channel has no source.
func (s *Station) begin(ctx context.Context, info *conference.Info, running bool) *channel {
	switch {
	case running:
	case info.State == conference.StateOpen && s.cfg.Here(info.ID):
		c, err := s.open(info)
		if err != nil {
			s.log.ErrorContext(ctx, "the programme cannot be shown", slog.String("conference", string(info.ID)), slog.Any("err", err))
			return nil
		}
		return c
	case info.State == conference.StateClosed && (*s.shown.Load())[info.ID] == nil:
		return s.load(info.ID)
	}
	return nil
}

// over reports whether a conference is to be shown no longer, and whether it was closed.
func (s *Station) over(id conference.ID) (stop, closed bool) {
	for _, info := range s.cfg.Conferences() {
		if info.ID == id {
			closed = info.State == conference.StateClosed
			return closed || info.State != conference.StateOpen || !s.cfg.Here(id), closed
		}
	}
	return true, false
}

// open begins to show a conference.
func (s *Station) open(info *conference.Info) (*channel, error) {
	c := s.channel(info.ID)
	if info.Test {
		c.folder = nil // a test leaves nothing behind
	}
	if c.folder != nil {
		if err := os.MkdirAll(c.folder.dir, 0o750); err != nil {
			s.log.Error("the programme is shown but not kept", slog.String("conference", string(info.ID)), slog.Any("err", err))
			c.failing.Store(true)
		}
	}
	var err error
	if c.source, err = s.cfg.Open(info); err != nil {
		return nil, fmt.Errorf("open the programme: %w", err)
	}
	c.resume(s.cfg.Now())
	c.live.Store(true)
	s.put(c)
	return c, nil
}

func (s *Station) channel(id conference.ID) *channel {
	c := &channel{id: id, station: s, log: s.log.With(slog.String("conference", string(id)))}
	if s.cfg.Folder != "" && filepath.IsLocal(string(id)) {
		c.folder = &folder{dir: filepath.Join(s.cfg.Folder, string(id)), write: s.cfg.Write}
	}
	return c
}

// load shows the recording of a closed conference, or that there is none.
func (s *Station) load(id conference.ID) *channel {
	c := s.channel(id)
	if c.folder != nil {
		c.end()
	}
	s.put(c)
	return c
}

func (s *Station) put(c *channel) {
	next := maps.Clone(*s.shown.Load())
	next[c.id] = c
	s.shown.Store(&next)
}

func (s *Station) forget(id conference.ID) {
	next := maps.Clone(*s.shown.Load())
	delete(next, id)
	s.shown.Store(&next)
}

// File returns what is at an address below a conference's. Refusals: live.none; live.not_yet
// while there is nothing to show yet.
func (s *Station) File(info *conference.Info, name string) (*File, error) {
	c := (*s.shown.Load())[info.ID]
	if c == nil {
		if info.State == conference.StatePlanned || !isPlaylist(name) {
			return nil, errNone
		}
		return nil, errNotYet
	}
	if shown := c.shown.Load(); shown != nil {
		if f := shown.file(name); f != nil {
			return f, nil
		}
		return nil, errNone
	}
	if info.State == conference.StateClosed || !isPlaylist(name) {
		return nil, errNone
	}
	return nil, errNotYet
}

// keep writes a group if there is room for it.
func (s *Station) keep(f *folder, g hls.Group, inits bool) error {
	var size int64
	for _, t := range g.Tracks {
		size += int64(len(t.Data) + len(t.Format.Init))
	}
	if s.cfg.Quota > 0 && s.used.Load()+size > s.cfg.Quota {
		return errQuota
	}
	written, err := f.keep(g, inits)
	s.used.Add(written)
	s.warn()
	return err
}

// warn says once that there is little room left.
func (s *Station) warn() {
	room, of := s.Room()
	if of <= 0 {
		return
	}
	if little := float64(room) < (1-nearlyAll)*float64(of); little != s.warned.Load() {
		s.warned.Store(little)
		if little {
			s.log.Warn("there is little room for recordings", slog.Int64("bytes", room))
		}
	}
}

// measure adds up what is kept.
func (s *Station) measure() error {
	if s.cfg.Folder == "" {
		return nil
	}
	if err := os.MkdirAll(s.cfg.Folder, 0o750); err != nil {
		return fmt.Errorf("make the folder of recordings: %w", err)
	}
	var used int64
	err := filepath.WalkDir(s.cfg.Folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			used += info.Size()
		}
		return nil
	})
	s.used.Store(used)
	if err != nil {
		return fmt.Errorf("measure the recordings: %w", err)
	}
	return nil
}

// sweep removes recordings that have been kept for long enough.
func (s *Station) sweep(ctx context.Context, now time.Time) {
	if s.cfg.Keep <= 0 || s.cfg.Folder == "" {
		return
	}
	for _, info := range s.cfg.Conferences() {
		c := s.channel(info.ID)
		if info.State != conference.StateClosed || c.folder == nil {
			continue
		}
		changed, err := os.Stat(c.folder.dir)
		if err != nil || now.Sub(changed.ModTime()) < s.cfg.Keep {
			continue
		}
		if err := os.RemoveAll(c.folder.dir); err != nil {
			c.log.ErrorContext(ctx, "a recording that is too old cannot be removed", slog.Any("err", err))
			continue
		}
		c.log.InfoContext(ctx, "a recording was removed: it was kept for long enough (--record-keep)")
		s.put(c)
		s.tellRemoved(ctx, c)
	}
	if err := s.measure(); err != nil {
		s.log.ErrorContext(ctx, "the recordings cannot be measured", slog.Any("err", err))
	}
}

// tellRemoved notes that a recording is gone. Whoever asks for it is then told so.
func (s *Station) tellRemoved(ctx context.Context, c *channel) {
	seals := s.seals(c.id)
	if seals == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	err := seals.RemoveRecording(ctx, record.Removed{KeptDays: int(s.cfg.Keep / (24 * time.Hour))})
	if err != nil && ctx.Err() == nil {
		c.log.WarnContext(ctx, "it could not be noted that a recording was removed", slog.Any("err", err))
	}
}
