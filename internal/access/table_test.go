package access_test

import (
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
)

// TestMay_wholeMatrix states every permitted cell a second time, in another shape (by
// role), and denies all others, names nobody knows included.
func TestMay_wholeMatrix(t *testing.T) {
	t.Parallel()
	permitted := map[conference.Role]string{
		conference.RoleCitizen: "registration.register question.similar question.submit question.withdraw question.amend question.vote media.watch",
		conference.RoleVenue: "question.similar question.submit question.withdraw question.amend venue.ready venue.notReady hand.raise hand.lower " +
			"media.join media.restart media.leave media.look media.publish media.watch media.watchVenue line.report still.put",
		conference.RoleModerator: "question.import channel.freeze question.similar question.submit question.withdraw question.amend question.claim question.keep question.release " +
			"question.approve question.edit question.return question.refuse question.redirect question.write question.merge " +
			"question.undo media.watch",
		conference.RoleStage: "question.similar question.edit question.queue question.unqueue question.stage question.air question.answer question.recall hand.lower " +
			"floor.preview floor.give floor.takeBack floor.cityHall programme.slate programme.beside " +
			"media.join media.restart media.leave media.look media.tiles media.talk media.watch media.watchVenue line.read still.get",
		conference.RoleScreen:   "media.watch",
		conference.RoleOfficial: "promise.assign promise.note promise.keep media.watch",
		conference.RoleRegistrar: "registration.register registration.checkIn registration.undoCheckIn registration.give registration.move " +
			"registration.cancel registration.accept registration.correct registration.read registration.count registration.device registration.mail question.contact question.similar question.submit question.withdraw question.amend media.watch",
		conference.RoleAdmin: "registration.register registration.checkIn registration.undoCheckIn registration.give registration.move " +
			"registration.cancel registration.accept registration.correct registration.read registration.count registration.device registration.mail mail.read mail.resend " +
			"registration.set registration.erase question.contact question.import channel.freeze media.watch conference.open conference.close conference.create " +
			"link.create session.list session.revoke line.read still.get",
		conference.RoleSystem: "venue.connect venue.disconnect conference.open conference.close conference.create",
		"king":                "",
		"":                    "",
	}
	actions := map[string]bool{"": true, "question": true, "question.*": true, "*": true, "question.delete": true, "Question.submit": true}
	for _, list := range permitted {
		for action := range strings.FieldsSeq(list) {
			actions[action] = true
		}
	}
	for role, list := range permitted {
		for action := range actions {
			want := strings.Contains(" "+list+" ", " "+action+" ") && action != ""
			if got := access.May(role, action); got != want {
				t.Errorf("May(%q, %q): got %v, want %v", role, action, got, want)
			}
		}
	}
}
