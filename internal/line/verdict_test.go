package line_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/line"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	hd := line.Report{Width: 1280, Height: 720, WantedHeight: 720, Limited: line.LimitNone, WindowMs: 5000}
	with := func(change func(*line.Facts)) line.Facts {
		f := line.Facts{Picture: true, Sound: true, Report: hd, RTT: 40 * time.Millisecond}
		change(&f)
		return f
	}
	tests := []struct {
		name   string
		facts  line.Facts
		grade  line.Grade
		causes []line.Cause
	}{
		{"all is well", with(func(*line.Facts) {}), line.GradeGood, nil},
		{"an encoder of which nothing is known", line.Facts{Picture: true, Sound: true}, line.GradeGood, nil},
		{"nothing arrives", line.Facts{LossUp: 1}, line.GradeNone, []line.Cause{line.CauseNothing}},
		{"sound only", with(func(f *line.Facts) { f.Picture = false }), line.GradeWeak, []line.Cause{line.CauseNoPicture}},
		{"picture only", with(func(f *line.Facts) { f.Sound = false }), line.GradeWeak, []line.Cause{line.CauseNoSound}},
		{"too weak for HD", with(func(f *line.Facts) { f.Report.Limited, f.Report.Height = line.LimitBandwidth, 360 }), line.GradeFair, []line.Cause{line.CauseUpWeak}},
		{"held back, the picture still whole", with(func(f *line.Facts) { f.Report.Limited = line.LimitBandwidth }), line.GradeFair, []line.Cause{line.CauseUpWeak}},
		{"hardly anything goes up", with(func(f *line.Facts) { f.Report.Limited, f.Report.Height = line.LimitBandwidth, 180 }), line.GradeWeak, []line.Cause{line.CauseUpWeak}},
		{"a slow machine", with(func(f *line.Facts) { f.Report.Limited, f.Report.Height = line.LimitCPU, 540 }), line.GradeFair, []line.Cause{line.CauseCPU}},
		{"small by the camera's own wish", with(func(f *line.Facts) { f.Report.Height, f.Report.WantedHeight = 360, 360 }), line.GradeGood, nil},
		{"loss that is repaired", with(func(f *line.Facts) { f.LossUp = 0.03 }), line.GradeFair, []line.Cause{line.CauseLossUp}},
		{"much loss", with(func(f *line.Facts) { f.LossUp = 0.09 }), line.GradeWeak, []line.Cause{line.CauseLossUp}},
		{"loss that stays", with(func(f *line.Facts) { f.LossUp, f.LeftUp = 0.03, 0.021 }), line.GradeWeak, []line.Cause{line.CauseLeftUp, line.CauseLossUp}},
		{"loss down, as the page counts it", with(func(f *line.Facts) { f.Report.LossDown = 0.05 }), line.GradeFair, []line.Cause{line.CauseLossDown}},
		{"loss down, as the server is told", with(func(f *line.Facts) { f.LossDown = 0.2 }), line.GradeWeak, []line.Cause{line.CauseLossDown}},
		{"far away", with(func(f *line.Facts) { f.RTT = 300 * time.Millisecond }), line.GradeFair, []line.Cause{line.CauseDelay}},
		{"very far away", with(func(f *line.Facts) { f.Report.RTTMs = 700 }), line.GradeWeak, []line.Cause{line.CauseDelay}},
		{"bursts", with(func(f *line.Facts) { f.JitterUp = 160 * time.Millisecond }), line.GradeWeak, []line.Cause{line.CauseJitter}},
		{"the hall sees a frozen programme", with(func(f *line.Facts) { f.Report.FrozenMs = 200 }), line.GradeFair, []line.Cause{line.CauseFreezes}},
		{"half of the time", with(func(f *line.Facts) { f.Report.FrozenMs = 2500 }), line.GradeWeak, []line.Cause{line.CauseFreezes}},
		{"the hall can receive little", with(func(f *line.Facts) { f.Estimate = 250_000 }), line.GradeWeak, []line.Cause{line.CauseDownWeak}},
		{"the hall can receive enough", with(func(f *line.Facts) { f.Estimate = 3_000_000 }), line.GradeGood, nil},
		{"the page is silent", with(func(f *line.Facts) { f.Quiet = 21 * time.Second }), line.GradeFair, []line.Cause{line.CauseUnheard}},
		{"the worst comes first", with(func(f *line.Facts) { f.LossUp, f.RTT = 0.03, 700*time.Millisecond }), line.GradeWeak, []line.Cause{line.CauseDelay, line.CauseLossUp}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			grade, causes := line.Judge(&test.facts)
			if grade != test.grade {
				t.Errorf("got %s %v, want %s", grade, causes, test.grade)
			}
			if diff := cmp.Diff(test.causes, causes); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSteady: a line that goes down is told soon, one that comes back has to last.
func TestSteady(t *testing.T) {
	t.Parallel()
	const g, f, w = line.GradeGood, line.GradeFair, line.GradeWeak
	tests := []struct {
		name        string
		comes, want []line.Grade
	}{
		{"one bad moment is not told", []line.Grade{g, w, g, w, g}, []line.Grade{g, g, g, g, g}},
		{"two in a row are", []line.Grade{g, w, w}, []line.Grade{g, g, w}},
		{"better has to last", []line.Grade{w, g, g, g, g, g}, []line.Grade{w, w, w, w, w, g}},
		{"and begins anew", []line.Grade{w, g, g, g, g, w, g, g, g, g}, []line.Grade{w, w, w, w, w, w, w, w, w, w}},
		{"better in steps is better", []line.Grade{w, f, g, f, g, f}, []line.Grade{w, w, w, w, w, f}},
		{"the first word is taken as it is", []line.Grade{w}, []line.Grade{w}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var s line.Steady
			for i, grade := range test.comes {
				if got, _ := s.Take(grade, nil); got != test.want[i] {
					t.Errorf("step %d (%s): got %s, want %s", i, grade, got, test.want[i])
				}
			}
		})
	}
}
