package rehearse

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling/protocol"
)

const (
	moderators   = 4
	decideEvery  = 260 * time.Millisecond // two commands: below the limit of ten a second
	directEvery  = 300 * time.Millisecond
	answerAfter  = 2 * time.Second
	queueLength  = 5
	avoidFor     = time.Second // a question somebody else was faster with
	refuseOf100  = 10
	choiceOfNext = 3
)

// moderator decides questions of this rehearsal as they come, racing with colleagues.
type moderator struct {
	socket  *socket
	run     string
	reason  string
	avoid   map[string]time.Time
	decided int
	lost    int // races lost
}

func newModerator(ctx context.Context, at *place, tokens Tokens, run string) (*moderator, error) {
	jar, err := at.signIn(ctx, tokens, conference.RoleModerator, "")
	if err != nil {
		return nil, err
	}
	return &moderator{
		socket: newSocket(at, jar, protocol.Hello{Role: conference.RoleModerator}),
		run:    run, avoid: map[string]time.Time{},
	}, nil
}

// play decides until ctx ends. What has begun is finished, for as long as work lasts: a
// command given up half-way could still change the record while it is checked.
func (m *moderator) play(ctx, work context.Context) error {
	for {
		id, changed := m.next()
		if id == "" {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			case <-time.After(avoidFor):
			}
			continue
		}
		if err := m.decide(work, id); err != nil {
			if work.Err() != nil {
				return nil //nolint:nilerr // the rehearsal is over
			}
			return err
		}
		if !pause(ctx, decideEvery) {
			return nil
		}
	}
}

// next chooses one of the oldest open questions.
func (m *moderator) next() (string, <-chan struct{}) {
	var open []*protocol.Question
	changed := m.socket.view.look(func(v *view) {
		if n := len(v.conference.Reasons); n > 0 {
			m.reason = v.conference.Reasons[int(jitter(time.Duration(n)))].Code
		}
		for _, q := range v.questions {
			if !strings.HasPrefix(q.Text, m.run) || time.Since(m.avoid[q.ID]) < avoidFor {
				continue
			}
			if q.State == moderation.StatePending || q.State == moderation.StateSubmitted {
				open = append(open, q)
			}
		}
	})
	if len(open) == 0 {
		return "", changed
	}
	return oldest(open, int(jitter(choiceOfNext))).ID, changed
}

// oldest returns the n-th oldest question, or the last there is.
func oldest(open []*protocol.Question, n int) *protocol.Question {
	n = min(n, len(open)-1)
	for i := range n + 1 {
		for j := i + 1; j < len(open); j++ {
			if open[j].SubmittedAt.Before(open[i].SubmittedAt) {
				open[i], open[j] = open[j], open[i]
			}
		}
	}
	return open[n]
}

func (m *moderator) decide(ctx context.Context, id string) error {
	_, err := m.socket.command(ctx, "question.claim", protocol.QuestionRef{ID: id}, nil)
	if err == nil {
		if m.reason != "" && chance(refuseOf100) {
			_, err = m.socket.command(ctx, "question.refuse", protocol.QuestionRefuse{ID: id, Reason: m.reason}, nil)
		} else {
			_, err = m.socket.command(ctx, "question.approve", protocol.QuestionApprove{ID: id}, nil)
		}
	}
	if _, ok := errors.AsType[*refusal](err); ok {
		m.avoid[id] = time.Now()
		m.lost++
		return nil
	}
	if err == nil {
		m.decided++
	}
	return err
}

// director is the stage manager's work on the questions.
type director struct {
	socket   *socket
	run      string
	answered int
}

func newStage(ctx context.Context, at *place, tokens Tokens) (*socket, error) {
	jar, err := at.signIn(ctx, tokens, conference.RoleStage, "")
	if err != nil {
		return nil, err
	}
	return newSocket(at, jar, protocol.Hello{Role: conference.RoleStage}), nil
}

// play puts one question after another on air until ctx ends; what has begun is
// finished, for as long as work lasts.
func (d *director) play(ctx, work context.Context) error {
	for pause(ctx, directEvery) {
		if err := d.step(work); err != nil {
			if _, ok := errors.AsType[*refusal](err); !ok && work.Err() == nil {
				return err
			}
		}
	}
	return nil
}

// step does the one next thing there is to do.
func (d *director) step(ctx context.Context) error {
	var name protocol.CommandName
	var body any
	d.socket.view.look(func(v *view) { name, body = d.choose(v) })
	if name == "" {
		return nil
	}
	_, err := d.socket.command(ctx, name, body, nil)
	if err == nil && name == "question.answer" {
		d.answered++
	}
	return err
}

func (d *director) choose(v *view) (protocol.CommandName, any) {
	if q := v.questions[v.onAir]; q != nil {
		since, err := time.Parse(time.RFC3339Nano, q.OnAirAt)
		// One left on air by an earlier rehearsal is ended too.
		if strings.HasPrefix(q.Text, runPrefix) && err == nil && time.Since(since) > answerAfter {
			return "question.answer", protocol.QuestionAnswer{ID: q.ID, None: true}
		}
		return "", nil
	}
	queue := d.queue(v)
	for _, q := range queue {
		if q.State == moderation.StateStaged {
			return "question.air", protocol.QuestionRef{ID: q.ID}
		}
	}
	if len(queue) < queueLength {
		for _, q := range v.questions {
			if d.ours(q) && q.State == moderation.StateApproved {
				return "question.queue", protocol.QuestionQueue{ID: q.ID}
			}
		}
	}
	if len(queue) > 0 {
		return "question.stage", protocol.QuestionRef{ID: queue[0].ID}
	}
	return "", nil
}

// queue returns this rehearsal's questions in the running order.
func (d *director) queue(v *view) []*protocol.Question {
	var queue []*protocol.Question
	for _, id := range v.queue {
		if q := v.questions[id]; q != nil && d.ours(q) {
			queue = append(queue, q)
		}
	}
	return queue
}

func (d *director) ours(q *protocol.Question) bool { return strings.HasPrefix(q.Text, d.run) }
