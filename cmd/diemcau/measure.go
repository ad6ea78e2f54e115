package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/oneport"
	"github.com/diemcau/diemcau/internal/onetime"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu"
)

// tally counts the durable events this node has seen since it started.
type tally struct {
	events    *prometheus.CounterVec
	submitted prometheus.Counter
}

func newTally() *tally {
	return &tally{
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "diemcau_events_total", Help: "Durable events seen since the start, by type.",
		}, []string{"type"}),
		submitted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "diemcau_questions_submitted_total", Help: "Questions made durable since the start.",
		}),
	}
}

func (t *tally) count(kind string) {
	t.events.WithLabelValues(kind).Inc()
	if kind == moderation.EventSubmitted {
		t.submitted.Inc()
	}
}

// measure adds what the parts can tell to the metrics.
func (a *app) measure() {
	a.metrics.Register(a.tally.events)
	a.metrics.Register(a.tally.submitted)
	a.metrics.Register(newMediaCollector(a.live.Conferences, a.media))
	a.metrics.Register(newLineCollector(a.lines))
	a.metrics.Gauge("diemcau_ready", "1 when the log can be written and media is bound.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if a.live.Ready(ctx) != nil || a.media.Ready() != nil {
			return 0
		}
		return 1
	})
	a.metrics.Gauge("diemcau_conferences", "Conferences on this node.", func() float64 {
		return float64(len(a.live.Conferences()))
	})
	a.measureLimits()
	a.measureDoor()
	if a.codes != nil {
		a.measureCodes()
	}
	if a.bound.port != nil {
		a.measurePort(a.bound.port)
	}
	if a.post != nil {
		a.measureMail(a.post)
	}
	a.metrics.Gauge("diemcau_sockets", "Open WebSockets.", func() float64 { return float64(a.hub.Sockets()) })
}

// measureCodes adds what became of the one-time codes that were asked for.
func (a *app) measureCodes() {
	became := func(what string, count func(onetime.Counts) uint64) {
		a.metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "diemcau_codes_total", Help: "One-time codes asked for since the start, by what became of them.",
			ConstLabels: prometheus.Labels{"became": what},
		}, func() float64 { return float64(count(a.codes.Counts())) }))
	}
	became("sent", func(n onetime.Counts) uint64 { return n.Sent })
	became("unsent", func(n onetime.Counts) uint64 { return n.Unsent })
	became("number", func(n onetime.Counts) uint64 { return n.Number })
	became("ceiling", func(n onetime.Counts) uint64 { return n.Ceiling })
	became("country", func(n onetime.Counts) uint64 { return n.Country })
}

// measureLimits adds what the limits have refused.
func (a *app) measureLimits() {
	refused := func(what string, count func(limits.Refused) uint64) {
		a.metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "diemcau_limits_refused_total", Help: "Requests refused by a limit since the start.",
			ConstLabels: prometheus.Labels{"what": what},
		}, func() float64 { return float64(count(a.limits.Refused())) }))
	}
	refused("rate", func(r limits.Refused) uint64 { return r.Rate })
	refused("proof", func(r limits.Refused) uint64 { return r.Proof })
	refused("sockets", func(r limits.Refused) uint64 { return r.Sockets })
	a.metrics.Gauge("diemcau_limits_flooded", "Conferences that ask for a proof of work now.", func() float64 {
		return float64(a.limits.Flooded())
	})
}

// measureDoor adds what was kept out of the media port.
func (a *app) measureDoor() {
	for cause, count := range map[string]func(sfu.Intrusion) uint64{
		"unknown":  func(i sfu.Intrusion) uint64 { return i.Unknown },
		"stun":     func(i sfu.Intrusion) uint64 { return i.STUN },
		"stranger": func(i sfu.Intrusion) uint64 { return i.Stranger },
	} {
		a.metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "diemcau_media_junk_total", Help: "Datagrams to the media port that were dropped, by cause.",
			ConstLabels: prometheus.Labels{"cause": cause},
		}, func() float64 { return float64(count(a.media.Intrusion())) }))
	}
	a.metrics.Counter("diemcau_media_port_missed_total", "Datagrams to the media port that the kernel dropped because they were not read in time.", func() float64 {
		return float64(a.media.PortStats().Missed)
	})
	a.metrics.Counter("diemcau_media_port_failed_total", "Receive calls on the media port that failed; reading went on.", func() float64 {
		return float64(a.media.PortStats().Failed)
	})
	a.metrics.Counter("diemcau_media_port_dropped_total", "Packets of viewers that the kernel had no room to send.", func() float64 {
		return float64(a.media.PortStats().Dropped)
	})
	a.metrics.Gauge("diemcau_media_opening", "Viewers that are connecting now.", func() float64 {
		return float64(a.media.Intrusion().Opening)
	})
	a.metrics.Counter("diemcau_media_opening_pushed_total", "Viewers given up before they were connected, for newer ones.", func() float64 {
		return float64(a.media.Intrusion().Pushed)
	})
}

// measurePort adds what became of the connections to the TLS port.
func (a *app) measurePort(port *oneport.Port) {
	for became, count := range map[string]func(oneport.Stats) uint64{
		"http":  func(s oneport.Stats) uint64 { return s.HTTP },
		"media": func(s oneport.Stats) uint64 { return s.Media },
		"relay": func(s oneport.Stats) uint64 { return s.Relay },
		"junk":  func(s oneport.Stats) uint64 { return s.Junk },
		"late":  func(s oneport.Stats) uint64 { return s.Late },
		"full":  func(s oneport.Stats) uint64 { return s.Pushed },
	} {
		a.metrics.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "diemcau_port_connections_total", Help: "Connections to the TLS port by what became of them.",
			ConstLabels: prometheus.Labels{"became": became},
		}, func() float64 { return float64(count(port.Stats())) }))
	}
	a.metrics.Gauge("diemcau_media_tcp_connections", "Connections that carry media over TCP.", func() float64 {
		return float64(a.media.TCPStats().Lines)
	})
	a.metrics.Gauge("diemcau_media_relays", "Clients whose media is relayed within TLS.", func() float64 {
		return float64(a.media.Relays())
	})
	a.metrics.Counter("diemcau_media_tcp_refused_total", "Connections for media of no session of ours.", func() float64 {
		return float64(a.media.TCPStats().Unknown)
	})
	a.metrics.Counter("diemcau_media_tcp_dropped_total", "Packets that a slow TCP connection did not take.", func() float64 {
		return float64(a.media.TCPStats().Dropped)
	})
	a.metrics.Gauge("diemcau_port_opening", "Connections to the TLS port that have not said yet what they are.", func() float64 {
		return float64(port.Stats().Opening)
	})
}

// mediaCollector reads the media plane's counters at every scrape.
type mediaCollector struct {
	conferences func() []*conference.Info
	media       *sfu.Node

	sessions, publishers      *prometheus.Desc
	viewers, dropped          *prometheus.Desc
	in, out, junk             *prometheus.Desc
	nacks, resent, keyframes  *prometheus.Desc
	audioForward, audioDroppd *prometheus.Desc
	layers                    *prometheus.Desc
	changes, soundOnly        *prometheus.Desc
	downlink, paused          *prometheus.Desc
}

func newMediaCollector(conferences func() []*conference.Info, media *sfu.Node) *mediaCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("diemcau_"+name, help, append([]string{"conference"}, labels...), nil)
	}
	return &mediaCollector{
		conferences: conferences, media: media,
		sessions:     desc("media_sessions", "PeerConnections now."),
		viewers:      desc("media_viewers", "WHEP viewers now."),
		dropped:      desc("media_viewers_dropped_total", "Times a viewer was too slow and had to wait for a keyframe."),
		publishers:   desc("media_publishers", "Venues that send now."),
		in:           desc("media_packets_received_total", "RTP packets from publishers."),
		out:          desc("media_packets_sent_total", "RTP packets to receivers, retransmissions included."),
		junk:         desc("media_packets_unreadable_total", "RTP and RTCP that could not be read."),
		nacks:        desc("media_nacks_total", "Packets that receivers asked for again."),
		resent:       desc("media_retransmissions_total", "Packets sent again."),
		keyframes:    desc("media_keyframes_asked_total", "Keyframes asked of publishers."),
		audioForward: desc("venue_audio_forwarded_total", "Audio packets of a venue while it could be heard.", "venue"),
		audioDroppd:  desc("venue_audio_dropped_total", "Audio packets of a venue dropped because it had no floor.", "venue"),
		layers:       desc("venue_layers", "Layers of a venue's camera that arrive.", "venue"),
		changes:      desc("media_layer_changes_total", "Times a slot of a page went from one layer of a picture to another, or to none."),
		soundOnly:    desc("media_sound_only_total", "Times a page's line took no picture any more."),
		downlink:     desc("venue_downlink_estimate_bits", "What a venue's page can be sent, in bits/s, by congestion control.", "venue"),
		paused:       desc("venue_sound_only", "1 while a venue's line takes sound only.", "venue"),
	}
}

// Describe implements prometheus.Collector.
func (m *mediaCollector) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		m.sessions, m.publishers, m.viewers, m.dropped, m.in, m.out, m.junk, m.nacks, m.resent, m.keyframes, m.audioForward, m.audioDroppd, m.layers,
		m.changes, m.soundOnly, m.downlink, m.paused,
	} {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (m *mediaCollector) Collect(out chan<- prometheus.Metric) {
	for _, info := range m.conferences() {
		plane := m.media.Plane(info.ID, info.MainVenue())
		stats, id := plane.Stats(), string(info.ID)
		publishers, _ := plane.Publishers()
		gauge := func(desc *prometheus.Desc, value int) {
			out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), id)
		}
		counter := func(desc *prometheus.Desc, value uint64, labels ...string) {
			out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), append([]string{id}, labels...)...)
		}
		gauge(m.sessions, stats.Sessions)
		gauge(m.publishers, len(publishers))
		gauge(m.viewers, stats.Viewers)
		counter(m.dropped, stats.ViewersDropped)
		counter(m.in, stats.PacketsIn)
		counter(m.out, stats.PacketsOut)
		counter(m.junk, stats.Junk)
		counter(m.nacks, stats.NacksReceived)
		counter(m.resent, stats.Retransmitted)
		counter(m.keyframes, stats.KeyframesAsked)
		counter(m.changes, stats.LayerChanges)
		counter(m.soundOnly, stats.SoundOnly)
		for venue, line := range stats.Downlinks {
			paused := 0.0
			if line.SoundOnly {
				paused = 1
			}
			out <- prometheus.MustNewConstMetric(m.downlink, prometheus.GaugeValue, float64(line.Bits), id, string(venue))
			out <- prometheus.MustNewConstMetric(m.paused, prometheus.GaugeValue, paused, id, string(venue))
		}
		for venue, p := range publishers {
			out <- prometheus.MustNewConstMetric(m.layers, prometheus.GaugeValue, float64(p.Layers), id, string(venue))
		}
		for venue, sound := range stats.Venues {
			counter(m.audioForward, sound.AudioForwarded, string(venue))
			counter(m.audioDroppd, sound.AudioDropped, string(venue))
		}
	}
}
