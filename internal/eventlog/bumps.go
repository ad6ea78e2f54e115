package eventlog

import (
	"bytes"
	"fmt"

	"github.com/diemcau/diemcau/internal/conference"
)

// bumpsKey begins the bumps in an event's canonical form. It cannot stand inside a text
// before them, where a quote is escaped, and no object before them has such a key.
const bumpsKey = `,"bumps":[`

// Bumps returns the entities an event in canonical form bumps, without decoding the rest.
func Bumps(canonical []byte) ([]conference.Entity, error) {
	_, rest, found := bytes.Cut(canonical, []byte(bumpsKey))
	if !found {
		return slowBumps(canonical)
	}
	var bumps []conference.Entity
	for len(rest) > 1 && rest[0] == '"' {
		end := bytes.IndexByte(rest[1:], '"')
		if end < 0 || bytes.IndexByte(rest[1:1+end], '\\') >= 0 {
			return slowBumps(canonical)
		}
		bumps = append(bumps, conference.Entity(rest[1:1+end]))
		if rest = rest[end+2:]; len(rest) > 0 && rest[0] == ',' {
			rest = rest[1:]
		}
	}
	if len(rest) == 0 || rest[0] != ']' {
		return slowBumps(canonical)
	}
	return bumps, nil
}

func slowBumps(canonical []byte) ([]conference.Entity, error) {
	form, err := parse(canonical)
	if err != nil {
		return nil, fmt.Errorf("read what an event bumps: %w", err)
	}
	return form.Bumps, nil
}
