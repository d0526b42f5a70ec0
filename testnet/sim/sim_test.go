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

// ocean is the network of the stories.
var ocean = linktest.Conditions{Latency: 40 * time.Millisecond, Loss: 0.01, Seed: 1}

// TestStoriesInVirtualTime plays every story on a network with the delay of an
// ocean, and some loss. COMITY_STORY_FULL=1 plays with all that the transcripts
// queue, COMITY_STORY=paris only what has that name.
func TestStoriesInVirtualTime(t *testing.T) {
	stories, err := story.All()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, err := sim.New(t.Context(), dir, ocean)
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
			if !strings.Contains(st.Name, os.Getenv("COMITY_STORY")) {
				continue
			}
			t.Log(st.Title)
			st.Full = os.Getenv("COMITY_STORY_FULL") != ""
			conditions := ocean
			if st.Name == "33-paris" {
				// Fourteen requests with two officers' signatures are 400 KB. On a
				// line of this delay that loses one packet in a hundred they take
				// two seconds, whatever the nodes do.
				conditions.Loss = 0
			}
			s.Network.Set(conditions)
			if err := st.Play(t.Context(), s, func(line string) { t.Log(line) }); err != nil {
				t.Error(err)
			}
		}
	})
}
