package eventlog

import (
	"errors"
	"fmt"
	"slices"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of Ephemeral.
const (
	MaxKeyBytes   = 200
	MaxValueBytes = 64 << 10
	MaxLag        = 256 // messages a subscriber may lag before it loses the oldest
)

// MaxRead is the most records one Read returns, whatever its limit says.
const MaxRead = 4096

// ErrMalformed says that the caller broke a rule of the port (empty id, bad conference
// id, key too long); nothing was written. It is a programming error, not the user's.
var ErrMalformed = errors.New("malformed call")

// CheckBatch tells whether an adapter may take the batch: limits (ErrTooLarge) and form
// (ErrMalformed; ids of drafts and names of sealed fields are 1–64 characters of A–Z,
// a–z, 0–9, '_' and '-'). Every adapter calls it before it writes anything.
func CheckBatch(commands []Command) error {
	drafts, size := 0, 0
	for i := range commands {
		command := &commands[i]
		if command.ID == "" {
			return fmt.Errorf("%w: command %d has no id", ErrMalformed, i)
		}
		for _, check := range command.Checks {
			if check.Entity == "" {
				return fmt.Errorf("%w: command %s checks no entity", ErrMalformed, command.ID)
			}
			size += len(check.Entity)
		}
		drafts += len(command.Drafts)
		for j := range command.Drafts {
			n, err := checkDraft(command.ID, &command.Drafts[j])
			if err != nil {
				return err
			}
			size += n
		}
	}
	if drafts > MaxBatchDrafts || size > MaxBatchBytes {
		return fmt.Errorf("%w: %d drafts of at most %d, %d bytes of at most %d",
			ErrTooLarge, drafts, MaxBatchDrafts, size, MaxBatchBytes)
	}
	return nil
}

// CheckNote tells whether an adapter may renew a log's epoch with the note. Errors: those
// of CheckBatch.
func CheckNote(epoch string, note Command) error {
	if epoch == "" || len(note.Drafts) == 0 {
		return fmt.Errorf("%w: a new epoch needs a name and a note", ErrMalformed)
	}
	return CheckBatch([]Command{note})
}

func checkDraft(command string, draft *Draft) (size int, err error) {
	if !isName(draft.ID) || len(draft.Canonical) == 0 {
		return 0, fmt.Errorf("%w: draft of command %s has a bad id or no content", ErrMalformed, command)
	}
	if slices.Contains(draft.Bumps, "") {
		return 0, fmt.Errorf("%w: draft %s bumps no entity", ErrMalformed, draft.ID)
	}
	for field := range draft.Sealed {
		if !isName(field) {
			return 0, fmt.Errorf("%w: draft %s seals field %q", ErrMalformed, draft.ID, field)
		}
	}
	return draft.Size(command), nil
}

// Size is what a draft of a command counts of a batch's MaxBatchBytes.
func (d *Draft) Size(command string) int {
	size := len(d.ID) + len(command) + len(d.Canonical)
	for _, entity := range d.Bumps {
		size += len(entity)
	}
	for field, ciphertext := range d.Sealed {
		size += len(field) + len(ciphertext)
	}
	return size
}

// isName tells whether text can be part of a key: 1–64 characters of A–Z, a–z, 0–9, '_'
// and '-'. Adapters join such names with other characters.
func isName(text string) bool {
	if len(text) == 0 || len(text) > 64 {
		return false
	}
	for _, r := range text {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}

// CheckConference tells whether id can name a log: 1–64 characters of a–z, 0–9 and '-'.
// Error: ErrMalformed.
func CheckConference(id conference.ID) error {
	if len(id) == 0 || len(id) > 64 {
		return fmt.Errorf("%w: conference id of %d characters", ErrMalformed, len(id))
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return fmt.Errorf("%w: conference id %q", ErrMalformed, id)
		}
	}
	return nil
}

// CheckEntry tells whether key and value fit Ephemeral. Error: ErrMalformed.
func CheckEntry(key string, value []byte) error {
	if key == "" || len(key) > MaxKeyBytes {
		return fmt.Errorf("%w: key of %d bytes", ErrMalformed, len(key))
	}
	if len(value) > MaxValueBytes {
		return fmt.Errorf("%w: value of %d bytes", ErrMalformed, len(value))
	}
	return nil
}
