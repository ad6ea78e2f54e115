package line_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/line"
)

const hue conference.ID = "hue"

func start() time.Time { return time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC) }

func places(ids ...conference.VenueID) map[conference.VenueID]line.Place {
	out := map[conference.VenueID]line.Place{}
	for _, id := range ids {
		out[id] = line.Place{Ready: true}
	}
	return out
}

// sends is a venue that sends 1 Mbit/s of which gaps packets are missing at first and
// repaired of these come later, over n steps of two seconds.
func sends(venue conference.VenueID, n int, gaps, repaired uint64) line.Reading {
	steps := uint64(n)
	return line.Reading{
		Venue: venue, Picture: true, Sound: true, Layers: 3, Level: 40, Bytes: steps * 250_000,
		Packets: steps*200 - steps*(gaps-repaired), Gaps: steps * gaps, Repaired: steps * repaired,
	}
}

func only(t *testing.T, c line.Changes) line.Row {
	t.Helper()
	if len(c.Rows) != 1 || len(c.Gone) != 0 {
		t.Fatalf("got %+v, want one row", c)
	}
	return c.Rows[0]
}

func TestBook_measuresBetweenReadings(t *testing.T) {
	t.Parallel()
	b := line.New()
	for i := range 10 {
		b.Observe(hue, []line.Reading{sends("phu-loc", i, 20, 20)}, places("phu-loc"), start().Add(time.Duration(i)*2*time.Second))
	}
	row := only(t, b.Changes(hue, 0))
	if row.UpBits != 1_000_000 || row.LossUp < 0.095 || row.LossUp > 0.105 || row.Grade != line.GradeWeak {
		t.Errorf("got %+v, want 1 Mbit/s, a tenth lost and repaired, weak", row)
	}
	if diff := cmp.Diff([]line.Cause{line.CauseLossUp}, row.Causes); diff != "" {
		t.Errorf("causes (-want +got):\n%s", diff)
	}
	// A new session counts from nothing: no loss, no negative rate.
	b.Observe(hue, []line.Reading{sends("phu-loc", 0, 0, 0)}, places("phu-loc"), start().Add(30*time.Second))
	if row = only(t, b.Changes(hue, 0)); row.UpBits != 0 || row.LossUp != 0 {
		t.Errorf("after a new join: got %+v", row)
	}
}

func TestBook_tellsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	b := line.New()
	both := []line.Reading{sends("a-luoi", 0, 0, 0), sends("phu-loc", 0, 0, 0)}
	b.Observe(hue, both, places("a-luoi", "phu-loc"), start())
	first := b.Changes(hue, 0)
	if len(first.Rows) != 2 || first.Rows[0].Venue != "a-luoi" {
		t.Fatalf("got %+v, want both by venue", first)
	}
	both[1].RTT = 80 * time.Millisecond
	b.Observe(hue, both, places("a-luoi", "phu-loc"), start().Add(2*time.Second))
	second := b.Changes(hue, first.Version)
	if row := only(t, second); row.Venue != "phu-loc" || row.RTTMs != 80 {
		t.Errorf("got %+v, want the one that changed", row)
	}
	b.Observe(hue, both, places("a-luoi", "phu-loc"), start().Add(4*time.Second))
	if c := b.Changes(hue, second.Version); len(c.Rows)+len(c.Gone) != 0 {
		t.Errorf("nothing changed: got %+v", c)
	}
	b.Observe(hue, both[:1], places("a-luoi", "phu-loc"), start().Add(6*time.Second))
	if c := b.Changes(hue, second.Version); len(c.Rows) != 0 || len(c.Gone) != 1 || c.Gone[0] != "phu-loc" {
		t.Errorf("one has left: got %+v", c)
	}
	if c := b.Changes(hue, 0); len(c.Rows) != 1 || len(c.Gone) != 0 {
		t.Errorf("all there is: got %+v", c)
	}
}

func TestBook_reportIsPartOfTheRow(t *testing.T) {
	t.Parallel()
	b := line.New()
	r := line.Report{
		RTTMs: 41, Width: 640, Height: 360, WantedHeight: 720, Limited: line.LimitBandwidth, Way: line.WayTCP,
		Camera: "OBS Virtual Camera", Mic: "USB", Signs: []line.Sign{line.SignVirtualCamera, line.SignBlack, line.SignBlack},
	}
	if err := b.Report(hue, "phu-loc", r, start()); err != nil {
		t.Fatal(err)
	}
	if err := b.Report(hue, "phu-loc", r, start().Add(900*time.Millisecond)); !errors.Is(err, &conference.Error{Code: line.CodeTooOften}) {
		t.Errorf("got %v, want line.too_often", err)
	}
	see := func(after time.Duration) line.Row {
		b.Observe(hue, []line.Reading{sends("phu-loc", 1, 0, 0)}, places("phu-loc"), start().Add(after))
		return only(t, b.Changes(hue, 0))
	}
	row := see(time.Second)
	want := []line.Sign{line.SignBlack, line.SignVirtualCamera}
	if row.Height != 360 || row.Grade != line.GradeFair || !row.Page || row.Camera != "OBS Virtual Camera" || row.RTTMs != 40 {
		t.Errorf("got %+v", row)
	}
	if diff := cmp.Diff(want, row.Signs); diff != "" {
		t.Errorf("signs (-want +got):\n%s", diff)
	}
	// What a page told long ago is not shown as if it were so now.
	if row = see(21 * time.Second); row.Page || row.Height != 0 || len(row.Signs) != 0 {
		t.Errorf("an old report is still shown: %+v", row)
	}
}

func TestBook_refusesReports(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]line.Report{
		"negative":           {UpBits: -1},
		"absurd":             {DownBits: 2_000_000_000},
		"no share":           {LossUp: 1.5},
		"not a number":       {LossDown: math.NaN()},
		"too long ago":       {RTTMs: 61_000},
		"too large":          {Width: 10_000},
		"an unknown limit":   {Limited: "fate"},
		"an unknown way":     {Way: "pigeon"},
		"an unknown sign":    {Signs: []line.Sign{"gremlins"}},
		"a sign of ours":     {Signs: []line.Sign{line.SignEcho}},
		"too many signs":     {Signs: make([]line.Sign, 50)},
		"louder than loud":   {Level: 101},
		"too many pictures":  {FPS: 1000},
		"negative freezes":   {Freezes: -1},
		"a window of a year": {WindowMs: 1 << 40},
	} {
		if err := line.New().Report(hue, "phu-loc", r, start()); !errors.Is(err, &conference.Error{Code: line.CodeBadReport}) {
			t.Errorf("%s: got %v, want line.bad_report", name, err)
		}
	}
	r := line.Report{Camera: " Má\u202ey\x00 quay " + strings.Repeat("ơ", 200), Mic: "\xff"}
	if err := r.Check(); err != nil || len([]rune(r.Camera)) != 80 || !strings.HasPrefix(r.Camera, "Máy quay ") || r.Mic != "" {
		t.Errorf("got %q, %q, %v", r.Camera, r.Mic, err)
	}
}

// TestBook_silentMicrophone: an open one is missed soon, one of a hall that waits later.
func TestBook_silentMicrophone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		place line.Place
		level int
		sound bool
		after time.Duration
		want  bool
	}{
		{"open and silent", line.Place{Open: true}, 0, true, 16 * time.Second, true},
		{"open, silent for a moment", line.Place{Open: true}, 0, true, 12 * time.Second, false},
		{"open and speaking", line.Place{Open: true}, 30, true, 60 * time.Second, false},
		{"ready and quiet for a while", line.Place{Ready: true}, 0, true, 40 * time.Second, false},
		{"ready and silent for long", line.Place{Ready: true}, 0, true, 92 * time.Second, true},
		{"not ready", line.Place{}, 0, true, 200 * time.Second, false},
		{"an encoder that tells no level", line.Place{Open: true}, -1, true, 60 * time.Second, false},
		{"no sound at all is told otherwise", line.Place{Open: true}, 0, false, 60 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := line.New()
			for at := time.Duration(0); at <= test.after; at += 2 * time.Second {
				r := sends("phu-loc", int(at/time.Second), 0, 0)
				r.Level, r.Sound = test.level, test.sound
				b.Observe(hue, []line.Reading{r}, map[conference.VenueID]line.Place{"phu-loc": test.place}, start().Add(at))
			}
			got := false
			for _, sign := range only(t, b.Changes(hue, 0)).Signs {
				got = got || sign == line.SignSilent
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestBook_historyIsBounded: half an hour, the oldest first, whatever happens.
func TestBook_historyIsBounded(t *testing.T) {
	t.Parallel()
	b := line.New()
	if _, err := b.History(hue, "phu-loc"); !errors.Is(err, &conference.Error{Code: line.CodeUnknown}) {
		t.Errorf("got %v, want line.unknown", err)
	}
	last := start()
	for i := range 2 * line.KeptSamples * 3 {
		last = start().Add(time.Duration(i) * 2 * time.Second)
		b.Observe(hue, []line.Reading{sends("phu-loc", i, 0, 0)}, places("phu-loc"), last)
	}
	samples, err := b.History(hue, "phu-loc")
	if err != nil || len(samples) != line.KeptSamples {
		t.Fatalf("got %d samples, %v", len(samples), err)
	}
	for i := 1; i < len(samples); i++ {
		if gap := samples[i].At.Sub(samples[i-1].At); gap < line.SampleEvery || gap > line.SampleEvery+2*time.Second {
			t.Fatalf("sample %d comes %v after the one before", i, gap)
		}
	}
	if late := last.Sub(samples[len(samples)-1].At); late >= line.SampleEvery {
		t.Errorf("the newest is %v old", late)
	}
	b.Observe(hue, nil, nil, last)
	if _, err := b.History(hue, "phu-loc"); err == nil {
		t.Error("a venue that is not of the conference any more is kept")
	}
}

// TestBook_mirror: another node shows the same rows, and none when the media have moved.
func TestBook_mirror(t *testing.T) {
	t.Parallel()
	here, there := line.New(), line.New()
	here.Observe(hue, []line.Reading{sends("a-luoi", 1, 0, 0), sends("phu-loc", 1, 0, 0)}, places("a-luoi", "phu-loc"), start())
	c := here.Changes(hue, 0)
	there.Mirror(hue, c.Rows, c.Gone, true)
	got := there.Changes(hue, 0)
	if diff := cmp.Diff(c.Rows, got.Rows); diff != "" {
		t.Errorf("(-here +there):\n%s", diff)
	}
	there.Mirror(hue, nil, []conference.VenueID{"a-luoi"}, false)
	if c := there.Changes(hue, got.Version); len(c.Gone) != 1 || len(c.Rows) != 0 {
		t.Errorf("one has gone: got %+v", c)
	}
	there.Forget(hue)
	if c := there.Changes(hue, 0); len(c.Rows) != 0 {
		t.Errorf("forgotten: got %+v", c)
	}
}

func TestBook_speaking(t *testing.T) {
	t.Parallel()
	b := line.New()
	b.Speak(hue, line.Speaking{Now: "phu-loc", Loud: []conference.VenueID{"a-luoi"}})
	first, version := b.Speaking(hue)
	b.Speak(hue, line.Speaking{Now: "phu-loc", Loud: []conference.VenueID{"a-luoi"}})
	if _, again := b.Speaking(hue); first.Now != "phu-loc" || again != version {
		t.Errorf("got %+v, version %d then %d", first, version, again)
	}
	b.Speak(hue, line.Speaking{})
	if now, again := b.Speaking(hue); now.Now != "" || again == version {
		t.Errorf("got %+v, version %d", now, again)
	}
}
