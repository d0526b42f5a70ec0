package home

import (
	"crypto/rand"
	"fmt"
	"os"

	"comity.example/node/notify"
)

// newSecret makes the secret that signs what a webhook is sent.
func newSecret() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never returns an error
	return []byte(notify.NewSecret(key) + "\n")
}

// senders returns where people are told, as the configuration says.
func (h *Home) senders() (map[notify.Target]notify.Sender, error) {
	out := map[notify.Target]notify.Sender{}
	if c := h.Config.Notify.Command; len(c) > 0 {
		out[notify.Command] = &notify.Hook{Args: c}
	}
	if url := h.Config.Notify.Webhook; url != "" {
		secret, err := h.notifySecret()
		if err != nil {
			return nil, err
		}
		out[notify.Webhook] = &notify.Hooked{URL: url, Secret: secret}
	}
	return out, nil
}

// notifySecret reads the secret, which nobody else may read.
func (h *Home) notifySecret() (notify.Secret, error) {
	path := h.path(NotifySecretName)
	info, err := os.Stat(path)
	if err != nil {
		return notify.Secret{}, fmt.Errorf("home: a webhook is configured and %s is not there: write whsec_ and the base64 "+
			"of 32 random bytes into it, for its owner alone", NotifySecretName)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return notify.Secret{}, fmt.Errorf("home: others may read %s: chmod 600 it", NotifySecretName)
	}
	b, err := h.read(NotifySecretName)
	if err != nil {
		return notify.Secret{}, err
	}
	s, err := notify.ParseSecret(string(b))
	if err != nil {
		return s, fmt.Errorf("home: %s: %w", NotifySecretName, err)
	}
	return s, nil
}
