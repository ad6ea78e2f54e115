package sfu_test

import (
	"context"
	"testing"

	"github.com/pion/rtcp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

func joinSimulcast(t *testing.T, plane *sfu.Plane, v conference.VenueID) *peer {
	t.Helper()
	return newPeer(t, shape{mic: true, camera: true, rids: []string{"h", "m", "l"}, videos: 2, audios: 2}).join(
		func(ctx context.Context, offer string) (*sfu.Session, string, error) {
			return plane.JoinVenue(ctx, v, offer)
		})
}

func joinStage(t *testing.T, plane *sfu.Plane, tiles int) *peer {
	t.Helper()
	return newPeer(t, shape{videos: 1 + tiles, audios: 3}).join(
		func(ctx context.Context, offer string) (*sfu.Session, string, error) {
			return plane.JoinStage(ctx, offer)
		})
}

func layerIs(m mark, layer int) func([]received) bool {
	return func(all []received) bool {
		if len(all) == 0 {
			return false
		}
		gm, gl, ok := from(all[len(all)-1].Packet)
		return ok && gm == m && gl == layer
	}
}

// A tile gets the lowest layer, the programme the highest, and neither waits for a layer
// that does not arrive.
func TestJ2_TileGetsLowestProgrammeHighest(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinSimulcast(t, plane, hall)
	c, _ := film(t, city, 1)
	stage := joinStage(t, plane, 2)
	programme, tile := stage.slot(sfu.SlotProgramme, video, 0), stage.slot(sfu.SlotTile, video, 0)
	stage.waitSlot(tile, hall)
	stage.wait(tile, "the lowest layer", layerIs(1, 2))
	stage.wait(programme, "the highest layer", layerIs(1, 0))
	until(t, "three layers told", func() bool {
		all, _ := plane.Publishers()
		return all[hall].Layers == 3 && all[hall].Video && all[hall].Profile == "42e01f"
	})

	c.layers[2].drop.Store(true) // Chrome leaves out layers under 180 lines
	stage.wait(tile, "the middle layer instead", layerIs(1, 1))
	c.layers[0].drop.Store(true)
	stage.wait(programme, "the middle layer in the programme", layerIs(1, 1))
	c.layers[0].drop.Store(false)
	stage.wait(programme, "the highest layer again", layerIs(1, 0))
	contiguous(t, stage, tile)
	contiguous(t, stage, programme)
}

// The stage chooses its tiles; a tile can be emptied and filled again.
func TestStageChoosesTiles(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city, w := joinSimulcast(t, plane, hall), joinVenue(t, plane, west)
	film(t, city, 1)
	film(t, w, 3)
	stage := joinStage(t, plane, 2)
	first, second := stage.slot(sfu.SlotTile, video, 0), stage.slot(sfu.SlotTile, video, 1)
	stage.wait(first, "city hall first", layerIs(1, 2))
	stage.wait(second, "west second", layerIs(3, 0))
	stage.session.Tiles([]conference.VenueID{west})
	stage.waitSlot(second, "")
	stage.wait(first, "west first", layerIs(3, 0))
	stage.session.Tiles([]conference.VenueID{west, hall})
	stage.wait(second, "city hall second", layerIs(1, 2))
	contiguous(t, stage, first)
	contiguous(t, stage, second)
}

// However many ask, a source is asked for a keyframe at most once a second.
func TestKeyframeRequestsAreThrottled(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinVenue(t, plane, hall)
	film(t, city, 1)
	e := joinVenue(t, plane, east)
	mid := e.slot(sfu.SlotReturn, video, 0)
	all := e.wait(mid, "city hall", sees(1))
	before, start := plane.Stats().KeyframesAsked, len(all)
	for range 200 {
		must(t, e.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: all[0].SSRC}}))
	}
	// Two seconds of pictures: 60 pictures of two packets.
	all = e.wait(mid, "two more seconds", func(all []received) bool { return len(all) >= start+120 })
	asked := plane.Stats().KeyframesAsked - before
	if asked < 1 || asked > 4 {
		t.Errorf("got %d keyframe requests for 200 within %d packets, want 1 to 4", asked, len(all)-start)
	}
}
