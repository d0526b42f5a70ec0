//go:build linux

package node_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/sys/unix"
)

var rawOf = flag.Int64("rawquic", 0, "bytes that this process sends over raw QUIC; TestMeasureEvidence sets it")

// What is measured beside evidence, in the same run: a stream of QUIC and nothing
// else, rsync over ssh, and synced writes.

func rawTLS() (*tls.Config, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		NextProtos: []string{"raw"}, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}, err
}

// serveRaw is the main of a process that sends bytes over one stream of QUIC.
func serveRaw(ctx context.Context, size int64) error {
	config, err := rawTLS()
	if err != nil {
		return err
	}
	l, err := quic.ListenAddr("127.0.0.1:0", config, nil)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Println(l.Addr())
	conn, err := l.Accept(ctx)
	if err != nil {
		return err
	}
	stream, err := conn.OpenUniStreamSync(ctx)
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for left := size; left > 0; {
		k, err := stream.Write(buf[:min(left, int64(len(buf)))])
		if err != nil {
			return err
		}
		left -= int64(k)
	}
	if err := stream.Close(); err != nil {
		return err
	}
	<-conn.Context().Done()
	return nil
}

// rawQUIC returns how long bytes take over a stream of QUIC, from a process of its
// own, with the default windows, and what CPU time both processes take for them.
func rawQUIC(t *testing.T, size int64) (took, work time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-rawquic", strconv.FormatInt(size, 10))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err = errors.Join(err, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	config, err := rawTLS()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := quic.DialAddr(t.Context(), strings.TrimSpace(addr), config, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseWithError(0, "")
	stream, err := conn.AcceptUniStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began, idle := time.Now(), spent()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, stream, make([]byte, 1<<20))
	if err != nil || n != size {
		t.Fatalf("%d bytes of %d: %v", n, size, err)
	}
	took, work = time.Since(began), spent()-idle
	conn.CloseWithError(0, "")
	cmd.Wait()
	return took, work + cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// rsync returns how long a file takes by rsync over ssh, to a server of ours on
// loopback, or why that was not measured.
func rsync(t *testing.T, size int64) (took time.Duration, why string) {
	t.Helper()
	for _, tool := range []string{"rsync", "ssh", "ssh-keygen", "/usr/sbin/sshd"} {
		if _, err := exec.LookPath(tool); err != nil {
			return 0, "no " + filepath.Base(tool) + " here"
		}
	}
	me, err := user.Current()
	if err != nil {
		return 0, "no user"
	}
	dir := t.TempDir()
	defer os.RemoveAll(dir) // large, and what is measured next needs the room
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", in(key)).CombinedOutput(); err != nil {
			return 0, "no keys: " + string(out)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	if os.Geteuid() == 0 {
		os.MkdirAll("/run/sshd", 0o755) // sshd wants it of root
	}
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", port, "-h", in("host"),
		"-o", "ListenAddress=127.0.0.1", "-o", "AuthorizedKeysFile="+in("user.pub"), "-o", "StrictModes=no", "-o", "PidFile=none")
	sshd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := sshd.Start(); err != nil {
		return 0, "sshd does not start"
	}
	defer func() { sshd.Process.Kill(); sshd.Wait() }()
	f, err := os.Create(in("source"))
	if err == nil {
		_, err = io.CopyN(f, filler(7), size)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	ssh := "ssh -p " + port + " -i " + in("user") + " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o LogLevel=ERROR"
	for range 50 { // until it listens
		if exec.Command("sh", "-c", ssh+" "+me.Username+"@127.0.0.1 true").Run() == nil {
			break
		}
		time.Sleep(look)
	}
	began := time.Now()
	out, err := exec.Command("rsync", "--fsync", "--whole-file", "-e", ssh, in("source"),
		me.Username+"@127.0.0.1:"+in("copy")).CombinedOutput()
	if err != nil {
		return 0, "it failed: " + string(out)
	}
	return time.Since(began), ""
}

// syncedWrites returns how many files of a size can be written and synced a second,
// one after the other.
func syncedWrites(dir string, size int) (float64, error) {
	const count = 300
	page := make([]byte, size)
	began := time.Now()
	for i := range count {
		f, err := os.Create(filepath.Join(dir, strconv.Itoa(i)))
		if err != nil {
			return 0, err
		}
		_, err = f.Write(page)
		if err = errors.Join(err, unix.Fdatasync(int(f.Fd())), f.Close()); err != nil {
			return 0, err
		}
	}
	return count / time.Since(began).Seconds(), nil
}

func met(ok bool, want string) string {
	if ok {
		return "met: " + want
	}
	return "not met: " + want
}
