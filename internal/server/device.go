package server

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

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
	Session string             `json:"session"`
	Until   time.Time          `json:"until"`
}

func unknownDevice() error {
	return conference.Refuse(conference.KindForbidden, "device.revoked", "")
}

// addDevice adds a device: POST …/devices {"venue"?} → 201 {"device","key","venue","expiresAt"}.
// key is base64 of 32 bytes; it is told this once.
func (s *Server) addDevice(c echo.Context) error {
	actor, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	var body struct {
		Venue conference.VenueID `json:"venue"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	venue, err := doorOf(actor, running.Snapshot().Info, body.Venue)
	if err != nil {
		return err
	}
	device := access.NewID()
	about := deviceAbout{Venue: venue, Session: actor.Session, Until: s.cfg.Now().UTC().Add(deviceFor).Truncate(time.Second)}
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
	kept, key, err := running.Device(ctx, device)
	if err != nil {
		return err
	}
	var about deviceAbout
	if kept == nil || json.Unmarshal(kept, &about) != nil {
		return unknownDevice()
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
		const told = 3
		list.People = append(list.People, deviceRow{
			Registration: r.ID, Code: t.Ticket, Name: r.Person.Name, Organisation: r.Person.Organisation, Commune: r.Person.Commune,
			PhoneEnds: r.Person.Phone[max(0, len(r.Person.Phone)-told):], State: r.State, Reserved: r.Reserved,
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
	_, running, err := s.staff(c, access.ActionRegistrationDevice)
	if err != nil {
		return err
	}
	if err := running.RevokeDevice(c.Request().Context(), c.Param("device")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// deviceMay refuses a merge of a device that is not known, or was revoked.
func deviceMay(ctx context.Context, running *live.Conference, device string) error {
	kept, _, err := running.Device(ctx, device)
	if err != nil {
		return err
	}
	if kept == nil {
		return unknownDevice()
	}
	return nil
}
