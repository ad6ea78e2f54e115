package live

import (
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/text"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// Limits of ids that come from outside.
const (
	minKeyChars     = 16
	maxKeyChars     = 128
	maxCommandChars = 64
	// maxBodyBytes is more than any question of 600 characters needs with all its marks;
	// what is longer is refused before work is spent on it.
	maxBodyBytes = 32 << 10
)

// prepare turns a command as it arrives into one the rules know: words in their one
// form, ids derived. It needs no state.
func (k *keyring) prepare(command conference.Command) (conference.Command, error) {
	if !isToken(command.ID, 1, maxCommandChars) {
		return command, invalid("command.bad_id", "1–64 printable ASCII characters")
	}
	switch body := command.Body.(type) {
	case nil:
		return command, invalid("command.unknown", "no body")
	case SubmitQuestion:
		if !isToken(body.IdempotencyKey, minKeyChars, maxKeyChars) {
			return command, invalid("question.bad_key", "16–128 printable ASCII characters")
		}
		if len(body.Body) > maxBodyBytes {
			return command, invalid("question.too_long", "")
		}
		words := text.Paragraph(body.Body)
		phone, ok := text.Phone(body.Phone)
		if !ok && strings.TrimSpace(body.Phone) != "" {
			return command, invalid("question.bad_phone", "")
		}
		command.Body = moderation.Submit{
			ID:         k.questionID(body.IdempotencyKey),
			BodyDigest: k.bodyDigest(words, body.Topic, body.Venue),
			Body:       words, Topic: body.Topic, Venue: body.Venue, Channel: body.Channel,
			Name: text.Line(body.Name), MayName: body.MayName,
			Phone: phone, Organisation: text.Line(body.Organisation),
		}
	case RegisterPerson, registration.Correct, registration.Erase:
		var err error
		command.Body, err = k.prepareAboutPerson(body)
		return command, err
	case moderation.Submit, moderation.Amend, moderation.Withdraw, moderation.Vote, moderation.Forget, conference.Create,
		registration.Register, registration.Lapse, registration.Offer:
		// Only the commands of this package and Node.Create derive what these need.
		return command, invalid("command.unknown", body.CommandType())
	case WithdrawQuestion:
		code, ok := NormaliseCode(body.Code)
		if !ok {
			return command, unknownCode()
		}
		command.Body = WithdrawQuestion{Code: code}
	case AmendQuestion:
		code, ok := NormaliseCode(body.Code)
		if !ok {
			return command, unknownCode()
		}
		if len(body.Body) > maxBodyBytes {
			return command, invalid("question.too_long", "")
		}
		command.Body = AmendQuestion{Code: code, Body: text.Paragraph(body.Body)}
	case VoteQuestion:
		if !isToken(body.Voter, minKeyChars, maxKeyChars) {
			return command, invalid("question.bad_voter", "16–128 printable ASCII characters")
		}
		command.Body = moderation.Vote{ID: body.ID, Voter: k.voter(body.Voter), On: body.On}
	default:
		command.Body = tidy(command.Body)
	}
	return command, nil
}

// tidy brings what staff write into its one form.
func tidy(command conference.Body) conference.Body {
	switch body := command.(type) {
	case moderation.Approve:
		body.Short = text.Paragraph(body.Short)
		return body
	case moderation.Edit:
		body.Short = text.Paragraph(body.Short)
		return body
	case moderation.GiveBack:
		body.Text = text.Paragraph(body.Text)
		return body
	case moderation.Refuse:
		body.Text, body.NextDoor = text.Paragraph(body.Text), text.Paragraph(body.NextDoor)
		return body
	case moderation.Redirect:
		body.Text, body.NextDoor = text.Paragraph(body.Text), text.Paragraph(body.NextDoor)
		return body
	case moderation.Write:
		body.Agency = text.Line(body.Agency)
		return body
	case moderation.Answer:
		body.Agency, body.Text = text.Line(body.Agency), text.Paragraph(body.Text)
		return body
	case moderation.AssignPromise:
		body.Agency = text.Line(body.Agency)
		return body
	case moderation.NotePromise:
		body.Text = text.Paragraph(body.Text)
		return body
	case moderation.KeepPromise:
		body.Text, body.Document = text.Paragraph(body.Text), text.Line(body.Document)
		return body
	case floor.RaiseHand:
		body.Note = text.Line(body.Note)
		return body
	}
	return command
}

// isToken reports whether s is printable ASCII without spaces, of a length in the limits.
func isToken(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func invalid(code, detail string) error {
	return conference.Refuse(conference.KindInvalid, code, detail)
}

func unknownCode() error {
	return conference.Refuse(conference.KindNotFound, "question.unknown_code", "")
}

func unavailable(detail string) error {
	return conference.Refuse(conference.KindUnavailable, "log.unavailable", detail)
}

func unknownOutcome(detail string) error {
	return conference.Refuse(conference.KindPending, "log.pending", detail)
}
