package story_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"comity.example/testnet"
	"comity.example/testnet/story"
)

// TestStoriesOnProcesses plays every story on the real program: a process for
// each node, sockets on loopback, and SIGKILL.
func TestStoriesOnProcesses(t *testing.T) {
	dir := t.TempDir()
	comity := filepath.Join(dir, "comity")
	if out, err := exec.Command("go", "build", "-o", comity, "comity.example/cmd/comity").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	w, err := testnet.Found(testnet.Founding{Dir: filepath.Join(dir, "world"),
		Topology: testnet.DefaultTopology(), At: time.Now(), Address: testnet.Loopback, Turning: true})
	if err != nil {
		t.Fatal(err)
	}
	p := &testnet.Processes{World: w, Command: []string{comity, "node", "--dir"}}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stories, err := story.All()
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	tell := func(line string) {
		t.Log(line)
		printed = append(printed, line)
	}
	for i, s := range stories {
		if !strings.Contains(s.Name, os.Getenv("COMITY_STORY")) {
			continue
		}
		s.Full = os.Getenv("COMITY_STORY_FULL") != ""
		tell(fmt.Sprintf("%d. %s", i+1, s.Title))
		if err := s.Play(t.Context(), p, tell); err != nil {
			t.Error(err)
		}
	}
	tell(fmt.Sprintf("%d of %d stories ended as they should, in", len(stories), len(stories)))
	if os.Getenv("COMITY_STORY") == "" {
		wantPrinted(t, printed)
	}
}

// wantPrinted: what the README shows of make demo is what it prints, in order.
// A line is shown up to "…"; one of "…" alone stands for any number of lines.
func wantPrinted(t *testing.T, printed []string) {
	t.Helper()
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, found := strings.Cut(string(b), "```\n1. ")
	shown, _, ended := strings.Cut("1. "+shown, "```")
	if !found || !ended {
		t.Fatal("the README shows nothing of make demo")
	}
	skips := true
	for line := range strings.Lines(shown) {
		line, cut := strings.CutSuffix(strings.TrimRight(line, "\n"), "…")
		if line = strings.TrimRight(line, " "); line == "" {
			skips = true
			continue
		}
		i := slices.IndexFunc(printed, func(p string) bool { return p == line || cut && strings.HasPrefix(p, line) })
		if i < 0 || i > 0 && !skips {
			t.Errorf("make demo does not print next what the README shows: %q", line)
			return
		}
		printed, skips = printed[i+1:], false
	}
}

// TestAStoryThatEndsOtherwiseFails: a story that cannot fail proves nothing.
func TestAStoryThatEndsOtherwiseFails(t *testing.T) {
	for _, script := range []string{
		"verdict allow", "verdict deny no_agreement", "route eu-us-mla-2003 ie.justice",
		"state nothing us.contoso served", "verify nothing us.contoso",
	} {
		s, err := story.Parse("bad", []byte("# A story\n"+script+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Play(t.Context(), nil, func(string) {}); err == nil {
			t.Errorf("%q passed on an empty stage", script)
		}
	}
	if _, err := story.Parse("bad", []byte("# A story\nhope for the best\n")); err == nil ||
		!strings.Contains(err.Error(), "hope") {
		t.Errorf("got %v, want an error that names the verb", err)
	}
}
