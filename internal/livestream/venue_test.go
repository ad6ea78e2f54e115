package livestream_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// recordVenues records City Hall always, and the hall while it has the floor.
func recordVenues(t *testing.T, floor *atomic.Bool) func(*livestream.Config) {
	t.Helper()
	return func(cfg *livestream.Config) {
		cfg.Venues = func(*conference.Info) []conference.VenueID {
			if floor.Load() {
				return []conference.VenueID{"main", "hall"}
			}
			return []conference.VenueID{"main"}
		}
		cfg.OpenVenue = func(_ *conference.Info, venue conference.VenueID) livestream.Source {
			f := newFilm(t, map[conference.VenueID]int{"main": 2, "hall": 3}[venue])
			f.rungs = f.rungs[2:] // one small picture
			return f
		}
	}
}

// venueFile returns what is at a name of a venue's recording.
func (s *studio) venueFile(venue conference.VenueID, name string) (string, string) {
	s.Helper()
	info := s.now()
	f, err := s.station.VenueFile(&info, venue, name)
	if err != nil {
		return "", strings.TrimSpace(err.Error())
	}
	if f.Data != nil {
		return string(f.Data), ""
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return "", "gone"
	}
	return string(data), ""
}

// venueFilm copies a venue's recording and returns how long ffmpeg plays it.
func (s *studio) venueFilm(venue conference.VenueID) float64 {
	s.Helper()
	dir := s.TempDir()
	for _, name := range []string{livestream.IndexName, "v0.m3u8", "sound.m3u8"} {
		text, code := s.venueFile(venue, name)
		if code != "" {
			s.Fatalf("%s of %s: %s", name, venue, code)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if uri, ok := strings.CutPrefix(line, "#EXT-X-MAP:URI="); ok {
				line = strings.Trim(uri, `"`)
			}
			if line == "" || line[0] == '#' || strings.HasSuffix(line, ".m3u8") {
				continue
			}
			data, code := s.venueFile(venue, line)
			if code != "" {
				s.Fatalf("%s of %s: %s", line, venue, code)
			}
			if err := os.WriteFile(filepath.Join(dir, line), []byte(data), 0o600); err != nil {
				s.Fatal(err)
			}
		}
		if name != livestream.IndexName && !strings.Contains(text, "ENDLIST") {
			text += "#EXT-X-ENDLIST\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			s.Fatal(err)
		}
	}
	return decodes(s.T, filepath.Join(dir, livestream.IndexName))
}

// City Hall is recorded throughout and a hall while it has the floor, each by itself, sealed like
// the programme, in the same quota, and gone with it.
func TestP6_VenuesAreRecordedByThemselves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var floor atomic.Bool
		log := &notes{}
		s := newStudio(t, dir, log.option, recordVenues(t, &floor), func(cfg *livestream.Config) { cfg.Keep = 24 * time.Hour })
		s.wait(10 * time.Second)
		if _, code := s.venueFile("hall", livestream.IndexName); code == "" {
			t.Error("a hall that does not have the floor is recorded")
		}
		for range 2 { // it is given the floor twice
			floor.Store(true)
			s.wait(10 * time.Second)
			floor.Store(false)
			s.wait(10 * time.Second)
		}
		info := s.now()
		info.Venues = []conference.Venue{{ID: "main"}, {ID: "hall"}, {ID: "other"}}
		all, err := s.station.VenueRecordings(&info)
		if err != nil || len(all) != 2 || !all[0].Live || all[1].Live || all[1].Bytes == 0 || all[1].Bytes >= all[0].Bytes {
			t.Errorf("got %+v, %v", all, err)
		}
		text, _ := s.venueFile("hall", "v0.m3u8")
		if strings.Count(text, "#EXT-X-DISCONTINUITY\n") != 1 || !strings.Contains(text, "ENDLIST") {
			t.Errorf("the hall's two turns:\n%s", text)
		}
		if text, _ := s.venueFile("main", "v0.m3u8"); strings.Contains(text, "ENDLIST") {
			t.Error("City Hall's recording has ended")
		}
		if got := s.venueFilm("hall"); got < 16 || got > 24 {
			t.Errorf("the hall's recording plays %.1f s of its 20", got)
		}
		for _, name := range []string{"../v0.m3u8", "v1.m3u8", "v0-1.m4s.part"} {
			if _, code := s.venueFile("hall", name); code == "" {
				t.Errorf("%s is served", name)
			}
		}
		for _, venue := range []conference.VenueID{"", ".", "..", "../..", "hall/.."} {
			if _, code := s.venueFile(venue, livestream.IndexName); code == "" {
				t.Errorf("the venue %q has a recording", venue)
			}
		}
		s.become(conference.StateClosed)
		s.wait(2 * time.Second)
		seals := log.Recording().Seals
		for _, venue := range []conference.VenueID{"", "main", "hall"} {
			folder := filepath.Join(dir, string(id))
			if venue != "" {
				folder = filepath.Join(folder, livestream.VenuesFolder, string(venue))
			}
			if done, err := livestream.CheckSeals(folder, venue, seals); err != nil || done.Groups < 8 || done.Unsealed > 0 {
				t.Errorf("the seals of %q: %+v, %v", venue, done, err)
			}
			files, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(files, func(f os.DirEntry) bool { return strings.HasSuffix(f.Name(), ".m4s") })
			path := filepath.Join(folder, files[at].Name())
			data, _ := os.ReadFile(path)
			data[len(data)-1] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := livestream.CheckSeals(folder, venue, seals); err == nil {
				t.Errorf("a changed bit of %q is not found", venue)
			}
		}
		old := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, string(id)), old, old); err != nil {
			t.Fatal(err)
		}
		s.wait(65 * time.Minute) // the next round
		if all, _ := s.station.VenueRecordings(&info); len(all) > 0 {
			t.Errorf("after the retention there is %+v", all)
		}
	})
}

// The last tenth of the room is the programme's.
func TestP6_TheProgrammeGoesFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var floor atomic.Bool
		s := newStudio(t, dir, recordVenues(t, &floor), func(cfg *livestream.Config) { cfg.Quota = 4 << 20 })
		size := func() int64 {
			info := s.now()
			info.Venues = []conference.Venue{{ID: "main"}}
			all, err := s.station.VenueRecordings(&info)
			if err != nil || len(all) == 0 {
				return 0
			}
			return all[0].Bytes
		}
		for s.station.Stats().Used < 4<<20*93/100 {
			s.wait(time.Second)
		}
		at := size()
		if at == 0 || s.station.Stats().Unkept > 0 {
			t.Fatalf("%d bytes of City Hall were kept, %+v", at, s.station.Stats())
		}
		first := s.list("v0.m3u8").last()
		s.wait(3 * time.Second)
		if size() != at {
			t.Errorf("City Hall's own recording took %d bytes of the programme's room", size()-at)
		}
		if s.list("v0.m3u8").last() == first || !strings.Contains(s.logs.String(), "own recording is not kept") {
			t.Errorf("the programme stands, or nobody was told:\n%s", s.logs.String())
		}
	})
}
