package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"comity.example/node/desk"
	"comity.example/protocol"
	"comity.example/protocol/casefile"
	"comity.example/protocol/evidence"
)

const (
	// putBackPatience bounds how long an errand that ends early takes to put back
	// what it took in.
	putBackPatience = 10 * time.Second
	// maxLeftOut is how many of the things that are left out are named.
	maxLeftOut = 10
)

// A supply is content that is to become an object.
type supply struct {
	name string // of the object
	path string // as the person wrote it
	size int64  // -1: known only at the end
	open func() (io.ReadCloser, error)
}

// An intake hands sources to the node, which seals them and holds them.
type intake struct {
	app     *app
	node    *desk.Client
	id      protocol.CaseID
	about   desk.Intake              // what is said of all of them
	board   *board                   // how far it is
	before  map[protocol.Digest]bool // objects that the case had already
	objects []protocol.Object
}

// newIntake looks at what the case has, so that it is not put back.
func (c *discloseCmd) newIntake(ctx context.Context, a *app, node *desk.Client) (*intake, error) {
	e, err := node.Evidence(ctx, c.Case)
	if err != nil {
		return nil, err
	}
	in := &intake{app: a, node: node, id: c.Case, board: a.board(), before: map[protocol.Digest]bool{},
		about: desk.Intake{MediaType: c.MediaType, Collector: c.Collector, Collected: c.Collected.UTC().Truncate(time.Second)}}
	for _, i := range e.Items {
		in.before[i.Object.Tree] = true
	}
	return in, nil
}

// take hands over one supply. Two that hold the same are one object, under the
// name of the first.
func (in *intake) take(ctx context.Context, s supply, role protocol.ObjectRole) (o protocol.Object, err error) {
	r, err := s.open()
	if err != nil {
		return o, badInput("cannot read "+s.path+": "+reasonOf(err), "")
	}
	defer r.Close()
	about := in.about
	about.Name, about.Role = s.name, role
	switch {
	case role == protocol.RolePack:
		about.MediaType = packType
	case role == protocol.RoleList:
		about.MediaType = listType
	case about.MediaType == "":
		about.MediaType = mediaType(s.name)
	}
	f := &passage{r: r, board: in.board, gauge: gauge{name: s.name, total: max(s.size, 0)}}
	defer in.board.clear()
	o, err = in.node.TakeIn(ctx, in.id, about, f)
	switch {
	case f.err != nil && ctx.Err() == nil:
		return o, badInput("cannot read "+s.path+": "+reasonOf(f.err), "")
	case err != nil:
		return o, err
	case s.size >= 0 && o.Size != s.size:
		in.app.note("note: %s changed while it was read: %s were taken of %s", shown(s.path), byteText(o.Size), byteText(s.size))
	}
	if o.Name != s.name || o.Role != role {
		// What the node describes is what is signed.
		in.app.note("note: %s has the same content as %s, which the case has: it is that object", shown(s.name), shown(o.Name))
	}
	if slices.ContainsFunc(in.objects, func(x protocol.Object) bool { return x.Tree == o.Tree }) {
		return o, nil
	}
	in.objects = append(in.objects, o)
	return o, nil
}

// undo puts back what this errand took in, when it ends early: who was interrupted
// leaves nothing behind.
func (in *intake) undo(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), putBackPatience)
	defer stop()
	for _, o := range in.objects {
		if in.before[o.Tree] {
			continue
		}
		if _, err := in.node.PutBack(ctx, in.id, o.Tree); err != nil {
			in.app.note("note: %s is still held: comity disclose %s --drop puts it back", shown(o.Name), in.id)
		}
	}
}

// gather hands over all that was named, or nothing.
func (c *discloseCmd) gather(ctx context.Context, a *app, node *desk.Client) (_ []protocol.Object, err error) {
	in, err := c.newIntake(ctx, a, node)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			in.undo(ctx)
		}
	}()
	var single []supply
	var packs []*tree
	for _, path := range c.Files {
		files, t, err := c.supplies(a, path)
		if err != nil {
			return nil, err
		}
		if single = append(single, files...); t != nil {
			packs = append(packs, t)
		}
	}
	if n := len(single) + 2*len(packs); n > protocol.MaxObjects {
		return nil, badInput(fmt.Sprintf("%d objects: one act takes at most %d", n, protocol.MaxObjects),
			"put the files into a folder and name that: it goes as a pack; or hand them over in several acts, all but the last with --part")
	} else if err := c.fitsCase(ctx, node, n); err != nil {
		return nil, err
	}
	for _, s := range single {
		if _, err := in.take(ctx, s, protocol.RoleFile); err != nil {
			return nil, err
		}
	}
	for _, t := range packs {
		if err := in.takeTree(ctx, t); err != nil {
			return nil, err
		}
	}
	for _, name := range twice(in.objects) {
		a.note("note: two files are named %s: who receives them has the second as %s", shown(name), shown(numbered(name, 2)))
	}
	return in.objects, nil
}

// besideObjects is how many recipients and acts a disclosure names beside its objects,
// at most.
const besideObjects = 32

// lastPacks is how many folders a case takes when it takes no more single objects, each
// as packObjects.
const (
	lastPacks   = 8
	packObjects = 2
)

// fitsCase wants the case to take an act with so many objects more: nobody should learn
// that it does not when all of them are sealed.
func (c *discloseCmd) fitsCase(ctx context.Context, node *desk.Client, n int) error {
	v, err := node.Case(ctx, c.Case)
	if err != nil || v.File == nil {
		return err
	}
	return hasRoom(v.File, n)
}

func hasRoom(f *casefile.Case, n int) error {
	r := f.Room(f.Addressee)
	if n > packObjects { // beside them, folders still have a place
		r.Objects -= lastPacks * packObjects
	}
	left := max(0, min(r.Acts*protocol.MaxObjects, r.Names-besideObjects, r.Objects))
	if left >= n {
		return nil
	}
	return badInput(fmt.Sprintf("%s, and the case takes only %d more: its disclosures name at most %d objects, and one participant's acts are at most %d",
		count(n, "object"), left, casefile.MaxHanded, casefile.MaxSent),
		"put the files into a folder and name that with --pack: however many there are, they go as two objects")
}

// supplies returns what a word on the command line names: a file, standard input, or
// what is in a folder.
func (c *discloseCmd) supplies(a *app, path string) ([]supply, *tree, error) {
	if path == "-" {
		if c.Name == "" {
			return nil, nil, badInput("standard input has no name", "give it one with --name")
		}
		return []supply{{name: c.Name, path: "standard input", size: -1,
			open: func() (io.ReadCloser, error) { return io.NopCloser(a.in), nil }}}, nil, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	}
	if info.IsDir() {
		t, err := openTree(a, path, c.Pack)
		if err != nil {
			return nil, nil, err
		}
		if files := t.flat(); files != nil {
			return files, nil, nil
		}
		return nil, t, nil
	}
	s := supply{name: filepath.Base(path), path: path, size: info.Size(), open: func() (io.ReadCloser, error) { return os.Open(path) }}
	if !info.Mode().IsRegular() {
		s.size = -1 // a pipe, which a shell gives for <(command)
	}
	return []supply{s}, nil, nil
}

// A tree is what is in a folder. Links are not followed, and nothing outside of the
// folder is ever read, even if somebody changes it meanwhile.
type tree struct {
	root  *os.Root
	path  string
	name  string
	files int
	bytes int64
	deep  bool     // there are folders in it
	first []supply // the first of its files
	pack  bool     // asked for
}

// openTree looks through a folder, and says what it leaves out.
func openTree(a *app, path string, pack bool) (*tree, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, badInput("cannot read "+path+": "+reasonOf(err), "")
	}
	t := &tree{root: root, path: path, name: filepath.Base(abs), pack: pack}
	if err := t.look(a); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return t, nil
}

// errTooMany ends a walk.
var errTooMany = errors.New("too many files")

// look counts what is in the folder. It stops where one list cannot take it: nobody
// should learn that after hours.
func (t *tree) look(a *app) error {
	out, long := 0, 0
	w := walker{file: func(in *os.Root, name, at string) error {
		info, err := in.Lstat(name)
		if err != nil {
			return err
		}
		if t.files++; t.files > evidence.MaxListed {
			return errTooMany
		}
		t.bytes += info.Size()
		if strings.HasPrefix(listedName(at), "…") {
			long++
		}
		t.deep = t.deep || at != name
		if len(t.first) <= protocol.MaxObjects {
			t.first = append(t.first, supply{name: name, path: filepath.Join(t.path, at), size: info.Size(),
				open: func() (io.ReadCloser, error) { return t.root.Open(at) }})
		}
		return nil
	}, other: func(at, why string) {
		if out++; out <= maxLeftOut {
			a.note("note: left out: %s is %s", shown(filepath.Join(t.path, at)), why)
		}
	}}
	err := w.walk(t.root, "", 0)
	if long > 0 {
		a.note("note: %s longer than %d bytes: of each only the end is in the list", count(long, "path"), protocol.MaxObjectName)
	}
	if out > maxLeftOut {
		a.note("note: left out: %d more like these", out-maxLeftOut)
	}
	switch {
	case errors.Is(err, errTooMany):
		return badInput(fmt.Sprintf("%s has more than %d files: one list takes no more", t.path, evidence.MaxListed),
			"name the folders within, one by one")
	case err != nil:
		return badInput("cannot read "+t.path+": "+reasonOf(err), "")
	case t.bytes > protocol.MaxObject:
		return badInput(fmt.Sprintf("%s has %s: one pack takes at most %s", t.path, byteText(t.bytes), byteText(protocol.MaxObject)),
			"name the folders within, one by one")
	case t.files == 0:
		return badInput("there is no file in "+t.path, "")
	}
	return nil
}

// flat returns the files of a folder that go as objects of their own: they are few,
// and none is in a folder within. nil: they go as a pack.
func (t *tree) flat() []supply {
	if t.pack || t.deep || t.files > protocol.MaxObjects {
		return nil
	}
	return t.first
}

// twice returns the names that more than one object has.
func twice(objects []protocol.Object) []string {
	var out []string
	times := map[string]int{}
	for _, o := range objects {
		if times[o.Name]++; times[o.Name] == 2 {
			out = append(out, o.Name)
		}
	}
	return out
}

func mediaType(path string) string {
	if t := mime.TypeByExtension(filepath.Ext(path)); t != "" {
		return t
	}
	return "application/octet-stream"
}
