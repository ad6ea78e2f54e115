package sqlitelog

import (
	"errors"
	"os"
	"syscall"
)

// lockFolder takes an flock on a file beside the data. The kernel drops it when the
// process ends however it ends, so there is never a stale lock to remove by hand.
// SQLite's own locks would only make a second process wait, commit by commit.
func lockFolder(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own data folder
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
