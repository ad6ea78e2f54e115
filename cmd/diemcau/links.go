package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/server"
)

const defaultBaseURL = "http://127.0.0.1:8080"

type linksCmd struct {
	place

	Role       string        `help:"venue, moderator, stage, screen, registrar (desk), official (answer) or admin." required:"" placeholder:"ROLE"`
	Venue      string        `help:"The venue's id; without it one link per venue of the conference." placeholder:"ID"`
	Conference string        `help:"The conference's id; may be left out when there is one. \"all\", for admin: every conference." placeholder:"ID"`
	Person     string        `help:"The person's name, shown on the page and kept with what they do." placeholder:"NAME"`
	Valid      time.Duration `help:"How long the link may wait for its use (1m to 2160h)." default:"168h"`
	BaseURL    string        `help:"What the links begin with. Default: the running server on this folder, else http://127.0.0.1:8080." placeholder:"URL"`
	JSON       bool          `help:"Print [{role,venue,url,token,expires}]." name:"json"`
}

// Run signs the links; nothing is written anywhere.
func (l *linksCmd) Run(ctx context.Context, to streams) error {
	role := server.RoleOf(l.Role)
	if err := l.check(role); err != nil {
		return err
	}
	keys, err := l.keys(false)
	if err != nil {
		return err
	}
	info, err := l.info(ctx, keys, role)
	if err != nil {
		return err
	}
	signer := access.NewSigner(keys)
	expires := time.Now().UTC().Add(l.Valid).Truncate(time.Second)
	links := []server.LinkView{}
	for _, venue := range l.venues(role, info) {
		grant := access.Grant{
			ID: access.NewID(), Conference: info.ID, Role: role, Venue: venue,
			Person: strings.TrimSpace(l.Person), Expires: expires,
		}
		if err := checkGrant(info, &grant, l.Valid); err != nil {
			return err
		}
		token := signer.Sign(grant)
		links = append(links, server.LinkView{
			Role: role, Venue: venue, URL: server.LinkURL(l.base(), role, token), Token: token, Expires: expires,
		})
	}
	return l.print(to.out, info, links)
}

func (l *linksCmd) check(role conference.Role) error {
	switch {
	case !access.IsStaff(role):
		return usage("--role=%s: there is no such role; choose venue, moderator, stage, screen, registrar or admin", l.Role)
	case l.Venue != "" && !access.MayBeBound(role):
		return usage("--venue is for --role=venue and --role=registrar only")
	case l.Venue != "" && !conference.ValidID(l.Venue):
		return usage("--venue=%s: an id has 1–64 characters of a–z, 0–9 and '-'", l.Venue)
	case l.Conference != "" && !conference.ValidID(l.Conference):
		return usage("--conference=%s: an id has 1–64 characters of a–z, 0–9 and '-'", l.Conference)
	case l.Valid < time.Minute || l.Valid > access.MaxLinkValidity:
		return usage("--valid=%s: a link is valid for 1m to %s", l.Valid, access.MaxLinkValidity)
	}
	if base, err := url.Parse(l.base()); err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return usage("--base-url=%s: begins with http:// or https://", l.BaseURL)
	}
	return nil
}

// info finds the conference: asked of the running server, else read from the log. When
// neither knows and everything was named, the names are taken as they are; a link to
// what does not exist is refused when it is used.
func (l *linksCmd) info(ctx context.Context, keys *secret.Keys, role conference.Role) (*conference.Info, error) {
	if role == conference.RoleAdmin && l.Conference == "all" {
		return &conference.Info{}, nil
	}
	all, err := l.conferences(ctx, keys)
	if err != nil {
		if l.Conference == "" || (role == conference.RoleVenue && l.Venue == "") {
			return nil, err
		}
		named := &conference.Info{ID: conference.ID(l.Conference)}
		if l.Venue != "" {
			named.Venues = []conference.Venue{{ID: conference.VenueID(l.Venue)}}
		}
		return named, nil
	}
	return choose(all, conference.ID(l.Conference))
}

func choose(all []*conference.Info, id conference.ID) (*conference.Info, error) {
	names := make([]string, 0, len(all))
	for _, info := range all {
		if info.ID == id || (id == "" && len(all) == 1) {
			return info, nil
		}
		names = append(names, string(info.ID))
	}
	switch {
	case len(all) == 0:
		return nil, usage("there is no conference yet: diemcau conference create --file=F")
	case id == "":
		return nil, usage("--conference: choose one of %s", strings.Join(names, ", "))
	}
	return nil, usage("--conference=%s: there is none; choose one of %s", id, strings.Join(names, ", "))
}

func (l *linksCmd) conferences(ctx context.Context, keys *secret.Keys) ([]*conference.Info, error) {
	var all []*conference.Info
	if now, err := l.server(); err == nil {
		if err := newClient(now.URL, keys).call(ctx, http.MethodGet, "/api/v1/conferences", nil, &all); err == nil {
			return all, nil
		}
	}
	err := l.with(ctx,
		func(ctx context.Context, api *client) error {
			return api.call(ctx, http.MethodGet, "/api/v1/conferences", nil, &all)
		},
		func(_ context.Context, node *live.Node) error {
			all = node.Conferences()
			return nil
		})
	return all, err
}

// venues returns the venues to make links for; one "" for roles without a venue.
func (l *linksCmd) venues(role conference.Role, info *conference.Info) []conference.VenueID {
	if role != conference.RoleVenue || l.Venue != "" {
		return []conference.VenueID{conference.VenueID(l.Venue)}
	}
	ids := make([]conference.VenueID, 0, len(info.Venues))
	for _, venue := range info.Venues {
		ids = append(ids, venue.ID)
	}
	return ids
}

func (l *linksCmd) base() string {
	if l.BaseURL != "" {
		return l.BaseURL
	}
	if now, err := l.server(); err == nil {
		return now.URL
	}
	return defaultBaseURL
}

func (l *linksCmd) print(out io.Writer, info *conference.Info, links []server.LinkView) error {
	if l.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(links)
	}
	for _, link := range links {
		name := string(link.Role)
		if venue, found := info.Venue(link.Venue); found {
			name += " " + string(venue.ID) + " (" + venue.Name + ")"
		}
		if _, err := fmt.Fprintf(out, "%s\n  %s\n", name, link.URL); err != nil {
			return err
		}
	}
	return nil
}

// checkGrant says which flag to mend.
func checkGrant(info *conference.Info, grant *access.Grant, valid time.Duration) error {
	err := server.CheckGrant(info, grant, valid)
	var refusal *conference.Error
	if !errors.As(err, &refusal) {
		return err
	}
	switch refusal.Code {
	case "link.bad_venue":
		return usage("--venue=%s: conference %s has no such venue", grant.Venue, info.ID)
	case "link.bad_person":
		return usage("--person: at most %d characters, all printable", access.MaxPersonRunes)
	}
	return usage("%s", refusal.Code)
}
