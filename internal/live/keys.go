package live

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"sync"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
)

// Errors of a log that cannot be run here.
var (
	// ErrOtherSecret says that a log was begun with another secret file than this node's.
	ErrOtherSecret = errors.New("log was begun with another secret; start with the secret file it was made with")
	// ErrKeyMissing says that a conference's own key is gone, so that its question ids and
	// tracking codes can no longer be derived.
	ErrKeyMissing = errors.New("the conference's key is missing from the store")
)

const (
	keyBytes      = 32
	keyTries      = 5
	questionChars = 20
)

// keyring is one conference's own key, for everything that must be derived again and
// again and that nobody may be able to derive once the key is destroyed.
type keyring struct {
	key  []byte
	macs sync.Pool // of *mac: making one costs as much as using it
}

// mac is a hash under the key, and room for what it is taken of and what it comes to.
type mac struct {
	hash hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

// openKeyring reads the key of a conference from the Ephemeral store (where it never
// expires, wrapped with the installation's secret), or makes it. It lies outside the log
// so that destroying it at the end of retention makes every derived id meaningless.
func openKeyring(ctx context.Context, store eventlog.Ephemeral, sealer *secret.Sealer, id conference.ID, create bool) (*keyring, error) {
	name := "conference/" + string(id) + "/key"
	place := secret.Place{Conference: string(id), Event: "conference", Field: "key"}
	for range keyTries {
		sealed, err := store.Get(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("read key of conference %s: %w", id, err)
		}
		if sealed != nil {
			key, err := sealer.Open(place, sealed)
			if err != nil {
				return nil, fmt.Errorf("open key of conference %s: %w", id, err)
			}
			return &keyring{key: []byte(key)}, nil
		}
		if !create {
			return nil, fmt.Errorf("conference %s: %w", id, ErrKeyMissing)
		}
		var key [keyBytes]byte
		_, _ = rand.Read(key[:]) // never fails
		if _, err := store.CompareAndSet(ctx, name, nil, sealer.Seal(place, string(key[:])), 0); err != nil {
			return nil, fmt.Errorf("make key of conference %s: %w", id, err)
		}
		// Read it back: another node may have been first.
	}
	return nil, fmt.Errorf("make key of conference %s: %w", id, eventlog.ErrUnavailable)
}

// check is a value that tells whether a key is the one a log was begun with.
func (k *keyring) check() string {
	sum := k.mac("check")
	return hex.EncodeToString(sum[:8])
}

// questionID derives a question's id from the asker's idempotency key.
func (k *keyring) questionID(idempotencyKey string) conference.QuestionID {
	return conference.QuestionID(k.id("question", idempotencyKey))
}

// id derives an id of 100 bits.
func (k *keyring) id(of, idempotencyKey string) []byte {
	sum := k.mac(of, idempotencyKey)
	var text [24]byte // of whole groups of 5 bytes: a little more than the id
	base32.StdEncoding.Encode(text[:], sum[:15])
	return bytes.ToLower(text[:questionChars])
}

// bodyDigest tells equal submissions from different ones without telling the words.
func (k *keyring) bodyDigest(body string, topic conference.TopicID, venue conference.VenueID) string {
	sum := k.mac("body", body, string(topic), string(venue))
	return hex.EncodeToString(sum[:])
}

// voter derives the pseudonym a vote is logged under.
func (k *keyring) voter(secret string) string {
	sum := k.mac("voter", secret)
	return hex.EncodeToString(sum[:16])
}

// code derives the n-th candidate for a question's tracking code.
func (k *keyring) code(id conference.QuestionID, n int) string {
	sum := k.mac("code", string(id), strconv.Itoa(n))
	return codeOf(sum[:])
}

// registrationID derives a registration's id from the idempotency key.
func (k *keyring) registrationID(idempotencyKey string) conference.RegistrationID {
	return conference.RegistrationID(k.id("registration", idempotencyKey))
}

// broughtID derives the id of the question brought along with a registration.
func (k *keyring) broughtID(idempotencyKey string) conference.QuestionID {
	return conference.QuestionID(k.id("brought", idempotencyKey))
}

// registrationDigest tells equal registrations from different ones without telling the words.
func (k *keyring) registrationDigest(r *register) string {
	p := r.Person
	parts := []string{
		"registered", string(r.Venue), string(r.Topic), p.Name, p.Phone, p.Commune, p.Organisation, p.Email, p.IDNumber,
		strconv.FormatBool(r.Reserved), strconv.FormatBool(r.WalkIn),
	}
	for _, c := range r.Consents {
		parts = append(parts, c.Purpose, c.Version)
	}
	if r.ask != nil {
		parts = append(parts, r.ask.BodyDigest)
	}
	sum := k.mac(parts...)
	return hex.EncodeToString(sum[:])
}

// holder derives what a telephone number is known under in the log; "" of none.
func (k *keyring) holder(phone string) string {
	if phone == "" {
		return ""
	}
	sum := k.mac("holder", phone)
	return hex.EncodeToString(sum[:16])
}

// scanID derives the id of the command for a device's look at a ticket.
func (k *keyring) scanID(device, scan string) string {
	sum := k.mac("scan", device, scan)
	return hex.EncodeToString(sum[:20])
}

// deviceID derives what a device is kept under.
func (k *keyring) deviceID(device string) string {
	sum := k.mac("device", device)
	return hex.EncodeToString(sum[:16])
}

// deviceKey derives the key of a device's list.
func (k *keyring) deviceKey(device string) []byte {
	sum := k.mac("device key", device)
	return sum[:]
}

// ticket derives the n-th candidate for the code of a ticket.
func (k *keyring) ticket(id conference.RegistrationID, n int) string {
	sum := k.mac("ticket", string(id), strconv.Itoa(n))
	return ticketOf(sum[:])
}

// mac is HMAC-SHA-256 over the parts, each preceded by its length, under the key.
func (k *keyring) mac(parts ...string) [sha256.Size]byte {
	m, made := k.macs.Get().(*mac)
	if !made {
		m = &mac{hash: hmac.New(sha256.New, k.key)}
	}
	defer k.macs.Put(m)
	m.text = m.text[:0]
	for _, part := range parts {
		m.text = append(strconv.AppendInt(m.text, int64(len(part)), 10), ':')
		m.text = append(m.text, part...)
	}
	m.hash.Reset()
	m.hash.Write(m.text) // a hash never returns an error
	m.hash.Sum(m.sum[:0])
	clear(m.text) // words do not stay in a pool
	return m.sum
}
