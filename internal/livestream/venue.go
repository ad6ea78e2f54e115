package livestream

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// showing is a programme, or a venue that is recorded by itself.
type showing struct {
	id    conference.ID
	venue conference.VenueID // "": the programme
}

// VenuesFolder is where the venues' own recordings are, in the folder of the conference.
const VenuesFolder = "venues"

var errSpare = errors.New("the last tenth of the room is the programme's")

// beginVenues returns the channels of venues that are to be recorded from now on.
func (s *Station) beginVenues(info *conference.Info, running map[showing]bool) []*channel {
	var begun []*channel
	for _, venue := range s.wanted(info) {
		if running[showing{info.ID, venue}] {
			continue
		}
		c := s.venueChannel(info.ID, venue)
		if c == nil {
			continue
		}
		if err := os.MkdirAll(c.folder.dir, 0o750); err != nil {
			c.log.Warn("a venue's own recording is not kept", slog.Any("err", err))
			continue
		}
		c.source = s.cfg.OpenVenue(info, venue)
		c.resume(s.cfg.Now())
		begun = append(begun, c)
	}
	return begun
}

// wanted are the venues of a conference that are to be recorded now.
func (s *Station) wanted(info *conference.Info) []conference.VenueID {
	if s.cfg.Venues == nil || s.cfg.Folder == "" || info.State != conference.StateOpen || info.Test || !s.cfg.Here(info.ID) {
		return nil
	}
	return s.cfg.Venues(info)
}

// overVenue reports whether a venue is to be recorded no longer.
func (s *Station) overVenue(id conference.ID, venue conference.VenueID) bool {
	for _, info := range s.cfg.Conferences() {
		if info.ID == id {
			return !slices.Contains(s.wanted(info), venue)
		}
	}
	return true
}

// venueChannel returns a channel that shows nobody anything; nil: the venue's name is no folder's.
func (s *Station) venueChannel(id conference.ID, venue conference.VenueID) *channel {
	dir := s.venueFolder(id, venue)
	if dir == "" {
		return nil
	}
	log := s.log.With(slog.String("conference", string(id)), slog.String("venue", string(venue)))
	return &channel{id: id, venue: venue, station: s, log: log, folder: &folder{dir: dir, write: s.cfg.Write}}
}

func (s *Station) venueFolder(id conference.ID, venue conference.VenueID) string {
	for _, name := range []string{string(id), string(venue)} {
		if s.cfg.Folder == "" || name == "." || !filepath.IsLocal(name) || filepath.Base(name) != name {
			return ""
		}
	}
	return filepath.Join(s.cfg.Folder, string(id), VenuesFolder, string(venue))
}

// spares reports whether there is room for more than the programme, which goes first: its is
// the last tenth of the quota and of the disk.
func (s *Station) spares(venue conference.VenueID) error {
	if venue == "" {
		return nil
	}
	if room, of := s.Room(); of > 0 && float64(room) < (1-nearlyAll)*float64(of) {
		return errSpare
	}
	return nil
}

// noteVenues lets readers see which venues are being recorded.
func (s *Station) noteVenues(running map[showing]bool) {
	if s.cfg.Venues != nil && !maps.Equal(*s.venues.Load(), running) {
		now := maps.Clone(running)
		s.venues.Store(&now)
	}
}

// VenueRecording is what is kept of a venue by itself.
type VenueRecording struct {
	Venue conference.VenueID
	Bytes int64
	Live  bool // it is being recorded
}

// VenueRecordings returns what is kept of a conference's venues, by their ids. Error: of reading.
func (s *Station) VenueRecordings(info *conference.Info) ([]VenueRecording, error) {
	var all []VenueRecording
	for i := range info.Venues {
		venue := info.Venues[i].ID
		dir := s.venueFolder(info.ID, venue)
		if dir == "" {
			continue
		}
		files, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read a venue's recording: %w", err)
		}
		r := VenueRecording{Venue: venue, Live: (*s.venues.Load())[showing{info.ID, venue}]}
		for _, f := range files {
			if told, err := f.Info(); err == nil {
				r.Bytes += told.Size()
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// VenueFile returns what is at a name of a venue's own recording: the playlists list all of it,
// also while it goes on. It reads the folder: it is for a few people. Refusal: live.none.
func (s *Station) VenueFile(info *conference.Info, venue conference.VenueID, name string) (*File, error) {
	dir := s.venueFolder(info.ID, venue)
	if dir == "" {
		return nil, errNone
	}
	shown := &snapshot{dir: dir}
	if isPlaylist(name) {
		r, err := (&folder{dir: dir}).read()
		if err != nil {
			return nil, fmt.Errorf("read a venue's recording: %w", err)
		}
		if len(r.groups) == 0 {
			return nil, errNone
		}
		shown = show(r.groups, 0, !(*s.venues.Load())[showing{info.ID, venue}], dir, nil)
	}
	if f := shown.file(name); f != nil {
		return f, nil
	}
	return nil, errNone
}

// VenueMovie makes an MP4 of what is kept of a venue by itself until now. Refusal: live.none.
func (s *Station) VenueMovie(info *conference.Info, venue conference.VenueID) (*Movie, error) {
	dir := s.venueFolder(info.ID, venue)
	if dir == "" {
		return nil, errNone
	}
	r, err := (&folder{dir: dir}).read()
	if err != nil {
		return nil, fmt.Errorf("read a venue's recording: %w", err)
	}
	if len(r.groups) == 0 {
		return nil, errNone
	}
	var all reel
	all.take(r.groups)
	movie, err := movieOf(dir, all.cuts)
	if err != nil {
		return nil, fmt.Errorf("make a movie of %s at %s: %w", venue, info.ID, err)
	}
	return movie, nil
}
