package server

import (
	"strings"

	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

// fault is what is wrong with a field of the form.
type fault struct{ Field, Text string }

// faultField is the field a refusal is about; "" when it is about none.
func faultField(code string) string {
	switch code {
	case "registration.no_name", "registration.name_too_long":
		return "name"
	case "registration.no_phone", "registration.bad_phone", "registration.phone_taken", "verification.country":
		return "phone"
	case "verification.needed", "verification.wrong", "verification.too_many", "verification.unsent", "verification.exhausted":
		return "code"
	case "registration.commune_too_long":
		return "commune"
	case "registration.organisation_too_long":
		return "organisation"
	case "registration.bad_email":
		return "email"
	case "registration.bad_id_number":
		return "idNumber"
	case "registration.no_venue", "registration.unknown_venue", "registration.no_seats":
		return "venue"
	case "registration.unknown_topic", "question.unknown_topic", "question.no_topic":
		return "topic"
	case "question.too_long", "question.empty", "question.bad_text":
		return "question"
	case "registration.no_consent", "registration.bad_consent", "registration.consent_outdated":
		return "consentPrivacy"
	}
	return ""
}

// faultsOf returns what is wrong with the form's fields in their order: what was refused, and
// what else is seen without asking, so that nobody sends it five times. None when what was
// refused is about no field.
func faultsOf(lang string, filled *slip, code string) []fault {
	at := faultField(code)
	if at == "" {
		return nil
	}
	codes := map[string]string{}
	missing := func(field, code string, is bool) {
		if is {
			codes[field] = code
		}
	}
	missing("name", "registration.no_name", strings.TrimSpace(filled.Name) == "")
	missing("phone", "registration.no_phone", strings.TrimSpace(filled.Phone) == "")
	if _, err := live.PhoneOf(filled.Phone); err != nil {
		codes["phone"] = "registration.bad_phone"
	}
	missing("venue", "registration.no_venue", !filled.Online && filled.Venue == "")
	missing("topic", "registration.unknown_topic", strings.TrimSpace(filled.Question) != "" && filled.Topic == "")
	missing("consentPrivacy", "registration.no_consent", filled.Consents[registration.PurposePrivacy] == "")
	codes[at] = code
	var faults []fault
	for _, field := range []string{"name", "phone", "code", "commune", "organisation", "email", "idNumber", "venue", "topic", "question", "consentPrivacy"} {
		if code := codes[field]; code != "" {
			faults = append(faults, fault{field, sentence(lang, code, 400)})
		}
	}
	return faults
}
