package seal_test

import (
	"bytes"
	"crypto/hpke"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
)

// benchPayload is an act of ordinary size, in bytes.
const benchPayload = 4 << 10

func benchKey(b *testing.B) *identity.Key {
	b.Helper()
	key, err := identity.Generate()
	if err != nil {
		b.Fatal(err)
	}
	return key
}

func BenchmarkSign(b *testing.B) {
	key, payload := benchKey(b), bytes.Repeat([]byte("x"), benchPayload)
	b.Run("jws", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := seal.Sign("test+jws", payload, key); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("primitives", func(b *testing.B) {
		for b.Loop() {
			if _, err := key.Sign(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	key, payload := benchKey(b), bytes.Repeat([]byte("x"), benchPayload)
	jws, err := seal.Sign("test+jws", payload, key)
	if err != nil {
		b.Fatal(err)
	}
	signatures, err := key.Sign(payload)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("jws", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := seal.Verify("test+jws", jws, key.Public()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("go-jose", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := verifyWithGoJose(jws, key.Public()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("primitives", func(b *testing.B) {
		for b.Loop() {
			if !key.Public().Verify(payload, signatures) {
				b.Fatal("does not verify")
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	key, err := seal.GenerateOpenKey()
	if err != nil {
		b.Fatal(err)
	}
	payload := bytes.Repeat([]byte("x"), benchPayload)
	b.Run("jwe", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := seal.Seal("test+jwe", payload, key.Public()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("primitives", func(b *testing.B) {
		private, err := hpke.MLKEM768X25519().NewPrivateKey(key.Seed())
		if err != nil {
			b.Fatal(err)
		}
		public := private.PublicKey()
		for b.Loop() {
			_, err := hpke.Seal(public, hpke.SHAKE256(), hpke.AES256GCM(), nil, payload)
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	key, err := seal.GenerateOpenKey()
	if err != nil {
		b.Fatal(err)
	}
	payload := bytes.Repeat([]byte("x"), benchPayload)
	sealed, err := seal.Seal("test+jwe", payload, key.Public())
	if err != nil {
		b.Fatal(err)
	}
	b.Run("jwe", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := seal.Open("test+jwe", sealed, key); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("primitives", func(b *testing.B) {
		private, err := hpke.MLKEM768X25519().NewPrivateKey(key.Seed())
		if err != nil {
			b.Fatal(err)
		}
		kdf, aead := hpke.SHAKE256(), hpke.AES256GCM()
		ciphertext, err := hpke.Seal(private.PublicKey(), kdf, aead, nil, payload)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := hpke.Open(private, kdf, aead, nil, ciphertext); err != nil {
				b.Fatal(err)
			}
		}
	})
}
