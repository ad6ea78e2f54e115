package live

import (
	"cmp"
	"maps"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
)

// Whoever was invited and did not come has the question they brought along answered in
// writing. Nothing of that is written down: it is read off the looks at the doors, which a
// device may still tell after the close.

// absent reports whether the asker of a question was invited and did not come.
func (s *state) absent(id conference.QuestionID) bool {
	r := s.registrations.Registration(s.brought[id])
	return r != nil && r.Absent(s.info)
}

// absentees are the questions of those who were invited and did not come, in one order.
func (s *state) absentees() []conference.QuestionID {
	if s.info.State != conference.StateClosed {
		return nil
	}
	return slices.Sorted(func(yield func(conference.QuestionID) bool) {
		for id := range maps.Keys(s.brought) {
			if s.absent(id) && !yield(id) {
				return
			}
		}
	})
}

// noteAbsent tells whose absence an event begins or ends: of all by the close, of one by a
// look that is told after it.
func (s *state) noteAbsent(event conference.Event, before, now *registration.Registration, change *Change) {
	switch {
	case event.Type == conference.EventClosed:
		for _, id := range s.absentees() {
			if change.Absent == nil {
				change.Absent = make(map[conference.QuestionID]bool)
			}
			change.Absent[id] = true
		}
	case before != nil && now.Question != "" && before.Absent(s.info) != now.Absent(s.info):
		change.Absent = map[conference.QuestionID]bool{now.Question: now.Absent(s.info)}
	}
}

// inWriting tells who answers a question in writing because its asker did not come: the
// agency that was named, or the topic's (may be ""); false when that is not so, or when the
// question has found another end.
func (s *state) inWriting(q *moderation.Question) (agency string, is bool) {
	if q == nil || !s.absent(q.ID) {
		return "", false
	}
	switch q.State {
	case moderation.StateAnswered, moderation.StateRefused, moderation.StateRedirected, moderation.StateMerged, moderation.StateWithdrawn:
		return "", false
	case moderation.StateSubmitted, moderation.StateHeld, moderation.StatePending, moderation.StateClaimed, moderation.StateReturned,
		moderation.StateApproved, moderation.StateQueued, moderation.StateStaged, moderation.StateOnAir, moderation.StateRecalled,
		moderation.StatePartAnswered, moderation.StateWritten, moderation.StateCarriedOver:
	}
	topic, _ := s.info.Topic(q.Topic)
	named := ""
	if q.Conclusion != nil {
		named = q.Conclusion.Agency
	}
	return cmp.Or(named, topic.Agency), true
}
