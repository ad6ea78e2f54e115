package zalo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	renewBefore = 10 * time.Minute
	privateFile = 0o600
)

// TokenConfig is what Tokens needs.
type TokenConfig struct {
	AppID     string
	AppSecret string // of the application, not of the Official Account
	// File holds {"refreshToken": "…"} to begin with; it is rewritten at every renewal.
	File string
	Base string // "" for Zalo's own
	Now  func() time.Time
}

// Tokens keeps an access token of the Official Account fresh. An access token lasts a day;
// a refresh token works once and is replaced by the next, so the file must belong to one
// node only. It may be used from several goroutines.
type Tokens struct {
	cfg  TokenConfig
	http *http.Client
	turn chan struct{} // one renewal at a time
}

// stored is the file.
type stored struct {
	RefreshToken string    `json:"refreshToken"`
	AccessToken  string    `json:"accessToken,omitempty"`
	Expires      time.Time `json:"expires,omitzero"`
}

// NewTokens returns the keeper of the tokens in a file.
func NewTokens(cfg TokenConfig) (*Tokens, error) {
	if cfg.AppID == "" || cfg.AppSecret == "" || cfg.File == "" || cfg.Now == nil {
		return nil, errors.New("zalo: app id, app secret, token file and clock are needed")
	}
	if cfg.Base == "" {
		cfg.Base = DefaultOAuth
	}
	cfg.Base = strings.TrimRight(cfg.Base, "/")
	t := &Tokens{cfg: cfg, http: withoutRedirects(), turn: make(chan struct{}, 1)}
	if _, err := t.read(); err != nil {
		return nil, err
	}
	return t, nil
}

// Token returns an access token that is good for ten minutes at least.
func (t *Tokens) Token(ctx context.Context) (string, error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	have, err := t.read()
	if err != nil {
		return "", err
	}
	if have.AccessToken != "" && t.cfg.Now().Before(have.Expires.Add(-renewBefore)) {
		return have.AccessToken, nil
	}
	// A renewal that has begun is carried through: it has used the refresh token up.
	whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
	defer cancel()
	fresh, err := t.renew(whole, have.RefreshToken)
	if err != nil {
		return "", fmt.Errorf("renew zalo token: %w", err)
	}
	if err := t.write(fresh); err != nil {
		return "", fmt.Errorf("store zalo token: %w", err)
	}
	return fresh.AccessToken, nil
}

func (t *Tokens) renew(ctx context.Context, refresh string) (stored, error) {
	form := url.Values{"app_id": {t.cfg.AppID}, "refresh_token": {refresh}, "grant_type": {"refresh_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.cfg.Base+"/v4/oa/access_token", strings.NewReader(form.Encode()))
	if err != nil {
		return stored{}, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("secret_key", t.cfg.AppSecret)
	var got struct {
		AccessToken  string `json:"access_token"`  //nolint:tagliatelle // Zalo's name
		RefreshToken string `json:"refresh_token"` //nolint:tagliatelle // Zalo's name
		ExpiresIn    text   `json:"expires_in"`    //nolint:tagliatelle // Zalo's name
	}
	if err := call(t.http, request, &got); err != nil {
		return stored{}, err
	}
	seconds, err := strconv.Atoi(string(got.ExpiresIn))
	if err != nil || seconds <= 0 || got.AccessToken == "" || got.RefreshToken == "" {
		return stored{}, &APIError{Status: http.StatusBadGateway}
	}
	return stored{
		RefreshToken: got.RefreshToken, AccessToken: got.AccessToken,
		Expires: t.cfg.Now().Add(time.Duration(seconds) * time.Second).UTC(),
	}, nil
}

func (t *Tokens) read() (stored, error) {
	data, err := os.ReadFile(t.cfg.File)
	if err != nil {
		return stored{}, fmt.Errorf("read zalo tokens: %w", err)
	}
	var have stored
	if json.Unmarshal(data, &have) != nil || have.RefreshToken == "" {
		return stored{}, fmt.Errorf(`zalo tokens in %s: want {"refreshToken": "…"}`, t.cfg.File)
	}
	return have, nil
}

// write replaces the file at once and for good: the old refresh token is worth nothing now.
func (t *Tokens) write(fresh stored) error {
	data, err := json.Marshal(fresh) //nolint:gosec // G117: the file is there to hold them
	if err != nil {
		return err
	}
	temporary := t.cfg.File + ".new"
	file, err := os.OpenFile(filepath.Clean(temporary), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, privateFile)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary, t.cfg.File); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(t.cfg.File))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
