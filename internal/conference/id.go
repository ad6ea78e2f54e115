package conference

// ID names a conference: 1–64 characters of a–z, 0–9 and '-'.
type ID string

// VenueID names a venue within its conference: 1–64 characters of a–z, 0–9 and '-'.
type VenueID string

// TopicID names a topic within its conference.
type TopicID string

// QuestionID names a question: 20 lower-case base32 characters, HMAC(conference key,
// idempotency key), so that the same key gives the same question from anywhere.
type QuestionID string

// RegistrationID names a registration: 20 lower-case base32 characters, HMAC(conference
// key, idempotency key), like QuestionID.
type RegistrationID string

// Entity is the versioned thing a decision reads or changes: "question:ID", "queue",
// "onAir", "floor", "venue:ID", "conference",
// "registration:ID", "seats:VENUE", "holder:HMAC of a telephone number".
type Entity string

// Entities that exist once per conference. An invariant that spans several entities
// (one question on air, one holder of the floor) is guarded by one of these.
const (
	EntityConference Entity = "conference"
	EntityQueue      Entity = "queue"
	EntityOnAir      Entity = "onAir"
	EntityFloor      Entity = "floor"
)

// Entity returns the versioned entity of the question.
func (id QuestionID) Entity() Entity { return Entity("question:" + string(id)) }

// Entity returns the versioned entity of the venue.
func (id VenueID) Entity() Entity { return Entity("venue:" + string(id)) }

// Entity returns the versioned entity of the registration.
func (id RegistrationID) Entity() Entity { return Entity("registration:" + string(id)) }

// Seats returns the entity of a venue's seats and of the line for them: whatever could
// break "taken ≤ seats" bumps it.
func (id VenueID) Seats() Entity { return Entity("seats:" + string(id)) }
