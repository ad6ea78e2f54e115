package pow

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	altcha "github.com/altcha-org/altcha-lib-go"
)

// Valid is how long a challenge may be answered.
const Valid = 2 * time.Minute

// MaxProofBytes bounds a proof as it comes; a real one has some 400.
const MaxProofBytes = 1024

// Errors of Check, compared with errors.Is.
var (
	ErrMalformed = errors.New("proof is not base64 of an ALTCHA solution")
	ErrForged    = errors.New("proof is wrong, or its challenge was not made here")
	ErrExpired   = errors.New("proof came too late")
)

// Challenge is the puzzle: find the number in 0…MaxNumber for which the hex SHA-256 of
// Salt ‖ decimal number is Challenge. On average MaxNumber/2 hashes.
type Challenge struct {
	Algorithm string `json:"algorithm"`
	Challenge string `json:"challenge"`
	MaxNumber int64  `json:"maxNumber"`
	Salt      string `json:"salt"`
	Signature string `json:"signature"`
}

// Solved is what a valid proof tells. ID names the challenge, whatever spelling the proof
// came in.
type Solved struct {
	ID        string
	MaxNumber int64
	Expires   time.Time
}

// Issuer makes and checks challenges. Issuers with one key accept each other's. Safe for
// concurrent use.
type Issuer struct {
	key string
	now func() time.Time
}

// NewIssuer returns an Issuer; key is secret, ≥ 16 bytes.
func NewIssuer(key []byte, now func() time.Time) *Issuer {
	return &Issuer{key: string(key), now: now}
}

// Names of the signed parameters within a salt.
const (
	paramPlace   = "conference"
	paramExpires = "expires"
	paramMax     = "max"
)

// Issue returns a new challenge for a conference; maxNumber ≥ 1 is how hard it is.
func (i *Issuer) Issue(conference string, maxNumber int64) (Challenge, error) {
	expires := i.now().Add(Valid)
	made, err := altcha.CreateChallenge(altcha.ChallengeOptions{
		Algorithm: altcha.SHA256, MaxNumber: maxNumber, SaltLength: 16, HMACKey: i.key, Expires: &expires,
		Params: url.Values{paramPlace: {conference}, paramMax: {strconv.FormatInt(maxNumber, 10)}},
	})
	if err != nil {
		return Challenge{}, fmt.Errorf("make a challenge: %w", err)
	}
	return Challenge(made), nil
}

// Check returns what a proof (base64 of ALTCHA's JSON) shows for a conference.
// Errors: ErrMalformed, ErrForged, ErrExpired.
func (i *Issuer) Check(conference, proof string) (Solved, error) {
	if len(proof) > MaxProofBytes {
		return Solved{}, ErrMalformed
	}
	raw, err := base64.StdEncoding.DecodeString(proof)
	if err != nil {
		return Solved{}, ErrMalformed
	}
	var payload altcha.Payload
	if err := json.Unmarshal(raw, &payload); err != nil {
		return Solved{}, ErrMalformed
	}
	// The final & keeps digits of the number from being read as part of a parameter.
	if payload.Algorithm != string(altcha.SHA256) || payload.Number < 0 || !strings.HasSuffix(payload.Salt, "&") {
		return Solved{}, ErrForged
	}
	// The library would look at the wall clock: when it ends is checked below.
	valid, err := altcha.VerifySolutionSafe(payload, i.key, false)
	if err != nil || !valid {
		return Solved{}, ErrForged
	}
	solved, place, err := read(&payload)
	switch {
	case err != nil:
		return Solved{}, err
	case place != conference:
		return Solved{}, ErrForged
	case !i.now().Before(solved.Expires):
		return Solved{}, ErrExpired
	}
	return solved, nil
}

// read returns the parameters of a salt that was signed here.
func read(payload *altcha.Payload) (Solved, string, error) {
	params := altcha.ExtractParams(*payload)
	expires, err := strconv.ParseInt(params.Get(paramExpires), 10, 64)
	if err != nil {
		return Solved{}, "", ErrForged
	}
	hardness, err := strconv.ParseInt(params.Get(paramMax), 10, 64)
	if err != nil {
		return Solved{}, "", ErrForged
	}
	solved := Solved{ID: payload.Challenge, MaxNumber: hardness, Expires: time.Unix(expires, 0)}
	return solved, params.Get(paramPlace), nil
}
