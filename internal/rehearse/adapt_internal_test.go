package rehearse

import (
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/testnet"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// What M5 promises.
const (
	fallsWithin = 2 * time.Second
	soundWithin = 4 * time.Second
	risesWithin = 8 * time.Second

	// atOnce is how soon a player goes on with a keyframe, as Chromium does when the pictures
	// before it are too late.
	atOnce = 100 * time.Millisecond

	// tileVideos is how many slots for pictures a hall has that shows tiles too.
	tileVideos = receiveVideos + 1
)

// narrow is a line of so many bits/s, with the queue a cheap router has.
func narrow(bits int) testnet.Line { return testnet.Line{Rate: bits, Delay: 20 * time.Millisecond} }

// shows returns which layer of a venue a slot of the kind shows now; -1: nothing for a while.
func (h *hall) shows(kind protocol.SlotKind, id conference.VenueID) int {
	f := h.picture(kind, id)
	if f.count == 0 || time.Since(f.at) > time.Second {
		return -1
	}
	return f.layer
}

// paused reports whether the server has told that all pictures of a kind are left out.
func (h *hall) paused(kind protocol.SlotKind) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	some, all := false, true
	for mid, s := range h.slots {
		if s.Kind == kind && h.pictures[mid] {
			some, all = true, all && s.Paused
		}
	}
	return some && all
}

// back is when the server last told that a picture of the kind goes again.
func (h *hall) back(kind protocol.SlotKind) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unpaused[kind]
}

// within waits for what the line brings about, and wants it in time in the soak; a busy
// machine in CI has as long as it needs.
func (r *rig) within(limit time.Duration, what string, ok func() bool) {
	r.Helper()
	from := time.Now()
	r.until(what, ok)
	took := time.Since(from)
	r.Logf("%s: after %v", what, took.Round(10*time.Millisecond))
	if soak() && took > limit {
		r.Errorf("%s: after %v, want at most %v", what, took, limit)
	}
}

// M5, downlink: the line of a hall goes from 2 Mbit/s to 400 kbit/s, to 60 kbit/s, and back.
//
//nolint:paralleltest // the estimate is of times: before the others, not among them
func TestM5_DownlinkChanges(t *testing.T) {
	r := newRigOf(t, tileVideos, atOnce)
	r.ready()
	line := r.network.Host("hall")
	line.SetDown(narrow(2_000_000))
	whole := func() bool {
		return r.hall.shows(protocol.SlotProgramme, cityHall) == 0 && r.hall.shows(protocol.SlotReturn, cityHall) >= 0 &&
			r.hall.shows(protocol.SlotTile, cityHall) >= 0
	}
	r.until("everything goes over 2 Mbit/s", whole)

	line.SetDown(narrow(400_000))
	r.within(fallsWithin, "400 kbit/s: the programme is in a smaller layer", func() bool {
		return r.hall.shows(protocol.SlotProgramme, cityHall) > 0
	})

	line.SetDown(narrow(60_000))
	r.within(soundWithin, "60 kbit/s: sound only", func() bool {
		return r.hall.paused(protocol.SlotProgramme) && r.hall.paused(protocol.SlotReturn) && r.hall.paused(protocol.SlotTile)
	})
	r.hall.forget()
	r.until("60 kbit/s: the voice of City Hall goes on", func() bool {
		got, sent := r.hall.voice(cityHall)
		// Sound and what is asked about it fill this line: how much of it comes is the soak's.
		return got > 100 && (!soak() || float64(got) > 0.9*float64(sent))
	})
	if joins := r.hall.joinCount(); joins != 1 {
		t.Errorf("the hall joined %d times: a narrow line is no broken one", joins)
	}

	r.hall.forget()
	line.SetDown(narrow(2_000_000))
	r.within(risesWithin, "2 Mbit/s: the programme is whole again", func() bool {
		return r.hall.shows(protocol.SlotProgramme, cityHall) == 0
	})
	r.until("2 Mbit/s: everything goes again", whole)
	// Zero: it was back when that began to be noted. One message may tell of both.
	if programme, tile := r.hall.back(protocol.SlotProgramme), r.hall.back(protocol.SlotTile); programme.Sub(tile) > time.Second {
		t.Errorf("the tile was back at %v, the programme at %v", tile, programme)
	}
}

// M5, uplink: the line of a hall on air goes from 3 Mbit/s to 500 kbit/s, and back.
func TestM5_UplinkChanges(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, receiveVideos, atOnce)
	r.ready()
	r.onAir()
	line := r.network.Host("hall")
	line.SetUp(narrow(3_000_000))
	best := func() bool { return r.main.shows(protocol.SlotProgramme, theHall) == 0 }
	r.until("the hall is seen in its highest layer", best)

	line.SetUp(narrow(500_000))
	r.within(fallsWithin, "500 kbit/s: the hall is seen in a smaller layer", func() bool {
		return r.main.shows(protocol.SlotProgramme, theHall) > 0
	})
	r.main.forget()
	r.until("500 kbit/s: picture and sound of the hall go on", func() bool {
		got, sent := r.main.voice(theHall)
		return got > 100 && float64(got) > 0.9*float64(sent) && r.main.picture(protocol.SlotProgramme, theHall).count > 20
	})

	line.SetUp(narrow(3_000_000))
	r.within(risesWithin, "3 Mbit/s: the highest layer again", best)
}
