package sqlitelog

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// insertRows is how many rows one statement adds. More gain nothing that can be measured.
const insertRows = 8

// inserter adds rows to one table: insertRows at a time, then the rest one by one. It is
// used by whoever leads (writer), inside Raw of the writer's connection, and speaks to the
// driver itself: database/sql's locks and conversions cost a third of a short INSERT.
type inserter struct {
	columns   int
	one, many driver.StmtExecContext
	arguments []driver.NamedValue // of many
	used      int                 // of arguments
}

// inserters are those of a connection.
type inserters struct{ event, sealed inserter }

func prepareInserters(ctx context.Context, conn *sql.Conn) (*inserters, error) {
	var all inserters
	err := conn.Raw(func(raw any) (err error) {
		preparer, able := raw.(driver.ConnPrepareContext)
		if !able {
			return errors.New("the driver prepares no statements")
		}
		all.event, err = newInserter(ctx, preparer, `event (conference, pos, at, id, cause, canonical, digest, hash)`, 8)
		if err == nil {
			all.sealed, err = newInserter(ctx, preparer, `sealed (conference, event, field, ciphertext)`, 4)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, all.close())
	}
	return &all, nil
}

func newInserter(ctx context.Context, conn driver.ConnPrepareContext, table string, columns int) (inserter, error) {
	i := inserter{columns: columns, arguments: make([]driver.NamedValue, columns*insertRows)}
	for n := range i.arguments {
		i.arguments[n].Ordinal = n + 1
	}
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	var err error
	if i.one, err = prepareExec(ctx, conn, "INSERT INTO "+table+" VALUES "+row); err != nil {
		return i, err
	}
	i.many, err = prepareExec(ctx, conn, "INSERT INTO "+table+" VALUES "+row+strings.Repeat(", "+row, insertRows-1))
	return i, err
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
func (all *inserters) insert(ctx context.Context, p *plan) error {
	all.event.used, all.sealed.used = 0, 0 // of a transaction that failed
	id := string(p.state.id)
	for i := range p.rows {
		row := &p.rows[i]
		draft := row.draft
		if err := all.event.add(ctx, id, int64(row.pos), p.at, draft.ID, row.cause, draft.Canonical, row.digest, row.hash); err != nil {
			return err
		}
		for field, ciphertext := range draft.Sealed {
			if ciphertext == nil {
				ciphertext = []byte{} // nil would be NULL
			}
			if err := all.sealed.add(ctx, id, draft.ID, field, ciphertext); err != nil {
				return err
			}
		}
	}
	return errors.Join(all.event.flush(ctx), all.sealed.flush(ctx))
}

// add adds a row, now or with those to come.
func (i *inserter) add(ctx context.Context, values ...driver.Value) error {
	for _, value := range values {
		i.arguments[i.used].Value = value
		i.used++
	}
	if i.used < len(i.arguments) {
		return nil
	}
	i.used = 0
	_, err := i.many.ExecContext(ctx, i.arguments)
	return err
}

// flush adds the rows that wait for others.
func (i *inserter) flush(ctx context.Context) error {
	one := make([]driver.NamedValue, i.columns)
	for at := 0; at < i.used; at += i.columns {
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

func (all *inserters) close() error {
	if all == nil {
		return nil
	}
	var errs []error
	for _, exec := range []driver.StmtExecContext{all.event.one, all.event.many, all.sealed.one, all.sealed.many} {
		if statement, prepared := exec.(driver.Stmt); prepared {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}
