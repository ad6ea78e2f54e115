package sfu

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs gives pion's messages to slog as debug: they are about single peers, may name
// addresses, and are read by nobody in operation.
type pionLogs struct{ logger *slog.Logger }

// NewLogger returns the logger of one of pion's parts.
func (l pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{l.logger.With(slog.String("part", "pion/"+scope))}
}

type pionLogger struct{ logger *slog.Logger }

func (l pionLogger) log(text string) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.logger.Debug("stack", slog.String("err", text))
	}
}

func (l pionLogger) logf(format string, args ...any) {
	if l.logger.Enabled(context.Background(), slog.LevelDebug) {
		l.logger.Debug("stack", slog.String("err", fmt.Sprintf(format, args...)))
	}
}

func (l pionLogger) Trace(string)                 {}
func (l pionLogger) Tracef(string, ...any)        {}
func (l pionLogger) Debug(string)                 {}
func (l pionLogger) Debugf(string, ...any)        {}
func (l pionLogger) Info(text string)             { l.log(text) }
func (l pionLogger) Infof(f string, args ...any)  { l.logf(f, args...) }
func (l pionLogger) Warn(text string)             { l.log(text) }
func (l pionLogger) Warnf(f string, args ...any)  { l.logf(f, args...) }
func (l pionLogger) Error(text string)            { l.log(text) }
func (l pionLogger) Errorf(f string, args ...any) { l.logf(f, args...) }
