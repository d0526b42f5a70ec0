package journal_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"comity.example/node/journal"
	"comity.example/node/store"
	"comity.example/protocol"
	"comity.example/protocol/ledger"
)

// victims is how many callers the killed process has.
const victims = 8

// victim commits until it is killed and prints the key of each commit that
// was answered. Its keys go on where those in the store end.
func victim(dir string) error {
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
				key := fmt.Sprintf("act/%d-%d-%d", run.Size, caller, n)
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

// contentOf is what is kept under a key: the store keeps large contents apart
// from small ones.
func contentOf(key string) string {
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
		answered = append(answered, kill(t, dir)...)
		d := mustStart(t, dir)
		requireAll(t, d.Journal, answered)
		mustEnd(t, d)
	}
	if len(answered) == 0 {
		t.Error("no commit was answered before the kill")
	}
}

// kill runs a victim for a random while and returns what it printed.
func kill(t *testing.T, dir string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var answered []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if len(answered) == 0 { // the clock starts when the victim is up
			wait := time.Duration(rand.IntN(150)) * time.Millisecond
			time.AfterFunc(wait, func() { cmd.Process.Kill() })
		}
		answered = append(answered, lines.Text())
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the victim ended by itself")
	}
	return answered
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
