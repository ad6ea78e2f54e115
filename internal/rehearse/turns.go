package rehearse

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/floor"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const (
	turnLength   = 5 * time.Second
	betweenTurns = 3 * time.Second
	warmUp       = 500 * time.Millisecond // preview before the floor
	lately       = 1500 * time.Millisecond
	lookEvery    = 100 * time.Millisecond
	patience     = 20 * time.Second // how long a busy machine may take until everybody hears
	readyWithin  = 40 * time.Second
)

// turns gives the floor round, and looks each time whether everybody hears and sees who
// has it, and nobody else.
type turns struct {
	stage  *socket
	venues []*venue
	media  *Media // owned by play until it returns
}

// play gives the floor to one hall after another until ctx ends.
func (t *turns) play(ctx context.Context) error {
	if !t.connected(ctx) {
		return nil
	}
	for n := 0; ; n++ {
		v := t.venues[n%len(t.venues)]
		if v.main {
			if len(t.venues) == 1 {
				return nil
			}
			continue
		}
		if err := t.turn(ctx, v); err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // the rehearsal is over
			}
			if _, ok := errors.AsType[*refusal](err); !ok {
				return err
			}
			t.media.Refused++
		}
		if !pause(ctx, betweenTurns) {
			return nil
		}
		t.checkSilence(time.Now().Add(-lately))
	}
}

// connected waits until all venues are ready, or for readyWithin.
func (t *turns) connected(ctx context.Context) bool {
	late := time.NewTimer(readyWithin)
	defer late.Stop()
	for {
		ready := 0
		changed := t.stage.view.look(func(v *view) {
			for _, w := range t.venues {
				if s := v.venues[string(w.id)].State; s != "" && s != floor.StateOffline && s != floor.StateConnected {
					ready++
				}
			}
		})
		if ready == len(t.venues) {
			return true
		}
		select {
		case <-changed:
		case <-late.C:
			t.media.problem("only %d of %d venues were ready within %s", ready, len(t.venues), readyWithin)
			return ctx.Err() == nil
		case <-ctx.Done():
			return false
		}
	}
}

// turn raises a hall's hand, gives it the floor, checks, and takes it back.
func (t *turns) turn(ctx context.Context, v *venue) error {
	ref := protocol.VenueRef{Venue: string(v.id)}
	if _, err := v.socket.command(ctx, "hand.raise", protocol.HandRaise{Note: "diễn tập"}, nil); err != nil {
		return err
	}
	if _, err := t.stage.command(ctx, "floor.preview", ref, nil); err != nil {
		return err
	}
	if !pause(ctx, warmUp) {
		return ctx.Err()
	}
	give := protocol.FloorGive{Venue: string(v.id), LimitMs: time.Minute.Milliseconds()}
	if _, err := t.stage.command(ctx, "floor.give", give, nil); err != nil {
		return err
	}
	start, connects := time.Now(), t.stage.connection()
	if t.await(ctx, v, start) {
		t.judge(v, start, connects)
	}
	// The floor goes back even when the rehearsal is over.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), joinWithin)
	defer cancel()
	_, err := t.stage.command(last, "floor.takeBack", ref, nil)
	return err
}

// await lets a turn last for turnLength, and until everybody hears and sees who has the
// floor, or for patience. It notes how long that took. False: ctx has ended.
func (t *turns) await(ctx context.Context, holder *venue, start time.Time) bool {
	for reached := false; ; {
		took := time.Since(start)
		if !reached && t.everywhere(holder, start) {
			reached = true
			t.media.Reach = append(t.media.Reach, took)
		}
		if took >= turnLength && reached || took >= patience {
			return true
		}
		if !pause(ctx, lookEvery) {
			return false
		}
	}
}

// everywhere reports whether every venue has heard and seen, since the turn began, who
// has the floor.
func (t *turns) everywhere(holder *venue, start time.Time) bool {
	for _, v := range t.venues {
		if !t.through(v, start) {
			continue
		}
		if v != holder && !v.sawSince(protocol.SlotProgramme, holder.id, start) {
			return false
		}
		for _, w := range t.venues {
			if !t.speaks(w, holder, start) {
				continue
			}
			if w != v && !v.heardSince(protocol.SlotVoice, w.index, start) || !v.heardSince(protocol.SlotProgramme, w.index, start) {
				return false
			}
		}
	}
	return true
}

// speaks reports whether a venue should be heard while holder has the floor.
func (t *turns) speaks(w, holder *venue, start time.Time) bool {
	return w == holder || w.main && t.through(w, start)
}

// judge checks a turn, unless the server went away in between.
func (t *turns) judge(v *venue, start time.Time, connects int) {
	if connects == 0 || t.stage.connection() != connects || !t.through(v, start) {
		t.media.Void++
		return
	}
	t.media.Turns++
	t.check(v, start)
}

// observe checks the turns somebody else gives, until ctx ends.
func (t *turns) observe(ctx context.Context) error {
	judged := ""
	for pause(ctx, warmUp) {
		given, holder := "", ""
		t.stage.view.look(func(v *view) { given, holder = v.floor.GivenAt, v.floor.Holder })
		if holder == "" || given == judged {
			continue
		}
		start, connects := time.Now(), t.stage.connection()
		judged = given
		for _, v := range t.venues {
			if string(v.id) != holder {
				continue
			}
			if !t.await(ctx, v, start) {
				return nil
			}
			still := false
			t.stage.view.look(func(v *view) { still = v.floor.GivenAt == given })
			if still {
				t.judge(v, start, connects)
			}
		}
	}
	return nil
}

// through reports whether a venue's media was connected all the time since start.
func (t *turns) through(v *venue, start time.Time) bool {
	at := v.connectedSince()
	return !at.IsZero() && at.Before(start)
}

// check asks every venue what it saw and heard: since the turn began, who should be
// heard; lately, who should not.
func (t *turns) check(holder *venue, start time.Time) {
	recent := time.Now().Add(-lately)
	for _, v := range t.venues {
		if !t.through(v, start) {
			continue
		}
		for _, w := range t.venues {
			speaks, since := t.speaks(w, holder, start), recent
			if speaks {
				since = start
			}
			t.media.Pairs++
			t.voice(v, w, speaks, since)
			t.mix(v, w, speaks, since)
		}
		if v != holder && !v.sawSince(protocol.SlotProgramme, holder.id, start) {
			t.media.NotSeen++
			t.media.problem("%s had the floor and was not seen in the programme at %s", holder.id, v.id)
		}
	}
}

// voice checks whether v hears w as it should.
func (t *turns) voice(v, w *venue, speaks bool, since time.Time) {
	heard := v.heardSince(protocol.SlotVoice, w.index, since)
	switch {
	case w == v && heard:
		t.media.Echoes++
		t.media.problem("%s heard itself", v.id)
	case w != v && speaks && !heard:
		t.media.NotHeard++
		t.media.problem("%s had the floor and was not heard at %s", w.id, v.id)
	case w != v && !speaks && heard && !w.main:
		t.media.Leaks++
		t.media.problem("%s was heard at %s without the floor", w.id, v.id)
	}
}

// mix checks whether w is in the programme's sound, as v receives it, as it should.
func (t *turns) mix(v, w *venue, speaks bool, since time.Time) {
	mixed := v.heardSince(protocol.SlotProgramme, w.index, since)
	switch {
	case speaks && !mixed:
		t.media.NotMixed++
		t.media.problem("%s had the floor and was not in the programme's sound at %s", w.id, v.id)
	case !speaks && mixed && !w.main:
		t.media.Leaks++
		t.media.problem("%s was in the programme's sound without the floor", w.id)
	}
}

// checkSilence looks that no hall is heard while City Hall has the floor alone.
func (t *turns) checkSilence(since time.Time) {
	held := true
	t.stage.view.look(func(v *view) { held = v.floor.Holder != "" })
	if held {
		return
	}
	for _, v := range t.venues {
		for _, w := range t.venues {
			if !w.main && w != v && v.heardSince(protocol.SlotVoice, w.index, since) {
				t.media.Leaks++
				t.media.problem("%s was heard at %s though nobody had the floor", w.id, v.id)
			}
		}
	}
}

// connection returns the number of the present connection; 0: there is none.
func (s *socket) connection() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return 0
	}
	return s.connects
}

// hire chooses the venues to play: City Hall first, and only those nobody else plays.
func (r *rehearsal) hire(ctx context.Context) error {
	if r.cfg.Venues == 0 {
		return nil
	}
	var err error
	if r.films, err = loadFilms(); err != nil {
		return err
	}
	taken, err := r.taken(ctx)
	if err != nil {
		return err
	}
	var free []conference.VenueID
	var main conference.VenueID
	for _, v := range r.place.info.Venues {
		if v.Main {
			main = v.ID
		}
		switch {
		case taken[v.ID]:
		case v.Main:
			free = append([]conference.VenueID{v.ID}, free...)
		default:
			free = append(free, v.ID)
		}
	}
	if len(free) < r.cfg.Venues {
		return &UsageError{fmt.Sprintf("--venues=%d: conference %s has %d venues that nobody has connected", r.cfg.Venues, r.place.info.ID, len(free))}
	}
	for i := range r.cfg.Venues {
		r.tones = append(r.tones, toneOf(i, r.cfg.Venues))
	}
	for i, id := range free[:r.cfg.Venues] {
		v, err := newVenue(ctx, r, id, i, id == main)
		if err != nil {
			return err
		}
		r.venues = append(r.venues, v)
	}
	return nil
}

// taken returns the venues whose media is connected already.
func (r *rehearsal) taken(ctx context.Context) (map[conference.VenueID]bool, error) {
	s, err := newStage(ctx, r.place, r.cfg.Tokens)
	if err != nil {
		return nil, err
	}
	taken := map[conference.VenueID]bool{}
	err = glance(ctx, s, func(v *view) {
		for id, w := range v.venues {
			taken[conference.VenueID(id)] = w.Connected
		}
	})
	return taken, err
}
