package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/diemcau/diemcau/internal/access"
)

// edgeTokenCmd makes the token of an edge; works while the server runs.
type edgeTokenCmd struct {
	place

	Name  string        `help:"What the edge is called, to tell it from others." placeholder:"NAME"`
	Valid time.Duration `help:"How long the token is good for (1m to 8784h)." default:"2160h"`
}

// Run prints the token and nothing else; nothing is written anywhere.
func (t *edgeTokenCmd) Run(to streams) error {
	switch {
	case t.Valid < time.Minute || t.Valid > access.MaxEdgeValidity:
		return usage("--valid=%s: a token is valid for 1m to %s", t.Valid, access.MaxEdgeValidity)
	case utf8.RuneCountInString(t.Name) > access.MaxPersonRunes:
		return usage("--name: at most %d characters", access.MaxPersonRunes)
	}
	keys, err := t.keys(false)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(to.out, access.NewSigner(keys).SignEdge(access.EdgeGrant{
		ID: access.NewID(), Name: strings.TrimSpace(t.Name), Expires: time.Now().UTC().Add(t.Valid).Truncate(time.Second),
	}))
	return err
}
