package sqlitelog

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// SetNow exchanges the clock. Call it before anything is appended.
func SetNow(s *Store, now func() time.Time) {
	s.writer.now = now
	s.ephemeral.now = now
}

// LimitPages lets the event file grow to n pages of 4 KiB, as a disk of that size would.
func LimitPages(ctx context.Context, s *Store, n int) error {
	return s.writer.between(ctx, func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n))
		return err
	})
}

// Hold leads until release is closed, so that all others queue; it says when it does.
func Hold(ctx context.Context, s *Store, holding chan<- struct{}, release <-chan struct{}) error {
	return s.writer.between(ctx, func(context.Context, *sql.Conn) error {
		close(holding)
		<-release
		return nil
	})
}

// Queued returns how many calls wait for the leader.
func Queued(s *Store) int {
	s.writer.queueMu.Lock()
	defer s.writer.queueMu.Unlock()
	return len(s.writer.queue)
}
