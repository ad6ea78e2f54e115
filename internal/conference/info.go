package conference

import "time"

// State is where a conference stands.
type State string

// The states of a conference: planned → open → closed.
const (
	StatePlanned State = "planned"
	StateOpen    State = "open"
	StateClosed  State = "closed"
)

// Info is what a conference is: set when it is created, changed by its own events only.
// The file of `diemcau conference create --file=F` is this type in JSON.
type Info struct {
	ID       ID        `json:"id"`
	Title    string    `json:"title"`
	TitleEn  string    `json:"titleEn,omitempty"`
	State    State     `json:"state"`
	StartsAt time.Time `json:"startsAt"`
	// Public opens the programme and the list of approved questions to everybody.
	Public bool    `json:"public"`
	Demo   bool    `json:"demo,omitempty"`
	Venues []Venue `json:"venues"`
	Topics []Topic `json:"topics"`
	// Frozen are the channels whose questions are not taken now.
	Frozen []string `json:"frozen,omitempty"`
	// Reasons a moderator may refuse a question with; DefaultReasons when empty.
	Reasons []Reason `json:"reasons,omitempty"`
	// Registration is when and how people register; nil: nobody does.
	Registration *Registration `json:"registration,omitempty"`
	// Place is where it is held, in words.
	Place string `json:"place,omitempty"`
	// Agenda is what happens when, in order.
	Agenda []AgendaItem `json:"agenda,omitempty"`

	// Test: all that is asked and done is wiped when the conference goes live.
	Test bool `json:"test,omitempty"`
	// Revision counts the changes of what an administrator may edit.
	Revision uint64 `json:"revision,omitempty"`
	// PublishedAt is when it became Public; the events say, nobody sets it.
	PublishedAt time.Time `json:"publishedAt,omitzero"`
	// LiveAt is when it went live after a test; zero when there was none.
	LiveAt time.Time `json:"liveAt,omitzero"`
}

// AgendaItem is one part of the dialogue: when it begins ("08:30" of the place, or "") and what it is.
type AgendaItem struct {
	At    string `json:"at,omitempty"`
	Title string `json:"title"`
}

// Venue is one place linked into the conference. Exactly one venue is Main (City Hall).
type Venue struct {
	ID   VenueID `json:"id"`
	Name string  `json:"name"`
	Main bool    `json:"main,omitempty"`
	// Seats is how many people may sit there, Reserved how many of these seats only staff
	// give away. A venue without seats is not registered for.
	Seats    int `json:"seats,omitempty"`
	Reserved int `json:"reserved,omitempty"`
	// Address is where people go; it stands on the ticket.
	Address string `json:"address,omitempty"`
}

// Topic is one subject questions are sorted by; Agency usually answers it.
type Topic struct {
	ID     TopicID `json:"id"`
	Name   string  `json:"name"`
	NameEn string  `json:"nameEn,omitempty"`
	Agency string  `json:"agency,omitempty"`
}

// Reason is one entry of the refusal catalogue: why, and which door to knock at next.
type Reason struct {
	Code       string `json:"code"`
	Text       string `json:"text"`
	TextEn     string `json:"textEn,omitempty"`
	NextDoor   string `json:"nextDoor"`
	NextDoorEn string `json:"nextDoorEn,omitempty"`
	// TakesTwo: a second moderator has to agree before the question is refused.
	TakesTwo bool `json:"takesTwo,omitempty"`
}

// MainVenue returns the id of City Hall, or "" when none is marked.
func (i *Info) MainVenue() VenueID {
	for _, v := range i.Venues {
		if v.Main {
			return v.ID
		}
	}
	return ""
}

// Venue returns the venue with the id.
func (i *Info) Venue(id VenueID) (Venue, bool) {
	for _, v := range i.Venues {
		if v.ID == id {
			return v, true
		}
	}
	return Venue{}, false
}

// Topic returns the topic with the id.
func (i *Info) Topic(id TopicID) (Topic, bool) {
	for _, t := range i.Topics {
		if t.ID == id {
			return t, true
		}
	}
	return Topic{}, false
}
