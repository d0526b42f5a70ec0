package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// bombed is how many bytes the file in a zip bomb has: a thousand times those of the
// bomb.
const bombed = 128 << 20

// odd makes evidence of a kind that somebody might trip over:
//
//	odd bomb FILE        a zip bomb
//	odd marks FOLDER     a file whose name is as many right-to-left marks as a name has room for
//	odd many FOLDER N    so many tiny files, in folders of a thousand
func odd(ts *testscript.TestScript, _ bool, args []string) {
	at := ts.MkAbs(args[1])
	switch args[0] {
	case "bomb":
		f, err := os.Create(at)
		ts.Check(err)
		z := zip.NewWriter(f)
		w, err := z.Create("zeros")
		ts.Check(err)
		_, err = io.CopyN(w, zeros{}, bombed)
		ts.Check(errors.Join(err, z.Close(), f.Close()))
	case "marks":
		ts.Check(os.MkdirAll(at, 0o700))
		ts.Check(os.WriteFile(filepath.Join(at, strings.Repeat("\u202e", 84)), []byte("From falcon\n"), 0o600))
	case "many":
		n, err := strconv.Atoi(args[2])
		ts.Check(err)
		for i := range n {
			dir := filepath.Join(at, strconv.Itoa(i/1000))
			if i%1000 == 0 {
				ts.Check(os.MkdirAll(dir, 0o700))
			}
			ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.eml", i)), fmt.Appendf(nil, "message %d", i), 0o600))
		}
	default:
		ts.Fatalf("odd: no such kind: %q", args[0])
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
