package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
)

// startWithin is how long a command waits for the log to be read.
const startWithin = time.Minute

type conferenceCmd struct {
	Create createCmd `cmd:"" help:"Create a conference from a JSON file (docs/operations.md)."`
	Open   openCmd   `cmd:"" help:"Open a conference: questions are taken from now on."`
	Close  closeCmd  `cmd:"" help:"Close a conference: no question is taken any more."`
}

type createCmd struct {
	place

	File string `help:"The conference in JSON; - for standard input." required:"" type:"path" placeholder:"F"`
}

type openCmd struct {
	place

	ID string `arg:"" help:"The conference's id." name:"id"`
}

type closeCmd struct {
	place

	ID string `arg:"" help:"The conference's id." name:"id"`
}

// Run creates the conference through the running server, or in the log itself.
func (c *createCmd) Run(ctx context.Context, to streams) error {
	info, err := readInfo(c.File)
	if err != nil {
		return err
	}
	err = c.with(ctx,
		func(ctx context.Context, api *client) error {
			return api.call(ctx, http.MethodPost, "/api/v1/conferences", info, nil)
		},
		func(ctx context.Context, node *live.Node) error { return node.Create(ctx, operator(), info) })
	if err != nil {
		return fmt.Errorf("create conference %s: %w", info.ID, err)
	}
	_, err = fmt.Fprintf(to.out, "created %s\n", info.ID)
	return err
}

// Run opens the conference.
func (c *openCmd) Run(ctx context.Context, to streams) error {
	return c.change(ctx, to, c.ID, "open", conference.Open{})
}

// Run closes the conference.
func (c *closeCmd) Run(ctx context.Context, to streams) error {
	return c.change(ctx, to, c.ID, "close", conference.Close{})
}

func (p *place) change(ctx context.Context, to streams, id, verb string, body conference.Body) error {
	if !conference.ValidID(id) {
		return usage("%q is no conference id: 1–64 characters of a–z, 0–9 and '-'", id)
	}
	var state conference.State
	err := p.with(ctx,
		func(ctx context.Context, api *client) error {
			var answer struct {
				State conference.State `json:"state"`
			}
			err := api.call(ctx, http.MethodPost, "/api/v1/conferences/"+id+"/"+verb, struct{}{}, &answer)
			state = answer.State
			return err
		},
		func(ctx context.Context, node *live.Node) error {
			running, err := node.Conference(conference.ID(id))
			if err != nil {
				return err
			}
			if _, err := running.Do(ctx, conference.Command{ID: access.NewID(), Actor: operator(), Body: body}); err != nil {
				return err
			}
			state = running.Snapshot().Info.State
			return nil
		})
	if err != nil {
		return fmt.Errorf("%s conference %s: %w", verb, id, err)
	}
	_, err = fmt.Fprintf(to.out, "%s is %s\n", id, state)
	return err
}

// operator is who works on the log without a server: whoever may read its key.
func operator() conference.Actor {
	return conference.Actor{Role: conference.RoleAdmin, Person: "diemcau"}
}

func readInfo(path string) (conference.Info, error) {
	in := os.Stdin
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the file the operator named
		if err != nil {
			return conference.Info{}, usage("read the conference: %v", err)
		}
		defer func() { _ = file.Close() }() // only read
		in = file
	}
	decoder := json.NewDecoder(in)
	decoder.DisallowUnknownFields()
	var info conference.Info
	if err := decoder.Decode(&info); err != nil {
		return info, usage("read the conference from %s: %v", path, err)
	}
	if err := info.Validate(); err != nil {
		return info, usage("read the conference from %s: %v", path, err)
	}
	return info, nil
}

// with carries something out through the server that holds the data folder, or, when
// there is none, on the log itself.
func (p *place) with(ctx context.Context, byServer func(context.Context, *client) error, byLog func(context.Context, *live.Node) error) error {
	keys, err := p.keys(true)
	if err != nil {
		return err
	}
	logger := slog.New(slog.DiscardHandler)
	store, err := p.store(ctx, logger)
	if errors.Is(err, sqlitelog.ErrLocked) {
		now, findErr := p.server()
		if findErr != nil {
			return findErr
		}
		return byServer(ctx, newClient(now.URL, keys))
	}
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // everything acknowledged is durable
	node := live.New(live.Config{Store: store, Secret: keys, Logger: logger, Now: time.Now})
	return onNode(ctx, node, byLog)
}

// onNode runs a node for as long as one thing takes.
func onNode(ctx context.Context, node *live.Node, what func(context.Context, *live.Node) error) error {
	group, running := errgroup.WithContext(ctx)
	running, stop := context.WithCancel(running)
	group.Go(func() error { return node.Run(running) }) // ends with stop
	group.Go(func() error {
		defer stop()
		within, cancel := context.WithTimeout(running, startWithin)
		defer cancel()
		if err := ready(within, node); err != nil {
			return err
		}
		return what(within, node)
	})
	return group.Wait()
}

// ready waits until the node has read the logs.
func ready(ctx context.Context, node *live.Node) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := node.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("read the log: %w", err)
		case <-tick.C:
		}
	}
}
