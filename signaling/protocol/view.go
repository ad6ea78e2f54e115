package protocol

import "time"

// Snapshot is everything the role may see, at Cursor.
type Snapshot struct {
	Cursor     string     `json:"cursor"`
	Conference Conference `json:"conference"`
	Questions  []Question `json:"questions"` // in order of submission
	Queue      []string   `json:"queue"`     // running order, question ids
	OnAir      string     `json:"onAir,omitempty"`
	Floor      Floor      `json:"floor"`
	Venues     []Venue    `json:"venues"`
}

// Event is one change; the fields set replace what the client holds.
type Event struct {
	Type string    `json:"type"`
	V    int       `json:"v"`
	At   time.Time `json:"at"`
	// Question replaces the question with its id.
	Question *Question `json:"question,omitempty"`
	// Gone is the id of a question the role may no longer see.
	Gone string `json:"gone,omitempty"`
	// Queue replaces the running order (absent: unchanged).
	Queue *[]string `json:"queue,omitempty"`
	// OnAir replaces the question on air (absent: unchanged; "" none).
	OnAir      *string     `json:"onAir,omitempty"`
	Venue      *Venue      `json:"venue,omitempty"`
	Floor      *Floor      `json:"floor,omitempty"`
	Conference *Conference `json:"conference,omitempty"`
}

// Conference is the conference as shown.
type Conference struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	TitleEn  string          `json:"titleEn,omitempty"`
	State    ConferenceState `json:"state"`
	StartsAt time.Time       `json:"startsAt"`
	Public   bool            `json:"public"`
	Demo     bool            `json:"demo,omitempty"`
	Venues   []Place         `json:"venues"`
	Topics   []Topic         `json:"topics"`
	Reasons  []Reason        `json:"reasons,omitempty"`
}

// Place is a venue by name.
type Place struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Main bool   `json:"main,omitempty"`
}

// Topic is a subject.
type Topic struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameEn string `json:"nameEn,omitempty"`
	Agency string `json:"agency,omitempty"`
}

// Reason is one entry of the refusal catalogue.
type Reason struct {
	Code       string `json:"code"`
	Text       string `json:"text"`
	TextEn     string `json:"textEn,omitempty"`
	NextDoor   string `json:"nextDoor"`
	NextDoorEn string `json:"nextDoorEn,omitempty"`
}

// Question is a question as the role may see it.
//
// Citizens, venues and screens get approved questions and later states only, and never
// the fields marked "staff".
type Question struct {
	ID    string        `json:"id"`
	State QuestionState `json:"state"`
	// Text is the wording shown: the moderator's if there is one, else the asker's.
	Text        string    `json:"text"`
	Topic       string    `json:"topic,omitempty"`
	Venue       string    `json:"venue,omitempty"`
	SubmittedAt time.Time `json:"submittedAt"`
	ChangedAt   time.Time `json:"changedAt"`
	OnAirAt     string    `json:"onAirAt,omitempty"`
	AnsweredAt  string    `json:"answeredAt,omitempty"`
	// Staff: moderators, stage, admin.
	Version  uint64   `json:"version,omitempty"`
	Original string   `json:"original,omitempty"` // the asker's words when Text is not
	Channel  Channel  `json:"channel,omitempty"`
	Claim    *Claim   `json:"claim,omitempty"`
	Refusal  *Refusal `json:"refusal,omitempty"`
}

// Claim tells who holds the card.
type Claim struct {
	Session string    `json:"session"`
	Person  string    `json:"person"`
	At      time.Time `json:"at"`
}

// Refusal is why, in the moderator's words, and where to go instead.
type Refusal struct {
	Reason   string `json:"reason"`
	Text     string `json:"text,omitempty"`
	NextDoor string `json:"nextDoor"`
}

// Standing is what the holder of a tracking code sees.
type Standing struct {
	Conference  string        `json:"conference"`
	Code        string        `json:"code"`
	State       QuestionState `json:"state"`
	Body        string        `json:"body"`           // what was asked; "" once erased
	Text        string        `json:"text,omitempty"` // the wording used, when it differs
	Topic       string        `json:"topic,omitempty"`
	Venue       string        `json:"venue,omitempty"`
	SubmittedAt time.Time     `json:"submittedAt"`
	ChangedAt   time.Time     `json:"changedAt"`
	Refusal     *Refusal      `json:"refusal,omitempty"`
	// Ahead is how many questions come before it in the running order; absent when not in it.
	Ahead *int `json:"ahead,omitempty"`
}

// Venue is a venue's place on the floor.
type Venue struct {
	ID        string     `json:"id"`
	State     VenueState `json:"state"`
	Connected bool       `json:"connected"`
	HandAt    string     `json:"handAt,omitempty"`   // RFC 3339; absent: hand down
	HandNote  string     `json:"handNote,omitempty"` // stage and the venue pages
	SpokenMs  int64      `json:"spokenMs"`
}

// Floor is who has the word.
type Floor struct {
	Main    string `json:"main"`
	Holder  string `json:"holder,omitempty"`
	Preview string `json:"preview,omitempty"` // stage and venues
	GivenAt string `json:"givenAt,omitempty"`
	LimitMs int64  `json:"limitMs,omitempty"`
	Slate   bool   `json:"slate,omitempty"`
}
