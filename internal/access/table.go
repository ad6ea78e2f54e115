package access

import (
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Actions of REST and media; the other actions are the wire names of commands.
const (
	ActionConferenceCreate = "conference.create"
	ActionLinkCreate       = "link.create"
	ActionSessionList      = "session.list"
	ActionSessionRevoke    = "session.revoke"
	ActionRecordCopy       = "record.copy"      // all of it, or that of a conference that is not public
	ActionQuestionImport   = "question.import"  // a table of questions
	ActionMediaPublish     = "media.publish"    // WHIP
	ActionMediaWatch       = "media.watch"      // WHEP of the programme
	ActionVenueRecording   = "recording.venue"  // what is kept of one venue by itself
	ActionMediaWatchVenue  = "media.watchVenue" // WHEP of one venue
	ActionLineRead         = "line.read"        // lines of the venues and their history
	ActionStillPut         = "still.put"        // the venue's own picture for the wall
	ActionStillGet         = "still.get"
	ActionExport           = "registration.export" // lists of people as files
	ActionSetupRead        = "setup.read"          // all that an administrator sets up, and its checklist

	ActionRegistrationRead   = "registration.read"   // names, and how to reach them; every look is written down
	ActionRegistrationCount  = "registration.count"  // how many, without names
	ActionRegistrationDevice = "registration.device" // a device that keeps a list for when the network is gone
	ActionRegistrationMail   = "registration.mail"   // one person is written to again
	ActionMailRead           = "mail.read"           // how letters stand, without names
	ActionMailResend         = "mail.resend"         // all that failed
)

// May reports whether a role may do an action: the wire name of a command
// ("question.approve") or a REST action ("link.create", "session.list", "media.publish").
// It is the ONE table; what is not in it is denied. Whose venue, whose card and which
// conference is checked beside it: this is the outer wall.
func May(role conference.Role, action string) bool {
	const (
		citizen, venue, moderator = conference.RoleCitizen, conference.RoleVenue, conference.RoleModerator
		stage, screen, registrar  = conference.RoleStage, conference.RoleScreen, conference.RoleRegistrar
		official, admin, system   = conference.RoleOfficial, conference.RoleAdmin, conference.RoleSystem
	)
	is := func(roles ...conference.Role) bool { return slices.Contains(roles, role) }
	switch action {
	case "question.submit", "question.withdraw", "question.amend":
		return is(citizen, venue, registrar, moderator)
	case "question.vote":
		return is(citizen)
	case ActionQuestionImport, "channel.freeze":
		return is(moderator, admin)
	case "question.contact", "question.calls", "question.called":
		return is(registrar, admin)
	case "question.similar":
		return is(citizen, venue, registrar, moderator, stage)
	case "question.claim", "question.keep", "question.release", "question.approve", "question.return", "question.refuse",
		"question.redirect", "question.write", "question.merge", "question.undo":
		return is(moderator)
	case "question.edit":
		return is(moderator, stage)
	case "question.queue", "question.unqueue", "question.stage", "question.air", "question.answer", "question.recall":
		return is(stage)

	case "promise.assign", "promise.note", "promise.keep":
		return is(official)

	case "venue.ready", "venue.notReady", "hand.raise":
		return is(venue)
	case "hand.lower":
		return is(venue, stage)
	case "floor.preview", "floor.give", "floor.takeBack", "floor.cityHall", "programme.slate", "programme.beside":
		return is(stage)
	case "venue.connect", "venue.disconnect":
		return is(system)

	case "media.join", "media.restart", "media.leave", "media.look":
		return is(venue, stage)
	case "media.tiles", "media.talk":
		return is(stage)
	case "line.report", ActionStillPut:
		return is(venue)
	case ActionLineRead, ActionStillGet, ActionVenueRecording:
		return is(stage, admin)
	case ActionMediaPublish:
		return is(venue)
	case ActionMediaWatch:
		return is(citizen, venue, moderator, stage, screen, registrar, official, admin)
	case ActionMediaWatchVenue:
		return is(venue, stage)

	case "conference.open", "conference.close", ActionConferenceCreate:
		return is(admin, system)
	case "conference.edit", "conference.goLive", ActionSetupRead, ActionExport, ActionLinkCreate, ActionSessionList, ActionSessionRevoke, ActionRecordCopy:
		return is(admin)

	default:
		return mayRegistration(role, action)
	}
}

// mayRegistration is the part of the table about registrations. Holders of a ticket act by
// its code, without a session; what they may is in internal/server.
func mayRegistration(role conference.Role, action string) bool {
	desk := role == conference.RoleRegistrar || role == conference.RoleAdmin
	switch action {
	case "registration.register":
		return desk || role == conference.RoleCitizen
	case "registration.checkIn", "registration.undoCheckIn", "registration.give", "registration.move", "registration.cancel",
		"registration.accept", "registration.correct", ActionRegistrationRead, ActionRegistrationCount, ActionRegistrationDevice, ActionRegistrationMail:
		return desk
	case "registration.set", "registration.erase", ActionMailRead, ActionMailResend:
		return role == conference.RoleAdmin
	}
	return false
}

// Staff returns the roles that a link can be made for, in the order they are shown.
func Staff() []conference.Role {
	return []conference.Role{
		conference.RoleVenue, conference.RoleModerator, conference.RoleStage,
		conference.RoleScreen, conference.RoleRegistrar, conference.RoleOfficial, conference.RoleAdmin,
	}
}

// IsStaff reports whether a link can be made for the role.
func IsStaff(role conference.Role) bool { return slices.Contains(Staff(), role) }

// MayBeBound reports whether a link of the role may be for one venue: a venue operator's
// always is, a registrar's when it is for one door.
func MayBeBound(role conference.Role) bool {
	return role == conference.RoleVenue || role == conference.RoleRegistrar
}
