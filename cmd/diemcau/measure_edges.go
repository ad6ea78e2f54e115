package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/diemcau/diemcau/internal/edge"
)

// edgeCollector tells, at every scrape, what the edges have last told.
type edgeCollector struct{ edges *edge.Registry }

// Describe implements prometheus.Collector: the labels are not known before.
func (edgeCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (e edgeCollector) Collect(out chan<- prometheus.Metric) {
	count := prometheus.NewDesc("diemcau_edges", "Edges that viewers are sent to.", nil, nil)
	viewers := prometheus.NewDesc("diemcau_edge_viewers", "WebRTC viewers of an edge.", []string{"edge"}, nil)
	room := prometheus.NewDesc("diemcau_edge_capacity", "WebRTC viewers an edge takes.", []string{"edge"}, nil)
	shows := prometheus.NewDesc("diemcau_edge_shows", "Programmes an edge has.", []string{"edge"}, nil)
	all := e.edges.Edges()
	out <- prometheus.MustNewConstMetric(count, prometheus.GaugeValue, float64(len(all)))
	for i := range all {
		out <- prometheus.MustNewConstMetric(viewers, prometheus.GaugeValue, float64(all[i].Viewers), all[i].URL)
		out <- prometheus.MustNewConstMetric(room, prometheus.GaugeValue, float64(all[i].Capacity), all[i].URL)
		out <- prometheus.MustNewConstMetric(shows, prometheus.GaugeValue, float64(len(all[i].Shows)), all[i].URL)
	}
}
