package transfer_test

import (
	"testing"
	"time"

	"comity.example/node/link/linktest"
)

func TestLineSpeeds(t *testing.T) {
	for _, x := range []struct {
		name  string
		size  int
		speed int // bytes per second
		trip  time.Duration
		share float64 // of the speed that must be reached
		loss  float64
	}{
		{"1 Mbit/s, 100 ms", 4 * mib, 125_000, 100 * time.Millisecond, 0.6, 0},
		{"10 Mbit/s, 100 ms", 16 * mib, 1_250_000, 100 * time.Millisecond, 0.6, 0},
		{"100 Mbit/s, 100 ms", 64 * mib, 12_500_000, 100 * time.Millisecond, 0.6, 0},
		{"1 Gbit/s, 100 ms", 128 * mib, 125_000_000, 100 * time.Millisecond, 0.1, 0},
		{"100 Mbit/s, 100 ms, 0.1% lost", 32 * mib, 12_500_000, 100 * time.Millisecond, 0.05, 0.001},
	} {
		t.Run(x.name, func(t *testing.T) {
			began := time.Now()
			onLine(t, linktest.Conditions{Latency: x.trip / 2, Speed: x.speed, Seed: 1, Loss: x.loss}, func(t *testing.T, l *line) {
				o, d := l.fetch(x.size, false)
				took := l.wait(o, time.Hour)
				rate := float64(o.sealed()) / took.Seconds()
				t.Logf("%.1f s, %.2f MB/s of %.2f; %d twice, %d beyond", took.Seconds(), rate/1e6, float64(x.speed)/1e6, d.twice(), l.beyond(o))
				if rate < x.share*float64(x.speed) {
					t.Errorf("got %.0f bytes per second of %d", rate, x.speed)
				}
			})
			t.Log(time.Since(began))
		})
	}
}
