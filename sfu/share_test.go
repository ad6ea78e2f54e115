package sfu_test

import (
	"slices"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu"
)

// wants waits until exactly these layers of a page's camera are wanted of it.
func wants(t *testing.T, p *peer, why string, rids ...string) {
	t.Helper()
	until(t, why, func() bool {
		_, send, _ := p.session.Slots()
		return slices.Equal(send, rids)
	})
}

// A layer that nobody needs is not wanted of the page; one that somebody is shown, or that
// the programme may show, is.
func TestM10_OnlyLayersThatAreNeededAreWanted(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	w := joinSimulcast(t, plane, west)
	film(t, w, 3)
	wants(t, w, "nobody looks", "l")
	stage := joinStage(t, plane, 1)
	tile := stage.slot(sfu.SlotTile, video, 0)
	stage.session.Tiles([]conference.VenueID{west})
	stage.wait(tile, "the lowest layer", layerIs(3, 2))
	wants(t, w, "a small tile", "l")
	stage.session.Look(map[string]sfu.Look{tile: {Height: 720}})
	wants(t, w, "a large tile", "h", "l")
	stage.wait(tile, "the highest layer", layerIs(3, 0))
	stage.session.Look(map[string]sfu.Look{tile: {Height: 360}})
	stage.wait(tile, "the middle layer", layerIs(3, 1))
	wants(t, w, "a tile of middle size", "m", "l")
	plane.SetFloor(sfu.Floor{Preview: west})
	wants(t, w, "in preview", "h", "m", "l")
	plane.SetFloor(sfu.Floor{Holder: west})
	wants(t, w, "on air", "h", "m", "l")
	plane.SetFloor(sfu.Floor{})
	wants(t, w, "off air", "m", "l")
	contiguous(t, stage, tile)
}

// A layer that sleeps is stood for by the nearest one until it arrives.
func TestM10_ASleepingLayerIsStoodFor(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	w := joinSimulcast(t, plane, west)
	c, _ := film(t, w, 3)
	stage := joinStage(t, plane, 1)
	tile := stage.slot(sfu.SlotTile, video, 0)
	stage.session.Tiles([]conference.VenueID{west})
	stage.wait(tile, "the lowest layer", layerIs(3, 2))
	c.layers[0].drop.Store(true)
	c.layers[1].drop.Store(true)
	stage.session.Look(map[string]sfu.Look{tile: {Height: 720}})
	wants(t, w, "a large tile", "h", "l")
	all := stage.packets(tile)
	// For longer than a layer lingers that nobody needs.
	stage.wait(tile, "the picture goes on", func(now []received) bool { return len(now) > len(all)+240 && layerIs(3, 2)(now) })
	if _, send, _ := w.session.Slots(); !slices.Equal(send, []string{"h", "l"}) {
		t.Errorf("%v are wanted while the highest layer is waited for", send)
	}
	c.layers[0].drop.Store(false)
	stage.wait(tile, "the highest layer", layerIs(3, 0))
	contiguous(t, stage, tile)
}

// What a page hides is not sent, and comes back with a keyframe; the others do not notice.
func TestM10_WhatIsHiddenIsNotSent(t *testing.T) {
	t.Parallel()
	plane := newPlane(t)
	city := joinSimulcast(t, plane, hall)
	film(t, city, 1)
	stage, other := joinStage(t, plane, 1), joinStage(t, plane, 1)
	programme, tile := stage.slot(sfu.SlotProgramme, video, 0), stage.slot(sfu.SlotTile, video, 0)
	elsewhere := other.slot(sfu.SlotTile, video, 0)
	for _, mid := range []string{programme, tile} {
		stage.wait(mid, "city hall", sees(1))
	}
	stage.session.Look(map[string]sfu.Look{tile: {Hidden: true}})
	hidden := len(stage.packets(tile))
	seen := len(other.packets(elsewhere))
	before := len(stage.packets(programme))
	other.wait(elsewhere, "the tile elsewhere goes on", func(all []received) bool { return len(all) > seen+60 })
	stage.wait(programme, "the programme goes on", func(all []received) bool { return len(all) > before+60 })
	// What was on its way when the page hid it may still come.
	if got := len(stage.packets(tile)) - hidden; got > 20 {
		t.Errorf("got %d packets of what is hidden", got)
	}
	hidden = len(stage.packets(tile))
	stage.session.Look(map[string]sfu.Look{tile: {Height: 180}})
	all := stage.wait(tile, "the tile again", func(all []received) bool { return len(all) > hidden+20 })
	if !startsPicture(all[hidden].Packet) {
		t.Errorf("the tile came back with %x, want parameter sets", all[hidden].Payload[:1])
	}
	contiguous(t, stage, tile)
	// A slot that is not there is nothing to look at.
	stage.session.Look(map[string]sfu.Look{"nothing": {Height: 720}})
}
