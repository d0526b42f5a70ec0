package vault_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"comity.example/node/vault"
	"comity.example/protocol"
)

// victimVariable makes the test binary run as the victim of the kill test.
const victimVariable = "COMITY_VAULT_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		if err := victim(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// callers is how many callers the victim has at once.
const callers = 4

// victim takes in, receives, destroys and drops until it is killed, and prints what
// it was answered: a line is "kind case tree seed size".
func victim(dir string) error {
	ctx := context.Background()
	v, err := vault.Open(ctx, config(filepath.Join(dir, "victim")))
	if err != nil {
		return err
	}
	from, err := vault.Open(ctx, config(filepath.Join(dir, fmt.Sprint("from", time.Now().UnixNano()))))
	if err != nil {
		return err
	}
	failed := make(chan error)
	var speaking sync.Mutex
	// What is said is written before what it announces is done.
	say := func(kind string, id protocol.CaseID, taken vault.Taken, seed uint64) {
		speaking.Lock()
		defer speaking.Unlock()
		if _, err := fmt.Printf("%s %s %s %d %d\n", kind, id, taken.Tree, seed, taken.Size); err != nil {
			failed <- err
		}
	}
	for range callers {
		go func() {
			for {
				id, seed := protocol.NewCaseID(), rand.Uint64()%1000
				size := rand.Int64N(10_000)
				if seed%4 == 0 {
					size = rand.Int64N(5 * block)
				}
				if err := live(ctx, v, from, say, id, seed, size); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// live is what happens to one object of the victim.
func live(ctx context.Context, v, from *vault.Vault, say func(string, protocol.CaseID, vault.Taken, uint64),
	id protocol.CaseID, seed uint64, size int64,
) error {
	content := random(seed, size)
	taken, err := v.TakeIn(ctx, id, bytes.NewReader(content), nil)
	if err != nil {
		return err
	}
	say("taken", id, taken, seed)
	switch seed % 8 {
	case 1, 4:
		say("destroying", id, taken, seed)
		if err := v.Destroy(id, taken.Tree); err != nil {
			return err
		}
		say("destroyed", id, taken, seed)
	case 2:
		say("dropping", id, taken, seed)
		if err := v.Drop(id, taken.Tree); err != nil {
			return err
		}
		say("dropped", id, taken, seed)
	case 3, 0:
		other, err := from.TakeIn(ctx, id, bytes.NewReader(content), nil)
		if err != nil {
			return err
		}
		in, err := v.Receive(ctx, vault.Receipt{Case: id, Peer: peer, Tree: other.Tree, Size: size})
		if err != nil {
			return err
		}
		held, sent, err := from.Key(id, other.Tree)
		if err != nil {
			return err
		}
		if err := v.SetKey(id, other.Tree, held, sent); err != nil {
			return err
		}
		say("keyed", id, other, seed)
		for _, i := range in.Missing(-1, 100) {
			b, err := from.Block(other.Tree, i)
			if err != nil {
				return err
			}
			if err := in.Put(i, b.Block, b.Proof); err != nil {
				return err
			}
		}
		if err := in.Complete(ctx); err != nil {
			return err
		}
		say("taken", id, other, seed)
		return in.Close()
	}
	return nil
}

// TestKilledVaultKeepsWhatItAnswered kills at random moments, ten times, the
// last half of them while the vault opens and begins.
func TestKilledVaultKeepsWhatItAnswered(t *testing.T) {
	dir := t.TempDir()
	state := map[string]string{} // by "case tree": the last line
	for round := range 10 {
		while := 400 * time.Millisecond
		if round >= 5 {
			while = 60 * time.Millisecond
		}
		for _, line := range kill(t, dir, while, round < 5) {
			f := strings.Fields(line)
			if len(f) != 5 {
				t.Fatalf("the victim said %q", line)
			}
			state[f[1]+" "+f[2]] = line
		}
		requireAnswered(t, filepath.Join(dir, "victim"), state)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	if len(state) < 10 {
		t.Errorf("only %d objects", len(state))
	}
	t.Logf("%d objects", len(state))
}

// kill runs a victim for a random part of a while, after its first answer or from
// its start, and returns what it said.
func kill(t *testing.T, dir string, while time.Duration, answered bool) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	clock := func() { once.Do(func() { time.AfterFunc(rand.N(while), func() { cmd.Process.Kill() }) }) }
	if !answered {
		clock()
	}
	var lines []string
	for s := bufio.NewScanner(out); s.Scan(); {
		clock()
		lines = append(lines, s.Text())
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the victim ended by itself: %v", err)
	}
	return lines
}

// requireAnswered checks that everything is as the victim said, and sound.
func requireAnswered(t *testing.T, dir string, state map[string]string) {
	t.Helper()
	v, err := vault.Open(t.Context(), config(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, line := range state {
		f := strings.Fields(line)
		id := protocol.CaseID(f[1])
		var tree protocol.Digest
		if err := tree.UnmarshalText([]byte(f[2])); err != nil {
			t.Fatal(err)
		}
		seed, _ := strconv.ParseUint(f[3], 10, 64)
		size, _ := strconv.ParseInt(f[4], 10, 64)
		_, _, err := v.Key(id, tree)
		_, openErr := v.Open(id, tree, id)
		switch kind := f[0]; {
		case kind == "taken", openErr == nil && (kind == "dropping" || kind == "destroying"):
			requireContent(t, v, id, tree, random(seed, size))
		case kind == "keyed" && err != nil, kind == "destroyed" && err == nil, kind == "dropped" && err == nil:
			t.Errorf("%s: %v", line, err)
		}
	}
	r, err := v.Check(t.Context(), nil)
	if err != nil || len(r.Damaged)+len(r.Missing)+len(r.Keys)+r.Stray != 0 {
		t.Errorf("check: %+v, %v", r, err)
	}
	if left := files(t, filepath.Join(dir, "work")); len(left) > 0 {
		t.Errorf("work: %q", left)
	}
}
