package report

import "time"

// Durations are counted in buckets: whole minutes below ten days, whole hours
// below a thousand days, whole days above. So a median is exact to its bucket,
// and a count takes at most maxBuckets numbers however many cases there are.
const (
	minuteBuckets = 10 * 24 * 60
	hourBuckets   = 1000 * 24
	maxBuckets    = minuteBuckets + hourBuckets + 10_000
)

// A span is durations that were counted.
type span struct {
	n       int64
	sum     int64 // seconds
	buckets map[uint16]int64
}

// add counts a duration. One below zero, of clocks that differ, counts as none.
func (s *span) add(d time.Duration, keep bool) {
	d = max(d, 0)
	s.n++
	s.sum += int64(d / time.Second)
	if !keep {
		return
	}
	if s.buckets == nil {
		s.buckets = map[uint16]int64{}
	}
	s.buckets[bucket(d)]++
}

func bucket(d time.Duration) uint16 {
	minutes, hours := int64(d/time.Minute), int64(d/time.Hour)
	switch {
	case minutes < minuteBuckets:
		return uint16(minutes)
	case hours < hourBuckets:
		return uint16(minuteBuckets + hours)
	}
	return uint16(min(minuteBuckets+hourBuckets+hours/24, maxBuckets-1))
}

// floor is the shortest duration in a bucket, in seconds.
func floor(b uint16) int64 {
	switch i := int64(b); {
	case i < minuteBuckets:
		return i * 60
	case i < minuteBuckets+hourBuckets:
		return (i - minuteBuckets) * 3600
	default:
		return (i - minuteBuckets - hourBuckets) * 24 * 3600
	}
}

// mean returns the arithmetic mean in seconds, rounded down.
func (s *span) mean() int64 { return s.sum / s.n }

// median returns the lower median: the smallest bucket below or in which at
// least half of the durations are.
func (s *span) median() int64 {
	half := (s.n + 1) / 2
	seen := int64(0)
	for b := range maxBuckets {
		if seen += s.buckets[uint16(b)]; seen >= half {
			return floor(uint16(b))
		}
	}
	return 0
}
