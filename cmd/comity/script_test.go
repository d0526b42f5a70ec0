package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"comity.example/node/token"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"comity": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, scripts(t, filepath.Join("testdata", "script"), func(*testscript.Env) error { return nil }))
}

// scripts are those of a folder, each with what more sets it up.
func scripts(t *testing.T, dir string, more func(*testscript.Env) error) testscript.Params {
	founded := worlds{dir: t.TempDir(), known: map[string]string{}}
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("COMITY_PASSPHRASE", "")
			file, err := filepath.Abs(filepath.Join("..", "..", "README.md"))
			if err != nil {
				return err
			}
			e.Setenv("README", file)
			if err := os.WriteFile(filepath.Join(e.WorkDir, "request.yaml"), orderTemplate(t), 0o600); err != nil {
				return err
			}
			return more(e)
		},
		Condition: func(name string) (bool, error) {
			if name != "pkcs11" {
				return false, fmt.Errorf("condition %q is not known", name)
			}
			return token.Built, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "ports": ports, "await": awaitFile, "capture": capture, "world": founded.world, "replace": replace,
			"damage": damage, "fetch": fetch, "readme": readme, "large": large, "wrap": wrap, "edit": edit,
			"until": until, "unpack": unpack, "spoil": spoil, "tus": tus, "odd": odd, "certificate": certificate,
		},
	}
}

// status N ARGS… runs comity and wants it to end with status N.
func status(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec("comity", args[1:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("comity ended with status %s, want %s", got, args[0])
	}
}

// Ports for nodes lie below those that the kernel hands out to whoever asks for any:
// one of these might be somebody else's before the node takes it, or while it is down.
const (
	firstPort = 10_000
	manyPorts = 20_000
)

// handedOut counts them, from a random one: other tests may run beside these.
var (
	handedOut  atomic.Uint32
	handedFrom = rand.Uint32N(manyPorts)
)

// ports NAME… sets each variable to a free address on loopback.
func ports(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		for tries := 0; ; tries++ {
			at := fmt.Sprintf("127.0.0.1:%d", firstPort+(handedFrom+handedOut.Add(1))%manyPorts)
			err := free(at)
			if err == nil {
				ts.Setenv(name, at)
				break
			}
			if tries == manyPorts {
				ts.Fatalf("no port is free: %v", err)
			}
		}
	}
}

// free returns an error where an address is taken, for either protocol.
func free(at string) error {
	tcp, err := net.Listen("tcp", at)
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", at)
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	return errors.Join(tcp.Close(), udp.Close())
}

// patience bounds how long a script waits for a file.
const patience = time.Minute

// await FILE… waits until the files are there.
func awaitFile(ts *testscript.TestScript, _ bool, args []string) {
	over := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, name := range args {
		for {
			if _, err := os.Stat(ts.MkAbs(name)); err == nil {
				break
			}
			select {
			case <-tick.C:
			case <-over:
				ts.Fatalf("%s does not come", name)
			}
		}
	}
}

// until PATTERN ARGS… runs comity until standard output matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	over := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ts.Check(ts.Exec("comity", args[1:]...))
		if regexp.MustCompile("(?m)" + args[0]).MatchString(ts.ReadFile("stdout")) {
			return
		}
		select {
		case <-tick.C:
		case <-over:
			ts.Fatalf("standard output never matches %q", args[0])
		}
	}
}

// capture NAME PATTERN sets a variable to the first match in standard output.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("standard output does not match %q", args[1])
	}
	ts.Setenv(args[0], found)
}

// fetch STATUS URL FILE asks with the token in the file, and wants that status.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest("GET", args[1], nil)
	ts.Check(err)
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[2])))
	resp, err := client(ts).Do(r)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if got := strconv.Itoa(resp.StatusCode); got != args[0] {
		ts.Fatalf("%s answers %s, want %s", args[1], got, args[0])
	}
}

// replace FILE OLD NEW changes the one place in a file; \n in NEW begins a line.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	b := ts.ReadFile(args[0])
	if strings.Count(b, args[1]) != 1 {
		ts.Fatalf("%s holds %q %d times, want once", args[0], args[1], strings.Count(b, args[1]))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(b, args[1], strings.ReplaceAll(args[2], `\n`, "\n"), 1)), 0o600))
}

// edit FILE TEXT N turns the letter N bytes behind the first place of a text
// into another.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	at := strings.Index(string(b), args[1]) + n
	if b[at] == 'A' {
		b[at]++
	} else {
		b[at] = 'A'
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// wrap REQUEST FILE CLAIMS makes of a request, and of claims beside it, a file
// for check.
func wrap(ts *testscript.TestScript, _ bool, args []string) {
	text := "request:\n"
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		text += "  " + line
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text+ts.ReadFile(args[2])), 0o600))
}

// large FILE N makes a file of N bytes.
func large(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), make([]byte, n), 0o600))
}

// damage FILE TEXT flips a bit behind the first place of a text in a file.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	at := strings.Index(string(b), args[1])
	if at < 0 {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	b[at+200] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

// unpack ARCHIVE FOLDER puts the files of the one folder in an archive into a folder.
func unpack(ts *testscript.TestScript, _ bool, args []string) {
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	defer z.Close()
	for _, f := range z.File {
		_, name, _ := strings.Cut(f.Name, "/")
		path := filepath.Join(ts.MkAbs(args[1]), filepath.FromSlash(name))
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
		r, err := f.Open()
		ts.Check(err)
		b, err := io.ReadAll(r)
		ts.Check(err)
		ts.Check(os.WriteFile(path, b, 0o600))
	}
}

// spoil DIR flips a bit in the largest file below a folder.
func spoil(ts *testscript.TestScript, _ bool, args []string) {
	name, most := "", int64(-1)
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > most {
			name, most = path, info.Size()
		}
		return err
	}))
	b, err := os.ReadFile(name)
	ts.Check(err)
	b[len(b)/2] ^= 1
	ts.Check(os.WriteFile(name, b, 0o600))
}
