package moderation

import (
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// State is where a question stands.
type State string

// The states of a question; docs/questions.md draws the way between them.
const (
	StateSubmitted    State = "submitted"
	StateHeld         State = "held" // a rule or a colleague asks for a closer look
	StatePending      State = "pending"
	StateClaimed      State = "claimed"
	StateReturned     State = "returned" // the asker may say it again, once
	StateApproved     State = "approved"
	StateQueued       State = "queued"
	StateStaged       State = "staged"
	StateOnAir        State = "onAir"
	StateRecalled     State = "recalled" // taken off air without an answer
	StatePartAnswered State = "partAnswered"
	StateAnswered     State = "answered"
	StateWritten      State = "written" // answered in writing, without airtime
	StateRefused      State = "refused"
	StateRedirected   State = "redirected" // has a procedure of its own elsewhere
	StateMerged       State = "merged"     // another question stands for it
	StateWithdrawn    State = "withdrawn"
	StateCarriedOver  State = "carriedOver" // was still waiting at the close
)

// MaxBodyRunes is the longest question, in runes after NFC.
const MaxBodyRunes = 600

// Channel is the way a question came in.
type Channel string

// The channels. Staff enter what reached them by desk, phone or on paper.
const (
	ChannelWeb    Channel = "web"    // a citizen's own device
	ChannelHall   Channel = "hall"   // typed in by a venue operator
	ChannelDesk   Channel = "desk"   // typed in at the registration desk
	ChannelPhone  Channel = "phone"  // typed in by a moderator on the telephone
	ChannelZalo   Channel = "zalo"   // the city's Zalo account
	ChannelImport Channel = "import" // a table collected before the conference
	// ChannelRegistration: brought along with a registration, also before the conference opens.
	ChannelRegistration Channel = "registration"
)

// Visibility is who may read an approved question.
type Visibility string

// The visibilities. A private question is for staff alone and cannot go on air.
const (
	VisibilityPrivate  Visibility = "private"
	VisibilityText     Visibility = "text"
	VisibilityTextName Visibility = "textName" // the asker agreed to be named
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
	// Body is what the asker wrote, First what they wrote before they amended it ("" when
	// they did not); "" once erased. Short is the moderator's wording for the screen; ""
	// means Body is shown. Revisions are all wordings there were, oldest first.
	Body      string
	First     string
	Short     string
	Revisions []Revision
	// Name is the asker's, when one was given; MayName that they agreed to be named.
	Name       string
	MayName    bool
	Visibility Visibility // "" until approved
	// Contact is how to call the asker back; nil when nothing was given, or once erased.
	Contact *Contact
	// Decisions are the moderators', oldest first; what was undone stays among them.
	Decisions []Decision
	// BodyDigest is HMAC(conference key, body ‖ topic ‖ venue): equal digests are the
	// same submission.
	BodyDigest  string
	SubmittedAt time.Time
	ChangedAt   time.Time
	// Claim is who holds the card; nil unless State is claimed.
	Claim *Claim
	// Hold is why a closer look is asked for; it stays until the question is decided.
	Hold *Hold
	// Return is what was unclear, once the question was returned; it stays.
	Return *Return
	// Refusal is set when State is refused or redirected.
	Refusal *Refusal
	// Conclusion is who owes what by when; set when State is answered, partAnswered or
	// written (nil in logs of before there were conclusions).
	Conclusion *Conclusion
	// Reply is the answer in writing, Notes what the asker was told until then, oldest first.
	Reply *Reply
	Notes []Note
	// MergedInto is the question that stands for this one; set when State is merged.
	MergedInto conference.QuestionID
	// OnAirAt and AnsweredAt are zero until then.
	OnAirAt    time.Time
	AnsweredAt time.Time
}

// Contact is how to reach whoever asked through staff or in a table. It is shown to the
// registrar and the administrator only.
type Contact struct {
	Phone        string // digits, with "+" before a country's number
	Organisation string
	Called       *Call // nil until somebody was called back
}

// Claim tells which moderator works on a question. Its lease is kept beside the log.
type Claim struct {
	Session string
	Person  string
	At      time.Time
}

// Hold tells why a question needs a closer look: a rule of the screening, or a colleague
// who proposes a refusal that takes two.
type Hold struct {
	Rule     string // name of the rule; "" when a colleague asks
	Session  string // the colleague
	Person   string
	Proposed *Refusal
}

// Revision is one wording of the staff for the screen.
type Revision struct {
	At     time.Time
	Person string
	Short  string // "" once erased, or when the asker's own words were taken back
}

// Decision is what one moderator decided. State is where the question stood after it: held
// when a refusal that takes two was proposed, pending when a decision was undone.
type Decision struct {
	At     time.Time
	Person string // "" when the session has no name
	State  State
}

// Return tells the asker what is unclear.
type Return struct {
	At      time.Time
	Person  string
	Text    string
	Amended bool // the asker has said it again
}

// Conclusion is what the chair concluded: who owes what by when, or that nothing is owed.
type Conclusion struct {
	None   bool
	Agency string
	Due    string // date, "2006-01-02"
	Text   string // the chair's words; may be empty
	Person string // who noted it
	At     time.Time
}

// Refusal tells the asker why and where to go instead; also of a redirected question.
type Refusal struct {
	Reason   string // code in the conference's catalogue
	Text     string // the moderator's own words to the asker; may be empty
	NextDoor string // which office to turn to; never empty
}

// Public reports whether everybody may read the question: it was approved and is not
// private, whatever came of it since but a withdrawal or a merger.
func (q *Question) Public() bool {
	if q.Visibility == VisibilityPrivate {
		return false
	}
	switch q.State {
	case StateApproved, StateQueued, StateStaged, StateOnAir, StateRecalled, StatePartAnswered, StateAnswered, StateCarriedOver:
		return true
	case StateSubmitted, StateHeld, StatePending, StateClaimed, StateReturned, StateWritten, StateRefused, StateRedirected,
		StateMerged, StateWithdrawn:
	}
	return false
}

// AwaitsAirtime reports whether the question is due on air, or is there: what is left of
// these at the close is carried over.
func (q *Question) AwaitsAirtime() bool {
	return slices.Contains([]State{StateApproved, StateQueued, StateStaged, StateOnAir, StateRecalled}, q.State)
}

// ShownName returns the asker's name if the public may see it, or "".
func (q *Question) ShownName() string {
	if q.MayName && q.Visibility == VisibilityTextName {
		return q.Name
	}
	return ""
}

// Shown returns the wording the public sees.
func (q *Question) Shown() string {
	if q.Short != "" {
		return q.Short
	}
	return q.Body
}
