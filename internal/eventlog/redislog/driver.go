package redislog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// sayAgain is how often the driver's word on one matter is passed on: a server that has
// gone makes it say the same hundreds of times a second.
const sayAgain = 10 * time.Second

// routeDriver has what go-redis would print to standard error logged instead. The driver
// has one logger a process: the last that was given.
func routeDriver(logger *slog.Logger) {
	redis.SetLogger(&driverLog{logger: logger, now: time.Now, told: make(map[string]*matter)})
}

// driverLog takes go-redis's lines. Of a line's arguments only network errors are passed
// on: others may hold what was sent or received.
type driverLog struct {
	logger *slog.Logger
	now    func() time.Time

	toldMu sync.Mutex // guards told
	told   map[string]*matter
}

// matter is one kind of line.
type matter struct {
	last    time.Time
	unsaid  int
	network error // the last one among the arguments
}

// Printf logs a line of its kind at most every sayAgain, with the number of those in
// between; safe for concurrent use.
func (d *driverLog) Printf(ctx context.Context, format string, arguments ...any) {
	m, due := d.note(format, arguments)
	if !due {
		return
	}
	attributes := []slog.Attr{slog.String("code", strings.TrimSpace(format)), slog.Int("unsaid", m.unsaid)}
	if m.network != nil {
		attributes = append(attributes, slog.Any("err", m.network))
	}
	d.logger.LogAttrs(ctx, slog.LevelWarn, "redis client", attributes...)
}

// note counts a line and reports whether it is to be said now.
func (d *driverLog) note(format string, arguments []any) (matter, bool) {
	d.toldMu.Lock()
	defer d.toldMu.Unlock()
	m, found := d.told[format]
	if !found {
		m = &matter{}
		d.told[format] = m
	}
	for _, argument := range arguments {
		var network *net.OpError
		if err, is := argument.(error); is && errors.As(err, &network) {
			m.network = network
		}
	}
	if now := d.now(); !found || now.Sub(m.last) >= sayAgain {
		said := *m
		m.last, m.unsaid, m.network = now, 0, nil
		return said, true
	}
	m.unsaid++
	return matter{}, false
}
