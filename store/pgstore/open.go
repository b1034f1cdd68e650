package pgstore

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/quarry-go/quarry/internal/remote"
	"github.com/quarry-go/quarry/store"
)

// A Conn runs statements: a *pgxpool.Pool, or a pgx.Tx, where all that a store
// does becomes part of the caller's transaction.
type Conn interface {
	// Begin starts a transaction, or a savepoint inside one.
	Begin(ctx context.Context) (pgx.Tx, error)
	// Query runs a statement; its rows must be closed before the next.
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	// SendBatch runs statements that go to the server in one message.
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Open returns a store in the tables that o names, which it makes unless they are
// there. Closing the store leaves conn open.
//
// Over a pgx.Tx calls take turns, an error costs a savepoint and not the
// transaction, and what is written is as durable and as visible as the caller's
// commit makes it. A context that ends in the middle of a call ends the
// transaction, since pgx closes its connection.
//
// Errors wrap [store.ErrInvalid] for options or tables that are not right and say
// in what, [store.ErrSpace] where the tables hold vectors of another space,
// [store.ErrUnauthorized], and [store.ErrUnavailable].
func Open(ctx context.Context, conn Conn, o *Options) (store.DB, error) {
	db, err := open(ctx, conn, o, nil)
	if err != nil {
		return nil, fmt.Errorf("pgstore: open: %w", err)
	}
	return db, nil
}

// Connect is Open over a pool of its own, which is closed with the store. url is
// what pgx reads: a URL, postgres://user@host/database, or words, host=localhost.
// No error shows the password that may be in it.
func Connect(ctx context.Context, url string, o *Options) (store.DB, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil { // pgx takes passwords out of its errors
		return nil, fmt.Errorf("pgstore: connect: %w: %w", store.ErrInvalid, err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("pgstore: connect: %w", typed(err))
	}
	db, err := open(ctx, pool, o, pool.Close)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("pgstore: connect: %w", err)
	}
	return db, nil
}

func open(ctx context.Context, conn Conn, o *Options, close func()) (store.DB, error) {
	d := &driver{conn: conn, o: &Options{}, close: close}
	if o != nil {
		given := *o
		given.Schema.Fields = slices.Clone(o.Schema.Fields)
		d.o = &given
	}
	if err := d.o.check(); err != nil {
		return nil, err
	}
	var err error
	if d.n, err = d.o.names(); err != nil {
		return nil, err
	}
	if _, pooled := conn.(*pgxpool.Pool); !pooled {
		d.turn = &sync.Mutex{}
	}
	space, dim, err := d.ensure(ctx)
	if err != nil {
		return nil, err
	}
	return remote.NewTransactional(d, &remote.Options{Name: "pgstore", Space: space, Dim: dim}), nil
}

// A driver implements remote.Driver and remote.Transactor.
type driver struct {
	conn  Conn
	o     *Options
	n     names
	turn  *sync.Mutex // of a conn that one call at a time may use, otherwise nil
	close func()      // of a pool of our own, otherwise nil
}

// Close implements remote.Driver.
func (d *driver) Close() error {
	if d.close != nil {
		d.close()
	}
	return nil
}

// transaction runs f in a transaction, a savepoint if conn is one already.
func (d *driver) transaction(ctx context.Context, f func(pgx.Tx) error) error {
	if d.turn != nil {
		d.turn.Lock()
		defer d.turn.Unlock()
	}
	return typed(pgx.BeginFunc(ctx, d.conn, f))
}

// A setting holds for the statement that it goes with.
type setting struct{ name, value string }

// read runs a statement that only reads and gives its rows to each, which closes
// them. Settings, among them the namespace where the server checks that, go with
// it in one message, which the server takes as one transaction.
func (d *driver) read(ctx context.Context, ns string, each func(pgx.Rows) error, sql string, args []any, settings ...setting) error {
	if d.o.RowSecurity && ns != "" {
		settings = append(settings, setting{"quarry.namespace", ns})
	}
	if d.turn == nil {
		return typed(send(ctx, d.conn, each, sql, args, settings))
	}
	// In the caller's transaction, which an error would end but for a savepoint.
	return d.transaction(ctx, func(tx pgx.Tx) error { return send(ctx, tx, each, sql, args, settings) })
}

func send(ctx context.Context, c Conn, each func(pgx.Rows) error, sql string, args []any, settings []setting) (err error) {
	if len(settings) == 0 {
		rows, err := c.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		return each(rows)
	}
	var b pgx.Batch
	for _, s := range settings {
		b.Queue("SELECT set_config($1, $2, true)", s.name, s.value)
	}
	b.Queue(sql, args...)
	results := c.SendBatch(ctx, &b)
	defer func() {
		if closing := results.Close(); err == nil {
			err = closing
		}
	}()
	for range settings {
		if _, err := results.Exec(); err != nil {
			return err
		}
	}
	rows, err := results.Query()
	if err != nil {
		return err
	}
	return each(rows)
}

// into returns a function that collects rows in list.
func into[T any](list *[]T, row pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, row)
		return err
	}
}

// enter tells the server which namespace a transaction is about.
func (d *driver) enter(ctx context.Context, tx pgx.Tx, ns string) error {
	if !d.o.RowSecurity {
		return nil
	}
	_, err := tx.Exec(ctx, "SELECT set_config('quarry.namespace', $1, true)", ns)
	return err
}
