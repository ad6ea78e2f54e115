package moderation

import "github.com/diemcau/diemcau/internal/conference"

// EventVoted is the type of the event of a vote; it changes no question.
const EventVoted = "question.voted"

// Vote supports a question, or takes the support back. Voter is who, as an HMAC under the
// conference's key (see internal/live).
type Vote struct {
	ID    conference.QuestionID
	Voter string
	On    bool
}

// CommandType returns the command's name on the wire.
func (Vote) CommandType() string { return "question.vote" }

// Voted is the data of question.voted.
type Voted struct {
	Question conference.QuestionID `json:"question"`
	Voter    string                `json:"voter"`
	On       bool                  `json:"on"`
}

// vote decides on a vote. It rests on the vote alone, so that votes for one question never
// stand in each other's way.
func (b *Board) vote(info *conference.Info, body Vote) (conference.Decision, error) {
	q := b.Question(body.ID)
	if q == nil || !q.Public() {
		return conference.Decision{}, conference.Refuse(conference.KindNotFound, "question.unknown", string(body.ID))
	}
	if !q.AwaitsAirtime() || q.State == StateOnAir {
		return conference.Decision{}, conflict("question.votes_closed", string(q.State))
	}
	if info.State == conference.StateClosed {
		return conference.Decision{}, conflict("question.votes_closed", string(info.State))
	}
	if b.voted(body.ID, body.Voter) == body.On {
		return conference.Decision{}, nil
	}
	entity := conference.Entity("vote:" + string(body.ID) + ":" + body.Voter)
	return conference.Decision{
		Reads: []conference.Entity{entity},
		Drafts: []conference.Draft{{
			Type: EventVoted, V: 1, Entity: entity, Bumps: []conference.Entity{entity},
			Data: Voted{Question: body.ID, Voter: body.Voter, On: body.On},
		}},
	}, nil
}

// applyVoted takes a vote over.
func (b *Board) applyVoted(event conference.Event) error {
	data, err := conference.DataOf[Voted](event)
	if err != nil {
		return err
	}
	voters := b.votes[data.Question]
	if voters == nil {
		voters = make(map[string]bool)
		b.votes[data.Question] = voters
	}
	voters[data.Voter] = data.On
	return nil
}

func (b *Board) voted(id conference.QuestionID, voter string) bool {
	for layer := b; layer != nil; layer = layer.parent {
		if on, known := layer.votes[id][voter]; known {
			return on
		}
	}
	return false
}

// Votes returns how many support each question that anybody supports: the voters of a
// merged question count for the one that stands for it, once. For a root board only; its
// cost grows with all votes.
func (b *Board) Votes() map[conference.QuestionID]int {
	voters := make(map[conference.QuestionID]map[string]bool)
	for id, votes := range b.votes {
		if q := b.Question(id); q != nil && q.MergedInto != "" {
			id = q.MergedInto
		}
		if voters[id] == nil {
			voters[id] = make(map[string]bool, len(votes))
		}
		for voter, on := range votes {
			if on {
				voters[id][voter] = true
			}
		}
	}
	totals := make(map[conference.QuestionID]int, len(voters))
	for id, who := range voters {
		if len(who) > 0 {
			totals[id] = len(who)
		}
	}
	return totals
}
