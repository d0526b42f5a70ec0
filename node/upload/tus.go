package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	tuslog "golang.org/x/exp/slog"

	"comity.example/protocol"
)

// ObjectHeader names, in the answer to whoever sent the last byte or asks
// afterwards, the object that the upload became: its tree hash.
const ObjectHeader = "Comity-Object"

// Members of Upload-Metadata. Others are left out.
const (
	metaName      = "filename"
	metaType      = "filetype"
	metaCollected = "collected" // as 2026-11-22T10:00:00Z
	metaCollector = "collector"
)

// Headers of extensions that the library passes over where a store has none: the
// client would believe that its checksum was compared, or its parts put together.
var refused = []string{"Upload-Checksum", "Upload-Concat", "Upload-Defer-Length"}

// Periods of one request.
const (
	// grace is how long what a client has sent that went away may still be written.
	grace = time.Second
	// lockPatience is how long a request waits for another one of the same upload.
	lockPatience = 20 * time.Second
	// silence is how long nothing may come before a request is given up.
	silence = time.Minute
)

// An Access says whose requests a handler serves.
type Access struct {
	// By finds only the uploads that it made; "" finds those of all.
	By string
	// Check returns an error, which Explain explains, once its requests are to end.
	// nil: never.
	Check func() error
}

// Handler serves tus at …/{case}/uploads/, where case is the name of the pattern's
// wildcard. Whoever may use it is for the caller to see.
func (s *Store) Handler(a Access) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := protocol.ParseCaseID(r.PathValue("case"))
		before, rest, ok := strings.Cut(r.URL.Path, "/"+string(id)+"/uploads/")
		if err != nil || !ok {
			http.Error(w, "case: want case- and 26 characters of a-z, 2-7", http.StatusBadRequest)
			return
		}
		base := before + "/" + string(id) + "/uploads/"
		for _, name := range refused {
			if r.Header.Get(name) != "" {
				http.Error(w, name+": this node has no such extension of tus: leave it out", http.StatusNotImplemented)
				return
			}
		}
		b := &body{ReadCloser: r.Body, control: http.NewResponseController(w), checked: time.Now(),
			whole: r.ContentLength == 0}
		if a.Check != nil {
			b.check = func() error { return s.tell(a.Check()) }
		}
		of := &ofCase{s, id, a.By, b}
		h, err := of.tus(base)
		if err != nil {
			http.Error(w, "the node could not do this now", http.StatusInternalServerError)
			return
		}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.Body = rest, b
		h.ServeHTTP(&answer{ResponseWriter: w, of: of, id: rest}, inner)
	})
}

// tus returns a handler for one request.
func (c *ofCase) tus(base string) (http.Handler, error) {
	composer := handler.NewStoreComposer()
	composer.UseCore(c)
	composer.UseTerminater(c)
	composer.UseLocker(&yielding{c.s.locker, c})
	return handler.NewHandler(handler.Config{
		StoreComposer:   composer,
		MaxSize:         MaxSize,
		BasePath:        base,
		DisableDownload: true,
		Cors:            &handler.CorsConfig{Disable: true},
		// What the library logs names paths and uploads.
		Logger:                           tuslog.New(tuslog.NewTextHandler(io.Discard, nil)),
		GracefulRequestCompletionTimeout: grace,
		AcquireLockTimeout:               lockPatience,
		NetworkTimeout:                   silence,
	})
}

// ofCase is the store as the library wants it, for one request of one case and who
// uploads to it: another's uploads it does not find.
type ofCase struct {
	s    *Store
	id   protocol.CaseID
	by   string // "" for all
	body *body
}

// NewUpload implements handler.DataStore.
func (c *ofCase) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	about, err := c.about(info.MetaData)
	if err != nil {
		return nil, handler.NewError("ERR_METADATA", "Upload-Metadata: "+err.Error(), http.StatusBadRequest)
	}
	if c.s.cfg.Admit != nil {
		if err := c.s.cfg.Admit(ctx, c.id); err != nil {
			return nil, c.s.tell(err)
		}
	}
	e, err := c.s.create(record{About: about, Size: info.Size, By: c.by})
	if err != nil {
		return nil, c.s.tell(err)
	}
	return &tusUpload{e, c.body}, nil
}

// about reads what the client says of its upload.
func (c *ofCase) about(meta handler.MetaData) (About, error) {
	a := About{Case: c.id, Name: meta[metaName], MediaType: meta[metaType], Collector: meta[metaCollector]}
	if a.MediaType == "" {
		a.MediaType = "application/octet-stream"
	}
	if t := meta[metaCollected]; t != "" {
		at, err := time.Parse(time.RFC3339, t)
		if err != nil {
			return a, errors.New("collected: want a time such as 2026-11-22T10:00:00Z")
		}
		a.Collected = at.UTC().Truncate(time.Second)
	}
	// As it will be checked, with what is not known yet made up.
	o := protocol.Object{Name: a.Name, MediaType: a.MediaType, Collected: a.Collected, Collector: a.Collector,
		SHA512: strings.Repeat("0", 128), Tree: protocol.DigestOf(nil)}
	if err := o.Check(); err != nil {
		return a, errors.New(strings.NewReplacer("name:", metaName+":", "media_type:", metaType+":").Replace(err.Error()))
	}
	return a, nil
}

// GetUpload implements handler.DataStore.
func (c *ofCase) GetUpload(_ context.Context, id string) (handler.Upload, error) {
	e, err := c.find(id)
	if err != nil {
		return nil, handler.ErrNotFound
	}
	return &tusUpload{e, c.body}, nil
}

// AsTerminatableUpload implements handler.TerminaterDataStore.
func (c *ofCase) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload {
	return u.(*tusUpload)
}

// tell returns an error as the library answers with it.
func (s *Store) tell(err error) error {
	var told handler.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told):
		return told
	case errors.Is(err, ErrNoRoom):
		return handler.NewError("ERR_NO_ROOM", "the node's disk has no room for it", http.StatusInsufficientStorage)
	case errors.Is(err, ErrTooMany):
		return handler.NewError("ERR_TOO_MANY", "there are too many uploads at once: finish some, or delete them",
			http.StatusTooManyRequests)
	case errors.Is(err, ErrSegments):
		return handler.NewError("ERR_PIECES", "it came in too many pieces: delete it, and send larger ones",
			http.StatusRequestEntityTooLarge)
	case errors.Is(err, errClosed), errors.Is(err, context.Canceled):
		return handler.NewError("ERR_STOPPING", "the node is stopping: go on when it runs", http.StatusServiceUnavailable)
	}
	status, text := http.StatusInternalServerError, "the node could not do this now"
	if s.cfg.Explain != nil {
		status, text = s.cfg.Explain(err)
	}
	s.cfg.Log.Warn("an upload was not taken", "status", status)
	return handler.NewError("ERR_NOT_TAKEN", text, status)
}

// tusUpload is an upload as the library wants it. The library holds its lock.
type tusUpload struct {
	e    *entry
	body *body // of the request
}

// GetInfo implements handler.Upload. What is whole is taken in before anything is
// said of it: the node may have been killed, or the case have had no room, when the
// last byte came.
func (u *tusUpload) GetInfo(context.Context) (handler.FileInfo, error) {
	offset, object := u.e.state()
	if object == nil && offset == u.e.Size {
		if err := u.e.take(); err != nil {
			return handler.FileInfo{}, u.e.store.tell(err)
		}
	}
	return handler.FileInfo{ID: u.e.id, Size: u.e.Size, Offset: offset}, nil
}

// WriteChunk implements handler.Upload.
func (u *tusUpload) WriteChunk(_ context.Context, offset int64, src io.Reader) (int64, error) {
	rest := u.e.Size - offset
	n, err := u.e.append(&announced{src, u.body, rest, rest})
	return n, u.e.store.tell(err)
}

// GetReader implements handler.Upload: nobody reads an upload.
func (u *tusUpload) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, handler.ErrNotImplemented
}

// FinishUpload implements handler.Upload.
func (u *tusUpload) FinishUpload(context.Context) error { return u.e.store.tell(u.e.take()) }

// Terminate implements handler.TerminatableUpload.
func (u *tusUpload) Terminate(context.Context) error { return u.e.store.tell(u.e.store.remove(u.e)) }

// An answer adds to what the library answers.
type answer struct {
	http.ResponseWriter
	of *ofCase
	id string // of the upload; none: it is being made
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// SetWriteDeadline does nothing: the answer to the last byte waits until all of
// the upload is taken in, however large it is.
func (a *answer) SetWriteDeadline(time.Time) error { return nil }

// WriteHeader names the object, and makes the place of a new upload a path: what
// name the node has behind its proxy, it does not know.
func (a *answer) WriteHeader(status int) {
	if status >= http.StatusBadRequest && !a.of.body.whole {
		// Else the server would read on before it answers, as slowly as the client sends.
		a.Header().Set("Connection", "close")
	}
	id := a.id
	if at := a.Header().Get("Location"); at != "" {
		if u, err := url.Parse(at); err == nil {
			a.Header().Set("Location", u.Path)
			id = path.Base(u.Path)
		}
	}
	if e, err := a.of.find(id); err == nil {
		if _, object := e.state(); object != nil {
			a.Header().Set(ObjectHeader, object.Tree.String())
		}
	}
	a.ResponseWriter.WriteHeader(status)
}
