package main

import (
	"path/filepath"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
)

// liveFlags say whether the programme is shown as HLS and kept.
type liveFlags struct {
	HLS          bool    `help:"Show the programme as HLS at /live/CONFERENCE/index.m3u8 while a conference is open." default:"true" negatable:""`
	LowLatency   bool    `help:"Give the programme to players in parts of half a second besides (LL-HLS): 2 s late instead of 5, for several requests a second of each viewer, which a cache in front has to hold." default:"false"`
	Record       bool    `help:"Keep what is shown, below live/ in the data folder: the recording, at the same address." default:"true" negatable:""`
	RecordVenues bool    `help:"Keep also what City Hall and each venue that has the floor send, each by itself; for the stage and administrators. What is in the last tenth of the room is left to the programme."`
	RecordQuota  float64 `help:"GB that all recordings may have; 0: as much as the disk holds. When it is used up the programme goes on but is not kept." default:"0" placeholder:"GB"`
	RecordKeep   int     `help:"Days after which a closed conference's recording is removed; 0 keeps it." default:"0" placeholder:"DAYS"`
}

func (f *liveFlags) check() error {
	switch {
	case f.RecordQuota < 0:
		return usage("--record-quota=%g: GB, 0 or more", f.RecordQuota)
	case f.RecordVenues && !f.Record:
		return usage("--record-venues needs --record")
	case f.RecordKeep < 0 || f.RecordKeep > 100*366:
		return usage("--record-keep=%d: days, 0 or more", f.RecordKeep)
	}
	return nil
}

// openLivestream makes what shows the programmes; nil: they are not shown as HLS.
func (a *app) openLivestream() *livestream.Station {
	f := a.flags.Live
	if !f.HLS {
		return nil
	}
	folder := ""
	if f.Record {
		folder = filepath.Join(a.flags.Data, "live")
	}
	cfg := livestream.Config{
		Folder: folder, Parts: f.LowLatency, Quota: int64(f.RecordQuota * 1e9), Keep: time.Duration(f.RecordKeep) * 24 * time.Hour,
		Now: time.Now, Conferences: a.live.Conferences, Logger: a.logger,
		Seals: func(id conference.ID) livestream.Seals {
			running, err := a.live.Conference(id)
			if err != nil {
				return nil // it is being opened
			}
			return running
		},
		Here: func(id conference.ID) bool {
			here, _ := a.pages.home.Here(id)
			return here
		},
		Open: func(info *conference.Info) (livestream.Source, error) {
			return a.media.Plane(info.ID, info.MainVenue()).Tap()
		},
	}
	if f.RecordVenues {
		cfg.Venues = func(info *conference.Info) []conference.VenueID {
			return a.media.Plane(info.ID, info.MainVenue()).OnAir()
		}
		cfg.OpenVenue = func(info *conference.Info, venue conference.VenueID) livestream.Source {
			return a.media.Plane(info.ID, info.MainVenue()).VenueTap(venue)
		}
	}
	return livestream.New(cfg)
}

// measureLivestream adds its counters to the metrics.
func (a *app) measureLivestream(s *livestream.Station) {
	gauge := func(name, help string, value func(livestream.Stats) float64) {
		a.metrics.Gauge(name, help, func() float64 { return value(s.Stats()) })
	}
	counter := func(name, help string, value func(livestream.Stats) uint64) {
		a.metrics.Counter(name, help, func() float64 { return float64(value(s.Stats())) })
	}
	gauge("diemcau_hls_conferences", "Conferences whose programme is shown as HLS now.",
		func(st livestream.Stats) float64 { return float64(st.Live) })
	gauge("diemcau_hls_not_recorded", "Of them, those whose programme is not kept: an alarm.",
		func(st livestream.Stats) float64 { return float64(st.Unkept) })
	gauge("diemcau_hls_recorded_bytes", "Bytes of all recordings on this node.",
		func(st livestream.Stats) float64 { return float64(st.Used) })
	a.metrics.Gauge("diemcau_hls_room_bytes", "Bytes that may still be recorded, by the disk and --record-quota.", func() float64 {
		room, _ := s.Room()
		return float64(room)
	})
	counter("diemcau_hls_segments_total", "Groups of segments made, one segment of every track each.",
		func(st livestream.Stats) uint64 { return st.Groups })
	counter("diemcau_hls_not_recorded_total", "Groups that were shown but not kept in time.",
		func(st livestream.Stats) uint64 { return st.Failures })
	counter("diemcau_hls_resets_total", "Times a programme began anew because a track had nothing for long.",
		func(st livestream.Stats) uint64 { return st.Resets })
}
