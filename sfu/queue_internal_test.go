package sfu

import (
	"testing"
	"time"
)

func TestQueueStands(t *testing.T) {
	t.Parallel()
	const ms = int64(time.Millisecond)
	for _, c := range []struct {
		name string
		way  func(at int64) int64 // ms, at a time in ms
		want func(at int64) bool
	}{
		{"a far line that jitters", func(at int64) int64 { return 300 + at*7919%60 }, func(int64) bool { return false }},
		{"a keyframe is sent over some time", func(at int64) int64 { return 20 + at%40*5 }, func(int64) bool { return false }},
		{
			"a queue grows and drains",
			func(at int64) int64 { return 20 + min(max(0, (at-5000)/2), 200, max(0, (8000-at)/2)) },
			func(at int64) bool { return at > 5300 && at < 7700 },
		},
		{"the clock is set", func(at int64) int64 { return 20 + at/5000*3_600_000 }, func(int64) bool { return false }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var q queue
			for at := int64(0); at < 10_000; at += 10 {
				q.add(-7_200_000*ms+c.way(at)*ms, at*ms)
				if got, edge := q.stands(), at%5000 < 350 || at > 7600 && at < 7850; got != c.want(at) && !edge {
					t.Fatalf("at %d ms: stands %v", at, got)
				}
			}
		})
	}
}
