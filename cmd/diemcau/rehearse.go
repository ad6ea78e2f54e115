package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/rehearse"
	"github.com/diemcau/diemcau/internal/server"
)

type rehearseCmd struct {
	URL        string        `arg:"" help:"The running server, such as http://127.0.0.1:8080."`
	Conference string        `help:"The conference's id; may be left out when only one is open." placeholder:"ID"`
	Venues     int           `help:"How many venues, City Hall included, publish, watch and listen; 0: none." default:"30" placeholder:"N"`
	Citizens   int           `help:"How many citizens watch and ask." default:"500" placeholder:"N"`
	For        time.Duration `help:"How long questions are asked; SIGINT ends it earlier. Checking comes on top." default:"60s" placeholder:"TIME"`
	Floor      bool          `help:"Give the floor to one hall after another; --no-floor leaves that to a person at the stage." default:"true" negatable:""`
	Data       string        `help:"The server's data folder on this machine: links for staff and venues are signed with its key." default:"./data" type:"path" placeholder:"DIR"`
	SecretFile string        `help:"File of the installation's key. Default: DATA/secret." type:"path" placeholder:"FILE"`
	Links      string        `help:"Instead of the key: a file of diemcau links --json with 5 moderators, 2 stages and the venues; several lists may follow each other." type:"path" placeholder:"FILE"`
	CA         string        `help:"Certificate (PEM) of the authority to trust besides the system's." name:"ca" type:"path" placeholder:"FILE"`
}

// errRehearsal is told by the table that has been printed.
var errRehearsal = errors.New("the rehearsal failed: see the table")

// Run plays the conference, prints the table, and fails when a promise was not kept.
func (r *rehearseCmd) Run(ctx context.Context, to streams) error {
	switch {
	case r.Venues < 0 || r.Venues > 200:
		return usage("--venues=%d: 0–200", r.Venues)
	case r.Citizens < 0 || r.Citizens > 20_000:
		return usage("--citizens=%d: 0–20000", r.Citizens)
	case r.For < time.Second || r.For > 24*time.Hour:
		return usage("--for=%s: 1s–24h", r.For)
	case r.Conference != "" && !conference.ValidID(r.Conference):
		return usage("--conference=%s: an id has 1–64 characters of a–z, 0–9 and '-'", r.Conference)
	}
	tokens, err := r.tokens()
	if err != nil {
		return err
	}
	trust, err := r.trust()
	if err != nil {
		return err
	}
	report, err := rehearse.Run(ctx, rehearse.Config{
		URL: r.URL, Conference: conference.ID(r.Conference), Venues: r.Venues, Citizens: r.Citizens, For: r.For,
		KeepFloor: !r.Floor, Tokens: tokens, TLS: trust, Out: to.err,
	})
	if wrong, ok := errors.AsType[*rehearse.UsageError](err); ok {
		return usage("%s", wrong.Text)
	}
	if err != nil {
		return err
	}
	if err := report.Write(to.out); err != nil {
		return err
	}
	if len(report.Failures) > 0 {
		return errRehearsal
	}
	return nil
}

func (r *rehearseCmd) tokens() (rehearse.Tokens, error) {
	if r.Links != "" {
		return tokensOf(r.Links)
	}
	at := place{Data: r.Data, SecretFile: r.SecretFile}
	keys, err := at.keys(false)
	if err != nil {
		return nil, err
	}
	signer := access.NewSigner(keys)
	return func(id conference.ID, role conference.Role, venue conference.VenueID) (string, error) {
		return signer.Sign(access.Grant{
			ID: access.NewID(), Conference: id, Role: role, Venue: venue, Person: "Diễn tập",
			Expires: time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second),
		}), nil
	}, nil
}

// tokensOf hands the links of a file out, each once.
func tokensOf(path string) (rehearse.Tokens, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the file the user named
	if err != nil {
		return nil, usage("--links: %v", err)
	}
	type key struct {
		role  conference.Role
		venue conference.VenueID
	}
	have := map[key][]string{}
	for decoder := json.NewDecoder(strings.NewReader(string(raw))); decoder.More(); {
		var links []server.LinkView
		if err := decoder.Decode(&links); err != nil {
			return nil, usage("--links=%s: no list of links: %v", path, err)
		}
		for _, link := range links {
			have[key{link.Role, link.Venue}] = append(have[key{link.Role, link.Venue}], link.Token)
		}
	}
	var haveMu sync.Mutex // guards have
	return func(_ conference.ID, role conference.Role, venue conference.VenueID) (string, error) {
		haveMu.Lock()
		defer haveMu.Unlock()
		left := have[key{role, venue}]
		if len(left) == 0 {
			return "", fmt.Errorf("%s has no link left for %s %s", path, role, venue)
		}
		have[key{role, venue}] = left[1:]
		return left[0], nil
	}, nil
}

func (r *rehearseCmd) trust() (*tls.Config, error) {
	if r.CA == "" {
		return nil, nil //nolint:nilnil // nil is the system's authorities
	}
	raw, err := os.ReadFile(r.CA)
	if err != nil {
		return nil, usage("--ca: %v", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(raw) {
		return nil, usage("--ca=%s: holds no certificate", r.CA)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
