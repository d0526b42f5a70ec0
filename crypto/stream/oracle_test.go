package stream_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha512"
	"math/big"
	"math/rand/v2"
	"testing"

	"comity.example/crypto/stream"
)

// oracle seals as c2sp.org/chunked-encryption says, written from its text alone:
// HKDF-Expand by RFC 5869 section 2.3, and a nonce that is computed as a number.
func oracle(t testing.TB, key stream.Key, context, salt, message []byte) []byte {
	t.Helper()
	info := append([]byte("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM"), 0)
	info = append(append(info, salt...), context...)
	var block, okm []byte
	for i := byte(1); len(okm) < 32+12+32; i++ {
		h := hmac.New(sha512.New, key[:])
		h.Write(block)
		h.Write(info)
		h.Write([]byte{i})
		block = h.Sum(nil)
		okm = append(okm, block...)
	}
	c, err := aes.NewCipher(okm[:32])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(c)
	if err != nil {
		t.Fatal(err)
	}
	base := new(big.Int).SetBytes(okm[32:44])
	out := append(bytes.Clone(salt), okm[44:76]...)
	for n := int64(0); ; n++ {
		chunk := message[:min(len(message), 16384)]
		message = message[len(chunk):]
		nonce := new(big.Int).Xor(base, big.NewInt(n)).FillBytes(make([]byte, 12))
		out = append(out, gcm.Seal(nil, nonce, chunk, nil)...)
		if len(chunk) < 16384 {
			return out
		}
	}
}

// noise returns n bytes, the same each time.
func noise(n int) []byte {
	var seed [32]byte
	seed[0] = 7
	out := make([]byte, n)
	rand.NewChaCha8(seed).Read(out)
	return out
}

// sizes are those at which something changes: of a chunk, of a batch, of the byte
// in which the number of a chunk is.
func sizes() []int {
	const c, b = stream.ChunkSize, stream.BatchPlain
	out := []int{0, 1, c - 1, c, c + 1, 2 * c, 3*c + 7, 4 * c, 4*c + 1, 5*c - 1, b - 1, b, b + 1, b + c, 2*b - 1, 2 * b, 2*b + c/2,
		3*b + 5*c + 11, 255*c + 1, 256 * c, 256*c + 1, 257*c + 3}
	return out
}

func TestSealsAsASecondImplementationDoes(t *testing.T) {
	key, context, salt := stream.NewKey(), []byte("a case\x00"), noise(stream.SaltSize)
	all := noise(300 * stream.ChunkSize)
	for _, size := range sizes() {
		a, err := stream.SealWithSalt(key, context, salt)
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		w, err := stream.NewWriterOf(&got, a)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(all[:size])
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		want := oracle(t, key, context, salt, all[:size])
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%d bytes: sealed otherwise", size)
		}
		if stream.SealedSize(int64(size)) != int64(len(want)) {
			t.Errorf("%d bytes: got a size of %d, want %d", size, stream.SealedSize(int64(size)), len(want))
		}
		if back, err := stream.OpenedSize(int64(len(want))); err != nil || back != int64(size) {
			t.Errorf("%d bytes: got a size of %d, %v", size, back, err)
		}
		for way, open := range ways {
			if back, err := open(want, key, context); err != nil || !bytes.Equal(back, all[:size]) {
				t.Errorf("%d bytes, %s: got %d, %v", size, way, len(back), err)
			}
		}
	}
}

// TestTheNumberIsInTheLastBytesOfTheNonce for a chunk far out, which no test can reach.
func TestTheNumberIsInTheLastBytesOfTheNonce(t *testing.T) {
	key, salt, chunk := stream.NewKey(), noise(stream.SaltSize), noise(100)
	a, err := stream.SealWithSalt(key, nil, salt)
	if err != nil {
		t.Fatal(err)
	}
	sealed := a.SealChunk(nil, stream.MaxChunks-1, chunk)
	if back, err := a.OpenChunk(nil, stream.MaxChunks-1, sealed); err != nil || !bytes.Equal(back, chunk) {
		t.Errorf("got %v", err)
	}
	for _, n := range []int64{0, 1, stream.MaxChunks/2 - 1, stream.MaxChunks - 2} {
		if _, err := a.OpenChunk(nil, n, sealed); err != stream.ErrChanged {
			t.Errorf("it opens as chunk %d", n)
		}
	}
}
