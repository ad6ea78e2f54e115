package live

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/diemcau/diemcau/internal/conference"
)

// ErasureFile is Erasures in a file: a line of JSON for each. It holds ids that mean nothing
// to anybody without the conference's key. It must not be part of a backup of the log.
type ErasureFile struct {
	path   string
	fileMu sync.Mutex // guards the file
}

// NewErasureFile returns the file at a path; it is made when there is something to note.
func NewErasureFile(path string) *ErasureFile { return &ErasureFile{path: path} }

type erasedLine struct {
	Conference   conference.ID             `json:"conference"`
	Registration conference.RegistrationID `json:"registration"`
}

// Note adds registrations. It returns once they are on disk.
func (f *ErasureFile) Note(id conference.ID, erased []conference.RegistrationID) error {
	if len(erased) == 0 {
		return nil
	}
	f.fileMu.Lock()
	defer f.fileMu.Unlock()
	const ownerOnly = 0o600
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, ownerOnly)
	if err != nil {
		return fmt.Errorf("note erasures: %w", err)
	}
	_, err = file.WriteString("\n") // ends a line that a crash has torn
	encoder := json.NewEncoder(file)
	for _, registration := range erased {
		err = errors.Join(err, encoder.Encode(erasedLine{id, registration}))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("note erasures: %w", err)
	}
	return nil
}

// Noted returns all there are of a conference. A line torn by a crash was never told as done.
func (f *ErasureFile) Noted(id conference.ID) ([]conference.RegistrationID, error) {
	f.fileMu.Lock()
	defer f.fileMu.Unlock()
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	var ids []conference.RegistrationID
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var line erasedLine
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Conference == id {
			ids = append(ids, line.Registration)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read erasures: %w", err)
	}
	return ids, nil
}
