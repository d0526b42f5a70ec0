// Package story plays stories on a world of nodes: transcripts of what people
// do and of what must come of it. The same files are played on processes and
// sockets and, in virtual time, on a simulated network.
//
// A transcript is a txtar archive. Its comment is the script, one step a line;
// its files are the requests and the evidence that the steps name.
//
// A story is trusted with its verdict: it ended as it should only if every
// step did.
package story

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"comity.example/crypto/identity"
	"comity.example/node/desk"
	"comity.example/node/home"
	"comity.example/protocol"
)

//go:embed testdata/*.txt
var transcripts embed.FS

// A Stage is a running world, as a story needs it.
type Stage interface {
	Desk(protocol.ParticipantID) (desk.Node, error)
	Home(protocol.ParticipantID) *home.Home
	// Officer is on duty, Supervisor too.
	Officer(protocol.ParticipantID) (*home.Officer, error)
	Supervisor(protocol.ParticipantID) (*home.Officer, error)
	Wrong(protocol.ParticipantID) (*home.Officer, error)
	Root(protocol.Party) (*identity.Key, error)
	// Listen returns an endpoint of the network that is nobody's.
	Listen() (net.PacketConn, error)
	// Kill ends a node as a power cut would; Restart runs it again.
	Kill(protocol.ParticipantID) error
	Restart(context.Context, protocol.ParticipantID) error
	Now() time.Time
	// Advance turns legal time forward for every node.
	Advance(context.Context, time.Duration) error
}

// A Story is one transcript.
type Story struct {
	Name  string
	Title string
	// Full plays with the numbers of the transcript where it has smaller ones for
	// those who wait.
	Full  bool
	steps []step
	files map[string][]byte
}

// A step is one line of the script.
type step struct {
	line int
	verb string
	args []string
	text string // all that follows the verb
	do   verb
	in   *step // the step that is to fail, of a fails, or to come about, of an each
}

// Patience bounds how long a step may wait for what it expects.
const Patience = 30 * time.Second

// All returns the shipped stories, in the order of their names.
func All() ([]*Story, error) {
	names, err := fs.Glob(transcripts, "testdata/*.txt")
	if err != nil {
		return nil, err
	}
	var out []*Story
	for _, name := range names {
		b, err := transcripts.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := Parse(strings.TrimSuffix(strings.TrimPrefix(name, "testdata/"), ".txt"), b)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// Parse reads a transcript.
func Parse(name string, b []byte) (*Story, error) {
	archive := txtar.Parse(b)
	s := &Story{Name: name, files: map[string][]byte{}}
	for _, f := range archive.Files {
		s.files[f.Name] = f.Data
	}
	lines := bufio.NewScanner(bytes.NewReader(archive.Comment))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if title, ok := strings.CutPrefix(line, "# "); ok && s.Title == "" {
			s.Title = title
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		st, err := parseStep(n, line)
		if err != nil {
			return nil, fmt.Errorf("story: %s:%d: %w", name, n, err)
		}
		s.steps = append(s.steps, st)
	}
	if s.Title == "" || len(s.steps) == 0 {
		return nil, fmt.Errorf("story: %s: want a title (# …) and steps", name)
	}
	return s, nil
}

// find returns a verb by its name, nil if there is none.
func find(name string) verb {
	for _, among := range []map[string]verb{verbs, talk()} {
		if v, ok := among[name]; ok {
			return v
		}
	}
	return nil
}

func parseStep(n int, line string) (step, error) {
	word, rest, _ := strings.Cut(line, " ")
	st := step{line: n, verb: word, args: strings.Fields(rest), text: strings.TrimSpace(rest), do: find(word)}
	if st.do == nil {
		return st, fmt.Errorf("verb %q is not known", word)
	}
	if word == "fails" || word == "each" {
		before, inner, _ := strings.Cut(st.text, " ")
		if word == "each" { // each CASE VERB ARGUMENTS is VERB CASE ARGUMENTS of each
			does, arguments, _ := strings.Cut(strings.TrimSpace(inner), " ")
			inner = does + " " + before + " " + arguments
		}
		in, err := parseStep(n, strings.TrimSpace(inner))
		if err != nil {
			return st, err
		}
		st.in = &in
	}
	return st, nil
}

// Play plays the story on a stage, and tells the audience what happens. The
// error says which step did not end as it should.
func (s *Story) Play(ctx context.Context, stage Stage, tell func(line string)) error {
	p := &player{Stage: stage, story: s, tell: tell, cases: map[string]protocol.CaseID{},
		acts: map[string][]protocol.Digest{}, moved: map[string]int64{}}
	for _, st := range s.steps {
		if err := st.do(p, ctx, st); err != nil {
			return fmt.Errorf("%s:%d: %s %s: %w", s.Name, st.line, st.verb, st.text, err)
		}
	}
	return nil
}

// A player holds what the steps of one story share.
type player struct {
	Stage
	story   *Story
	tell    func(string)
	cases   map[string]protocol.CaseID   // by the story's name for it
	acts    map[string][]protocol.Digest // acts that a burst sent
	moved   map[string]int64             // bytes of an object that were seen at a participant
	last    protocol.Decision            // of the newest submission
	shown   protocol.Decision            // what the officer was shown before it
	gone    protocol.Digest              // act of the newest submission, none if it was denied
	from    protocol.ParticipantID       // who made it
	named   protocol.CaseID              // its case
	noticed time.Time                    // when the newest notice was given
}

func (p *player) say(format string, args ...any) { p.tell(fmt.Sprintf(format, args...)) }

// file returns a file of the transcript.
func (p *player) file(name string) ([]byte, error) {
	b, ok := p.story.files[name]
	if !ok {
		return nil, fmt.Errorf("the transcript has no file %q", name)
	}
	return b, nil
}

func (p *player) caseOf(name string) (protocol.CaseID, error) {
	id, ok := p.cases[name]
	if !ok {
		return "", fmt.Errorf("no step has opened a case %q", name)
	}
	return id, nil
}

// want splits the arguments of a step, which must be at least n.
func (st step) want(n int) ([]string, error) {
	if len(st.args) < n {
		return nil, fmt.Errorf("want %d arguments", n)
	}
	return st.args, nil
}

// option returns the value of key=value among the arguments.
func (st step) option(key string) string {
	for _, a := range st.args {
		if v, ok := strings.CutPrefix(a, key+"="); ok {
			return v
		}
	}
	return ""
}

// until calls try until it reports true or patience ends.
func until(ctx context.Context, try func() (bool, error)) error {
	return untilAfter(ctx, Patience, try)
}

// untilAfter is until with another patience. What try reports true with an error is
// the end too.
func untilAfter(ctx context.Context, patience time.Duration, try func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ok, err := try()
		if ok {
			return err
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("did not come about in time: %w", err)
			}
			return fmt.Errorf("did not come about in time")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// missing returns the first of want that is not in have.
func missing[T ~string](have []T, want []string) (string, bool) {
	for _, w := range want {
		if !slices.Contains(have, T(w)) {
			return w, true
		}
	}
	return "", false
}
