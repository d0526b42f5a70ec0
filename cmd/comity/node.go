package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"comity.example/node"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/node/store"
	"comity.example/protocol"
)

const (
	// udpBuffer is what the node asks of the system for its socket, in bytes:
	// less, and bursts of packets are lost on fast links.
	udpBuffer = 7 << 20
	// apiPatience bounds how long open API calls may take when the node ends.
	apiPatience = 5 * time.Second
	// headerPatience bounds how long a client of the API may take for its headers.
	headerPatience = 10 * time.Second
	// readyEvery is how often a node that starts is asked whether it takes acts.
	readyEvery = 10 * time.Millisecond
)

type nodeCmd struct {
	Log       string `enum:"text,json" default:"text" help:"Form of the log on standard error: ${enum}."`
	LogLevel  string `enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	ReadyFile string `help:"File to write once the node takes acts." placeholder:"FILE"`
}

func (c *nodeCmd) Help() string {
	return `Runs until SIGINT or SIGTERM, and says in one line when it takes acts. Nothing it logs names a
person, an identifier or a matter. The API answers on run/api.sock in the home, and over TCP on
loopback where comity.toml says so, to whoever sends the content of api.token as bearer; /metrics
wants metrics.token. Uploads take an uploader's token too (comity uploader), and are served to other
machines where comity.toml says so.`
}

// ready is the line that says that the node takes acts.
type ready struct {
	Participant protocol.ParticipantID `json:"participant"`
	Listen      string                 `json:"listen"`
	Socket      string                 `json:"socket"`
	API         string                 `json:"api,omitzero"`
	Uploads     string                 `json:"uploads,omitzero"`
}

func (c *nodeCmd) Run(ctx context.Context, a *app) error {
	h, err := a.openHome()
	if err != nil {
		return err
	}
	lock, err := a.homeLock(ctx, h)
	if err != nil {
		return err
	}
	cfg, err := h.NodeConfig(lock, time.Now)
	if err != nil {
		return err
	}
	d := &daemon{home: h, config: cfg}
	err = c.run(ctx, a, d)
	if err == nil || errors.Is(err, context.Canceled) {
		return nil
	}
	f := explain(err)
	if d.config.Conn == nil || errors.Is(err, store.ErrInUse) {
		return f // another node runs here, and this one's trouble is not its own
	}
	return errors.Join(f, h.LeaveTrouble(home.Trouble{At: a.instant(), Text: f.text, Hint: f.hint}))
}

// A daemon is a node with its API.
type daemon struct {
	home    *home.Home
	config  node.Config
	node    *node.Node
	api     []net.Listener // the socket, then TCP where it is configured
	server  http.Server
	uploads *uploads // nil where none are taken from other machines
}

func (c *nodeCmd) run(ctx context.Context, a *app, d *daemon) (err error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d.config.Log, d.config.Metrics = c.logger(a.errs), registry
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	token, err1 := d.home.Token()
	metricsToken, err2 := d.home.MetricsToken()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if d.config.Conn, err = listenUDP(ctx, d.home.Config.Listen, d.config.Log); err != nil {
		return err
	}
	if d.node, err = node.Open(ctx, d.config); err != nil {
		return errors.Join(err, d.config.Conn.Close())
	}
	defer func() { err = errors.Join(err, d.node.Close()) }()
	// The store's lock is held: a socket that lies there is nobody's.
	if err := d.listen(ctx); err != nil {
		return err
	}
	d.server = http.Server{ReadHeaderTimeout: headerPatience,
		ErrorLog: slog.NewLogLogger(d.config.Log.Handler(), slog.LevelWarn),
		Handler: desk.Uploaders(d.node, d.pass,
			desk.Server(d.node, token, desk.Guard(handler, metricsToken)))}
	return d.serve(ctx, func() error {
		line := ready{Participant: d.home.Config.Participant, Listen: d.config.Conn.LocalAddr().String(),
			Socket: d.home.Socket()}
		if d.home.Config.API != "" {
			line.API = d.api[1].Addr().String()
		}
		if d.uploads != nil {
			line.Uploads = d.uploads.Addr().String()
		}
		if s, err := d.node.Status(ctx); err == nil && len(s.Registers) == 0 {
			a.note("hint: this node holds no register and knows nobody yet; see comity doctor")
		}
		return errors.Join(d.home.ClearTrouble(), c.announce(a, line))
	})
}

// serve runs the node and its API until ctx ends or one of them does. The API
// ends first: what it answered to, the node does.
func (d *daemon) serve(ctx context.Context, announce func() error) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	running := start(func() error { return d.node.Run(serving) })
	answering := start(d.answer)
	err := d.watch(ctx, announce, running, answering)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), apiPatience)
	defer cancel()
	for _, s := range d.servers() {
		if s.Shutdown(patience) != nil {
			s.Close() // whoever still waits for an answer gets none
		}
	}
	stop()
	<-running.ended
	<-answering.ended
	return errors.Join(err, running.err)
}

// answer serves the API wherever it listens until it is shut down, or fails in
// one place.
func (d *daemon) answer() error {
	serve := []func() error{}
	for _, l := range d.api {
		serve = append(serve, func() error { return d.server.Serve(l) })
	}
	if d.uploads != nil {
		serve = append(serve, d.uploads.serve)
	}
	ended := make(chan error, len(serve))
	for _, f := range serve {
		go func() { ended <- f() }()
	}
	first := <-ended
	if !errors.Is(first, http.ErrServerClosed) {
		for _, s := range d.servers() {
			s.Close()
		}
	}
	for range len(serve) - 1 {
		<-ended
	}
	return first
}

// servers are those that answer, wherever.
func (d *daemon) servers() []*http.Server {
	if d.uploads == nil {
		return []*http.Server{&d.server}
	}
	return []*http.Server{&d.server, &d.uploads.server}
}

// watch announces that the node takes acts, once it does, and returns when ctx
// or one of the parts ends.
func (d *daemon) watch(ctx context.Context, announce func() error, running, answering *part) error {
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-running.ended:
			return nil // its error is told by the caller
		case <-answering.ended:
			return answering.err
		case <-tick.C:
			if s, err := d.node.Status(ctx); err != nil || !s.Accepting {
				continue
			}
			tick.Stop()
			if err := announce(); err != nil {
				return err
			}
		}
	}
}

// A part is something that runs by itself until it ends.
type part struct {
	ended chan struct{}
	err   error // valid after ended
}

func start(run func() error) *part {
	p := &part{ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = run()
	}()
	return p
}

// announce says that the node takes acts: on standard output, and in the file
// that a parent process waits for, which appears with all of its content.
func (c *nodeCmd) announce(a *app, line ready) error {
	enc, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if a.JSON {
		fmt.Fprintf(a.out, "%s\n", enc)
	} else {
		fmt.Fprintf(a.out, "ready  %s  listens at %s, api at %s\n", line.Participant, line.Listen,
			strings.TrimSuffix(line.Socket+" and "+line.API, " and "))
		if line.Uploads != "" {
			fmt.Fprintf(a.out, "uploads  at %s\n", line.Uploads)
		}
	}
	return writeReady(c.ReadyFile, append(enc, '\n'))
}

// writeReady writes a file for who waits for it, whole at once, if one is wanted.
func writeReady(file string, text []byte) error {
	if file == "" {
		return nil
	}
	part := file + ".part"
	if err := os.WriteFile(part, text, 0o600); err != nil {
		return err
	}
	return os.Rename(part, file)
}

func (c *nodeCmd) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		panic(err) // the parser knows the levels
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// listen opens the socket, and the TCP ports that are configured.
func (d *daemon) listen(ctx context.Context) error {
	socket, err := desk.ListenSocket(ctx, d.home.Socket())
	if err != nil {
		return err
	}
	d.api = append(d.api, socket)
	if addr := d.home.Config.API; addr != "" {
		tcp, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
		if err != nil {
			return errors.Join(&failure{exitError, "cannot listen for the API at " + addr + ": " + rootOf(err),
				"another address goes into " + home.ConfigName + " as api; without one only the socket is served"},
				d.hangUp())
		}
		d.api = append(d.api, tcp)
	}
	if d.uploads, err = d.listenUploads(ctx); err != nil {
		return errors.Join(err, d.hangUp())
	}
	return nil
}

// hangUp closes what was opened before something could not be.
func (d *daemon) hangUp() (err error) {
	for _, l := range d.api {
		err = errors.Join(err, l.Close())
	}
	return err
}

// listenUDP opens the node's socket with room for bursts of packets.
func listenUDP(ctx context.Context, addr string, log *slog.Logger) (net.PacketConn, error) {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", addr)
	if err != nil {
		return nil, &failure{exitError, "cannot listen at " + addr + ": " + rootOf(err),
			"is a node running already? another address goes into " + home.ConfigName + " as listen"}
	}
	if udp, ok := conn.(*net.UDPConn); ok {
		if err := cmp.Or(udp.SetReadBuffer(udpBuffer), udp.SetWriteBuffer(udpBuffer)); err != nil {
			log.Warn("udp buffers are small; see comity doctor", "want", udpBuffer)
		}
	}
	return conn, nil
}
