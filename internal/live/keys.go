package live

import (
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
	"strings"
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
	macs sync.Pool // of hash.Hash under key: making one costs as much as using it
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
func (k *keyring) check() string { return hex.EncodeToString(k.mac("check")[:8]) }

// questionID derives a question's id from the asker's idempotency key.
func (k *keyring) questionID(idempotencyKey string) conference.QuestionID {
	text := base32.StdEncoding.EncodeToString(k.mac("question", idempotencyKey))
	return conference.QuestionID(strings.ToLower(text[:questionChars]))
}

// bodyDigest tells equal submissions from different ones without telling the words.
func (k *keyring) bodyDigest(body string, topic conference.TopicID, venue conference.VenueID) string {
	return hex.EncodeToString(k.mac("body", body, string(topic), string(venue)))
}

// voter derives the pseudonym a vote is logged under.
func (k *keyring) voter(secret string) string { return hex.EncodeToString(k.mac("voter", secret)[:16]) }

// code derives the n-th candidate for a question's tracking code.
func (k *keyring) code(id conference.QuestionID, n int) string {
	return codeOf(k.mac("code", string(id), strconv.Itoa(n)))
}

// mac is HMAC-SHA-256 over the parts, each preceded by its length, under the key.
func (k *keyring) mac(parts ...string) []byte {
	sum, made := k.macs.Get().(hash.Hash)
	if !made {
		sum = hmac.New(sha256.New, k.key)
	}
	var some [512]byte
	text := some[:0]
	for _, part := range parts {
		text = append(strconv.AppendInt(text, int64(len(part)), 10), ':')
		text = append(text, part...)
	}
	sum.Reset()
	sum.Write(text) // a hash never returns an error
	defer k.macs.Put(sum)
	return sum.Sum(nil)
}
