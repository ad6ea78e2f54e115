package conference

// Role is what a person is in a conference. It decides what the person may see
// (signaling's audience function) and do (the table of internal/access).
type Role string

// The roles. Citizen needs no session; System is the server itself.
const (
	RoleCitizen   Role = "citizen"
	RoleVenue     Role = "venue" // venue operator; always bound to one venue
	RoleModerator Role = "moderator"
	RoleStage     Role = "stage" // stage manager
	RoleScreen    Role = "screen"
	RoleRegistrar Role = "registrar"
	RoleOfficial  Role = "official" // of an agency; answers in writing what was promised
	RoleAdmin     Role = "admin"
	RoleSystem    Role = "system"
)

// Actor is who gave a command.
//
// Person is the display name written on a staff link ("Nguyễn Văn A"); it is empty
// for citizens. Session is the public, non-secret reference of the session, never the cookie.
type Actor struct {
	Role    Role    `json:"role"`
	Venue   VenueID `json:"venue,omitempty"`
	Session string  `json:"session,omitempty"`
	Person  string  `json:"person,omitempty"`
}
