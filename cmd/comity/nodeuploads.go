package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"comity.example/node/desk"
	"comity.example/node/home"
)

// Limits of the place where other machines upload: who is there may be anybody.
const (
	// maxUploadConns bounds its connections, so that strangers take neither the
	// files that the node may open nor its memory.
	maxUploadConns = 256
	// maxUploadHeader bounds the headers of a request, in bytes.
	maxUploadHeader = 32 << 10
	// idlePatience bounds how long a connection may be open without a request.
	idlePatience = time.Minute
)

// uploads is where other machines upload.
type uploads struct {
	net.Listener
	server http.Server
}

// listenUploads opens it, nil where none is configured. It speaks HTTP/1.1 alone: a
// connection is then one request at a time.
func (d *daemon) listenUploads(ctx context.Context) (*uploads, error) {
	at := d.home.Config.Uploads
	if at.Listen == "" {
		return nil, nil
	}
	secured, err := at.TLS(d.config.Log)
	if err != nil {
		return nil, badInput(plain(err), "name a certificate and its key, PEM, as uploads in "+home.ConfigName)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at.Listen)
	if err != nil {
		return nil, &failure{exitError, "cannot listen for uploads at " + at.Listen + ": " + rootOf(err),
			"another address goes into " + home.ConfigName + " as listen of uploads"}
	}
	u := &uploads{Listener: netutil.LimitListener(l, maxUploadConns)}
	u.server = http.Server{Handler: desk.Uploaders(d.node, d.pass, desk.Strangers()), TLSConfig: secured,
		ReadHeaderTimeout: headerPatience, IdleTimeout: idlePatience, MaxHeaderBytes: maxUploadHeader,
		// Any stranger can make it say something.
		ErrorLog: slog.NewLogLogger(d.config.Log.Handler(), slog.LevelDebug)}
	u.server.Protocols = new(http.Protocols)
	u.server.Protocols.SetHTTP1(true)
	return u, nil
}

func (u *uploads) serve() error {
	if u.server.TLSConfig == nil {
		return u.server.Serve(u.Listener)
	}
	return u.server.ServeTLS(u.Listener, "", "")
}

// pass returns what whoever holds a token may upload, nil for a token that is no
// uploader's.
func (d *daemon) pass(token string) (*desk.Pass, error) {
	if !home.IsUploaderToken(token) {
		return nil, nil
	}
	u, err := d.home.Uploader(token, d.config.Now())
	switch {
	case errors.Is(err, home.ErrUploaderExpired):
		return nil, &desk.Problem{Status: http.StatusUnauthorized, Text: "the token has expired",
			Hint: "comity uploader new NAME --replace makes another"}
	case errors.Is(err, home.ErrNoUploader):
		return nil, &desk.Problem{Status: http.StatusUnauthorized, Text: "the token is wrong, or was replaced or removed",
			Hint: "comity uploader list says who may upload"}
	case err != nil:
		d.config.Log.Warn("the list of uploaders cannot be read", "error", err)
		return nil, err
	}
	return &desk.Pass{Uploader: u.Name, Case: u.Case, Check: func() error {
		_, err := d.pass(token)
		return err
	}}, nil
}
