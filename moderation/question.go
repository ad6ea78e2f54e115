package moderation

import (
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// State is where a question stands.
type State string

// The states of a question built so far; docs/questions.md draws the way between them.
const (
	StateSubmitted State = "submitted"
	StatePending   State = "pending"
	StateClaimed   State = "claimed"
	StateApproved  State = "approved"
	StateRefused   State = "refused"
	StateQueued    State = "queued"
	StateStaged    State = "staged"
	StateOnAir     State = "onAir"
	StateAnswered  State = "answered"
	StateWithdrawn State = "withdrawn"
)

// MaxBodyRunes is the longest question, in runes after NFC.
const MaxBodyRunes = 600

// Channel is the way a question came in.
type Channel string

// The channels built so far.
const (
	ChannelWeb  Channel = "web"  // a citizen's own device
	ChannelHall Channel = "hall" // typed in by a venue operator
)

// Question is one question as it stands. A *Question in a state is never changed in
// place: Apply puts a new one, so that readers may keep what they were given.
type Question struct {
	ID      conference.QuestionID
	State   State
	Version uint64
	Topic   conference.TopicID
	Venue   conference.VenueID // the venue it belongs to; "" when none was named
	Channel Channel
	// Body is what the asker wrote; "" once erased. Short is the moderator's wording for
	// the screen; "" means Body is shown.
	Body  string
	Short string
	// BodyDigest is HMAC(conference key, body ‖ topic ‖ venue): equal digests are the
	// same submission.
	BodyDigest  string
	SubmittedAt time.Time
	ChangedAt   time.Time
	// Claim is who holds the card; nil unless State is claimed.
	Claim *Claim
	// Refusal is set when State is refused.
	Refusal *Refusal
	// OnAirAt and AnsweredAt are zero until then.
	OnAirAt    time.Time
	AnsweredAt time.Time
}

// Claim tells which moderator works on a question.
type Claim struct {
	Session string
	Person  string
	At      time.Time
}

// Refusal tells the asker why and where to go instead.
type Refusal struct {
	Reason   string // code in the conference's catalogue
	Text     string // the moderator's own words to the asker; may be empty
	NextDoor string // which office to turn to; never empty
}

// Shown returns the wording the public sees.
func (q *Question) Shown() string {
	if q.Short != "" {
		return q.Short
	}
	return q.Body
}
