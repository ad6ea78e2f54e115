package rehearse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// archive is what an administrator may fetch of a house's recordings.
type archive struct {
	*house

	token string
}

func (h *house) archive() *archive {
	h.Helper()
	token, err := h.tokens()(houseID, conference.RoleAdmin, "")
	if err != nil {
		h.Fatal(err)
	}
	return &archive{h, token}
}

// fetch returns what is at a path below …/recordings; nil: nothing.
func (a *archive) fetch(path string) []byte {
	a.Helper()
	request, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.at(path), http.NoBody)
	if err != nil {
		a.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil
	}
	return body
}

func (a *archive) at(path string) string {
	return "http://" + a.listen + "/api/v1/conferences/" + string(houseID) + "/recordings" + path
}

// turn tells how many segments of a venue are kept, in how many turns, and whether that has ended.
func (a *archive) turn(i int) (segments, turns int, ended bool) {
	a.Helper()
	list := a.fetch("/" + string(venueID(i)) + "/v0.m3u8")
	segments = bytes.Count(list, []byte("#EXTINF"))
	return segments, bytes.Count(list, []byte("#EXT-X-DISCONTINUITY\n")) + 1, bytes.Contains(list, []byte("ENDLIST"))
}

// grows waits until some segments more of a venue are kept than there are now.
func (a *archive) grows(i int) {
	a.Helper()
	from, _, _ := a.turn(i)
	a.until(fmt.Sprintf("more of venue %d is kept than %d segments", i, from), func() bool { n, _, _ := a.turn(i); return n >= from+3 })
}

// listed are the venues of which something is kept.
func (a *archive) listed() map[conference.VenueID]int64 {
	a.Helper()
	var said struct {
		Venues []struct {
			Venue conference.VenueID
			Bytes int64
		}
	}
	if err := json.Unmarshal(a.fetch(""), &said); err != nil {
		a.Fatal(err)
	}
	all := map[conference.VenueID]int64{}
	for _, v := range said.Venues {
		all[v.Venue] = v.Bytes
	}
	return all
}

// again kills the server and starts it with other flags.
func (a *archive) again(flags ...string) {
	a.Helper()
	a.kill()
	a.flags = flags
	a.serve()
}

// is checks that a venue's recording is its own picture, with its own sound, and decodes: as one
// file, and as HLS by a player that sends the token, as the manual says.
func (a *archive) is(i, venues int) {
	a.Helper()
	name := string(venueID(i))
	film := a.fetch("/" + name + "/recording.mp4")
	path := a.put(a.TempDir(), name+".mp4", film)
	a.ffmpeg(path, "-map", "0", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-")
	for j := range venues {
		if has := bytes.Contains(film, []byte(markUUID+string(venueID(j))+" ")); has != (i == j) {
			a.Errorf("%s's recording has pictures of %s: %v", name, venueID(j), has)
		}
	}
	loudest := make([]float64, venues)
	samples := a.sound(path)
	for j := range loudest {
		loudest[j] = -200
		for from := 0; from+soundRate <= len(samples); from += soundRate {
			loudest[j] = max(loudest[j], decibels(samples[from:from+soundRate], a.tones[j]))
		}
	}
	for j, got := range loudest {
		if i == j && got < heardAt || i != j && got > loudest[i]+unheardAt {
			a.Errorf("%s's recording: %s is at %.1f dB, itself at %.1f", name, venueID(j), got, loudest[i])
		}
	}
	segments, turns, _ := a.turn(i)
	a.Logf("%s: %d segments in %d turns, %d bytes, %.1f s of sound at %.1f dB", name, segments, turns, len(film), float64(len(samples))/soundRate, loudest[i])
	cmd := exec.CommandContext(a.Context(), "ffmpeg", "-v", "error", "-xerror", "-headers", "Authorization: Bearer "+a.token+"\r\n",
		"-i", a.at("/"+name+"/index.m3u8"), "-map", "0", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		a.Errorf("ffmpeg plays %s's: %v\n%.2000s", name, err, out)
	}
}

// P6: the server itself with --record-venues, killed while a hall speaks: City Hall is kept all
// the time and each hall while it has the floor, with its own picture and sound, to be downloaded
// and played; over the quota the programme goes first; what was kept long enough is removed.
func TestP6_VenuesAreRecordedByTheServer(t *testing.T) {
	t.Parallel()
	const venues = 4
	h := newHouse(t, venues, func(h *house) { h.flags = []string{"--record-venues"} })
	h.tones = nil
	for i := range venues {
		h.tones = append(h.tones, toneOf(i, venues))
	}
	a := h.archive()
	at := h.place(h.network)
	for i := range venues {
		h.enter(at, i)
	}
	h.ready(venues)
	h.take(venueID(1))
	a.grows(1)
	a.again("--record-venues")
	a.grows(1)
	if _, turns, ended := a.turn(1); turns < 2 || ended {
		t.Errorf("the hall that spoke before and after a kill has %d turns, ended: %v", turns, ended)
	}
	h.ready(venues)
	h.take(venueID(2))
	a.grows(2)
	h.take("")
	h.until("the hall's turn ends", func() bool { _, _, ended := a.turn(2); return ended })

	var used int64
	if err := filepath.WalkDir(filepath.Join(h.data, "live"), func(_ string, d os.DirEntry, err error) error {
		if info, told := d.Info(); err == nil && told == nil && !d.IsDir() {
			used += info.Size()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	a.again("--record-venues", fmt.Sprintf("--record-quota=%f", float64(used)/0.9/1e9))
	before, _, _ := a.turn(0)
	h.goesOn(3)
	h.until("it is told that City Hall's own recording is not kept", func() bool {
		return strings.Contains(h.log.String(), "own recording is not kept")
	})
	if now, _, _ := a.turn(0); now != before {
		t.Errorf("City Hall's own recording took %d segments of the programme's room", now-before)
	}

	h.closes()
	if all := a.listed(); len(all) != 3 || all[venueID(0)] <= all[venueID(2)] || all[venueID(2)] == 0 || all[venueID(1)] == 0 {
		t.Errorf("kept are %v, want three venues", all)
	}
	for i := range 3 {
		a.is(i, venues)
	}
	if a.fetch("/"+string(venueID(3))+"/recording.mp4") != nil {
		t.Error("a hall that never had the floor was recorded")
	}

	h.kill()
	folder, old := filepath.Join(h.data, "live", string(houseID)), time.Now().Add(-25*time.Hour)
	if err := os.Chtimes(folder, old, old); err != nil {
		t.Fatal(err)
	}
	a.again("--record-venues", "--record-keep=1")
	h.until("the recordings are removed", func() bool { _, err := os.Stat(folder); return os.IsNotExist(err) })
	if all := a.listed(); len(all) > 0 {
		t.Errorf("after the retention there is %v", all)
	}
}
