package badger

import (
	"errors"
	"log/slog"
	"strings"
)

// A logger hands Badger's complaints to slog, and to the store: Badger tells
// nobody else that a flush, a compaction or a sync in the background failed.
// Of the arguments only errors are kept: others may be keys.
type logger struct {
	log  *slog.Logger
	fail func(error)
}

var errBackground = errors.New("background work failed")

// Errorf implements Badger's Logger.
func (l *logger) Errorf(format string, args ...any) { l.complain(format, args) }

// Warningf implements Badger's Logger. Warnings with no error in them are
// advice on cache sizes.
func (l *logger) Warningf(format string, args ...any) {
	if firstError(args) != nil {
		l.complain(format, args)
	}
}

// Infof implements Badger's Logger.
func (l *logger) Infof(string, ...any) {}

// Debugf implements Badger's Logger.
func (l *logger) Debugf(string, ...any) {}

func (l *logger) complain(format string, args []any) {
	err := firstError(args)
	if err == nil {
		err = errBackground
	}
	l.fail(err)
	if l.log != nil {
		l.log.Warn("badger", "event", strings.TrimSpace(format), "error", err)
	}
}

func firstError(args []any) error {
	for _, a := range args {
		if err, ok := a.(error); ok {
			return err
		}
	}
	return nil
}
