package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// secretPrefix begins a secret, as Standard Webhooks writes it.
	secretPrefix = "whsec_"
	// MinSecret bounds a secret from below, in bytes.
	MinSecret = 24
	// MaxSecret bounds it from above, in bytes.
	MaxSecret = 64
	// maxAnswer bounds what is read of an answer, in bytes, so that the connection
	// can be used again.
	maxAnswer = 64 << 10
)

// A Secret signs what a webhook is sent. It prints as nothing.
type Secret struct {
	_   [0]func()
	key []byte
}

// ParseSecret reads whsec_ and base64 of 24 to 64 bytes.
func ParseSecret(s string) (Secret, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(s), secretPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(key) < MinSecret || len(key) > MaxSecret {
		return Secret{}, fmt.Errorf("notify: want a secret of %s and the base64 of %d to %d bytes", secretPrefix, MinSecret, MaxSecret)
	}
	return Secret{key: key}, nil
}

// NewSecret writes key as ParseSecret reads it.
func NewSecret(key []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(key) }

// Format prints nothing of the secret, whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { io.WriteString(f, "secret") }

// Sign returns the signature of a message, as Standard Webhooks 1.0 has it: the
// HMAC-SHA256 of id, time and body, joined by full stops.
func (s Secret) Sign(id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, s.key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A Hooked is a webhook: each event is sent to its URL by POST, signed as
// Standard Webhooks says (webhook-id, webhook-timestamp, webhook-signature). The
// body has type, timestamp and data.
type Hooked struct {
	URL    string
	Secret Secret
	// Client is the way there; nil: one that follows no redirects.
	Client *http.Client
}

// CheckURL wants https, or http to this machine.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return errors.New("want a URL such as https://pager.example/hooks/comity, without a user's name in it")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback() {
		return nil
	}
	return errors.New("want https, or http to a loopback address such as 127.0.0.1")
}

// A message is the body that a webhook is sent.
type message struct {
	Type      Kind      `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      *Event    `json:"data"`
}

// Send implements Sender. The webhook has the event if it answers 2xx.
func (h *Hooked) Send(ctx context.Context, e *Event) error {
	body, err := json.Marshal(message{e.Kind, e.At, e}, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRejected, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("notify: the webhook's URL cannot be used")
	}
	// The time of sending is the machine's: receivers compare it with their own.
	now := time.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "comity")
	req.Header.Set("webhook-id", e.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("webhook-signature", h.Secret.Sign(e.ID, now, body))
	resp, err := h.client().Do(req)
	if err != nil {
		return errors.New("notify: the webhook does not answer") // its error names the URL, which may be a secret
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	switch s := resp.StatusCode; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusBadRequest, s == http.StatusRequestEntityTooLarge, s == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: the webhook answered %d", ErrRejected, s)
	}
	return fmt.Errorf("notify: the webhook answered %d", resp.StatusCode)
}

func (h *Hooked) client() *http.Client {
	if h.Client != nil {
		return h.Client
	}
	// A redirect could lead a signed message anywhere.
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
