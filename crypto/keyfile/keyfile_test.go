package keyfile_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"comity.example/crypto/keyfile"
	"filippo.io/age"
	"filippo.io/age/armor"
)

// fileLock returns the lock of a new unlock file, which is quick; passphrases
// take half a second each time, by design.
func fileLock(t testing.TB) keyfile.Lock {
	t.Helper()
	text, err := keyfile.NewUnlockFile()
	if err != nil {
		t.Fatal(err)
	}
	lock, err := keyfile.UnlockFile(text)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func passphrase(t testing.TB, s string) keyfile.Lock {
	t.Helper()
	lock, err := keyfile.Passphrase(s)
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func encrypt(t testing.TB, label string, lock keyfile.Lock) []byte {
	t.Helper()
	file, err := keyfile.Encrypt(label, []byte("secret"), lock)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// cheapFile returns a file that a passphrase locks with 2^4 scrypt rounds.
func cheapFile(t testing.TB, passphrase string) []byte {
	t.Helper()
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	recipient.SetWorkFactor(4)
	var file bytes.Buffer
	armored := armor.NewWriter(&file)
	w, err := age.Encrypt(armored, recipient)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "comity key v1\nidentity\nsecret")
	w.Close()
	armored.Close()
	return file.Bytes()
}

func TestPassphraseOpensItsFileOnly(t *testing.T) {
	file := cheapFile(t, "correct horse")
	got, err := keyfile.Decrypt("identity", file, passphrase(t, "correct horse"))
	if err != nil || string(got) != "secret" {
		t.Errorf("got %q and error %v, want the secret", got, err)
	}
	for name, wrong := range map[string]keyfile.Lock{
		"wrong passphrase": passphrase(t, "wrong horse"), "unlock file": fileLock(t),
	} {
		if _, err := keyfile.Decrypt("identity", file, wrong); err != keyfile.ErrUnlock {
			t.Errorf("%s: got %v, want %v", name, err, keyfile.ErrUnlock)
		}
	}
}

func TestPassphraseLockIsCostly(t *testing.T) {
	lock := passphrase(t, "correct horse")
	file := encrypt(t, "identity", lock)
	rearmor(t, file, " 17\n", " 18\n") // fails if 2^17 rounds are not what it says
	got, err := keyfile.Decrypt("identity", file, lock)
	if err != nil || string(got) != "secret" {
		t.Errorf("got %q and error %v, want the secret", got, err)
	}
}

func TestUnlockFileOpensItsFileOnly(t *testing.T) {
	lock := fileLock(t)
	file := encrypt(t, "identity", lock)
	got, err := keyfile.Decrypt("identity", file, lock)
	if err != nil || string(got) != "secret" {
		t.Errorf("got %q and error %v, want the secret", got, err)
	}
	for name, wrong := range map[string]keyfile.Lock{
		"another unlock file": fileLock(t), "passphrase": passphrase(t, "x"), "no lock": {},
	} {
		if _, err := keyfile.Decrypt("identity", file, wrong); err != keyfile.ErrUnlock {
			t.Errorf("%s: got %v, want %v", name, err, keyfile.ErrUnlock)
		}
	}
}

func TestFileOfOneKindDoesNotLoadAsAnother(t *testing.T) {
	lock := fileLock(t)
	file := encrypt(t, "identity", lock)
	for _, label := range []string{"seal", "identit", "identity2", "", "identity\nsecret"} {
		if got, err := keyfile.Decrypt(label, file, lock); err != keyfile.ErrUnlock {
			t.Errorf("label %q: got %q and error %v, want %v", label, got, err, keyfile.ErrUnlock)
		}
	}
}

func TestEncryptRefusesBadArguments(t *testing.T) {
	lock := fileLock(t)
	for _, label := range []string{"", "Identity", "a b", "a\nb", strings.Repeat("a", 33)} {
		if _, err := keyfile.Encrypt(label, []byte("secret"), lock); err == nil {
			t.Errorf("encrypted under label %q", label)
		}
	}
	for _, n := range []int{0, keyfile.MaxSecret + 1} {
		if _, err := keyfile.Encrypt("identity", make([]byte, n), lock); err == nil {
			t.Errorf("encrypted %d bytes", n)
		}
	}
	if _, err := keyfile.Encrypt("identity", []byte("secret"), keyfile.Lock{}); err == nil {
		t.Error("encrypted without a lock")
	}
	if _, err := keyfile.Passphrase(""); err == nil {
		t.Error("an empty passphrase is a lock")
	}
}

func TestLargestSecretFitsAFile(t *testing.T) {
	lock, want := fileLock(t), bytes.Repeat([]byte{0xff}, keyfile.MaxSecret)
	file, err := keyfile.Encrypt("identity", want, lock)
	if err != nil || len(file) > keyfile.MaxFile {
		t.Fatalf("got %d bytes and error %v", len(file), err)
	}
	if got, err := keyfile.Decrypt("identity", file, lock); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes and error %v, want the secret", len(got), err)
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	lock := fileLock(t)
	file := encrypt(t, "identity", lock)
	for n := range file {
		if _, err := keyfile.Decrypt("identity", file[:n], lock); err != keyfile.ErrUnlock {
			t.Fatalf("the first %d of %d bytes: got %v, want %v", n, len(file), err, keyfile.ErrUnlock)
		}
	}
	for i := range file {
		file[i] ^= 1 << (i % 8)
		if _, err := keyfile.Decrypt("identity", file, lock); err != keyfile.ErrUnlock {
			t.Fatalf("bit %d of byte %d: got %v, want %v", i%8, i, err, keyfile.ErrUnlock)
		}
		file[i] ^= 1 << (i % 8)
	}
	for _, more := range []string{"\n", " ", "x", string(file)} {
		longer := append(slices.Clone(file), more...)
		if _, err := keyfile.Decrypt("identity", longer, lock); err != keyfile.ErrUnlock {
			t.Errorf("with %.10q more: got %v, want %v", more, err, keyfile.ErrUnlock)
		}
	}
	large := make([]byte, keyfile.MaxFile+1)
	if _, err := keyfile.Decrypt("identity", large, lock); err != keyfile.ErrUnlock {
		t.Errorf("too large: got %v, want %v", err, keyfile.ErrUnlock)
	}
}

// rearmor replaces text inside the armor.
func rearmor(t *testing.T, file []byte, before, after string) []byte {
	t.Helper()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(armor.NewReader(bytes.NewReader(file))); err != nil {
		t.Fatal(err)
	}
	altered := bytes.Replace(raw.Bytes(), []byte(before), []byte(after), 1)
	if bytes.Equal(altered, raw.Bytes()) {
		t.Fatal("nothing was replaced")
	}
	var out bytes.Buffer
	w := armor.NewWriter(&out)
	w.Write(altered)
	w.Close()
	return out.Bytes()
}

func FuzzDecrypt(f *testing.F) {
	lock := fileLock(f)
	file := encrypt(f, "identity", lock)
	f.Add(file)
	f.Add([]byte("-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := keyfile.Decrypt("identity", b, lock)
		if err == nil && !bytes.Equal(b, file) {
			t.Errorf("%q decrypts to %q", b, got)
		}
	})
}
