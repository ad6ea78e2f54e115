package edge

import (
	"net/url"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Path is where an edge reports to its origin.
const Path = "/api/v1/edges"

// When an edge reports, and how long one that is not heard of is sent viewers.
const (
	ReportEvery = time.Second
	KeptFor     = 3500 * time.Millisecond
)

// MaxShown is how many conferences one edge may show.
const MaxShown = 256

// Main is the one venue an edge knows: its origin.
const Main conference.VenueID = "origin"

// Report is what an edge tells of itself.
type Report struct {
	Run      string          `json:"run"`            // this run of the edge, 128 random bits
	URL      string          `json:"url"`            // its origin, as browsers reach it
	Capacity int             `json:"capacity"`       // WebRTC viewers it takes
	Viewers  int             `json:"viewers"`        // it has
	Full     bool            `json:"full,omitempty"` // it takes no more, whatever the numbers say
	HLS      bool            `json:"hls,omitempty"`  // it takes HLS viewers from the origin
	Shows    []conference.ID `json:"shows"`          // whose programme it has
	Leaving  bool            `json:"leaving,omitempty"`
}

// check refuses a report nobody could be sent by. Refusal: edge.bad_report.
func (r *Report) check() error {
	bad := func(detail string) error {
		return conference.Refuse(conference.KindInvalid, "edge.bad_report", detail)
	}
	switch {
	case r.Run == "" || len(r.Run) > 64:
		return bad("run: 1–64 characters")
	case !IsOrigin(r.URL):
		return bad("url: an origin such as https://edge.example.org, without a path")
	case r.Capacity < 0 || r.Viewers < 0:
		return bad("capacity, viewers: 0 or more")
	case len(r.Shows) > MaxShown:
		return bad("shows: at most 256")
	}
	return nil
}

// IsOrigin reports whether s is the origin of a site: scheme, host, port, and nothing else
// that could end a directive of a content policy.
func IsOrigin(s string) bool {
	at, err := url.Parse(s)
	if err != nil || len(s) > 300 || (at.Scheme != "http" && at.Scheme != "https") {
		return false
	}
	return at.Host != "" && s == at.Scheme+"://"+at.Host && strings.IndexFunc(at.Host, notInHost) < 0
}

// notInHost finds what no name or address has.
func notInHost(c rune) bool {
	letter := (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
	return !letter && !strings.ContainsRune(".-:[]", c)
}

// Standing is what the origin answers.
type Standing struct {
	Now         time.Time    `json:"now"`         // the origin's clock
	Conferences []Conference `json:"conferences"` // that are open, and public
}

// Conference is what an edge needs to know of one.
type Conference struct {
	ID       conference.ID `json:"id"`
	Title    string        `json:"title"`
	StartsAt time.Time     `json:"startsAt"`
}
