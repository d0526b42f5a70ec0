package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// tus STATUS URL TOKEN FROM TO FILE uploads the bytes of a file from one to another,
// as a system of a provider does, and wants the last answer to have that status. FROM
// 0 begins the upload, and sets $UPLOAD to its place.
func tus(ts *testscript.TestScript, _ bool, args []string) {
	content := ts.ReadFile(args[5])
	from, err := strconv.Atoi(args[3])
	ts.Check(err)
	to, err := strconv.Atoi(args[4])
	ts.Check(err)
	ask := func(method, at, body string, headers map[string]string) *http.Response {
		r, err := http.NewRequest(method, at, strings.NewReader(body))
		ts.Check(err)
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(ts.ReadFile(args[2])))
		r.Header.Set("Tus-Resumable", "1.0.0")
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		resp, err := client(ts).Do(r)
		ts.Check(err)
		ts.Check(resp.Body.Close())
		return resp
	}
	at, err := url.Parse(args[1])
	ts.Check(err)
	if from == 0 {
		resp := ask("POST", args[1], "", map[string]string{"Upload-Length": strconv.Itoa(len(content)),
			"Upload-Metadata": "filename " + base64.StdEncoding.EncodeToString([]byte(args[5]))})
		if resp.StatusCode != http.StatusCreated {
			if got := strconv.Itoa(resp.StatusCode); got != args[0] {
				ts.Fatalf("POST answers %s, want %s", got, args[0])
			}
			return
		}
		ts.Setenv("UPLOAD", resp.Header.Get("Location"))
	}
	at.Path = ts.Getenv("UPLOAD")
	resp := ask("PATCH", at.String(), content[from:to], map[string]string{"Upload-Offset": args[3],
		"Content-Type": "application/offset+octet-stream"})
	if got := strconv.Itoa(resp.StatusCode); got != args[0] {
		ts.Fatalf("PATCH answers %s, want %s", got, args[0])
	}
}

// certificate FILE KEY makes a certificate for loopback, which client then trusts.
func certificate(ts *testscript.TestScript, _ bool, args []string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	about := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "uploads"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	signed, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	ts.Check(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	for name, b := range map[string]*pem.Block{args[0]: {Type: "CERTIFICATE", Bytes: signed}, args[1]: {Type: "PRIVATE KEY", Bytes: secret}} {
		ts.Check(os.WriteFile(ts.MkAbs(name), pem.EncodeToMemory(b), 0o600))
	}
	ts.Setenv("ROOTS", ts.MkAbs(args[0]))
}

// client is what asks a node over HTTP. It trusts the newest certificate alone.
func client(ts *testscript.TestScript) *http.Client {
	if ts.Getenv("ROOTS") == "" {
		return http.DefaultClient
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(ts.ReadFile(ts.Getenv("ROOTS"))))
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
}
