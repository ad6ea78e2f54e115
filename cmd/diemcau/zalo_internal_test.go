package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/zalo"
)

// TestServe_zalo: a signed message becomes a question of the conference and its sender is
// told the code; the same message again is the same question; an unsigned one is refused.
func TestServe_zalo(t *testing.T) {
	t.Parallel()
	told := make(chan string, 10)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v4/oa/access_token" {
			_, _ = io.WriteString(w, `{"access_token":"a","refresh_token":"r2","expires_in":"90000"}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told <- string(body)
		_, _ = io.WriteString(w, `{"error":0}`)
	}))
	t.Cleanup(api.Close)
	data := t.TempDir()
	secrets, token := filepath.Join(data, "zalo-secrets"), filepath.Join(data, "token.json")
	for file, text := range map[string]string{secrets: "oa-secret\napp-secret\n", token: `{"refreshToken":"r1"}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, filepath.Join(data, "data"), "--demo", "--tls-listen=off", "--zalo-app=4123", "--zalo-secrets="+secrets, "--zalo-token="+token,
		"--zalo-conference="+string(demo.ID), "--zalo-api="+api.URL, "--zalo-oauth="+api.URL, "--zalo-public-url=https://doithoai.example")
	send := func(secret string) int {
		stamp := strconv.FormatInt(time.Now().UnixMilli(), 10)
		body := fmt.Sprintf(`{"app_id":"4123","event_name":"user_send_text","sender":{"id":"nguoi-gui-48151623"},"recipient":{"id":"1"},`+
			`"message":{"msg_id":"m1","text":"Bao giờ xã tôi được cấp sổ đỏ?"},"timestamp":"%s"}`, stamp)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/api/v1/zalo", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set(zalo.HeaderSignature, zalo.Sign("4123", []byte(body), stamp, secret))
		request.Header.Set(zalo.HeaderTimestamp, stamp)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
		return response.StatusCode
	}
	if status := send("wrong"); status != http.StatusUnauthorized {
		t.Errorf("wrongly signed: got %d", status)
	}
	for range 2 {
		if status := send("oa-secret"); status != http.StatusOK {
			t.Fatalf("got %d\n%s", status, p.logs)
		}
	}
	answer := <-told
	_, link, found := strings.Cut(answer, "https://doithoai.example/q#")
	if !found || len(link) < 13 {
		t.Fatalf("the sender was told %s", answer)
	}
	b := newBrowser(t)
	status, standing := b.call("POST", p.url, "/api/v1/questions/lookup", `{"code":"`+link[:13]+`"}`)
	if status != http.StatusOK || !strings.Contains(standing, "Bao giờ xã tôi được cấp sổ đỏ?") {
		t.Errorf("the code leads to %d %s", status, standing)
	}
	p.stop()
	if logs := p.logs.String(); strings.Contains(logs, "sổ đỏ") || strings.Contains(logs, "48151623") || strings.Contains(logs, "oa-secret") {
		t.Error("the log tells who wrote what, or a secret")
	}
}
