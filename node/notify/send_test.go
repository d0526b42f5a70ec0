package notify_test

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"comity.example/node/notify"
)

func event() *notify.Event {
	return &notify.Event{ID: "msg_1", Kind: notify.Overdue, At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC),
		Node: "us.contoso", Case: "case-abcdefghijklmnopqrstuvwxyz", Clock: "production", Text: "production: overdue"}
}

// TestSignatureIsThatOfStandardWebhooks: the example of the reference libraries
// (github.com/standard-webhooks/standard-webhooks).
func TestSignatureIsThatOfStandardWebhooks(t *testing.T) {
	s, err := notify.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretsAreStrictAndDoNotPrint(t *testing.T) {
	for _, bad := range []string{"", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==",
		"whsec_" + strings.Repeat("A", 120), "whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if _, err := notify.ParseSecret(bad); err == nil || strings.Contains(err.Error(), "LaLa") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	s, err := notify.ParseSecret(notify.NewSecret([]byte(strings.Repeat("k", 32))))
	if err != nil {
		t.Fatal(err)
	}
	if printed := fmt.Sprintf("%v %+v %s %x", s, s, s, s); strings.Contains(printed, "k") || strings.Contains(printed, "6b") {
		t.Errorf("it prints %s", printed)
	}
}

// A receiver is a webhook on loopback that answers as it is told.
func receiver(t *testing.T, status int, saw func(r *http.Request, body []byte)) *notify.Hooked {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		saw(r, body)
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	secret, err := notify.ParseSecret(notify.NewSecret([]byte(strings.Repeat("k", 32))))
	if err != nil {
		t.Fatal(err)
	}
	return &notify.Hooked{URL: s.URL + "/hook?key=s3cret", Secret: secret}
}

func TestWebhookIsSignedAndFollowsNoRedirect(t *testing.T) {
	for status, want := range map[int]func(error) bool{
		200: func(err error) bool { return err == nil },
		204: func(err error) bool { return err == nil },
		302: func(err error) bool { return err != nil && !errors.Is(err, notify.ErrRejected) },
		401: func(err error) bool { return err != nil && !errors.Is(err, notify.ErrRejected) },
		422: func(err error) bool { return errors.Is(err, notify.ErrRejected) },
		503: func(err error) bool { return err != nil && !errors.Is(err, notify.ErrRejected) },
	} {
		calls := 0
		h := receiver(t, status, func(*http.Request, []byte) {})
		h = receiver(t, status, func(r *http.Request, body []byte) {
			calls++
			at, err := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
			sign := h.Secret.Sign(r.Header.Get("webhook-id"), time.Unix(at, 0), body)
			if err != nil || r.Header.Get("webhook-id") != "msg_1" || time.Since(time.Unix(at, 0)).Abs() > time.Minute ||
				!hmac.Equal([]byte(sign), []byte(r.Header.Get("webhook-signature"))) {
				t.Errorf("headers %v, want the signature %s", r.Header, sign)
			}
			if !strings.Contains(string(body), `"type":"clock.overdue"`) || !strings.Contains(string(body), `"clock":"production"`) {
				t.Errorf("body %s", body)
			}
		})
		err := h.Send(t.Context(), event())
		if !want(err) || calls != 1 {
			t.Errorf("%d: got %v after %d calls", status, err, calls)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error names the URL: %v", err)
		}
	}
}

func TestWebhookThatDoesNotAnswerIsNamedInNoError(t *testing.T) {
	h := receiver(t, 200, func(*http.Request, []byte) {})
	h.URL = "http://127.0.0.1:1/hook?key=s3cret"
	if err := h.Send(t.Context(), event()); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestOnlySafeURLs(t *testing.T) {
	for url, good := range map[string]bool{
		"https://pager.example/hook": true, "http://127.0.0.1:8000/x": true, "http://[::1]:8000/x": true,
		"http://pager.example/hook": false, "http://localhost/x": false, "ftp://pager.example": false,
		"https://u:p@pager.example/": false, "https://": false, "pager": false, "": false,
	} {
		if err := notify.CheckURL(url); (err == nil) != good {
			t.Errorf("%q: got %v", url, err)
		}
	}
}

func TestCommandGetsTheEventAndNothingElse(t *testing.T) {
	t.Setenv("COMITY_PASSPHRASE", "correct horse")
	out := filepath.Join(t.TempDir(), "out")
	h := &notify.Hook{Args: []string{"/bin/sh", "-c", `cat > "$0"; env >> "$0"; echo noise; echo noise >&2`, out}}
	if err := h.Send(t.Context(), event()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	got := string(b)
	if err != nil || !strings.Contains(got, `"case":"case-abcdefghijklmnopqrstuvwxyz"`) ||
		!strings.Contains(got, "COMITY_TEXT=production: overdue\n") || strings.Contains(got, "horse") {
		t.Errorf("the command got %s %v", got, err)
	}
	h.Args = []string{"/bin/sh", "-c", "exit 7"}
	if err := h.Send(t.Context(), event()); err == nil || !strings.Contains(err.Error(), "status 7") {
		t.Errorf("got %v", err)
	}
	h.Args = []string{"/no/such/program"}
	if err := h.Send(t.Context(), event()); err == nil {
		t.Error("a program that is not there told somebody")
	}
}

// TestCommandThatHangsIsKilled, with what it started: its children would pile up.
func TestCommandThatHangsIsKilled(t *testing.T) {
	out := filepath.Join(t.TempDir(), "pid")
	h := &notify.Hook{Args: []string{"/bin/sh", "-c", `sleep 600 & echo $! > "$0.part"; mv "$0.part" "$0"; wait`, out}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := make(chan error, 1)
	go func() { told <- h.Send(ctx, event()) }()
	b, err := os.ReadFile(out)
	for end := time.Now().Add(time.Minute); err != nil; b, err = os.ReadFile(out) { // until it hangs
		if time.Now().After(end) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	select {
	case err := <-told:
		if err == nil {
			t.Error("a command that hangs told somebody")
		}
	case <-time.After(time.Minute):
		t.Fatal("a command that hangs is not killed")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); running(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatal("what the command started goes on")
		}
	}
}

// running reports whether a process does anything any more: one that was killed
// may stay in the table until somebody asks what became of it.
func running(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}
