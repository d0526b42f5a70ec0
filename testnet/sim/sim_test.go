package sim_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"comity.example/node/link/linktest"
	"comity.example/testnet/sim"
	"comity.example/testnet/story"
)

// TestBurstInVirtualTime plays the story of a burst with all that is queued in it.
func TestBurstInVirtualTime(t *testing.T) {
	stories, err := story.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := sim.New(t.Context(), dir, linktest.Conditions{Latency: 40 * time.Millisecond, Loss: 0.01, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		played := 0
		for _, st := range stories {
			if !strings.Contains(st.Name, "paris") {
				continue
			}
			played++
			st.Full = true
			if err := st.Play(t.Context(), s, func(line string) { t.Log(line) }); err != nil {
				t.Error(err)
			}
		}
		if played != 1 {
			t.Errorf("%d stories of a burst", played)
		}
	})
}

// TestStoriesInVirtualTime plays every story on a network with the delay of an
// ocean, and some loss.
func TestStoriesInVirtualTime(t *testing.T) {
	stories, err := story.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := sim.New(t.Context(), dir, linktest.Conditions{Latency: 40 * time.Millisecond, Loss: 0.01, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if os.Getenv("COMITY_TEST_LOG") != "" {
			s.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
		}
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		for _, st := range stories {
			t.Log(st.Title)
			if err := st.Play(t.Context(), s, func(line string) { t.Log(line) }); err != nil {
				t.Error(err)
			}
		}
	})
}
