package server

import (
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is what this process tells Prometheus; every name of ours begins with diemcau_.
// A nil *Metrics counts nothing. Safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	edges    *prometheus.CounterVec
}

// NewMetrics returns Metrics with the Go runtime's and the process's own collectors.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "diemcau_http_requests_total", Help: "HTTP requests answered, by route pattern.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "diemcau_http_request_seconds", Help: "Time to answer an HTTP request; sockets count until they close.",
			Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
		}, []string{"route"}),
	}
	m.edges = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "diemcau_edge_viewers_sent_total", Help: "Viewers sent to an edge, by how they watch.",
	}, []string{"by"})
	// What the last collection left: a leak shows there, whatever size the heap has.
	heapLive := collectors.GoRuntimeMetricsRule{Matcher: regexp.MustCompile("^/gc/heap/live:bytes$")}
	m.registry.MustRegister(m.requests, m.seconds, m.edges,
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(heapLive)), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Gauge adds a value that is read at every scrape.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// Counter adds a value that only grows and is read at every scrape.
func (m *Metrics) Counter(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, value))
}

// Register adds a collector of another part.
func (m *Metrics) Register(collector prometheus.Collector) { m.registry.MustRegister(collector) }

// Handler serves /metrics; it belongs on a listener of its own.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry}))
	return mux
}

// sent counts a viewer that was sent to an edge.
func (m *Metrics) sent(hls bool) {
	if m == nil {
		return
	}
	by := "webrtc"
	if hls {
		by = "hls"
	}
	m.edges.WithLabelValues(by).Inc()
}

func (m *Metrics) observe(method, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(knownMethod(method), route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
