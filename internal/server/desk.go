package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

const (
	maxScans     = 500 // merged at once
	maxScanChars = 64
	maxMergeBody = 256 << 10
)

// scanView is one look at a ticket.
type scanView struct {
	Device  string              `json:"device,omitempty"`
	ScanID  string              `json:"scanID,omitempty"` //nolint:tagliatelle // the wire says scanID
	Venue   conference.VenueID  `json:"venue"`
	At      time.Time           `json:"at"`
	Offline bool                `json:"offline,omitempty"`
	Result  registration.Result `json:"result"`
}

func scanViews(scans []registration.Scan) []scanView {
	var views []scanView
	for _, s := range scans {
		views = append(views, scanView{Device: s.Device, ScanID: s.ID, Venue: s.Venue, At: s.At, Offline: s.Offline, Result: s.Result})
	}
	return views
}

// staff returns who of the staff asks, and the conference.
func (s *Server) staff(c echo.Context, action string) (conference.Actor, *live.Conference, error) {
	actor, err := s.authorise(c, conference.ID(c.Param("conference")), action)
	if err != nil {
		return actor, nil, err
	}
	running, _, err := s.info(c)
	return actor, running, err
}

// doorOf returns the venue staff work at: their own, or the one they name.
func doorOf(actor conference.Actor, info *conference.Info, named conference.VenueID) (conference.VenueID, error) {
	venue := cmp.Or(named, actor.Venue)
	if _, known := info.Venue(venue); !known {
		return "", conference.Refuse(conference.KindInvalid, "registration.unknown_venue", string(venue))
	}
	if actor.Venue != "" && actor.Venue != venue {
		return "", conference.Refuse(conference.KindForbidden, "access.denied", "another venue's door")
	}
	return venue, nil
}

// told writes down who is given how many names before they are.
func (s *Server) told(ctx context.Context, running *live.Conference, actor conference.Actor, tell registration.Tell) error {
	_, err := running.Do(ctx, conference.Command{ID: access.NewID(), Actor: actor, Body: tell})
	if err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(ctx, "names of registered people were given", slog.String("conference", string(running.ID())),
		slog.String("what", tell.What), slog.Int("count", tell.Count), slog.String("role", string(actor.Role)), slog.String("session", actor.Session))
	return nil
}

// listRegistrations gives the staff everybody with what they told: GET …/registrations,
// ?venue= for one venue (always the own one of staff bound to it), "online" for those without.
// The log notes who looked, and at how many.
func (s *Server) listRegistrations(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationRead)
	if err != nil {
		return err
	}
	named := c.QueryParam("venue")
	tell := registration.Tell{What: "list"}
	if named != "" && named != "online" || actor.Venue != "" {
		if tell.Venue, err = doorOf(actor, running.Snapshot().Info, conference.VenueID(named)); err != nil {
			return err
		}
	}
	rows := []heldView{}
	for _, t := range running.Tickets() {
		r := t.Registration
		if tell.Venue != "" && r.Venue != tell.Venue || named == "online" && !r.Online() {
			continue
		}
		row := heldOf(t, true)
		row.Flagged, row.Mail = scanViews(r.Flagged()), letterViewOf(running.Letter(r.ID))
		rows = append(rows, row)
	}
	tell.Count = len(rows)
	if err := s.told(c.Request().Context(), running, actor, tell); err != nil {
		return err
	}
	return answer(c, http.StatusOK, rows)
}

// countRegistrations gives the numbers of each venue, of their own alone to staff bound to it: GET …/registrations/counts.
func (s *Server) countRegistrations(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationCount)
	if err != nil {
		return err
	}
	type row struct {
		Venue         conference.VenueID `json:"venue"` // "" online
		Seats         int                `json:"seats"`
		ReservedSeats int                `json:"reservedSeats"`
		registration.Count
		Invited int `json:"invited"` // at venues
		Came    int `json:"came"`    // of the invited
	}
	counts := running.Seats()
	rows := []row{}
	if actor.Venue == "" {
		rows = append(rows, row{Count: counts[""]})
	}
	for _, v := range running.Snapshot().Info.Venues {
		if actor.Venue != "" && actor.Venue != v.ID {
			continue
		}
		n := counts[v.ID]
		rows = append(rows, row{Venue: v.ID, Seats: v.Seats, ReservedSeats: v.Reserved, Count: n, Invited: n.Invited(), Came: n.Came()})
	}
	return answer(c, http.StatusOK, rows)
}

// registerAtDesk registers somebody who stands at the desk, or is invited: POST
// …/registrations/desk, as …/registrations with "walkIn" or "reserved" → 201. Neither a phone
// nor a one-time code is needed; the paper slip that was read out is the consent.
func (s *Server) registerAtDesk(c echo.Context) error {
	actor, running, err := s.staff(c, "registration.register")
	if err != nil {
		return err
	}
	var body slip
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	switch {
	case body.Online && body.Venue != "":
		return conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
	case body.Online && actor.Venue != "":
		return conference.Refuse(conference.KindForbidden, "access.denied", "a venue's desk registers for the venue")
	case !body.Online:
		if body.Venue, err = doorOf(actor, running.Snapshot().Info, body.Venue); err != nil {
			return err
		}
	}
	command := conference.Command{ID: access.NewID(), Actor: actor, Body: body.body()}
	outcome, err := running.Do(c.Request().Context(), command)
	if err != nil {
		return err
	}
	return answer(c, http.StatusCreated, receiptOf(outcome))
}

// byStaff does what staff ask about a registration they name by its ticket or id: POST
// …/registrations/… {"code" | "registration",…} → 200, where it stands now.
func (s *Server) byStaff(action string) echo.HandlerFunc {
	return func(c echo.Context) error {
		actor, running, err := s.staff(c, action)
		if err != nil {
			return err
		}
		var body errand
		if err := readJSON(c, maxBody, &body); err != nil {
			return err
		}
		found, err := findNamed(running, body.Registration, body.Code)
		if err != nil {
			return err
		}
		r := found.Registration
		here := r.Venue == actor.Venue || action == "registration.move" && body.Venue == actor.Venue
		if actor.Venue != "" && !here {
			return conference.Refuse(conference.KindForbidden, "access.denied", "another venue's registration")
		}
		if action == "registration.move" && body.Online == (body.Venue != "") {
			return conference.Refuse(conference.KindInvalid, "registration.no_venue", "venue, or online")
		}
		if action == access.ActionRegistrationMail && s.cfg.Mail == nil {
			return mailOff()
		}
		command := conference.Command{ID: access.NewID(), Actor: actor, Body: body.command(action, r.ID)}
		if _, err := running.Do(c.Request().Context(), command); err != nil {
			return err
		}
		return s.answerTicket(c, running, r.ID)
	}
}

func findNamed(running *live.Conference, id conference.RegistrationID, code string) (live.TicketStanding, error) {
	if id != "" {
		return running.TicketOf(id)
	}
	return running.Ticket(code)
}

// door is what the door says to a ticket.
type door struct {
	Colour string              `json:"colour"` // green, yellow, red
	Result registration.Result `json:"result"` // or "unknown"
	// Who stands there; nobody when the ticket is unknown.
	Registration conference.RegistrationID `json:"registration,omitempty"`
	Name         string                    `json:"name,omitempty"`
	Organisation string                    `json:"organisation,omitempty"`
	Commune      string                    `json:"commune,omitempty"`
	PhoneEnds    string                    `json:"phoneEnds,omitempty"`
	Reserved     bool                      `json:"reserved,omitempty"`
	Venue        conference.VenueID        `json:"venue,omitempty"` // where the seat is
	CheckedInAt  *time.Time                `json:"checkedInAt,omitempty"`
}

const resultUnknown registration.Result = "unknown"

func colourOf(result registration.Result) string {
	switch result {
	case registration.ResultIn:
		return "green"
	case registration.ResultAgain, registration.ResultOtherVenue, registration.ResultWaiting:
		return "yellow"
	case registration.ResultCancelled:
	}
	return "red"
}

// resultOf reads what the door says out of a refusal; false: it is another error.
func resultOf(err error) (registration.Result, bool) {
	for code, result := range map[string]registration.Result{
		"registration.already_checked_in": registration.ResultAgain,
		"registration.other_venue":        registration.ResultOtherVenue,
		"registration.waiting":            registration.ResultWaiting,
		"registration.already_cancelled":  registration.ResultCancelled,
		"registration.already_lapsed":     registration.ResultCancelled,
		"registration.unknown_code":       resultUnknown,
		"registration.unknown":            resultUnknown,
	} {
		if errors.Is(err, &conference.Error{Code: code}) {
			return result, true
		}
	}
	return "", false
}

// checkIn looks at a ticket: POST …/registrations/checkin {"code" | "registration", "venue"?,
// "device"?, "scanID"?} → 200 with a colour. A look with device and scanID that is repeated
// has its first answer.
func (s *Server) checkIn(c echo.Context) error {
	actor, running, err := s.staff(c, "registration.checkIn")
	if err != nil {
		return err
	}
	var body struct {
		Code         string                    `json:"code"`
		Registration conference.RegistrationID `json:"registration"`
		Venue        conference.VenueID        `json:"venue"`
		Device       string                    `json:"device"`
		ScanID       string                    `json:"scanID"` //nolint:tagliatelle // the wire says scanID
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	venue, err := doorOf(actor, running.Snapshot().Info, body.Venue)
	if err != nil {
		return err
	}
	id := access.NewID()
	if body.Device != "" || body.ScanID != "" {
		if err := checkScan(body.Device, body.ScanID); err != nil {
			return err
		}
		if _, err := deviceAt(c.Request().Context(), running, body.Device, venue); err != nil {
			return err
		}
		id = running.ScanID(body.Device, body.ScanID)
	}
	found, err := findNamed(running, body.Registration, body.Code)
	if result, is := resultOf(err); is {
		return answer(c, http.StatusOK, door{Colour: colourOf(result), Result: result})
	}
	if err != nil {
		return err
	}
	command := registration.CheckIn{ID: found.Registration.ID, Venue: venue, Device: body.Device, Scan: body.ScanID}
	result := registration.ResultIn
	if _, err := running.Do(c.Request().Context(), conference.Command{ID: id, Actor: actor, Body: command}); err != nil {
		refused, is := resultOf(err)
		if !is {
			return err
		}
		result = refused
	}
	return s.answerDoor(c, running, found.Registration.ID, result)
}

func (s *Server) answerDoor(c echo.Context, running *live.Conference, id conference.RegistrationID, result registration.Result) error {
	now, err := running.TicketOf(id)
	if err != nil {
		return err
	}
	r := now.Registration
	said := door{
		Colour: colourOf(result), Result: result, Registration: r.ID, Name: r.Person.Name, Organisation: r.Person.Organisation,
		Commune: r.Person.Commune, PhoneEnds: phoneEnds(r.Person.Phone), Reserved: r.Reserved, Venue: r.Venue,
	}
	if at := r.CheckedInAt(); !at.IsZero() {
		said.CheckedInAt = &at
	}
	return answer(c, http.StatusOK, said)
}

func checkScan(device, scan string) error {
	for _, id := range []string{device, scan} {
		if id == "" || len(id) > maxScanChars {
			return conference.Refuse(conference.KindInvalid, "registration.bad_scan", "device and scanID of 1–64 characters")
		}
	}
	return nil
}

// mergeScans takes what a device saw while it was offline: POST …/registrations/merge
// {"device","venue"?,"scans":[{"scanID","code","at"}]} → 200 {"merged":[{"scanID","result",
// "flagged"?}],"flagged"}. Every look is written down once, however often it is sent;
// whoever was let in twice is flagged. After an error the same may be sent again.
func (s *Server) mergeScans(c echo.Context) error {
	actor, running, err := s.staff(c, "registration.checkIn")
	if err != nil {
		return err
	}
	type look struct {
		ScanID string    `json:"scanID"` //nolint:tagliatelle // the wire says scanID
		Code   string    `json:"code"`
		At     time.Time `json:"at"`
	}
	var body struct {
		Device string             `json:"device"`
		Venue  conference.VenueID `json:"venue"`
		Scans  []look             `json:"scans"`
	}
	if err := readJSON(c, maxMergeBody, &body); err != nil {
		return err
	}
	venue, err := doorOf(actor, running.Snapshot().Info, body.Venue)
	if err != nil {
		return err
	}
	if len(body.Scans) > maxScans {
		return conference.Refuse(conference.KindTooLarge, "request.too_large", "500 scans at once")
	}
	about, err := deviceAt(c.Request().Context(), running, body.Device, venue)
	if err != nil {
		return err
	}
	type merged struct {
		ScanID  string              `json:"scanID"` //nolint:tagliatelle // the wire says scanID
		Result  registration.Result `json:"result"`
		Flagged bool                `json:"flagged,omitempty"`
	}
	out := struct {
		Merged  []merged `json:"merged"`
		Flagged int      `json:"flagged"`
	}{Merged: []merged{}}
	for _, scan := range body.Scans {
		if err := checkScan(body.Device, scan.ScanID); err != nil {
			return err
		}
	}
	slices.SortStableFunc(body.Scans, func(a, b look) int { return a.At.Compare(b.At) })
	for _, scan := range body.Scans {
		result, err := s.mergeOne(c.Request().Context(), running, actor, registration.CheckIn{
			Venue: venue, Device: body.Device, Scan: scan.ScanID, At: about.seen(scan.At), Offline: true,
		}, scan.Code)
		if err != nil {
			return err
		}
		flagged := result != registration.ResultIn
		if flagged {
			out.Flagged++
		}
		out.Merged = append(out.Merged, merged{scan.ScanID, result, flagged})
	}
	return answer(c, http.StatusOK, out)
}

// mergeOne writes one look down, or finds that it was.
func (s *Server) mergeOne(ctx context.Context, running *live.Conference, actor conference.Actor, look registration.CheckIn, code string) (registration.Result, error) {
	found, err := running.Ticket(code)
	if result, is := resultOf(err); is {
		return result, nil
	}
	if err != nil {
		return "", err
	}
	look.ID = found.Registration.ID
	outcome, err := running.Do(ctx, conference.Command{ID: running.ScanID(look.Device, look.Scan), Actor: actor, Body: look})
	if result, is := resultOf(err); is {
		return result, nil
	}
	if err != nil {
		return "", err
	}
	return outcome.Registered.Scan, nil
}
