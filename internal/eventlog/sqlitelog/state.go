package sqlitelog

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// state is the end of one log and the versions of its entities, kept in memory: the
// folder's lock makes this process the only writer.
type state struct {
	id     conference.ID
	number int64 // of the conference in the keys

	// Touched only by whoever leads (writer): no lock.
	at       int64 // log time of the last event, µs
	versions map[conference.Entity]uint64

	endMu   sync.Mutex // guards end and changed
	end     eventlog.Position
	changed chan struct{} // closed when end moves
}

// loadState reads the state of a log, or makes the log.
func loadState(ctx context.Context, conn *sql.Conn, id conference.ID) (*state, error) {
	s := &state{id: id, changed: make(chan struct{})}
	const find = `SELECT number, epoch, pos, hash, at FROM log WHERE conference = ?`
	err := conn.QueryRowContext(ctx, find, id).Scan(&s.number, &s.end.Epoch, &s.end.Pos, &s.end.Hash, &s.at)
	if errors.Is(err, sql.ErrNoRows) {
		s.end.Epoch = eventlog.NewEpoch()
		const begin = `INSERT INTO log (conference, epoch, pos, hash, at) VALUES (?, ?, 0, '', 0) RETURNING number`
		err = conn.QueryRowContext(ctx, begin, id, s.end.Epoch).Scan(&s.number)
	}
	if err != nil {
		return nil, err
	}
	return s, s.loadVersions(ctx, conn)
}

// maxPos is the last position a conference may have; its keys follow each other up to there.
const maxPos = 1<<40 - 1

// key returns the key of the event at a position.
func (s *state) key(pos uint64) int64 { return s.number*(maxPos+1) + int64(min(pos, maxPos)) }

// loadVersions counts how often the log's events changed each entity. A table of the
// versions would save the counting, and cost every append a page per question: their ids
// are random, so no two of a batch lie side by side.
func (s *state) loadVersions(ctx context.Context, conn *sql.Conn) (err error) {
	s.versions = make(map[conference.Entity]uint64, s.end.Pos) // most events change an entity of their own
	rows, err := conn.QueryContext(ctx, `SELECT canonical FROM event WHERE key BETWEEN ? AND ?`, s.key(1), s.key(s.end.Pos))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var canonical sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&canonical); err != nil {
			return err
		}
		bumps, err := eventlog.Bumps(canonical)
		if err != nil {
			return err
		}
		for _, entity := range bumps {
			s.versions[entity]++
		}
	}
	return rows.Err()
}

// position returns the end of the log and a channel that is closed when it moves.
func (s *state) position() (eventlog.Position, <-chan struct{}) {
	s.endMu.Lock()
	defer s.endMu.Unlock()
	return s.end, s.changed
}

// settle takes over a plan that is on disk.
func (s *state) settle(p *plan) {
	s.at = p.at
	maps.Copy(s.versions, p.bumped)
	s.endMu.Lock()
	defer s.endMu.Unlock()
	s.end = p.end
	close(s.changed)
	s.changed = make(chan struct{})
}

// plan is what one transaction will add to one log.
type plan struct {
	state  *state
	end    eventlog.Position
	at     int64
	bumped map[conference.Entity]uint64
	rows   []row
}

type row struct {
	pos          uint64
	cause        string
	draft        *eventlog.Draft
	digest, hash string
}

func newPlan(s *state, now time.Time) *plan {
	end, _ := s.position()
	// A clock that was set back must not turn the log's time back.
	return &plan{state: s, end: end, at: max(s.at, micros(now)), bumped: make(map[conference.Entity]uint64)}
}

func (p *plan) version(entity conference.Entity) uint64 {
	if version, ok := p.bumped[entity]; ok {
		return version
	}
	return p.state.versions[entity]
}

// add plans the commands in order, each all or nothing, and returns their results.
func (p *plan) add(commands []eventlog.Command) []eventlog.Result {
	results := make([]eventlog.Result, len(commands))
	for i := range commands {
		results[i] = p.addOne(&commands[i])
	}
	return results
}

func (p *plan) addOne(command *eventlog.Command) eventlog.Result {
	for _, check := range command.Checks {
		if actual := p.version(check.Entity); actual != check.Version {
			return eventlog.Result{Stale: &eventlog.Stale{Entity: check.Entity, Actual: actual}}
		}
	}
	result := eventlog.Result{First: p.end.Pos + 1, At: instant(p.at)}
	for i := range command.Drafts {
		draft := &command.Drafts[i]
		digest := draft.Sum()
		p.end.Pos++
		p.end.Hash = eventlog.Hash(p.end.Hash, p.end.Pos, digest)
		p.rows = append(p.rows, row{pos: p.end.Pos, cause: command.ID, draft: draft, digest: digest, hash: p.end.Hash})
		for _, entity := range draft.Bumps {
			p.bumped[entity] = p.version(entity) + 1
		}
	}
	return result
}
