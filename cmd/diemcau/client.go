package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/server"
)

// client calls the REST interface of the server on this machine, as an administrator
// for a minute, by a token signed with the installation's key.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(base string, keys *secret.Keys) *client {
	grant := access.Grant{
		ID: access.NewID(), Role: conference.RoleAdmin, Person: "diemcau",
		Expires: time.Now().Add(time.Minute).UTC(),
	}
	return &client{
		base: base, token: access.NewSigner(keys).Sign(grant),
		http: &http.Client{Timeout: 15 * time.Second},
	}
}

// call sends in as JSON and decodes the answer into out, unless that is nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept-Language", "en")
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	if response.StatusCode >= http.StatusBadRequest {
		return refusalOf(response)
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}

func refusalOf(response *http.Response) error {
	var problem server.Problem
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&problem); err != nil || problem.Title == "" {
		return fmt.Errorf("the running server answered %s", response.Status)
	}
	if problem.Detail != "" {
		return errors.New(problem.Title + " (" + problem.Detail + ")")
	}
	return errors.New(problem.Title)
}
