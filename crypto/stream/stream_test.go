package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"comity.example/crypto/stream"
)

var testKey, testContext = stream.Key{1, 2, 3}, []byte("context")

// sealed seals content.
func sealed(t testing.TB, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := stream.NewWriter(&out, testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wantNothingElse wants that an object which was changed does not open, in any way,
// and that all that comes out is a beginning of the content.
func wantNothingElse(t *testing.T, what string, b, content []byte) {
	t.Helper()
	for way, open := range ways {
		got, err := open(b, testKey, testContext)
		if err == nil {
			t.Errorf("%s, %s: it opens", what, way)
		}
		if !bytes.HasPrefix(content, got) {
			t.Errorf("%s, %s: other content came out", what, way)
		}
		if !errors.Is(err, stream.ErrChanged) && !errors.Is(err, stream.ErrTruncated) && !errors.Is(err, stream.ErrKey) {
			t.Errorf("%s, %s: got %v", what, way, err)
		}
	}
}

// TestEveryChunkIsAuthenticated: a bit in each chunk, in its tag, in the header.
func TestEveryChunkIsAuthenticated(t *testing.T) {
	content := noise(stream.BatchPlain + 5*stream.ChunkSize + 100)
	good := sealed(t, content)
	places := []int{0, stream.SaltSize - 1, stream.SaltSize, stream.HeaderSize - 1, len(good) - 1, len(good) - stream.Overhead - 1}
	for at := stream.HeaderSize; at < len(good); at += slowdown * stream.SealedChunk {
		places = append(places, at, min(at+stream.SealedChunk-1, len(good)-1))
	}
	for _, at := range places {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		wantNothingElse(t, fmt.Sprintf("byte %d", at), b, content)
	}
	// What is before, and behind, opens all the same where it is asked for alone.
	b := bytes.Clone(good)
	b[stream.HeaderSize+3*stream.SealedChunk] ^= 1
	r, err := stream.NewReaderAt(bytes.NewReader(b), int64(len(b)), testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	for chunk := range int64(6) {
		p := make([]byte, 100)
		_, err := r.ReadAt(p, chunk*stream.ChunkSize+7)
		if (err == nil) != (chunk != 3) {
			t.Errorf("chunk %d: got %v", chunk, err)
		}
	}
	all := make([]byte, len(content))
	if k, err := r.ReadAt(all, 0); k != 3*stream.ChunkSize || !errors.Is(err, stream.ErrChanged) {
		t.Errorf("got %d bytes, %v", k, err)
	}
}

// TestEveryLengthButTheRightOneIsRefused: each length near a boundary, and many others.
func TestEveryLengthButTheRightOneIsRefused(t *testing.T) {
	content := noise(stream.BatchPlain + 2*stream.ChunkSize + 100)
	good := sealed(t, content)
	var cuts []int
	for at := stream.HeaderSize; at < len(good)+stream.SealedChunk; at += stream.SealedChunk {
		cuts = append(cuts, at-1, at, at+1, at+stream.Overhead-1, at+stream.Overhead, at+stream.Overhead+1, at+stream.SealedChunk/2)
	}
	for at := range 2 * stream.HeaderSize {
		cuts = append(cuts, at, len(good)-1-at)
	}
	for _, cut := range cuts {
		if cut < len(good) {
			wantNothingElse(t, fmt.Sprintf("cut at %d", cut), good[:cut], content)
		}
	}
	for _, more := range []int{1, stream.Overhead - 1, stream.Overhead, stream.Overhead + 1, stream.SealedChunk - 1, stream.SealedChunk,
		stream.SealedChunk + stream.Overhead} {
		wantNothingElse(t, fmt.Sprintf("%d bytes more", more), append(bytes.Clone(good), good[stream.HeaderSize:][:more]...), content)
	}
}

func TestChunksInAnotherOrderAreRefused(t *testing.T) {
	content := noise(6*stream.ChunkSize + 50)
	good, other := sealed(t, content), sealed(t, content) // of one key, under two salts
	head, body := good[:stream.HeaderSize], good[stream.HeaderSize:]
	chunks := slices.Collect(slices.Chunk(body, stream.SealedChunk))
	build := func(list ...[]byte) []byte { return slices.Concat(append([][]byte{head}, list...)...) }
	move := func(change func([][]byte) [][]byte) []byte { return build(change(slices.Clone(chunks))...) }
	for what, b := range map[string][]byte{
		"two exchanged": move(func(c [][]byte) [][]byte { c[1], c[2] = c[2], c[1]; return c }),
		"one repeated":  move(func(c [][]byte) [][]byte { c[2] = c[1]; return c }),
		"one twice":     move(func(c [][]byte) [][]byte { return slices.Insert(c, 2, c[1]) }),
		"one left out":  move(func(c [][]byte) [][]byte { return slices.Delete(c, 2, 3) }),
		"the first out": move(func(c [][]byte) [][]byte { return c[1:] }),
		"the last out":  move(func(c [][]byte) [][]byte { return c[:6] }),
		"the last early": move(func(c [][]byte) [][]byte {
			return append(c[:3], c[6])
		}),
		"of another object": move(func(c [][]byte) [][]byte {
			c[3] = other[stream.HeaderSize+3*stream.SealedChunk:][:stream.SealedChunk]
			return c
		}),
		"another header": slices.Concat(other[:stream.HeaderSize], body),
		"another salt":   slices.Concat(other[:stream.SaltSize], good[stream.SaltSize:]),
	} {
		if bytes.Equal(b, good) {
			t.Fatalf("%s: the crime was not committed", what)
		}
		wantNothingElse(t, what, b, content)
	}
}

// TestAnotherKeyOrContextOpensNothing, and says so at the header.
func TestAnotherKeyOrContextOpensNothing(t *testing.T) {
	good := sealed(t, noise(100))
	near := testKey
	near[31] ^= 1
	for what, c := range map[string]struct {
		key     stream.Key
		context []byte
	}{
		"another key":       {stream.NewKey(), testContext},
		"a key near by":     {near, testContext},
		"no key":            {stream.Key{}, testContext},
		"another context":   {testKey, []byte("another")},
		"no context":        {testKey, nil},
		"a longer context":  {testKey, append(bytes.Clone(testContext), 0)},
		"a shorter context": {testKey, testContext[:len(testContext)-1]},
	} {
		for way, open := range ways {
			if got, err := open(good, c.key, c.context); !errors.Is(err, stream.ErrKey) || len(got) > 0 {
				t.Errorf("%s, %s: got %d bytes, %v", what, way, len(got), err)
			}
		}
	}
}

// TestNoObjectOpensUnderTwoKeys: AES-GCM alone does not commit to a key; the header
// does. Whoever holds two keys cannot put one header before both.
func TestNoObjectOpensUnderTwoKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		salt := rapid.SliceOfN(rapid.Byte(), stream.SaltSize, stream.SaltSize).Draw(t, "salt")
		key := func(name string) stream.Key {
			return stream.Key(rapid.SliceOfN(rapid.Byte(), stream.KeySize, stream.KeySize).Draw(t, name))
		}
		one, two := key("one"), key("two")
		if one == two {
			t.Skip() // one key opens what it sealed
		}
		a, err := stream.SealWithSalt(one, nil, salt)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Open(two, nil, a.Header()); !errors.Is(err, stream.ErrKey) {
			t.Fatalf("got %v", err)
		}
	})
}

// TestRoundTrips: whatever the pieces in which it is written and read.
func TestRoundTrips(t *testing.T) {
	all := noise(3*stream.BatchPlain + 3)
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 5*stream.ChunkSize), rapid.IntRange(0, len(all)/slowdown), rapid.SampledFrom(sizes())).Draw(t, "size")
		content := all[:min(size, len(all))]
		var out bytes.Buffer
		w, err := stream.NewWriter(&out, testKey, testContext)
		if err != nil {
			t.Fatal(err)
		}
		for rest := content; len(rest) > 0; {
			k := rapid.OneOf(rapid.IntRange(1, 100_000), rapid.IntRange(1, len(all))).Draw(t, "piece")
			k = min(k, len(rest))
			if n, err := w.Write(rest[:k]); n != k || err != nil {
				t.Fatal(n, err)
			}
			rest = rest[k:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for way, open := range ways {
			if back, err := open(out.Bytes(), testKey, testContext); err != nil || !bytes.Equal(back, content) {
				t.Fatalf("%s: got %d bytes, %v", way, len(back), err)
			}
		}
		r, err := stream.NewReaderAt(bytes.NewReader(out.Bytes()), int64(out.Len()), testKey, testContext)
		if err != nil {
			t.Fatal(err)
		}
		off := rapid.IntRange(0, len(content)+10).Draw(t, "offset")
		p := make([]byte, rapid.IntRange(0, len(content)+10).Draw(t, "length"))
		k, err := r.ReadAt(p, int64(off))
		want := content[min(off, len(content)):min(off+len(p), len(content))]
		if !bytes.Equal(p[:k], want) || (k < len(p)) != (err == io.EOF) || (err != nil && err != io.EOF) {
			t.Fatalf("%d bytes at %d: got %d, %v", len(p), off, k, err)
		}
	})
}

func TestReadersThatReadALittleAreRead(t *testing.T) {
	content := noise(stream.BatchPlain + 1000)
	for name, slow := range map[string]func(io.Reader) io.Reader{"half": iotest.HalfReader, "data with the end": iotest.DataErrReader} {
		r, err := stream.NewReader(slow(bytes.NewReader(sealed(t, content))), testKey, testContext)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: got %d bytes, %v", name, len(got), err)
		}
	}
	if err := iotest.TestReader(io.LimitReader(readerOf(t, sealed(t, content)), 1<<30), content); err != nil {
		t.Error(err)
	}
}

func readerOf(t testing.TB, b []byte) io.Reader {
	t.Helper()
	r, err := stream.NewReader(bytes.NewReader(b), testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var errBroken = errors.New("the disk is full")

// A broken writer takes so many bytes, and then no more.
type broken struct{ left int }

func (b *broken) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// TestErrorsBeneathEndIt, wherever they come, and leave no goroutine.
func TestErrorsBeneathEndIt(t *testing.T) {
	before := runtime.NumGoroutine()
	content := noise(3*stream.BatchPlain + 100)
	good := sealed(t, content)
	for _, left := range []int{0, stream.HeaderSize, stream.HeaderSize + 1, stream.BatchPlain, 2*stream.BatchPlain + 9000, len(good) - 1} {
		w, err := stream.NewWriter(&broken{left}, testKey, testContext)
		if err == nil {
			_, err = w.Write(content)
			if err == nil {
				err = w.Close()
			}
			if again := w.Close(); !errors.Is(again, errBroken) {
				t.Errorf("%d: and then %v", left, again)
			}
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("%d: got %v", left, err)
		}
		if left == 0 {
			continue
		}
		r, err := stream.NewReader(io.MultiReader(bytes.NewReader(good[:left]), iotest.ErrReader(errBroken)), testKey, testContext)
		if err == nil {
			var got []byte
			got, err = io.ReadAll(r)
			if !bytes.HasPrefix(content, got) {
				t.Errorf("%d: other content", left)
			}
		}
		if !errors.Is(err, errBroken) {
			t.Errorf("%d: got %v", left, err)
		}
	}
	if _, err := readerOf(t, good).(io.WriterTo).WriteTo(&broken{stream.ChunkSize}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines were left", after-before)
	}
}

func TestNothingIsWrittenAfterClose(t *testing.T) {
	var out bytes.Buffer
	w, err := stream.NewWriter(&out, testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := out.Len()
	if _, err := w.Write([]byte("x")); err == nil || out.Len() != size {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err == nil || out.Len() != size {
		t.Errorf("closed twice: got %v", err)
	}
}

func TestTheLargestObjectIsBounded(t *testing.T) {
	w, err := stream.NewWriter(io.Discard, testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	w.Skip(stream.MaxChunks - 65)
	if _, err := w.Write(noise(stream.BatchPlain)); err != nil {
		t.Fatal(err)
	}
	w.Write(noise(stream.ChunkSize)) // one too many
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got %v", err)
	}
	if size, err := stream.OpenedSize(stream.SealedSize(stream.MaxSize)); err != nil || size != stream.MaxSize {
		t.Errorf("got %d, %v", size, err)
	}
	if _, err := stream.OpenedSize(stream.SealedSize(stream.MaxSize + 1)); err == nil {
		t.Error("a larger one is taken")
	}
}

// TestReaderAtIsForManyAtOnce.
func TestReaderAtIsForManyAtOnce(t *testing.T) {
	content := noise(stream.BatchPlain + 30_000)
	b := sealed(t, content)
	r, err := stream.NewReaderAt(bytes.NewReader(b), int64(len(b)), testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	if r.Size() != int64(len(content)) {
		t.Errorf("got %d bytes", r.Size())
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			p := make([]byte, (i+1)*40_000)
			for off := i * 777; off+len(p) < len(content); off += 200_001 {
				if _, err := r.ReadAt(p, int64(off)); err != nil || !bytes.Equal(p, content[off:off+len(p)]) {
					t.Errorf("at %d: %v", off, err)
				}
			}
		})
	}
	all.Wait()
	if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("it reads before the beginning")
	}
}

// TestChunksTakeNoMemoryOfTheirOwn.
func TestChunksTakeNoMemoryOfTheirOwn(t *testing.T) {
	content := noise(8 * stream.BatchPlain) // 512 chunks
	b := sealed(t, content)
	w, err := stream.NewWriter(io.Discard, testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(content) // has its buffers now
	if n := testing.AllocsPerRun(3, func() { w.Write(content) }); n > 300 {
		t.Errorf("sealing 512 chunks allocates %v times", n)
	}
	r, err := stream.NewReaderAt(bytes.NewReader(b), int64(len(b)), testKey, testContext)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, len(content))
	if n := testing.AllocsPerRun(3, func() { r.ReadAt(p, 0) }); n > 300 {
		t.Errorf("opening 512 chunks allocates %v times", n)
	}
}

// FuzzOpen: whatever lies there, what opens is what was sealed.
func FuzzOpen(f *testing.F) {
	content := noise(2*stream.ChunkSize + 9)
	for _, size := range []int{0, 1, stream.ChunkSize, len(content)} {
		a, err := stream.SealWithSalt(testKey, testContext, make([]byte, stream.SaltSize))
		if err != nil {
			f.Fatal(err)
		}
		var out bytes.Buffer
		w, err := stream.NewWriterOf(&out, a)
		if err != nil {
			f.Fatal(err)
		}
		w.Write(content[:size])
		w.Close()
		f.Add(out.Bytes(), int64(0), 100)
	}
	f.Fuzz(func(t *testing.T, b []byte, off int64, length int) {
		for _, open := range ways {
			got, err := open(b, testKey, testContext)
			if err == nil && !bytes.Equal(sealedAgain(t, b, got), b) {
				t.Fatal("two objects of one salt and content")
			}
		}
		r, err := stream.NewReaderAt(bytes.NewReader(b), int64(len(b)), testKey, testContext)
		if err == nil && length >= 0 && length < 1<<20 && off >= 0 {
			k, _ := r.ReadAt(make([]byte, length), off)
			if int64(k) > max(0, r.Size()-off) {
				t.Fatal("more than there is")
			}
		}
	})
}

// sealedAgain seals content under the salt of b.
func sealedAgain(t testing.TB, b, content []byte) []byte {
	return oracle(t, testKey, testContext, b[:stream.SaltSize], content)
}
