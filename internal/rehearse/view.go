package rehearse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// view is what one page knows: the snapshot with all events since laid over it.
type view struct {
	mu         sync.Mutex // guards all below
	cursor     string
	conference protocol.Conference
	questions  map[string]*protocol.Question // never changed in place
	queue      []string
	onAir      string
	floor      protocol.Floor
	venues     map[string]protocol.Venue
	changed    chan struct{} // closed and replaced at each change
}

func newView() *view {
	return &view{
		questions: map[string]*protocol.Question{}, venues: map[string]protocol.Venue{}, changed: make(chan struct{}),
	}
}

// take lays a message over the view; false: events are missing before it.
func (v *view) take(m *protocol.ServerMessage) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case m.Snapshot != nil:
		v.snapshot(m.Snapshot)
	case m.Events != nil:
		if m.Events.Prev != v.cursor {
			v.cursor = ""
			return false
		}
		for i := range m.Events.Events {
			v.event(&m.Events.Events[i])
		}
		v.cursor = m.Events.Cursor
	case m.Watermark != nil:
		if m.Watermark.Prev != v.cursor {
			v.cursor = ""
			return false
		}
		v.cursor = m.Watermark.Cursor
		return true
	default:
		return true
	}
	close(v.changed)
	v.changed = make(chan struct{})
	return true
}

func (v *view) snapshot(s *protocol.Snapshot) {
	v.cursor, v.conference, v.queue, v.onAir, v.floor = s.Cursor, s.Conference, s.Queue, s.OnAir, s.Floor
	clear(v.questions)
	for i := range s.Questions {
		v.questions[s.Questions[i].ID] = &s.Questions[i]
	}
	clear(v.venues)
	for _, x := range s.Venues {
		v.venues[x.ID] = x
	}
}

func (v *view) event(e *protocol.Event) {
	if e.Question != nil {
		v.questions[e.Question.ID] = e.Question
	}
	if e.Gone != "" {
		delete(v.questions, e.Gone)
	}
	if e.Queue != nil {
		v.queue = *e.Queue
	}
	if e.OnAir != nil {
		v.onAir = *e.OnAir
	}
	if e.Venue != nil {
		v.venues[e.Venue.ID] = *e.Venue
	}
	if e.Floor != nil {
		v.floor = *e.Floor
	}
	if e.Conference != nil {
		v.conference = *e.Conference
	}
}

func (v *view) cursorNow() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cursor
}

// look calls f with the view as it is and returns the channel that is closed when it
// has changed. f must keep nothing but the questions.
func (v *view) look(f func(v *view)) <-chan struct{} {
	v.mu.Lock()
	defer v.mu.Unlock()
	f(v)
	return v.changed
}

// decoder reads server messages. All citizens get the same bytes, so what was read a
// moment ago is not read again; what it returns is shared and must not be changed.
type decoder struct {
	seed maphash.Seed
	mu   sync.Mutex // guards kept and next
	kept [64]decoded
	next int
}

type decoded struct {
	hash    uint64
	data    []byte
	message *protocol.ServerMessage
}

func newDecoder() *decoder { return &decoder{seed: maphash.MakeSeed()} }

func (d *decoder) decode(data []byte) (*protocol.ServerMessage, error) {
	hash := maphash.Bytes(d.seed, data)
	if m := d.find(hash, data); m != nil {
		return m, nil
	}
	m := &protocol.ServerMessage{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("read a message of the server: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.kept[d.next%len(d.kept)] = decoded{hash, data, m}
	d.next++
	return m, nil
}

func (d *decoder) find(hash uint64, data []byte) *protocol.ServerMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.kept {
		if k := &d.kept[i]; k.hash == hash && k.message != nil && bytes.Equal(k.data, data) {
			return k.message
		}
	}
	return nil
}
