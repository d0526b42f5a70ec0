package home

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
)

// Uploads is where systems on other machines upload evidence. Nothing else is
// served there.
type Uploads struct {
	Listen string `toml:"listen"` // host:port, TCP; "" where it is off
	// Certificate and Key are PEM files. Only on loopback both may be missing.
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
}

func (u *Uploads) check() error {
	if (u.Certificate == "") != (u.Key == "") {
		return errors.New("uploads: certificate and key: want both, or none")
	}
	for name, path := range map[string]string{"certificate": u.Certificate, "key": u.Key} {
		if path != "" && !filepath.IsAbs(path) {
			return fmt.Errorf("uploads: %s: want a path from the root on, such as /etc/comity/uploads.pem", name)
		}
	}
	if u.Listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(u.Listen)
	if err != nil {
		return errors.New("uploads: listen: want host:port, such as 0.0.0.0:8443")
	}
	if ip := net.ParseIP(host); u.Certificate == "" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("uploads: listen: want certificate and key too, since others could read tokens and evidence on the way: " +
			"only a loopback address does without")
	}
	return nil
}

// TLS returns what serves uploads with the certificate, nil where there is none. The
// files are read again for each connection, so that a renewed certificate counts at
// once; while they do not fit, the one before is shown.
func (u *Uploads) TLS(log *slog.Logger) (*tls.Config, error) {
	if u.Certificate == "" {
		return nil, nil
	}
	first, err := tls.LoadX509KeyPair(u.Certificate, u.Key)
	if err != nil {
		return nil, fmt.Errorf("home: uploads: certificate and key: %w", err)
	}
	var last atomic.Pointer[tls.Certificate]
	last.Store(&first)
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		next, err := tls.LoadX509KeyPair(u.Certificate, u.Key)
		if err != nil {
			log.Warn("the certificate for uploads cannot be read: the one before is shown", "error", err)
			return last.Load(), nil
		}
		last.Store(&next)
		return &next, nil
	}}, nil
}

// text returns u as a part of a file.
func (u *Uploads) text() string {
	return "[uploads]\n" + setting("listen", u.Listen, "0.0.0.0:8443") + "\n" +
		setting("certificate", u.Certificate, "/etc/comity/uploads.pem") + "\n" +
		setting("key", u.Key, "/etc/comity/uploads.key") + "\n"
}
