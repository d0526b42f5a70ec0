package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/go-json-experiment/json"
)

// killPatience is how long what a command left behind may hold its pipes open
// after it was killed.
const killPatience = time.Second

// A Hook is a command that is run for each event, with the event as JSON on its
// standard input and its line of text in COMITY_TEXT. It inherits nothing of the
// node's environment but PATH and HOME, and its output is thrown away. One that
// takes longer than Patience is killed, with all that it started.
type Hook struct {
	Args []string // the program, and its arguments
}

// Send implements Sender. The command has the event if it ends with 0.
func (h *Hook) Send(ctx context.Context, e *Event) error {
	body, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	cmd := exec.CommandContext(ctx, h.Args[0], h.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), io.Discard, io.Discard
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"COMITY_KIND=" + string(e.Kind), "COMITY_TEXT=" + e.Text}
	// A group of its own: what it started ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killPatience
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return errors.New("notify: the command took too long and was killed")
	case errors.As(err, &exit):
		return fmt.Errorf("notify: the command ended with status %d", exit.ExitCode())
	case errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well, and left something behind that holds its output
	case err != nil:
		return errors.New("notify: the command cannot be run: is it there, and executable?")
	}
	return nil
}
