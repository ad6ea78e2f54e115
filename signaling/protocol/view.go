package protocol

import "time"

// Snapshot is everything the role may see, at Cursor.
type Snapshot struct {
	Cursor     string     `json:"cursor"`
	Conference Conference `json:"conference"`
	Questions  []Question `json:"questions"` // in order of submission
	Queue      []string   `json:"queue"`     // running order, question ids
	OnAir      string     `json:"onAir,omitempty"`
	// Votes is how many support each question anybody supports.
	Votes  map[string]int `json:"votes,omitempty"`
	Floor  Floor          `json:"floor"`
	Venues []Venue        `json:"venues"`
	// Absent are the questions whose askers were invited and did not come: officials and staff.
	Absent []string `json:"absent,omitempty"`
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
	// Absent are questions whose asker was invited and did not come (true), or has come after
	// all (false); the others stay as they are. Officials and staff.
	Absent map[string]bool `json:"absent,omitempty"`
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
	// Frozen are the channels whose questions are not taken now.
	Frozen []Channel `json:"frozen,omitempty"`
	// Test: all that is asked and done is wiped when the conference goes live.
	Test   bool         `json:"test,omitempty"`
	Place  string       `json:"place,omitempty"`
	Agenda []AgendaItem `json:"agenda,omitempty"`
	// Registration is when people register, closed or not; absent: nobody does.
	Registration *Window `json:"registration,omitempty"`
}

// Window is when people register.
type Window struct {
	OpensAt  time.Time `json:"opensAt"`
	ClosesAt time.Time `json:"closesAt"`
}

// AgendaItem is one part of the dialogue; at is a time of the place ("08:30").
type AgendaItem struct {
	At    string `json:"at,omitempty"`
	Title string `json:"title"`
}

// Place is a venue by name.
type Place struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Main bool   `json:"main,omitempty"`
	// Address is where people go.
	Address string `json:"address,omitempty"`
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
	// TakesTwo: a second moderator has to agree before the question is refused.
	TakesTwo bool `json:"takesTwo,omitempty"`
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
	// Name is the asker's; to the public only when they agreed and a moderator showed it.
	Name string `json:"name,omitempty"`
	// Conclusion is what the chair concluded, or by when the agency answers in writing.
	Conclusion *Conclusion `json:"conclusion,omitempty"`
	// Reply is the answer in writing; to the public only when it is public.
	Reply *Written `json:"reply,omitempty"`
	// Officials and staff.
	Notes []Note `json:"notes,omitempty"`
	// Staff: moderators, stage, admin.
	Version    uint64     `json:"version,omitempty"`
	Original   string     `json:"original,omitempty"` // the asker's words when Text is not
	First      string     `json:"first,omitempty"`    // what they wrote before they amended it
	MayName    bool       `json:"mayName,omitempty"`
	Visibility Visibility `json:"visibility,omitempty"`
	Channel    Channel    `json:"channel,omitempty"`
	Claim      *Claim     `json:"claim,omitempty"`
	Hold       *Hold      `json:"hold,omitempty"`
	Return     *Return    `json:"return,omitempty"`
	Refusal    *Refusal   `json:"refusal,omitempty"`
	MergedInto string     `json:"mergedInto,omitempty"`
	Revisions  []Revision `json:"revisions,omitempty"` // wordings there were, oldest first
	Decisions  []Decision `json:"decisions,omitempty"` // the moderators', oldest first
}

// Contact is whom to call back about a question that staff entered or that was in a table:
// registrar and admin. Name is absent when there is nothing to call back with.
type Contact struct {
	State        QuestionState `json:"state"`
	Channel      Channel       `json:"channel"`
	SubmittedAt  time.Time     `json:"submittedAt"`
	Name         string        `json:"name,omitempty"`
	Phone        string        `json:"phone,omitempty"` // digits, with "+" before a country's number
	Organisation string        `json:"organisation,omitempty"`
}

// Calls answers question.calls: who waits for a call, those who have waited longest first,
// then who was called, the latest first.
type Calls struct {
	Waiting int    `json:"waiting"`
	Called  int    `json:"called"`
	List    []Call `json:"list"` // at most 500
}

// Call is one person to call back, by the question they asked.
type Call struct {
	ID      string    `json:"id"`
	Code    string    `json:"code"` // tracking code
	Contact Contact   `json:"contact"`
	Made    *CallMade `json:"made,omitempty"` // absent until somebody has called
}

// CallMade tells who has called back.
type CallMade struct {
	At     time.Time `json:"at"`
	Person string    `json:"person"`
}

// Claim tells who holds the card.
type Claim struct {
	Session string    `json:"session"`
	Person  string    `json:"person"`
	At      time.Time `json:"at"`
}

// Hold is why a closer look is asked for: a rule, or a colleague who proposes a refusal
// that takes two.
type Hold struct {
	Rule     string   `json:"rule,omitempty"`
	Session  string   `json:"session,omitempty"`
	Person   string   `json:"person,omitempty"`
	Proposed *Refusal `json:"proposed,omitempty"`
}

// Return is what was unclear; it stays when the asker has amended the question.
type Return struct {
	At      time.Time `json:"at"`
	Person  string    `json:"person,omitempty"` // staff
	Text    string    `json:"text"`
	Amended bool      `json:"amended,omitempty"`
}

// Revision is one wording of the staff; short "" is the asker's own, or was erased.
type Revision struct {
	At     time.Time `json:"at"`
	Person string    `json:"person"`
	Short  string    `json:"short,omitempty"`
}

// Decision is what a moderator decided. State is where the question stood after it: held when
// a refusal that takes two was proposed, pending when a decision was undone.
type Decision struct {
	At     time.Time     `json:"at"`
	Person string        `json:"person,omitempty"`
	State  QuestionState `json:"state"`
}

// Conclusion is who owes what by when; none: nothing is owed.
type Conclusion struct {
	None   bool      `json:"none,omitempty"`
	Agency string    `json:"agency,omitempty"`
	Due    string    `json:"due,omitempty"` // date, 2022-11-20
	Text   string    `json:"text,omitempty"`
	At     time.Time `json:"at"`
}

// Written is an answer in writing.
type Written struct {
	At       time.Time `json:"at"`
	Person   string    `json:"person,omitempty"`
	Text     string    `json:"text"`               // "" once erased
	Document string    `json:"document,omitempty"` // a number or an https address
	Public   bool      `json:"public,omitempty"`
}

// Note is what the asker is told while an answer is being prepared.
type Note struct {
	At     time.Time `json:"at"`
	Person string    `json:"person,omitempty"`
	Text   string    `json:"text"`
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
	// Return is what is unclear, while State is returned and after.
	Return     *Return     `json:"return,omitempty"`
	Conclusion *Conclusion `json:"conclusion,omitempty"`
	OnAirAt    string      `json:"onAirAt,omitempty"`
	// Replay is the id of the question on air, its own or that of Into, where the replay of
	// the conference shows it to everybody.
	Replay string   `json:"replay,omitempty"`
	Reply  *Written `json:"reply,omitempty"`
	Notes  []Note   `json:"notes,omitempty"`
	// Into is the question that stands for it when State is merged; Ahead, Conclusion and
	// OnAirAt are then that question's.
	Into *StandIn `json:"into,omitempty"`
	// Absent: the asker was invited and did not come, so that it is answered in writing, by
	// Agency (absent when nobody is known to).
	Absent bool   `json:"absent,omitempty"`
	Agency string `json:"agency,omitempty"`
}

// StandIn is the question that stands for a merged one. Text is absent while it is not
// public.
type StandIn struct {
	ID    string        `json:"id"`
	State QuestionState `json:"state"`
	Text  string        `json:"text,omitempty"`
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
	Beside  bool   `json:"beside,omitempty"` // City Hall's picture stands beside the holder's
}
