package rehearse_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/rehearse"
)

// demoConference is what serve --demo opens.
const demoConference = "dat-dai-2022"

// playlist is a media playlist as a player reads it.
type playlist struct {
	first    uint64
	segments []string
	gaps     int // discontinuities
	ended    bool
	end      time.Time // of the last segment
}

func (p playlist) last() uint64 { return p.first + uint64(len(p.segments)) - 1 }

// hls gets a file of the programme; nil while there is none, or no server.
func (s *server) hls(name string) []byte {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.listen+"/live/"+demoConference+"/"+name, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
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

// playlist reads a track's playlist; false: there is none yet.
func (s *server) playlist(track string) (playlist, bool) {
	s.t.Helper()
	var p playlist
	var began time.Time
	for line := range strings.Lines(string(s.hls(track + ".m3u8"))) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "#EXT-X-MEDIA-SEQUENCE":
			p.first, _ = strconv.ParseUint(value, 10, 64)
		case "#EXT-X-DISCONTINUITY":
			p.gaps++
		case "#EXT-X-ENDLIST":
			p.ended = true
		case "#EXT-X-PROGRAM-DATE-TIME":
			began, _ = time.Parse(time.RFC3339, value)
		case "#EXTINF":
			seconds, _ := strconv.ParseFloat(strings.TrimSuffix(value, ","), 64)
			p.end = began.Add(time.Duration(seconds * float64(time.Second)))
		}
		if line != "" && line[0] != '#' {
			p.segments = append(p.segments, line)
		}
	}
	return p, len(p.segments) > 0
}

// grows waits until the playlist ends at least with number want.
func (s *server) grows(want uint64) playlist {
	s.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if p, ok := s.playlist("v0"); ok && p.last() >= want {
			return p
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("the playlist never came to %d:\n%s", want, s.hls("v0.m3u8"))
		}
	}
}

// Halls are live, floors are given and taken, and the server is killed in the middle of it:
// nothing that a player was told of is lost or changed, the numbers go on, and the recording
// of all that, takes and kills, plays without an error in every size.
func TestP6_KilledWhileLive(t *testing.T) {
	t.Parallel()
	kills := 3
	if os.Getenv("DIEMCAU_SOAK") != "" {
		kills = 50
	}
	s := startServer(t)
	ctx, over := context.WithCancel(t.Context())
	rehearsed := make(chan error, 1)
	go func() {
		_, err := rehearse.Run(ctx, rehearse.Config{
			URL: "http://" + s.listen, Conference: demoConference, Venues: 3, For: time.Hour, Tokens: s.tokens(),
		})
		rehearsed <- err
	}()
	seen := s.grows(1)
	first := seen.last()
	for range kills {
		seen = s.grows(seen.last() + 4)
		name := seen.segments[len(seen.segments)-1]
		bytesBefore := s.hls(name)
		at := time.Now()
		s.kill()
		if err := s.start(); err != nil {
			t.Fatal(err)
		}
		again := s.grows(seen.last())
		t.Logf("killed %v after the end of what was listed; %v after it of what was kept",
			at.Sub(seen.end).Round(time.Millisecond), at.Sub(again.end).Round(time.Millisecond))
		if after := s.hls(name); bytesBefore == nil || !bytes.Equal(after, bytesBefore) {
			t.Errorf("%s had %d bytes before the kill and %d after it", name, len(bytesBefore), len(after))
		}
		if again.first > seen.last() || again.ended {
			t.Errorf("the playlist begins at %d after the kill, it ended at %d", again.first, seen.last())
		}
		if next := s.grows(seen.last() + 2); next.gaps == 0 {
			t.Error("no discontinuity tells of the kill")
		}
	}
	s.grows(seen.last() + 4)
	over()
	<-rehearsed // what it found is the matter of other tests
	s.close()
	http.DefaultClient.CloseIdleConnections()
	var all playlist
	for deadline := time.Now().Add(30 * time.Second); !all.ended; all, _ = s.playlist("v0") {
		if time.Now().After(deadline) {
			t.Fatal("the recording is not shown after the close")
		}
	}
	if all.gaps < kills || all.first > first || len(all.segments) < 4*kills {
		t.Errorf("the recording has %d discontinuities and %d segments from %d on; %d kills, the first segment seen was %d",
			all.gaps, len(all.segments), all.first, kills, first)
	}
	for _, track := range []string{"index", "v0", "v1", "v2", "sound"} {
		s.decode(track)
	}
	http.DefaultClient.CloseIdleConnections()
}

// close closes the conference from the command line.
func (s *server) close() {
	s.t.Helper()
	command := exec.CommandContext(s.t.Context(), s.binary, "conference", "close", demoConference, "--data="+s.data)
	if out, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("close: %v\n%s", err, out)
	}
}

// decode lets ffprobe read and ffmpeg decode what a playlist lists; any complaint fails.
func (s *server) decode(track string) {
	s.t.Helper()
	url := "http://" + s.listen + "/live/" + demoConference + "/" + track + ".m3u8"
	for _, command := range [][]string{
		{"ffprobe", "-v", "error", "-show_streams", url},
		// Every picture keeps its own time: a slower encoder's pace would be asked of all otherwise.
		{"ffmpeg", "-v", "error", "-xerror", "-i", url, "-map", "0", "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "null", "-"},
	} {
		var problems bytes.Buffer
		run := exec.CommandContext(s.t.Context(), command[0], command[1:]...)
		run.Stderr = &problems
		if err := run.Run(); err != nil || problems.Len() > 0 {
			s.t.Errorf("%s %s: %v\n%.2000s", command[0], track, err, problems.String())
		}
	}
}
