package story_test

import (
	"os/exec"
	"path/filepath"
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
		Topology: testnet.DefaultTopology(), At: time.Now(), Address: testnet.Loopback})
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
	for _, s := range stories {
		t.Log(s.Title)
		if err := s.Play(t.Context(), p, func(line string) { t.Log(line) }); err != nil {
			t.Error(err)
		}
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
