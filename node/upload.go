package node

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"

	"comity.example/crypto/stream"
	"comity.example/node/desk"
	"comity.example/node/upload"
	"comity.example/protocol"
)

// openUploads opens the store of uploads beside the vault, which takes in what
// becomes whole there. Its key is no other key's.
func (n *Node) openUploads() error {
	key, err := hkdf.Key(sha256.New, n.cfg.Keys.Store[:], nil, "comity uploads v1", stream.KeySize)
	if err != nil {
		return fmt.Errorf("node: upload key: %w", err)
	}
	n.uploads, err = upload.Open(upload.Config{
		Dir:   filepath.Join(n.cfg.Dir, "uploads"),
		Key:   stream.Key(key),
		Admit: n.exhibits.Admit,
		TakeIn: func(ctx context.Context, about upload.About, content io.Reader) (protocol.Object, error) {
			return n.exhibits.TakeIn(ctx, about.Case, desk.Intake{Name: about.Name, MediaType: about.MediaType,
				Collected: about.Collected, Collector: about.Collector}, content)
		},
		Known:   n.cfg.Uploader,
		Room:    n.vault.Room,
		Explain: explainUpload,
		Now:     time.Now, // the times of files: legal time may be turned in a testnet
		Log:     n.cfg.Log,
	})
	return err
}

// explainUpload returns the words of what a person can mend, and nothing else.
func explainUpload(err error) (int, string) {
	var p *desk.Problem
	switch {
	case !errors.As(err, &p):
		return http.StatusInternalServerError, "the node could not do this now: see its log"
	case p.Hint != "":
		return p.Status, p.Text + ": " + p.Hint
	}
	return p.Status, p.Text
}

// sweepUploads removes uploads that nobody goes on with, until ctx ends.
func (n *Node) sweepUploads(ctx context.Context) error {
	n.uploads.Run(ctx)
	return nil
}

// Uploads implements desk.Uploader.
func (n *Node) Uploads(p desk.Pass) http.Handler {
	return n.uploads.Handler(upload.Access{By: p.Uploader, Check: p.Check})
}
