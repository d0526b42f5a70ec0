package stream_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"testing"

	"comity.example/crypto/stream"
)

// A published is a test vector of Wycheproof.
type published struct {
	ID        int    `json:"tcId"`
	Comment   string `json:"comment"`
	Key       string `json:"key"`
	Context   string `json:"ctx"`
	Sealed    string `json:"ct"` // compressed with zlib
	MsgLength *int64 `json:"msgLength"`
	MsgSHA512 string `json:"msgSha512"`
	Result    string `json:"result"`
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func vectors(t testing.TB) []published {
	t.Helper()
	b, err := os.ReadFile("testdata/c2sp_chunked_encryption_aes_256_gcm_extract.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Tests []published }
	if err := json.Unmarshal(b, &file); err != nil || len(file.Tests) != 30 {
		t.Fatalf("%d vectors, %v", len(file.Tests), err)
	}
	return file.Tests
}

func (v *published) sealed(t testing.TB) []byte {
	t.Helper()
	z, err := zlib.NewReader(bytes.NewReader(unhex(t, v.Sealed)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ways are all ways to open an object. Each returns what it could open, and why it
// ended there.
var ways = map[string]func(sealed []byte, key stream.Key, context []byte) ([]byte, error){
	"Reader": func(sealed []byte, key stream.Key, context []byte) ([]byte, error) {
		r, err := stream.NewReader(bytes.NewReader(sealed), key, context)
		if err != nil {
			return nil, err
		}
		out, err := io.ReadAll(struct{ io.Reader }{r})
		if _, again := r.Read(make([]byte, 1)); err != nil && again != err {
			panic("it fails, and then it does not")
		}
		return out, err
	},
	"WriteTo": func(sealed []byte, key stream.Key, context []byte) ([]byte, error) {
		r, err := stream.NewReader(bytes.NewReader(sealed), key, context)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		_, err = r.(io.WriterTo).WriteTo(&out)
		return out.Bytes(), err
	},
	"ReaderAt": func(sealed []byte, key stream.Key, context []byte) ([]byte, error) {
		r, err := stream.NewReaderAt(bytes.NewReader(sealed), int64(len(sealed)), key, context)
		if err != nil {
			return nil, err
		}
		out := make([]byte, r.Size())
		k, err := r.ReadAt(out, 0)
		if err == io.EOF && k == len(out) {
			err = nil
		}
		return out[:k], err
	},
}

// TestWycheproof reads the published vectors in every way.
func TestWycheproof(t *testing.T) {
	for _, v := range vectors(t) {
		sealed, raw := v.sealed(t), unhex(t, v.Key)
		if len(raw) != stream.KeySize {
			continue // a Key cannot have that size
		}
		for way, open := range ways {
			got, err := open(sealed, stream.Key(raw), unhex(t, v.Context))
			if (err == nil) != (v.Result == "valid") {
				t.Errorf("%d, %s, %s: got %v, want %s", v.ID, v.Comment, way, err, v.Result)
			}
			sum := sha512.Sum512(got)
			if known := hex.EncodeToString(sum[:]) == v.MsgSHA512; err == nil && !known || len(got) > 0 && !known {
				t.Errorf("%d, %s, %s: got %d bytes, which are others", v.ID, v.Comment, way, len(got))
			}
			if way == "Reader" && v.MsgLength != nil && int64(len(got)) != *v.MsgLength {
				t.Errorf("%d, %s: got %d bytes, want %d", v.ID, v.Comment, len(got), *v.MsgLength)
			}
		}
	}
}
