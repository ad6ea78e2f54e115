package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/diemcau/diemcau/internal/line"
)

// lineCollector reads the venues' lines at every scrape, on the node that has the media. The
// label venue has no other values than the conference's venues.
type lineCollector struct {
	lines                *lineKeeper
	grade, signs, page   *prometheus.Desc
	up, down, height     *prometheus.Desc
	lossUp, lossDown     *prometheus.Desc
	rtt, jitter, stillAt *prometheus.Desc
}

func newLineCollector(lines *lineKeeper) *lineCollector {
	desc := func(name, help string, more ...string) *prometheus.Desc {
		return prometheus.NewDesc("diemcau_venue_"+name, help, append([]string{"conference", "venue"}, more...), nil)
	}
	return &lineCollector{
		lines:    lines,
		grade:    desc("line_grade", "What a venue's line is worth: 3 good, 2 fair, 1 weak, 0 nothing arrives."),
		signs:    desc("sign", "1 while something about a venue's microphone or camera should be looked at.", "sign"),
		page:     desc("page", "1 while a page tells of the venue's line."),
		up:       desc("up_bits", "Bits/s that arrive from a venue."),
		down:     desc("down_bits", "Bits/s a venue receives, by its page."),
		height:   desc("height_lines", "Height of the largest picture a venue sends, by its page."),
		lossUp:   desc("loss_up_ratio", "Share of a venue's packets that did not come in their turn."),
		lossDown: desc("loss_down_ratio", "Share of packets to a venue that were lost."),
		rtt:      desc("round_trip_seconds", "Time to a venue and back."),
		jitter:   desc("jitter_seconds", "Jitter of a venue's packets, up or down, the larger."),
		stillAt:  desc("still_timestamp_seconds", "When a venue's latest still came."),
	}
}

// Describe implements prometheus.Collector.
func (l *lineCollector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		l.grade, l.signs, l.page, l.up, l.down, l.height, l.lossUp, l.lossDown, l.rtt, l.jitter, l.stillAt,
	} {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (l *lineCollector) Collect(out chan<- prometheus.Metric) {
	for _, info := range l.lines.live.Conferences() {
		if here, _ := l.lines.home.Here(info.ID); !here {
			continue
		}
		rows := l.lines.Changes(info.ID, 0).Rows
		for i := range rows {
			row := &rows[i]
			gauge := func(desc *prometheus.Desc, value float64, more ...string) {
				labels := append([]string{string(info.ID), row.Venue}, more...)
				out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
			}
			const ms = 1e-3
			gauge(l.grade, worth(row.Grade))
			for _, sign := range row.Signs {
				gauge(l.signs, 1, string(sign))
			}
			page := 0.0
			if row.Page {
				page = 1
				gauge(l.down, float64(row.DownBits))
				gauge(l.height, float64(row.Height))
			}
			gauge(l.page, page)
			gauge(l.up, float64(row.UpBits))
			gauge(l.lossUp, row.LossUp)
			gauge(l.lossDown, row.LossDown)
			gauge(l.rtt, float64(row.RTTMs)*ms)
			gauge(l.jitter, float64(row.JitterMs)*ms)
			if row.StillAtMs > 0 {
				gauge(l.stillAt, float64(row.StillAtMs)*ms)
			}
		}
	}
}

// worth is a grade as a number, the higher the better.
func worth(grade line.Grade) float64 {
	switch grade {
	case line.GradeGood:
		return 3
	case line.GradeFair:
		return 2
	case line.GradeWeak:
		return 1
	case line.GradeNone:
	}
	return 0
}
