package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

// A device at a door keeps the list of its venue, encrypted, for when the network is gone.
// Its key is given once, to the session that adds it; the list can be fetched again and
// again until the device is revoked. Devices are in the Ephemeral: they are forgotten after
// deviceFor.
const deviceFor = 48 * time.Hour

// deviceAbout is what is kept of a device.
type deviceAbout struct {
	Venue   conference.VenueID `json:"venue"`
	Label   string             `json:"label,omitempty"` // what the staff call it
	Session string             `json:"session"`
	Person  string             `json:"person,omitempty"` // who added it
	At      time.Time          `json:"at"`
	Until   time.Time          `json:"until"`
}

// maxLabel bounds a device's label, in runes.
const maxLabel = 40

func unknownDevice() error {
	return conference.Refuse(conference.KindForbidden, "device.revoked", "")
}

func (s *Server) deviceRoutes(api func(method, path string, handler echo.HandlerFunc), path string) {
	api(http.MethodPost, path, s.addDevice)
	api(http.MethodGet, path, s.listDevices)
	api(http.MethodGet, path+"/:device", s.device)
	api(http.MethodGet, path+"/:device/list", s.deviceList)
	api(http.MethodDelete, path+"/:device", s.revokeDevice)
}

// addDevice adds a device: POST …/devices {"venue"?,"label"?} → 201 {"device","key","venue","expiresAt"}.
// key is base64 of 32 bytes; it is told this once.
func (s *Server) addDevice(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	var body struct {
		Venue conference.VenueID `json:"venue"`
		Label string             `json:"label"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	venue, err := doorOf(actor, running.Snapshot().Info, body.Venue)
	if err != nil {
		return err
	}
	device := access.NewID()
	now := s.cfg.Now().UTC().Truncate(time.Second)
	about := deviceAbout{
		Venue: venue, Label: labelOf(body.Label), Session: actor.Session, Person: actor.Person, At: now, Until: now.Add(deviceFor),
	}
	kept, err := json.Marshal(about)
	if err != nil {
		return fmt.Errorf("encode a device: %w", err)
	}
	key, err := running.AddDevice(c.Request().Context(), device, kept, deviceFor)
	if err != nil {
		return err
	}
	return answer(c, http.StatusCreated, struct {
		Device    string             `json:"device"`
		Key       []byte             `json:"key"`
		Venue     conference.VenueID `json:"venue"`
		ExpiresAt time.Time          `json:"expiresAt"`
	}{device, key, venue, about.Until})
}

// labelOf returns a device's label as it is kept: one line, cut at maxLabel runes.
func labelOf(typed string) string {
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, typed)
	runes := []rune(strings.Join(strings.Fields(printable), " "))
	return string(runes[:min(maxLabel, len(runes))])
}

// deviceView is a device as staff see it.
type deviceView struct {
	Device    string             `json:"device"`
	Venue     conference.VenueID `json:"venue"`
	Label     string             `json:"label,omitempty"`
	Person    string             `json:"person,omitempty"`
	AddedAt   time.Time          `json:"addedAt"`
	ExpiresAt time.Time          `json:"expiresAt"`
	CheckedIn int                `json:"checkedIn"` // whom it let in first
}

// deviceOf returns what is known of a device. Refusal: device.revoked.
func deviceOf(ctx context.Context, running *live.Conference, device string) (deviceAbout, []byte, error) {
	var about deviceAbout
	kept, key, err := running.Device(ctx, device)
	if err != nil {
		return about, nil, err
	}
	if kept == nil || json.Unmarshal(kept, &about) != nil {
		return about, nil, unknownDevice()
	}
	return about, key, nil
}

// letIn counts whom each device let in: the first look at a ticket that did.
func letIn(running *live.Conference) map[string]int {
	counts := map[string]int{}
	for _, t := range running.Tickets() {
		for _, scan := range t.Registration.Scans {
			if t.Registration.State == registration.StateCheckedIn && (scan.Result == registration.ResultIn || scan.Result == registration.ResultAgain) {
				counts[scan.Device]++
				break
			}
		}
	}
	return counts
}

// listDevices gives the devices that were not revoked, those of one's own venue to staff
// bound to it: GET …/devices → 200.
func (s *Server) listDevices(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	devices, err := running.Devices(ctx)
	if err != nil {
		return err
	}
	counts, views := letIn(running), []deviceView{}
	for _, device := range devices {
		about, _, err := deviceOf(ctx, running, device)
		switch {
		case isRevoked(err):
		case err != nil:
			return err
		case actor.Venue == "" || actor.Venue == about.Venue:
			views = append(views, about.view(device, counts[device]))
		}
	}
	return answer(c, http.StatusOK, views)
}

func (a deviceAbout) view(device string, letIn int) deviceView {
	return deviceView{
		Device: device, Venue: a.Venue, Label: a.Label, Person: a.Person, AddedAt: a.At, ExpiresAt: a.Until, CheckedIn: letIn,
	}
}

func isRevoked(err error) bool { return errors.Is(err, &conference.Error{Code: "device.revoked"}) }

// device tells a device that it may go on, and how many it let in: GET …/devices/{device}
// → 200. Refusal: device.revoked.
func (s *Server) device(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	device := c.Param("device")
	about, _, err := deviceOf(c.Request().Context(), running, device)
	if err != nil {
		return err
	}
	if _, err := doorOf(actor, running.Snapshot().Info, about.Venue); err != nil {
		return err
	}
	return answer(c, http.StatusOK, about.view(device, letIn(running)[device]))
}

// deviceRow is one person in a device's list.
type deviceRow struct {
	Registration conference.RegistrationID `json:"registration"`
	Code         string                    `json:"code"`
	Name         string                    `json:"name"`
	Organisation string                    `json:"organisation,omitempty"`
	Commune      string                    `json:"commune,omitempty"`
	PhoneEnds    string                    `json:"phoneEnds,omitempty"` // tells people of one name apart
	State        registration.State        `json:"state"`
	Reserved     bool                      `json:"reserved,omitempty"`
}

// deviceList gives a device the list of its venue: GET …/devices/{device}/list → 200
// {"nonce","sealed"}: AES-256-GCM under the device's key of {"venue","at","people":[…]}, with
// conference ‖ 0 ‖ device as additional data. The log notes it.
func (s *Server) deviceList(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	ctx, device := c.Request().Context(), c.Param("device")
	about, key, err := deviceOf(ctx, running, device)
	if err != nil {
		return err
	}
	if _, err := doorOf(actor, running.Snapshot().Info, about.Venue); err != nil {
		return err
	}
	list := struct {
		Venue  conference.VenueID `json:"venue"`
		At     time.Time          `json:"at"`
		People []deviceRow        `json:"people"`
	}{about.Venue, s.cfg.Now().UTC(), []deviceRow{}}
	for _, t := range running.Tickets() {
		r := t.Registration
		if r.Venue != about.Venue || !r.Active() || r.Erased {
			continue
		}
		list.People = append(list.People, deviceRow{
			Registration: r.ID, Code: t.Ticket, Name: r.Person.Name, Organisation: r.Person.Organisation, Commune: r.Person.Commune,
			PhoneEnds: phoneEnds(r.Person.Phone), State: r.State, Reserved: r.Reserved,
		})
	}
	if err := s.told(ctx, running, actor, registration.Tell{What: "device", Venue: about.Venue, Count: len(list.People)}); err != nil {
		return err
	}
	plain, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode a device's list: %w", err)
	}
	nonce, sealed, err := sealFor(key, running.ID(), device, plain)
	if err != nil {
		return err
	}
	return answer(c, http.StatusOK, struct {
		Nonce  []byte `json:"nonce"`
		Sealed []byte `json:"sealed"`
	}{nonce, sealed})
}

// phoneEnds returns the last digits of a number: they tell people of one name apart.
func phoneEnds(phone string) string {
	const told = 3
	return phone[max(0, len(phone)-told):]
}

func sealFor(key []byte, id conference.ID, device string, plain []byte) (nonce, sealed []byte, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, fmt.Errorf("seal for a device: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, nil, fmt.Errorf("seal for a device: %w", err)
	}
	nonce = make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return nonce, aead.Seal(nil, nonce, plain, []byte(string(id)+"\x00"+device)), nil
}

// revokeDevice makes a lost device useless: DELETE …/devices/{device} → 204. It is given no
// list any more, and what it saw is no longer merged.
func (s *Server) revokeDevice(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	about, _, err := deviceOf(c.Request().Context(), running, c.Param("device"))
	if isRevoked(err) {
		return c.NoContent(http.StatusNoContent)
	}
	if err != nil {
		return err
	}
	if _, err := doorOf(actor, running.Snapshot().Info, about.Venue); err != nil {
		return err
	}
	if err := running.RevokeDevice(c.Request().Context(), c.Param("device")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// deviceAt returns the device that looks at tickets at a door. Refusals: device.revoked, also
// of one that was never added; access.denied of one that belongs to another door.
func deviceAt(ctx context.Context, running *live.Conference, device string, door conference.VenueID) (deviceAbout, error) {
	about, _, err := deviceOf(ctx, running, device)
	if err == nil && about.Venue != door {
		err = conference.Refuse(conference.KindForbidden, "access.denied", "another door's device")
	}
	return about, err
}

// seen returns when a device looked, by its own clock: one that had stopped (1970) must not
// become the earliest look. A day is more than clocks that run are wrong.
func (a deviceAbout) seen(at time.Time) time.Time {
	const wrong = 24 * time.Hour
	if at.Before(a.At.Add(-wrong)) {
		return a.At
	}
	return at
}
