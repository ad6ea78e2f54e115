package livestream

import "syscall"

// Stats are the counters since the start, for metrics.
type Stats struct {
	Live     int    // conferences that are shown now
	Unkept   int    // of them, those that are not kept
	Groups   uint64 // groups of segments made
	Failures uint64 // groups that were shown but not kept in time
	Resets   uint64 // times a programme began anew because a track had nothing for long
	Used     int64  // bytes of recordings
}

// Stats returns the counters.
func (s *Station) Stats() Stats {
	st := Stats{Groups: s.groups.Load(), Failures: s.failures.Load(), Resets: s.resets.Load(), Used: s.used.Load()}
	for _, c := range *s.shown.Load() {
		if !c.live.Load() {
			continue
		}
		st.Live++
		if c.failing.Load() {
			st.Unkept++
		}
	}
	return st
}

// Alarm says what is wrong with the recording, "" when all is well. The programme is shown
// all the same.
func (s *Station) Alarm() string {
	if s.Stats().Unkept > 0 {
		return "a programme is shown but not kept: the disk is full, slow or over --record-quota"
	}
	if s.warned.Load() {
		return "there is little room for recordings"
	}
	return ""
}

// Room returns how many bytes may still be recorded, and of how many; 0, 0 when nothing is
// kept or the disk does not tell.
func (s *Station) Room() (room, of int64) {
	if s.cfg.Folder == "" {
		return 0, 0
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.cfg.Folder, &disk); err != nil {
		return 0, 0
	}
	room, of = int64(disk.Bavail)*disk.Bsize, int64(disk.Blocks)*disk.Bsize
	if s.cfg.Quota > 0 && s.cfg.Quota-s.used.Load() < room {
		room, of = max(0, s.cfg.Quota-s.used.Load()), s.cfg.Quota
	}
	return room, of
}
