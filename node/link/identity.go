package link

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/quic-go/quic-go"

	"comity.example/protocol"
	"comity.example/protocol/wire"
)

// alpn names the protocol and its version in the TLS handshake (RFC 7301).
const alpn = "comity/1"

// errPin ends a handshake in which the other side shows a key that is not
// pinned. The alert that TLS sends says no more than bad_certificate.
var errPin = errors.New("key is not pinned")

// PinOf returns the pin of a link key: the SHA-256 digest of its
// SubjectPublicKeyInfo (RFC 5280), which is what registers hold.
func PinOf(key ed25519.PublicKey) ([32]byte, error) {
	spki, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return [32]byte{}, fmt.Errorf("link: pin: %w", err)
	}
	return sha256.Sum256(spki), nil
}

// selfSigned returns the certificate that carries key, with the participant
// that its holder says it is as common name. It has no end of its own (RFC
// 5280, section 4.1.2.5): whether the name is right, and for how long, is for
// the register to say.
func selfSigned(key ed25519.PrivateKey, self protocol.ParticipantID) (tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: string(self)},
		NotBefore:    time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// tlsConfig returns what both sides of a handshake have in common. A peer's
// key is acceptable when pinned says so.
func (l *Link) tlsConfig(pinned func(shown) bool) *tls.Config {
	return &tls.Config{
		MinVersion:       tls.VersionTLS13,
		CurvePreferences: []tls.CurveID{tls.X25519MLKEM768},
		NextProtos:       []string{alpn},
		Certificates:     []tls.Certificate{l.certificate},
		ClientAuth:       tls.RequireAnyClientCert,

		// No certificate authority has a say. VerifyConnection is what
		// verifies instead, and it is called on every handshake: a resumed
		// one would skip VerifyPeerCertificate.
		InsecureSkipVerify:     true,
		VerifyConnection:       func(s tls.ConnectionState) error { return verify(s, pinned) },
		SessionTicketsDisabled: true,
	}
}

// verify ends a handshake that is not with a pinned key, or that came by a
// suite other than ours. A client runs it before it sends its certificate: an
// impostor does not learn who called.
func verify(s tls.ConnectionState, pinned func(shown) bool) error {
	if s.Version != tls.VersionTLS13 || s.CurveID != tls.X25519MLKEM768 || s.DidResume {
		return errors.New("not the handshake of this protocol")
	}
	other, ok := shownIn(s)
	if !ok || !pinned(other) {
		return errPin
	}
	return nil
}

// shown is what the other side has shown: the pin of a key that it proved to
// hold, and whom it says it is.
type shown struct {
	pin  [32]byte
	peer protocol.ParticipantID
}

// shownIn returns what the other side has shown. A chain of certificates is
// not ours.
func shownIn(s tls.ConnectionState) (shown, bool) {
	if len(s.PeerCertificates) != 1 {
		return shown{}, false
	}
	c := s.PeerCertificates[0]
	id, err := protocol.ParseParticipantID(c.Subject.CommonName)
	return shown{sha256.Sum256(c.RawSubjectPublicKeyInfo), id}, err == nil
}

// serverTLS admits every participant of the Book but this node itself: whoever
// shows our own key has a copy of it.
func (l *Link) serverTLS() *tls.Config {
	return l.tlsConfig(func(s shown) bool {
		return s.peer != l.self && l.book.Pinned(s.peer, s.pin)
	})
}

// clientTLS admits the keys of the one participant that is dialled.
func (l *Link) clientTLS(pins [][32]byte) *tls.Config {
	return l.tlsConfig(func(s shown) bool { return slices.Contains(pins, s.pin) })
}

// quicConfig returns what both sides of a connection have in common. streams
// is how many the other side may open, negative for none.
func (l *Link) quicConfig(streams int) *quic.Config {
	return &quic.Config{
		Versions:                       []quic.Version{quic.Version1},
		HandshakeIdleTimeout:           l.limits.Dial / 2,
		MaxIdleTimeout:                 l.limits.Idle,
		InitialStreamReceiveWindow:     streamWindow,
		MaxStreamReceiveWindow:         streamWindowMax,
		InitialConnectionReceiveWindow: connectionWindow,
		MaxConnectionReceiveWindow:     connectionWindow,
		MaxIncomingStreams:             int64(streams),
		MaxIncomingUniStreams:          -1,
		RequireStreamCreditRelease:     true,
	}
}

// dialConfig is that of a connection which this node dials for a lane. The other
// side opens no streams.
func (l *Link) dialConfig(lane wire.Lane) *quic.Config {
	c := l.quicConfig(-1)
	c.KeepAlivePeriod = l.limits.KeepAlive
	if lane == wire.Bulk {
		c.MaxIdleTimeout, c.KeepAlivePeriod = min(c.MaxIdleTimeout, bulkIdle), min(c.KeepAlivePeriod, bulkKeepAlive)
		c.InitialStreamReceiveWindow, c.MaxStreamReceiveWindow = bulkStreamWindow, bulkStreamWindow
		c.InitialConnectionReceiveWindow, c.MaxConnectionReceiveWindow = bulkConnectionWindow, bulkConnectionWindow
	}
	return c
}
