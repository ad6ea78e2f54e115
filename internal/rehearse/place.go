package rehearse

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// place is the server and the conference that is rehearsed.
type place struct {
	base      string // http://host:port
	origin    string
	socketURL string
	tls       *tls.Config
	network   Network
	transport *http.Transport
	decoder   *decoder
	info      listed
}

// listed is one entry of GET /api/v1/conferences.
type listed struct {
	ID     conference.ID    `json:"id"`
	Title  string           `json:"title"`
	State  conference.State `json:"state"`
	Venues []struct {
		ID   conference.VenueID `json:"id"`
		Name string             `json:"name"`
		Main bool               `json:"main"`
	} `json:"venues"`
}

// UsageError is a mistake of whoever started the rehearsal; the text says what to do.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// findPlace asks the server which conference there is.
func findPlace(ctx context.Context, cfg Config) (*place, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.URL, "/"))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, &UsageError{fmt.Sprintf("%q is no address of a server; it begins with http:// or https://", cfg.URL)}
	}
	if cfg.Network == nil {
		cfg.Network = own{}
	}
	p := &place{
		network: cfg.Network,
		base:    base.String(), origin: base.Scheme + "://" + base.Host, tls: cfg.TLS, decoder: newDecoder(),
		transport: &http.Transport{TLSClientConfig: cfg.TLS, MaxIdleConnsPerHost: 8, DialContext: cfg.Network.Dial},
	}
	var all []listed
	if err := p.call(ctx, p.client(nil), "/api/v1/conferences", nil, &all); err != nil {
		return nil, fmt.Errorf("ask which conferences there are: %w", err)
	}
	var open, names []string
	for _, c := range all {
		names = append(names, string(c.ID))
		if c.State != conference.StateOpen && c.ID != cfg.Conference {
			continue
		}
		if cfg.Conference == "" || c.ID == cfg.Conference {
			p.info = c
			open = append(open, string(c.ID))
		}
	}
	switch {
	case len(open) == 0:
		return nil, &UsageError{"no open conference to rehearse among [" + strings.Join(names, " ") + "]: diemcau conference open ID"}
	case len(open) > 1:
		return nil, &UsageError{"choose one with --conference: " + strings.Join(open, ", ")}
	case p.info.State != conference.StateOpen:
		return nil, &UsageError{fmt.Sprintf("conference %s is %s: diemcau conference open %s", p.info.ID, p.info.State, p.info.ID)}
	}
	socket := *base
	socket.Scheme = strings.Replace(base.Scheme, "http", "ws", 1)
	p.socketURL = socket.String() + "/api/v1/conferences/" + string(p.info.ID) + "/socket"
	return p, nil
}

func (p *place) client(jar http.CookieJar) *http.Client {
	return &http.Client{Transport: p.transport, Jar: jar, Timeout: dialWithin}
}

// problem is an error answer (RFC 9457).
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Title  string `json:"title"`
}

func (e *problem) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Title) }

// call gets, or posts in as JSON unless that is nil, and decodes the answer into out,
// unless that is nil.
func (p *place) call(ctx context.Context, client *http.Client, path string, in, out any) error {
	method := http.MethodGet
	if in != nil {
		method = http.MethodPost
	}
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Origin", p.origin)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxMessage))
	if err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		refused := &problem{Status: response.StatusCode, Title: response.Status}
		_ = json.Unmarshal(raw, refused) // the status says enough
		return refused
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", method, path, err)
	}
	return nil
}

// signIn redeems a link and returns the jar with its cookie. A link is used up by an
// answer that never came; then the next one is signed.
func (p *place) signIn(ctx context.Context, tokens Tokens, role conference.Role, venue conference.VenueID) (http.CookieJar, error) {
	for {
		token, err := tokens(p.info.ID, role, venue)
		if err != nil {
			return nil, fmt.Errorf("get a link for %s %s: %w", role, venue, err)
		}
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, fmt.Errorf("make a cookie jar: %w", err)
		}
		err = p.call(ctx, p.client(jar), "/api/v1/session", map[string]string{"token": token}, nil)
		refused, answered := errors.AsType[*problem](err)
		switch {
		case err == nil:
			return jar, nil
		case answered && refused.Status < http.StatusInternalServerError && refused.Status != http.StatusTooManyRequests:
			return nil, fmt.Errorf("sign in as %s %s: %w", role, venue, err)
		}
		if !pause(ctx, retryAtLeast+jitter(time.Second)) {
			return nil, fmt.Errorf("sign in as %s %s: %w", role, venue, err)
		}
	}
}
