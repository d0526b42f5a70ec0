package journal_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// turns is how often TestKilledNodeKeepsValuesAsTheirLogsTurn kills.
var turns = flag.Int("turns", 1, "rounds of kills while logs of values turn")

// victims is how many callers the killed process has.
const victims = 8

// victim commits until it is killed and prints the key of each commit that
// was answered. Its keys begin with kind, and go on where those in the store end.
func victim(dir, kind string) error {
	ctx := context.Background()
	d, err := start(ctx, dir, nil)
	if err != nil {
		return err
	}
	run := d.Head()
	answered := make(chan string)
	for caller := range victims {
		go func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s/%d-%d-%d", kind, run.Size, caller, n)
				if _, err := d.Commit(ctx, file(key, contentOf(key))); err != nil {
					return
				}
				answered <- key
			}
		}()
	}
	for key := range answered {
		if _, err := fmt.Println(key); err != nil {
			return err
		}
	}
	return nil
}

// Kinds of what a victim commits: acts as they are, and such that fill a value
// log of the store in a hundred commits.
const (
	acts  = "act"
	pages = "page"
)

// contentOf is what is kept under a key: the store keeps large contents apart
// from small ones.
func contentOf(key string) string {
	if strings.HasPrefix(key, pages) {
		return strings.Repeat(key+"\n", 900<<10/(len(key)+1))
	}
	if key[len(key)-1]%2 == 0 {
		return strings.Repeat(key+"\n", 2000)
	}
	return strings.Repeat(key+"\n", 100)
}

func TestKilledNodeKeepsWhatItAnswered(t *testing.T) {
	dir := t.TempDir()
	rounds := 1 + 5/slowdown
	var answered []string
	for range rounds {
		answered = append(answered, kill(t, dir, acts, 150*time.Millisecond)...)
		d := mustStart(t, dir)
		requireAll(t, d.Journal, answered)
		mustEnd(t, d)
	}
	if len(answered) == 0 {
		t.Error("no commit was answered before the kill")
	}
}

// TestKilledNodeKeepsValuesAsTheirLogsTurn kills while values fill one log of
// the store after another, and in between while the store opens, twice in a row:
// as it is read, cleared, and given its next logs.
func TestKilledNodeKeepsValuesAsTheirLogsTurn(t *testing.T) {
	dir := t.TempDir()
	var answered []string
	for range 1 + *turns/slowdown {
		answered = append(answered, kill(t, dir, pages, time.Second)...)
		began := time.Now()
		d := mustStart(t, dir)
		opening := time.Since(began)
		requireAll(t, d.Journal, answered)
		mustEnd(t, d)
		answered = append(answered, kill(t, dir, pages, time.Second)...)
		for range 2 {
			answered = append(answered, killAsItOpens(t, dir, 50*time.Millisecond+2*opening)...)
		}
	}
	d := mustStart(t, dir)
	defer mustEnd(t, d)
	requireAll(t, d.Journal, answered)
	logs, err := filepath.Glob(filepath.Join(dir, "store", "*.vlog"))
	if err != nil || len(logs) < 3 {
		t.Errorf("%d commits were answered, and there are only %d logs of values, %v", len(answered), len(logs), err)
	}
	t.Logf("%d commits, %d logs", len(answered), len(logs))
}

// kill runs a victim for a random part of a while after its first answer, and
// returns what it printed.
func kill(t *testing.T, dir, kind string, while time.Duration) []string {
	t.Helper()
	cmd, lines := launch(t, dir, kind)
	var answered []string
	for lines.Scan() {
		if len(answered) == 0 { // the clock starts when the victim is up
			time.AfterFunc(rand.N(while), func() { cmd.Process.Kill() })
		}
		answered = append(answered, lines.Text())
	}
	requireKilled(t, cmd)
	return answered
}

// killAsItOpens does so from the victim's start.
func killAsItOpens(t *testing.T, dir string, while time.Duration) []string {
	t.Helper()
	cmd, lines := launch(t, dir, pages)
	time.AfterFunc(rand.N(while), func() { cmd.Process.Kill() })
	var answered []string
	for lines.Scan() {
		answered = append(answered, lines.Text())
	}
	requireKilled(t, cmd)
	return answered
}

func launch(t *testing.T, dir, kind string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir, kindVariable+"="+kind)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

func requireKilled(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the victim ended by itself: %v", err)
	}
}

// requireAll checks the whole journal, and that each key is there with its
// content and exactly one record.
func requireAll(t *testing.T, j *journal.Journal, keys []string) {
	t.Helper()
	if err := checkAll(t.Context(), j, keys, contentOf); err != nil {
		t.Error(err)
	}
}

func checkAll(
	ctx context.Context, j *journal.Journal, keys []string, content func(string) string,
) error {
	records := map[protocol.Digest]int{}
	_, err := j.Check(ctx, journal.Audit{
		Record: func(_ store.Reader, _ int64, r ledger.Record) error {
			records[r.Act]++
			return nil
		},
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		want := content(key)
		got, err := get(ctx, j, key)
		if err != nil || got != want {
			return fmt.Errorf("%s: got %d bytes, %v, want %d", key, len(got), err, len(want))
		}
		if n := records[protocol.DigestOf([]byte(want))]; n != 1 {
			return fmt.Errorf("%s: %d records, want 1", key, n)
		}
	}
	return nil
}
