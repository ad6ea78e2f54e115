package livestream_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/record"
)

// notes is the log as far as recordings are concerned.
type notes struct {
	mu   sync.Mutex // guards away, said
	away bool
	said record.Recording
}

var errAway = errors.New("the log is away")

func (n *notes) Recording() record.Recording {
	n.mu.Lock()
	defer n.mu.Unlock()
	return record.Recording{Seals: append([]record.Seal(nil), n.said.Seals...), RemovedAt: n.said.RemovedAt}
}

func (n *notes) SealRecording(_ context.Context, seal record.Seal) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return errAway
	}
	n.said.Seals = append(n.said.Seals, seal)
	return nil
}

func (n *notes) RemoveRecording(context.Context, record.Removed) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said.RemovedAt = time.Now()
	return nil
}

func (n *notes) be(away bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away = away
}

func (n *notes) option(cfg *livestream.Config) {
	cfg.Seals = func(conference.ID) livestream.Seals { return n }
}

// What was kept is noted every minute and at the close, over a restart and while the log was
// away; whatever is changed in the folder afterwards is found.
func TestP6_WhatWasKeptIsNotedInTheLog(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), &notes{}
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, log.option)
		s.wait(70 * time.Second)
		if n := len(log.Recording().Seals); n != 1 {
			t.Errorf("got %d seals after 70 s, want one", n)
		}
		log.be(true)
		s.wait(time.Minute)
		if n := len(log.Recording().Seals); n != 1 || !strings.Contains(s.logs.String(), "could not be noted") {
			t.Errorf("got %d seals while the log was away, logs:\n%s", n, s.logs.String())
		}
		log.be(false)
		s.wait(10 * time.Second) // and killed in the middle of a minute
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, log.option)
		s.wait(20 * time.Second)
		s.become(conference.StateClosed)
		s.wait(time.Second)
	})
	folder := filepath.Join(dir, string(id))
	seals := log.Recording().Seals
	done, err := livestream.CheckSeals(folder, "", seals)
	if err != nil || done.Unsealed != 0 || done.Groups < 60 || len(seals) != 2 {
		t.Fatalf("got %+v with %d seals, %v", done, len(seals), err)
	}
	if of, err := livestream.MakeSeal(folder, seals[1].From, seals[1].To); err != nil || of != seals[1] {
		t.Errorf("got %+v, %v, want %+v", of, err, seals[1])
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for i, name := range files {
		if i%17 != 0 && !strings.HasSuffix(name, ".mp4") {
			continue
		}
		changed++
		was, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for what, change := range map[string]func() error{
			"one bit": func() error {
				other := append([]byte(nil), was...)
				other[len(other)/2] ^= 1
				return os.WriteFile(name, other, 0o600)
			},
			"removed": func() error { return os.Remove(name) },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if _, err := livestream.CheckSeals(folder, "", seals); !errors.Is(err, record.ErrChanged) {
				t.Errorf("%s, %s: got %v", filepath.Base(name), what, err)
			}
			if err := os.WriteFile(name, was, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if changed < 10 {
		t.Errorf("only %d files were changed", changed)
	}
	if _, err := livestream.CheckSeals(folder, "", seals[1:]); !errors.Is(err, record.ErrChanged) {
		t.Errorf("segments that were never noted, before others: got %v", err)
	}
	if done, err := livestream.CheckSeals(folder, "", seals[:1]); err != nil || done.Unsealed == 0 {
		t.Errorf("segments behind the last seal: got %+v, %v", done, err)
	}
}

// A recording that was closed when the server was down is noted at the next start; one that
// is removed is noted as removed.
func TestSeals_closedMeanwhile(t *testing.T) {
	t.Parallel()
	dir, log := t.TempDir(), &notes{}
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir)
		s.wait(20 * time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		s := newStudio(t, dir, log.option, func(cfg *livestream.Config) { cfg.Keep = 24 * time.Hour })
		s.become(conference.StateClosed)
		s.wait(time.Second)
		if done, err := livestream.CheckSeals(filepath.Join(dir, string(id)), "", log.Recording().Seals); err != nil || done.Groups < 8 || done.Unsealed > 0 {
			t.Errorf("got %+v, %v", done, err)
		}
		old := time.Now().Add(-25 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, string(id)), old, old); err != nil {
			t.Fatal(err)
		}
		s.wait(2 * time.Hour)
		info := s.now()
		if log.Recording().RemovedAt.IsZero() || s.station.Recording(&info) != nil {
			t.Error("a recording was removed and nobody says so")
		}
	})
}
