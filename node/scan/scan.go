// Package scan has a program of the operator's look at evidence before anybody
// here opens it: a scanner for malware. What it finds something in is put apart,
// never deleted: it may be the evidence.
//
// It is trusted with a verdict that nobody can check, and with the plaintext of
// evidence, which it hands to that program.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Patience is how long a scan may take where the operator says nothing else.
const Patience = time.Hour

// killPatience is how long what a scanner left behind may hold its pipes open
// after it was killed.
const killPatience = time.Second

// The status by which a scanner says what it found: those of clamscan and clamdscan.
const (
	statusClean = 0
	statusFound = 1
)

// ErrScan says that there is no verdict: the scanner could not run, took too long,
// or ended otherwise than with 0 or 1.
var ErrScan = errors.New("scan: no verdict")

// A Scanner is a command that reads content on its standard input and ends with 0
// where it found nothing and with 1 where it found something, such as
//
//	clamdscan --no-summary -
//
// It inherits nothing of the node's environment but PATH and HOME, and its output
// is thrown away: it would quote what it found. One that takes longer than Patience
// is killed, with all that it started.
type Scanner struct {
	Args     []string      // the program, and its arguments
	Patience time.Duration // 0: the constant
}

// Scan reports whether the scanner found something in content. A scanner need not
// read to the end.
func (s *Scanner) Scan(ctx context.Context, content io.Reader) (found bool, err error) {
	patience := s.Patience
	if patience == 0 {
		patience = Patience
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, s.Args[0], s.Args[1:]...)
	source := &remembering{r: content}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = source, io.Discard, io.Discard
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	// A group of its own: what it started ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killPatience
	err = cmd.Run()
	status := -1
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case limited.Err() != nil:
		return false, fmt.Errorf("%w: the scanner took longer than %v and was killed", ErrScan, patience)
	case source.err != nil:
		return false, source.err // what it saw is not all that there is
	case status == statusFound:
		return true, nil
	case status == statusClean:
		return false, nil
	case status > 0:
		return false, fmt.Errorf("%w: the scanner ended with status %d", ErrScan, status)
	case err != nil:
		return false, fmt.Errorf("%w: the scanner cannot be run: is it there, and executable?", ErrScan)
	}
	return false, ErrScan
}

// A remembering reader keeps the error of what it reads, which the command would
// take for an end.
type remembering struct {
	r   io.Reader
	err error // read once the command has ended
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
