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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"golang.org/x/sys/unix"

	"comity.example/node/link"
)

var (
	rawOf     = flag.Int64("rawquic", 0, "bytes that this process sends over raw QUIC; TestMeasureEvidence sets it")
	rawJoined = flag.Bool("rawjoined", false, "that process reads packets many at a time")
)

// What is measured beside evidence, in the same run: a stream of QUIC and nothing
// else, rsync over ssh, and synced writes.

// Beside is how long something took, and what CPU time: of who sent, and of this
// process.
type beside struct{ took, sender, receiver time.Duration }

// An evidenceFloor is what evidence is measured against.
type evidenceFloor struct {
	size    int64         // bytes that went by other means
	raw     beside        // quic-go as it comes
	joined  beside        // with sockets that are read as the nodes read theirs
	rsync   time.Duration // 0: not measured
	noRsync string        // why
	written beside        // firstObject bytes, with nothing else to do
	synced  float64       // writes a second
}

func (f *evidenceFloor) print(w io.Writer, m moved) {
	rate := perSecond(m.Size, m.Transfer)
	for _, r := range []struct {
		what string
		beside
	}{{"raw QUIC, two processes", f.raw}, {"the same, reading many packets at a time as the nodes do", f.joined}} {
		fmt.Fprintf(w, "%s\t%.0f MB/s\tsender %.2f, receiver %.2f CPU s/GiB\n", r.what, perSecond(f.size, r.took),
			perGiB(f.size, r.sender), perGiB(f.size, r.receiver))
	}
	share := rate / perSecond(f.size, f.raw.took)
	fmt.Fprintf(w, "transfer as a share of raw QUIC; of the same, reading as the nodes do\t%.2f; %.2f\t%s\n", share,
		rate/perSecond(f.size, f.joined.took), met(share >= rawShare, "0.70 of raw QUIC"))
	fmt.Fprintf(w, "only written, %d MiB at a time synced\t%.0f MB/s\t%.2f CPU s/GiB\n", writtenAtOnce>>20,
		perSecond(firstObject, f.written.took), perGiB(firstObject, f.written.receiver))
	if f.rsync > 0 {
		fmt.Fprintf(w, "rsync --fsync over ssh\t%.0f MB/s, transfer %.2f of it\t\n", perSecond(f.size, f.rsync),
			rate/perSecond(f.size, f.rsync))
	} else {
		fmt.Fprintf(w, "rsync --fsync over ssh\tnot measured: %s\t\n", f.noRsync)
	}
}

// rawSocket returns a socket on loopback.
func rawSocket(joined bool) (net.PacketConn, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err == nil && joined {
		conn = link.Coalesce(conn)
	}
	return conn, err
}

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
	socket, err := rawSocket(*rawJoined)
	if err != nil {
		return err
	}
	defer socket.Close()
	transport := &quic.Transport{Conn: socket}
	defer transport.Close()
	l, err := transport.Listen(config, nil)
	if err != nil {
		return err
	}
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
func rawQUIC(t *testing.T, size int64, flags ...string) (b beside) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append(flags, "-rawquic", strconv.FormatInt(size, 10))...)
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
	to, err1 := net.ResolveUDPAddr("udp", strings.TrimSpace(addr))
	socket, err2 := rawSocket(slices.Contains(flags, "-rawjoined"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	transport := &quic.Transport{Conn: socket}
	defer transport.Close()
	conn, err := transport.Dial(t.Context(), to, config, nil)
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
	b.took, b.receiver = time.Since(began), spent()-idle
	conn.CloseWithError(0, "")
	cmd.Wait()
	b.sender = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return b
}

// writtenAtOnce is how many bytes are written between two syncs, as a vault does.
const writtenAtOnce = 32 << 20

// written returns how long it takes to write and sync so many bytes. How much work
// that is differs with the machine: where memory is free that its host has taken
// back, each page of it has to be got again.
func written(dir string, size int64) (b beside, err error) {
	f, err := os.Create(filepath.Join(dir, "written"))
	if err != nil {
		return b, err
	}
	defer os.Remove(f.Name())
	began, idle := time.Now(), spent()
	piece := make([]byte, 1<<20)
	for done := int64(0); done < size && err == nil; {
		_, err = f.Write(piece)
		if done += int64(len(piece)); done%writtenAtOnce == 0 || done >= size {
			err = errors.Join(err, unix.Fdatasync(int(f.Fd())))
		}
	}
	b.took, b.receiver = time.Since(began), spent()-idle
	return b, errors.Join(err, f.Close())
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
