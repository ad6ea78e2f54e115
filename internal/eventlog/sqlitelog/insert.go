package sqlitelog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// insertRows is how many rows one statement adds. More gain nothing that can be measured.
const insertRows = 8

// inserter adds events: insertRows at a time, then the rest one by one. It is used by
// whoever leads (writer), inside Raw of the writer's connection, and speaks to the driver
// itself: database/sql's locks and conversions cost a third of a short INSERT.
type inserter struct {
	one, many driver.StmtExecContext
	arguments []driver.NamedValue // of many
	used      int                 // of arguments
	buffers   [insertRows]struct{ digest, hash, sealed []byte }
}

// eventColumns are the columns of a row of event, in the order of the schema.
const eventColumns = 8

func newInserter(ctx context.Context, conn *sql.Conn) (*inserter, error) {
	i := &inserter{arguments: make([]driver.NamedValue, eventColumns*insertRows)}
	for n := range i.arguments {
		i.arguments[n].Ordinal = n + 1
	}
	err := conn.Raw(func(raw any) (err error) {
		preparer, able := raw.(driver.ConnPrepareContext)
		if !able {
			return errors.New("the driver prepares no statements")
		}
		const row = "(?, ?, ?, ?, ?, ?, ?, ?)"
		if i.one, err = prepareExec(ctx, preparer, "INSERT INTO event VALUES "+row); err != nil {
			return err
		}
		i.many, err = prepareExec(ctx, preparer, "INSERT INTO event VALUES "+row+strings.Repeat(", "+row, insertRows-1))
		return err
	})
	if err != nil {
		return nil, errors.Join(err, i.close())
	}
	return i, nil
}

func prepareExec(ctx context.Context, conn driver.ConnPrepareContext, text string) (driver.StmtExecContext, error) {
	statement, err := conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	exec, able := statement.(driver.StmtExecContext)
	if !able {
		return nil, errors.Join(fmt.Errorf("the driver cannot run %q", text), statement.Close())
	}
	return exec, nil
}

// insert adds what a plan adds.
func (i *inserter) insert(ctx context.Context, p *plan) error {
	i.used = 0 // of a transaction that failed
	for n := range p.rows {
		row := &p.rows[n]
		if err := i.add(ctx, p.state.key(row.pos), p.at, row); err != nil {
			return err
		}
	}
	return i.flush(ctx)
}

// add adds a row, now or with those to come.
func (i *inserter) add(ctx context.Context, key, at int64, r *row) error {
	b, draft := &i.buffers[i.used/eventColumns], r.draft
	var err error
	if b.digest, err = hex.AppendDecode(b.digest[:0], []byte(r.digest)); err != nil {
		return fmt.Errorf("digest of event %s: %w", draft.ID, err)
	}
	if b.hash, err = hex.AppendDecode(b.hash[:0], []byte(r.hash)); err != nil {
		return fmt.Errorf("hash of event %s: %w", draft.ID, err)
	}
	var sealed driver.Value // NULL
	if len(draft.Sealed) > 0 {
		b.sealed = appendSealed(b.sealed[:0], draft.Sealed)
		sealed = b.sealed
	}
	for _, value := range [eventColumns]driver.Value{key, at, draft.ID, r.cause, draft.Canonical, b.digest, b.hash, sealed} {
		i.arguments[i.used].Value = value
		i.used++
	}
	if i.used < len(i.arguments) {
		return nil
	}
	i.used = 0
	_, err = i.many.ExecContext(ctx, i.arguments)
	return err
}

// flush adds the rows that wait for others.
func (i *inserter) flush(ctx context.Context) error {
	one := make([]driver.NamedValue, eventColumns)
	for at := 0; at < i.used; at += eventColumns {
		for n := range one {
			one[n] = driver.NamedValue{Ordinal: n + 1, Value: i.arguments[at+n].Value}
		}
		if _, err := i.one.ExecContext(ctx, one); err != nil {
			return err
		}
	}
	i.used = 0
	return nil
}

func (i *inserter) close() error {
	if i == nil {
		return nil
	}
	var errs []error
	for _, exec := range []driver.StmtExecContext{i.one, i.many} {
		if statement, prepared := exec.(driver.Stmt); prepared {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}
