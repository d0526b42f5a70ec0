package bag

import (
	"archive/zip"
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// declaration is bagit.txt of the bags that are written here.
const declaration = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

// A Sum is what a file is known by.
type Sum struct {
	Size   int64
	SHA512 [sha512.Size]byte
}

// A Writer writes a bag as a ZIP archive, in one form: the files are stored, without
// times, in one folder, first bagit.txt, then the payload in the order in which it was
// added, then the other tag files. What it wrote is no archive before Close returns nil:
// the table of contents comes last.
type Writer struct {
	z        *zip.Writer
	folder   string
	started  bool
	names    map[string]bool
	payload  bytes.Buffer // manifest-sha512.txt
	tags     bytes.Buffer // tagmanifest-sha512.txt
	size     int64        // bytes of the payload
	buffer   []byte
	finished bool
}

// NewWriter returns a Writer of a bag in a folder of the given name.
func NewWriter(w io.Writer, folder string) *Writer {
	return &Writer{z: zip.NewWriter(w), folder: folder, names: map[string]bool{}, buffer: make([]byte, copyBuffer)}
}

// header is that of every file: no time and no compression.
func header(name string) *zip.FileHeader { return &zip.FileHeader{Name: name, Method: zip.Store} }

// Add adds a file to the payload, under a name that begins with data/, and reads its
// content to the end.
func (w *Writer) Add(name string, content io.Reader) (Sum, error) {
	switch {
	case !Payload(name):
		return Sum{}, errors.New("bag: write: want a name that begins with " + payloadFolder)
	case w.names[name]:
		return Sum{}, errors.New("bag: write: two files of one name")
	case len(w.names) >= MaxFiles-4:
		return Sum{}, fmt.Errorf("bag: write: more than %d files", MaxFiles)
	}
	if err := checkPath(name); err != nil {
		return Sum{}, fmt.Errorf("bag: write: %w", err)
	}
	if err := w.start(); err != nil {
		return Sum{}, err
	}
	sum, err := w.write(name, content)
	if err != nil {
		return Sum{}, err
	}
	w.note(name, sum)
	return sum, nil
}

// note takes a file of the payload into the manifest.
func (w *Writer) note(name string, sum Sum) {
	w.names[name] = true
	w.size += sum.Size
	writeEntry(&w.payload, name, sum)
}

// start writes the first tag file.
func (w *Writer) start() error {
	if w.started {
		return nil
	}
	w.started = true
	sum, err := w.write(declarationName, strings.NewReader(declaration))
	writeEntry(&w.tags, declarationName, sum)
	return err
}

func (w *Writer) write(name string, content io.Reader) (Sum, error) {
	out, err := w.z.CreateHeader(header(w.folder + "/" + name))
	if err != nil {
		return Sum{}, fmt.Errorf("bag: write: %w", err)
	}
	h := sha512.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(out, h)}, struct{ io.Reader }{content}, w.buffer)
	if err != nil {
		return Sum{}, fmt.Errorf("bag: write: %w", err)
	}
	return Sum{n, [sha512.Size]byte(h.Sum(nil))}, nil
}

// oxum returns the value of Payload-Oxum for a payload.
func oxum(size int64, files int) string {
	return strconv.FormatInt(size, 10) + "." + strconv.Itoa(files)
}

// Close writes bag-info.txt with the given fields and Payload-Oxum behind them, the
// manifests, and the end of the archive.
func (w *Writer) Close(info ...Field) error {
	if w.finished {
		return errors.New("bag: write: closed before")
	}
	w.finished = true
	if err := w.start(); err != nil {
		return err
	}
	err := w.finish(info, func(name string, content []byte) error {
		_, err := w.write(name, bytes.NewReader(content))
		return err
	})
	if err != nil {
		return err
	}
	if err := w.z.Close(); err != nil {
		return fmt.Errorf("bag: write: %w", err)
	}
	return nil
}

// finish makes the tag files that come behind the payload.
func (w *Writer) finish(info []Field, write func(name string, content []byte) error) error {
	text, err := formatInfo(append(slices.Clone(info), Field{"Payload-Oxum", oxum(w.size, len(w.names))}))
	if err != nil {
		return err
	}
	for _, tag := range []struct {
		name    string
		content []byte
	}{{infoName, []byte(text)}, {"manifest-sha512.txt", w.payload.Bytes()}} {
		writeEntry(&w.tags, tag.name, Sum{int64(len(tag.content)), sha512.Sum512(tag.content)})
		if err := write(tag.name, tag.content); err != nil {
			return err
		}
	}
	return write("tagmanifest-sha512.txt", w.tags.Bytes())
}

// formatInfo returns bag-info.txt.
func formatInfo(info []Field) (string, error) {
	var b strings.Builder
	for _, f := range info {
		if f.Name == "" || strings.ContainsAny(f.Name, ":\r\n") || strings.ContainsAny(f.Value, "\r\n") {
			return "", errors.New("bag: write: a field of bag-info.txt: want one line")
		}
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return b.String(), nil
}

func writeEntry(b *bytes.Buffer, name string, sum Sum) {
	fmt.Fprintf(b, "%s  %s\n", hex.EncodeToString(sum.SHA512[:]), escape(name))
}
