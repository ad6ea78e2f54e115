package zalo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/zalo"
)

// fakeZalo answers as Zalo's two services do.
type fakeZalo struct {
	mu      sync.Mutex // guards all below
	status  int
	reply   string
	asked   []string // "path token body"
	renewed int
}

func newFakeZalo(t *testing.T) (fake *fakeZalo, url string) {
	t.Helper()
	fake = &fakeZalo{status: http.StatusOK, reply: `{"error":0,"message":"Success","data":{"message_id":"1"}}`}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return fake, server.URL
}

func (f *fakeZalo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path == "/v4/oa/access_token" {
		f.renew(w, r)
		return
	}
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	f.asked = append(f.asked, fmt.Sprint(r.Method, " ", r.URL.Path, " ", r.Header.Get("access_token"), " ", string(body)))
	w.WriteHeader(f.status)
	_, _ = w.Write([]byte(f.reply))
}

// renew gives the n-th tokens for the refresh token before them.
func (f *fakeZalo) renew(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("secret_key") != "app-secret" || r.FormValue("app_id") != appID || r.FormValue("grant_type") != "refresh_token" ||
		r.FormValue("refresh_token") != fmt.Sprint("refresh", f.renewed) || r.URL.RawQuery != "" {
		_, _ = w.Write([]byte(`{"error":-14014,"error_name":"Invalid refresh token"}`))
		return
	}
	f.renewed++
	_, _ = fmt.Fprintf(w, `{"access_token":"access%d","refresh_token":"refresh%d","expires_in":"90000"}`, f.renewed, f.renewed)
}

func TestClientSpeaksZalosLanguage(t *testing.T) {
	t.Parallel()
	fake, url := newFakeZalo(t)
	client := zalo.NewClient(url+"/", func(context.Context) (string, error) { return "token", nil })
	if err := client.Send(t.Context(), person, "Mã: “A”"); err != nil {
		t.Fatal(err)
	}
	want := []string{`POST /v3.0/oa/message/cs token {"recipient":{"user_id":"` + person + `"},"message":{"text":"Mã: “A”"}}`}
	if diff := cmp.Diff(want, fake.asked); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		status  int
		reply   string
		refused bool
	}{
		{200, `{"error":-213,"message":"User ` + person + ` has not followed"}`, true},
		{200, `{"error":-216,"message":"Access token invalid"}`, false},
		{429, `{}`, false},
		{502, `<html>`, false},
		{200, `<html>`, false},
		{302, ``, true},
		{403, `{"error":1}`, true},
	} {
		fake.mu.Lock()
		fake.status, fake.reply = test.status, test.reply
		fake.mu.Unlock()
		err := client.Send(t.Context(), person, "x")
		if err == nil || errors.Is(err, zalo.ErrRefused) != test.refused || strings.Contains(err.Error(), person) {
			t.Errorf("%d %s: got %v, want refused %v", test.status, test.reply, err, test.refused)
		}
	}
	broken := zalo.NewClient(url, func(context.Context) (string, error) { return "", errBroken })
	if err := broken.Send(t.Context(), person, "x"); !errors.Is(err, errBroken) {
		t.Errorf("without a token: got %v", err)
	}
}

func TestTokensAreRenewedAndKept(t *testing.T) {
	t.Parallel()
	fake, url := newFakeZalo(t)
	file := filepath.Join(t.TempDir(), "zalo.json")
	if err := os.WriteFile(file, []byte(`{"refreshToken": "refresh0"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.November, 25, 1, 0, 0, 0, time.UTC)
	cfg := zalo.TokenConfig{AppID: appID, AppSecret: "app-secret", File: file, Base: url, Now: func() time.Time { return now }}
	token := func(tokens *zalo.Tokens) string {
		t.Helper()
		got, err := tokens.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	tokens, err := zalo.NewTokens(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if got, err := tokens.Token(t.Context()); got != "access1" || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	wg.Wait()
	if state, err := os.Stat(file); err != nil || state.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", state.Mode(), err)
	}
	restarted, err := zalo.NewTokens(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got := token(restarted); got != "access1" || fake.renewed != 1 {
		t.Errorf("after a restart: got %s, renewed %d times", got, fake.renewed)
	}
	now = now.Add(25*time.Hour - 9*time.Minute)
	if got := token(restarted); got != "access2" {
		t.Errorf("nine minutes before the end: got %s", got)
	}
	fake.mu.Lock()
	fake.renewed = 7 // somebody else used our refresh token up
	fake.mu.Unlock()
	now = now.Add(25 * time.Hour)
	if _, err := restarted.Token(t.Context()); !errors.Is(err, zalo.ErrRefused) {
		t.Errorf("got %v", err)
	}
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "refresh2") {
		t.Errorf("the file was spoilt: %s, %v", data, err)
	}
}

func TestTokensNeedAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "zalo.json")
	cfg := zalo.TokenConfig{AppID: appID, AppSecret: "app-secret", File: file, Now: time.Now}
	if _, err := zalo.NewTokens(cfg); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(file, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := zalo.NewTokens(cfg); err == nil || !strings.Contains(err.Error(), "refreshToken") {
		t.Errorf("got %v", err)
	}
	if _, err := zalo.NewTokens(zalo.TokenConfig{}); err == nil {
		t.Error("made of nothing")
	}
}
