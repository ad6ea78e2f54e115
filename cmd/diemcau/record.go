package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/livestream"
	evidence "github.com/diemcau/diemcau/internal/record"
)

type recordCmd struct {
	Copy   recordCopyCmd   `cmd:"" help:"Write a conference's record to standard output, to be kept or handed out."`
	Key    recordKeyCmd    `cmd:"" help:"Print the public key that records are signed with."`
	Verify recordVerifyCmd `cmd:"" help:"Check a copy of a record against the public key; needs no server."`
}

type recordCopyCmd struct {
	place

	ID   string `arg:"" help:"The conference's id." name:"id"`
	Full bool   `help:"With who did what, for an inspector. Words that citizens wrote are in no copy."`
}

type recordKeyCmd struct{ place }

type recordVerifyCmd struct {
	File  string `arg:"" help:"The copy; - for standard input." type:"path"`
	Key   string `help:"The public key: 64 hex characters, as published." required:"" placeholder:"HEX"`
	Older string `help:"A copy taken before: the record must begin with it." type:"path" placeholder:"FILE"`
	// Recording is checked against what the copy says of it.
	Recording string `help:"The folder of the conference's recording (DATA/live/ID): the segments must be those that were noted." type:"path" placeholder:"FOLDER"`
}

// Run writes a copy, through the running server or from the log itself.
func (r *recordCopyCmd) Run(ctx context.Context, to streams) error {
	if !conference.ValidID(r.ID) {
		return usage("%q is no conference id: 1–64 characters of a–z, 0–9 and '-'", r.ID)
	}
	err := r.with(ctx,
		func(ctx context.Context, api *client) error {
			path := "/api/v1/conferences/" + r.ID + "/record"
			if r.Full {
				path += "?full=1"
			}
			return api.download(ctx, path, to.out)
		},
		func(ctx context.Context, node *live.Node) error {
			running, err := node.Conference(conference.ID(r.ID))
			if err != nil {
				return err
			}
			w, err := evidence.NewWriter(to.out, running.ID(), r.Full)
			if err == nil {
				err = running.Record(ctx, 0, w.Write)
			}
			if err != nil {
				return err
			}
			return w.Close()
		})
	if err != nil {
		return fmt.Errorf("copy the record of %s: %w", r.ID, err)
	}
	return nil
}

// Run prints the key.
func (r *recordKeyCmd) Run(to streams) error {
	keys, err := r.keys(false)
	if err != nil {
		return err
	}
	public := evidence.NewSigner(keys.Derive(evidence.KeyPurpose, evidence.SeedBytes)).Public()
	_, err = fmt.Fprintln(to.out, hex.EncodeToString(public))
	return err
}

// Run checks a copy; exit code 1 when it was changed.
func (r *recordVerifyCmd) Run(to streams) (err error) {
	key, err := evidence.ParseKey(r.Key)
	if err != nil {
		return usage("--key: %v", err)
	}
	in, err := openCopy(r.File)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	var older io.Reader
	if r.Older != "" {
		file, err := openCopy(r.Older)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // only read
		older = file
	}
	report, err := evidence.Verify(in, key, older)
	if err != nil {
		return err
	}
	if r.Recording != "" {
		if err := checkRecording(to, r.Recording, report.Recording); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(to.out, "%s: %d events, unchanged since they were signed up to %d (%d checkpoints); %d not signed yet\nsha256 of all lines %s\n",
		report.Conference, report.Events, report.Covered, report.Checkpoints, report.Events-report.Covered, report.SHA256)
	return err
}

// checkRecording compares the segments in a folder with what a copy says of them.
func checkRecording(to streams, dir string, noted evidence.Recording) error {
	if !noted.RemovedAt.IsZero() {
		return fmt.Errorf("%w: the record says that the recording was removed on %s", evidence.ErrChanged, noted.RemovedAt.Format(time.DateOnly))
	}
	if len(noted.Seals) == 0 {
		return fmt.Errorf("%w: the record says nothing of a recording", evidence.ErrChanged)
	}
	times := map[conference.VenueID]int{"": 0}
	for _, seal := range noted.Seals {
		times[seal.Venue]++
	}
	for _, venue := range slices.Sorted(maps.Keys(times)) {
		folder, of := dir, ""
		if venue != "" {
			folder, of = filepath.Join(dir, livestream.VenuesFolder, filepath.Base(string(venue))), " of "+string(venue)
		}
		done, err := livestream.CheckSeals(folder, venue, noted.Seals)
		if err != nil {
			return fmt.Errorf("check the recording in %s: %w", folder, err)
		}
		_, err = fmt.Fprintf(to.out, "recording%s: %d groups of segments as they were noted (%d times); %d not noted yet\n", of, done.Groups, times[venue], done.Unsealed)
		if err != nil {
			return err
		}
	}
	return nil
}

func openCopy(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	file, err := os.Open(path) //nolint:gosec // the file the operator named
	if err != nil {
		return nil, usage("read the copy: %v", err)
	}
	return file, nil
}

// download copies what the server answers, however long it takes.
func (c *client) download(ctx context.Context, path string, to io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("get %s: %w", path, err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept-Language", "en")
	response, err := new(http.Client).Do(request)
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	if response.StatusCode >= http.StatusBadRequest {
		return refusalOf(response)
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return errors.Join(errors.New("the copy is not complete"), err)
	}
	return nil
}
