package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"comity.example/node/gate"
	"comity.example/node/notify"
)

// metrics are counters without labels that could name a person or a matter.
type metrics struct {
	arrivals   *prometheus.CounterVec // by verdict and reason
	deliveries *prometheus.CounterVec // by outcome
	submitted  *prometheus.CounterVec // by verdict
	forks      prometheus.Counter
	effects    *prometheus.CounterVec // of clocks, by what came about
	behind     prometheus.Gauge
	tellings   *prometheus.CounterVec // by target and outcome
	blocks     *prometheus.CounterVec // of evidence, by direction and outcome
	bytes      *prometheus.CounterVec // of evidence, by direction
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		arrivals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_arrivals_total",
			Help: "Acts that peers delivered, by what became of them."}, []string{"outcome", "reason"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_deliveries_total",
			Help: "Attempts to deliver an act, by outcome."}, []string{"outcome"}),
		submitted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_submitted_total",
			Help: "Acts that this participant's people submitted, by verdict."}, []string{"verdict"}),
		forks: prometheus.NewCounter(prometheus.CounterOpts{Name: "comity_peer_forks_total",
			Help: "Peers' checkpoints that contradict each other."}),
		effects: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_clock_effects_total",
			Help: "What came about at the end of clocks, or ahead of it."}, []string{"effect"}),
		behind: prometheus.NewGauge(prometheus.GaugeOpts{Name: "comity_clock_behind_seconds",
			Help: "How long ago what is due longest was due, while the node catches up."}),
	}
	m.tellings = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_notifications_total",
		Help: "Attempts to tell people outside of the node, by outcome."}, []string{"target", "outcome"})
	m.blocks = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_evidence_blocks_total",
		Help: "Blocks of evidence, and shares of keys, that were fetched or asked for, by outcome."}, []string{"direction", "outcome"})
	m.bytes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "comity_evidence_bytes_total",
		Help: "Sealed bytes of evidence that came in blocks, or went."}, []string{"direction"})
	r.MustRegister(m.arrivals, m.deliveries, m.submitted, m.forks, m.effects, m.behind, m.tellings, m.blocks, m.bytes)
	return m
}

func (m *metrics) arrival(a *gate.Arrival, r response) {
	switch {
	case !r.fresh:
		m.arrivals.WithLabelValues("repeated", "").Inc()
	case r.refused:
		for _, reason := range r.reasons {
			m.arrivals.WithLabelValues("refused", string(reason)).Inc()
		}
	default:
		m.arrivals.WithLabelValues(a.Decision.Verdict.String(), "").Inc()
	}
}

// early counts an act that came before what it follows.
func (m *metrics) early() { m.arrivals.WithLabelValues("early", "").Inc() }

func (m *metrics) delivery(outcome string) { m.deliveries.WithLabelValues(outcome).Inc() }

func (m *metrics) submission(verdict string) { m.submitted.WithLabelValues(verdict).Inc() }

// ticked counts what a round of the clerk brought about.
func (m *metrics) ticked(t *ticking, now time.Time) {
	for effect, n := range t.effects {
		m.effects.WithLabelValues(string(effect)).Add(float64(n))
	}
	behind := 0.0
	if !t.Next.IsZero() {
		behind = max(0, now.Sub(t.Next).Seconds())
	}
	m.behind.Set(behind)
}

func (m *metrics) fork() { m.forks.Inc() }

func (m *metrics) told(t notify.Target, outcome string) {
	m.tellings.WithLabelValues(string(t), outcome).Inc()
}

// moved counts what a peer asked for of evidence ("out"), or what we asked for ("in").
func (m *metrics) moved(direction, outcome string, size int) {
	m.blocks.WithLabelValues(direction, outcome).Inc()
	m.bytes.WithLabelValues(direction).Add(float64(size))
}
