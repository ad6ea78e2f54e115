package rehearse

import (
	"net/netip"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// backWithin is how soon after the link the picture must be back.
const backWithin = 3 * time.Second

// Downs of the line: one that nobody notices, one after which ICE is restarted, and one for
// almost as long as a session is kept.
func downs() []time.Duration {
	if soak() {
		return []time.Duration{2 * time.Second, 10 * time.Second, 50 * time.Second}
	}
	return []time.Duration{2 * time.Second, 10 * time.Second}
}

// seen waits until both see a picture of the other that was sent from now on, and returns
// how long that took.
func (r *rig) seen(what string) time.Duration {
	r.Helper()
	from := time.Now()
	r.main.forget()
	r.hall.forget()
	r.until(what, func() bool {
		return r.main.picture(protocol.SlotProgramme, theHall).count > 5 &&
			r.hall.picture(protocol.SlotReturn, cityHall).count > 5
	})
	return time.Since(from)
}

// ready waits until both venues are.
func (r *rig) ready() {
	r.Helper()
	ready := func(id conference.VenueID) bool {
		v, _ := r.venue(id)
		return v.Connected && v.State == floor.StateReady
	}
	r.until("both are ready", func() bool { return ready(cityHall) && ready(theHall) })
}

// onAir brings the hall onto the programme.
func (r *rig) onAir() {
	r.Helper()
	r.order(r.stage, "floor.give", protocol.FloorGive{Venue: string(theHall)})
	r.until("the hall has the floor", func() bool { _, f := r.venue(theHall); return f.Holder == string(theHall) })
	r.seen("the hall is on air")
}

// same wants the floor to be as it was given, and the hall to be there once.
func (r *rig) same(given protocol.Floor) {
	r.Helper()
	r.until("City Hall hears the hall in one slot", func() bool {
		return len(r.main.mids(protocol.SlotVoice, theHall)) == 1
	})
	v, f := r.venue(theHall)
	if f.Holder != given.Holder || f.GivenAt != given.GivenAt || v.State != floor.StateLive {
		r.Errorf("the floor is %+v and the hall %+v, the floor was %+v", f, v, given)
	}
}

// back waits for the picture, and for how long in the soak.
func (r *rig) back(after string) {
	r.Helper()
	took := r.seen("the picture is back after " + after)
	r.Logf("%s: the picture was back after %v", after, took.Round(time.Millisecond))
	if soak() && took > backWithin {
		r.Errorf("%s: the picture was back after %v, want at most %v", after, took, backWithin)
	}
}

// M7: the line of a hall on air goes down, for longer than the server keeps a silent
// session too, and the hall comes back from another address: each time the picture is
// back, and the hall has the floor since the same moment.
func TestM7_LinkDownAndAddressChangeOnAir(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready()
	r.onAir()
	_, given := r.venue(theHall)
	line := r.network.Host("hall")
	joins := r.hall.joinCount()
	for _, d := range downs() {
		line.Unplug()
		pause(t.Context(), d)
		line.Plug()
		r.back("down for " + d.String())
		r.same(given)
		if soak() {
			pause(t.Context(), bus.UnsteadyFor) // or the programme takes it for a line that comes and goes
		}
	}
	if now := r.hall.joinCount(); now != joins {
		t.Errorf("the hall joined %d times more: it did not get its session back", now-joins)
	}
	if err := line.Move(netip.MustParseAddr("10.77.3.3")); err != nil {
		t.Fatal(err)
	}
	r.back("another address")
	r.same(given)
}

// M7: a hall that waits with its hand up drops for so long that it counts as away; it comes
// back to the same session as the same venue, ready, with its hand where it was in the line.
func TestM7_HandSurvivesADrop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready()
	r.order(r.hall.socket, "hand.raise", protocol.HandRaise{Note: "xin phát biểu"})
	r.until("the hand is up", func() bool { v, _ := r.venue(theHall); return v.HandAt != "" })
	raised, _ := r.venue(theHall)
	joins := r.hall.joinCount()
	line := r.network.Host("hall")
	line.Unplug()
	r.until("the stage sees the hall go", func() bool { v, _ := r.venue(theHall); return !v.Connected })
	if v, _ := r.venue(theHall); v.State != floor.StateOffline {
		t.Errorf("a hall that is gone is shown as %s", v.State)
	}
	line.Plug()
	r.until("the hall is back", func() bool { v, _ := r.venue(theHall); return v.Connected })
	if v, _ := r.venue(theHall); v.State != floor.StateQueued || v.HandAt != raised.HandAt || v.HandNote != raised.HandNote {
		t.Errorf("the hall is back as %+v, it was %+v", v, raised)
	}
	r.hall.forget()
	r.until("the hall sees City Hall", func() bool { return r.hall.picture(protocol.SlotReturn, cityHall).count > 5 })
	if now := r.hall.joinCount(); now != joins {
		t.Errorf("the hall joined %d times more: it did not get its session back", now-joins)
	}
}

// M7: the server is killed while a hall is live, and started again: venues, picture and
// floor are back by themselves.
func TestM7_ServerKilledWhileLive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready()
	r.onAir()
	_, given := r.venue(theHall)
	joins := r.hall.joinCount()
	r.kill()
	r.serve()
	took := r.seen("the picture is back after the server")
	t.Logf("a killed server: the picture was back %v after it was ready", took.Round(time.Millisecond))
	r.same(given)
	if again := r.hall.joinCount(); again == joins {
		t.Error("the hall did not join the new server")
	}
}
