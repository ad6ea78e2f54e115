package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/secret"
)

// maxReplicas is more than any Redis has that is waited for.
const maxReplicas = 16

// place is where an installation keeps its things; every command that touches them has it.
type place struct {
	Data       string `help:"Folder of the embedded log, the key, certificates." default:"./data" type:"path" placeholder:"DIR"`
	Redis      string `help:"redis://[user:password@]host:port/db of the log, or redis+sentinel://host:port/MASTER?addr=host:port; without it SQLite in --data is used." placeholder:"URL"`
	Replicas   int    `name:"redis-replicas" help:"How many replicas of Redis must have an event before it is acknowledged (0–16)." default:"0" placeholder:"N"`
	SecretFile string `help:"File of the installation's key, mode 0600; made at the first start. Default: DATA/secret." type:"path" placeholder:"FILE"`
}

func (p *place) secretPath() string {
	if p.SecretFile != "" {
		return p.SecretFile
	}
	return filepath.Join(p.Data, "secret")
}

// keys reads the installation's key, or makes it when create is true.
func (p *place) keys(create bool) (*secret.Keys, error) {
	if create {
		for _, dir := range []string{p.Data, filepath.Dir(p.secretPath())} {
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return nil, fmt.Errorf("make data folder: %w", err)
			}
		}
	}
	keys, err := secret.Open(p.secretPath(), create)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key at %s: start the server once, or name its folder with --data", p.secretPath())
	}
	return keys, err
}

// store opens the log: SQLite in the data folder, which it locks, or Redis.
func (p *place) store(ctx context.Context, logger *slog.Logger) (eventlog.Store, error) {
	if p.Redis != "" {
		store, err := redislog.Open(ctx, p.redisAddress(), logger)
		if err != nil {
			return nil, fmt.Errorf("open the log in redis: %w", err)
		}
		return store, nil
	}
	store, err := sqlitelog.Open(ctx, p.Data, logger)
	if err != nil {
		return nil, err
	}
	return store, nil
}

// redisAddress is --redis with --redis-replicas in it. checkRedis has parsed it.
func (p *place) redisAddress() string {
	at, err := url.Parse(p.Redis)
	if err != nil || p.Replicas == 0 {
		return p.Redis
	}
	query := at.Query()
	query.Set("replicas", strconv.Itoa(p.Replicas))
	at.RawQuery = query.Encode()
	return at.String()
}

func redisSchemes() []string {
	return []string{"redis", "rediss", "redis+sentinel", "rediss+sentinel", "unix"}
}

// checkRedis refuses flags that do not go together.
func (p *place) checkRedis() error {
	switch at, err := url.Parse(p.Redis); {
	case p.Replicas < 0 || p.Replicas > maxReplicas:
		return usage("--redis-replicas=%d: a number from 0 to %d", p.Replicas, maxReplicas)
	case p.Redis == "" && p.Replicas > 0:
		return usage("--redis-replicas needs --redis: SQLite has no replicas")
	case p.Redis == "":
		return nil
	case err != nil || !slices.Contains(redisSchemes(), at.Scheme):
		return usage("--redis: begins with %s://", strings.Join(redisSchemes(), "://, "))
	}
	return nil
}

// running tells other commands about the server that uses a data folder.
type running struct {
	PID     int       `json:"pid"`
	URL     string    `json:"url"` // plain http on this machine
	Since   time.Time `json:"since"`
	Demo    bool      `json:"demo,omitempty"`
	Version string    `json:"version"`
}

func (p *place) runningPath() string { return filepath.Join(p.Data, "server.json") }

// tell writes the file, whole or not at all.
func (p *place) tell(now running) error {
	raw, err := json.Marshal(now)
	if err != nil {
		return fmt.Errorf("tell where the server is: %w", err)
	}
	draft := p.runningPath() + ".new"
	if err := os.WriteFile(draft, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("tell where the server is: %w", err)
	}
	if err := os.Rename(draft, p.runningPath()); err != nil {
		return fmt.Errorf("tell where the server is: %w", err)
	}
	return nil
}

// untell removes the file if it is still this process's own.
func (p *place) untell() error {
	if now, err := p.server(); err != nil || now.PID != os.Getpid() {
		return nil //nolint:nilerr // no file is what was wanted
	}
	if err := os.Remove(p.runningPath()); err != nil {
		return fmt.Errorf("remove the note of where the server was: %w", err)
	}
	return nil
}

// server reads which server uses the data folder; it may have died since.
func (p *place) server() (running, error) {
	raw, err := os.ReadFile(p.runningPath())
	if err != nil {
		return running{}, fmt.Errorf("find the server of %s: %w", p.Data, err)
	}
	var now running
	if err := json.Unmarshal(raw, &now); err != nil {
		return running{}, fmt.Errorf("read %s: %w", p.runningPath(), err)
	}
	return now, nil
}
