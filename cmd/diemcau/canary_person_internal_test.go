package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// somebody is a person whose every word is a canary.
var somebody = struct{ name, phone, email, organisation, commune string }{
	"Chim-trong-họ-tên", "0987650123", "chim-hoang-yen@example.vn", "Chim-trong-hợp-tác-xã", "Chim-trong-xã",
}

// canaries are what must be nowhere but where it belongs: the words, the number in every
// spelling, and the codes.
func personCanaries(codes ...string) []string {
	out := []string{somebody.name, "987650123", somebody.email, "chim-hoang-yen", somebody.organisation, somebody.commune}
	for _, code := range codes {
		out = append(out, code, strings.ReplaceAll(code, "-", ""), url.QueryEscape(code))
	}
	return out
}

type personReceipt struct{ Code, State, Question string }

func (b *browser) register(base string) personReceipt {
	b.Helper()
	body, err := json.Marshal(map[string]any{
		"idempotencyKey": "0123456789abcdef-person", "name": somebody.name, "phone": somebody.phone, "email": somebody.email,
		"organisation": somebody.organisation, "commune": somebody.commune, "venue": "ba-dinh", "topic": "cap-giay-lan-dau",
		"question": "Bao giờ cấp sổ?", "consents": map[string]string{"privacy": "2022-10"},
	})
	if err != nil {
		b.Fatal(err)
	}
	status, said := b.call("POST", base, "/api/v1/conferences/"+string(demo.ID)+"/registrations", string(body))
	var receipt personReceipt
	if err := json.Unmarshal([]byte(said), &receipt); err != nil || status != http.StatusCreated {
		b.Fatalf("got %d %s", status, said)
	}
	return receipt
}

// TestR5_CanariesStayHome: after people registered, looked themselves up, were scanned and
// listed, nothing they told and no code is in a log line, a metric, the public record, a page,
// an address, a socket of any role, or a file of the data folder in the clear. The name alone
// reaches whoever screens the question that was brought along.
func TestR5_CanariesStayHome(t *testing.T) {
	t.Parallel()
	metrics, data := freeAddress(t), t.TempDir()
	p := start(t, data, "--demo", "--tls-listen=off", "--metrics-listen="+metrics)
	b := newBrowser(t)
	made := b.register(p.url)
	all := personCanaries(made.Code, made.Question)
	silent := func(where, said string, but ...string) {
		t.Helper()
		for _, canary := range all {
			if strings.Contains(said, canary) && !slices.Contains(but, canary) {
				t.Errorf("%s tells %q", where, canary)
			}
		}
	}
	ticket := fmt.Sprintf(`{"code":%q,"phone":%q}`, made.Code, somebody.phone)
	for _, path := range []string{"lookup", "mine", "accept"} {
		b.call("POST", p.url, "/api/v1/registrations/"+path, ticket)
	}
	b.call("POST", p.url, "/api/v1/registrations/mine", fmt.Sprintf(`{"code":%q,"phone":"0911111111"}`, made.Code))
	const place = "/api/v1/conferences/" + string(demo.ID)
	for _, path := range []string{"/", "/c/" + string(demo.ID), "/c/" + string(demo.ID) + "/register", "/ticket", "/api/v1/conferences", place + "/registration", place + "/record"} {
		_, said := b.call("GET", p.url, path, "")
		silent(path, said)
	}
	silent("a citizen's socket", b.first(p.url, "", ""))
	desk := newBrowser(t)
	if status := desk.redeem(p.url, p.links("--role=registrar")[0].Token); status != http.StatusNoContent {
		t.Fatalf("registrar: got %d", status)
	}
	if _, list := desk.call("GET", p.url, place+"/registrations", ""); !strings.Contains(list, somebody.email) {
		t.Errorf("the desk's list: %s", list)
	}
	if _, said := desk.call("POST", p.url, place+"/registrations/checkin", fmt.Sprintf(`{"code":%q,"venue":"ba-dinh"}`, made.Code)); !strings.Contains(said, "green") {
		t.Errorf("the door: %s", said)
	}
	for role, but := range map[protocol.Role][]string{
		"moderator": {somebody.name}, "stage": {somebody.name}, "admin": {somebody.name}, "screen": nil, "registrar": nil, "official": nil, "venue": nil,
	} {
		args := []string{"--role=" + string(role)}
		if role == "venue" {
			args = append(args, "--venue=ba-dinh")
		}
		staff := newBrowser(t)
		if status := staff.redeem(p.url, p.links(args...)[0].Token); status != http.StatusNoContent {
			t.Fatalf("%s: got %d", role, status)
		}
		silent("the socket of "+string(role), staff.first(p.url, role, ""), but...)
		if _, said := staff.call("GET", p.url, place+"/registrations", ""); role != "admin" && role != "registrar" {
			silent("the list, to "+string(role), said)
		}
	}
	_, scraped := b.call("GET", "http://"+metrics, "/metrics", "")
	silent("the metrics", scraped)
	p.stop()
	silent("the log", p.logs.String()+p.out.String())
	for name, raw := range filesOf(t, data) {
		silent(name, string(raw))
	}
}

// filesOf reads all files of a folder.
func filesOf(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		files[name] = raw
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestR5_ErasedFromStoreAndBackup: after an erasure the sealed words are in no file of the data
// folder; when a backup from before is put back, they are gone from it too as soon as the
// server runs, and nobody is told anything meanwhile.
func TestR5_ErasedFromStoreAndBackup(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := start(t, data, "--demo", "--tls-listen=off")
	made := newBrowser(t).register(p.url)
	p.stop()
	sealed := sealedWords(t, data)
	if len(sealed) < 6 {
		t.Fatalf("%d sealed fields, want name, phone, e-mail, organisation, commune, and the asker's name", len(sealed))
	}
	backup := filesOf(t, data)
	if left := found(backup, sealed); left == 0 {
		t.Fatal("the sealed words are on no disk at all: the test looks in the wrong place")
	}
	ticket := fmt.Sprintf(`{"code":%q,"phone":%q}`, made.Code, somebody.phone)

	p = start(t, data, "--demo", "--tls-listen=off")
	if status, said := newBrowser(t).call("POST", p.url, "/api/v1/registrations/erase", ticket); status != http.StatusOK {
		t.Fatalf("erase: %d %s", status, said)
	}
	p.stop()
	if left := found(filesOf(t, data), sealed); left != 0 {
		t.Errorf("%d of %d sealed words are left after the erasure", left, len(sealed))
	}

	for name := range filesOf(t, data) { // the restore: all but the list of who was erased
		if strings.HasPrefix(name, "events") {
			if err := os.Remove(filepath.Join(data, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, raw := range backup {
		if strings.HasPrefix(name, "events") {
			if err := os.WriteFile(filepath.Join(data, name), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if left := found(filesOf(t, data), sealed); left == 0 {
		t.Fatal("the backup was not put back")
	}
	p = start(t, data, "--demo", "--tls-listen=off")
	for b := newBrowser(t); ; {
		status, said := b.call("POST", p.url, "/api/v1/registrations/lookup", ticket)
		if status == http.StatusOK && strings.Contains(said, `"erased":true`) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatalf("the restored log does not forget: %d %s", status, said)
		}
	}
	if _, said := newBrowser(t).call("POST", p.url, "/api/v1/registrations/mine", ticket); strings.Contains(said, somebody.name) {
		t.Errorf("mine after the restore: %s", said)
	}
	p.stop()
	if left := found(filesOf(t, data), sealed); left != 0 {
		t.Errorf("%d of %d sealed words are left after the restore", left, len(sealed))
	}
}

// sealedWords reads what a log holds sealed of the person.
func sealedWords(t *testing.T, data string) [][]byte {
	t.Helper()
	store, err := sqlitelog.Open(t.Context(), data, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}()
	log, err := store.Log(t.Context(), demo.ID)
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var sealed [][]byte
	for _, r := range records {
		for field, words := range r.Sealed {
			if bytes.Contains(r.Canonical, []byte(registration.EventMade)) || field == registration.FieldName {
				sealed = append(sealed, words)
			}
		}
	}
	return sealed
}

// found counts which of the words are in some file.
func found(files map[string][]byte, words [][]byte) int {
	n := 0
	for _, w := range words {
		for _, raw := range files {
			if bytes.Contains(raw, w) {
				n++
				break
			}
		}
	}
	return n
}
