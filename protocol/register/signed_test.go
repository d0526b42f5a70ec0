package register_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestRegisterNeedsItsThresholdOfRoots(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	r, roots := held(t, w).Register, w.State("GB").Roots
	for name, tc := range map[string]struct {
		keys []*identity.Key
		want error
	}{
		"two":               {roots[:2], nil},
		"another two":       {roots[1:], nil},
		"all":               {roots, nil},
		"one":               {roots[:1], register.ErrThreshold},
		"one and a foreign": {[]*identity.Key{roots[0], w.State("US").Roots[0]}, seal.ErrSignatureInvalid},
		"two and a foreign": {[]*identity.Key{roots[0], roots[1], key(t)}, seal.ErrSignatureInvalid},
		"a participant":     {[]*identity.Key{w.Member(police).Signing, roots[0]}, seal.ErrSignatureInvalid},
	} {
		signed, err := register.Verify(w.SignRegister(r, tc.keys...), r.Roots)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
		if err == nil && (len(signed.Signers) != len(tc.keys) || signed.Digest != protocol.DigestOf(encode(t, r))) {
			t.Errorf("%s: got %d signers and digest %v", name, len(signed.Signers), signed.Digest)
		}
	}
}

func TestCosigningReachesTheThreshold(t *testing.T) {
	w := chaintest.New(t, "GB")
	r, roots := held(t, w).Register, w.State("GB").Roots
	one := w.SignRegister(r, roots[2])
	two, err := register.Cosign(one, roots[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := register.Verify(two, r.Roots); err != nil {
		t.Fatal(err)
	}
	if _, err := register.Cosign(two, roots[0]); err == nil {
		t.Error("one root signed twice")
	}
	if _, err := register.Cosign([]byte("{}"), roots[0]); !errors.Is(err, register.ErrMalformed) {
		t.Errorf("got %v, want %v", err, register.ErrMalformed)
	}
	if claim, err := register.Claim(one); err != nil || claim.Party != "GB" {
		t.Errorf("got %v, %v, want what is to be signed", claim, err)
	}
}

func TestStrippedRootSignatureIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB")
	r := held(t, w)
	cut := strings.LastIndex(string(r.Bytes), `,{"protected"`)
	stripped := append(bytes.Clone(r.Bytes[:cut]), `]}`...)
	_, err := register.Verify(stripped, r.Roots)
	if !errors.Is(err, seal.ErrSignatureMissing) || register.Reason(err) != protocol.ReasonSignatureMissing {
		t.Fatalf("got %v, want %v", err, seal.ErrSignatureMissing)
	}
}

func TestRegisterUnderAnotherTypeIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB")
	r := held(t, w)
	signed, err := seal.Sign("comity-act+jws", encode(t, r.Register), w.State("GB").Roots...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := register.Verify(signed, r.Roots); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Fatalf("got %v, want %v", err, seal.ErrSignatureInvalid)
	}
}

func TestZeroRootsVerifyNothing(t *testing.T) {
	r := held(t, chaintest.New(t, "GB"))
	for _, roots := range []register.Roots{{}, {Threshold: 0, Keys: r.Roots.Keys}, {Threshold: -1, Keys: r.Roots.Keys}} {
		if _, err := register.Verify(r.Bytes, roots); !errors.Is(err, register.ErrMalformed) {
			t.Errorf("got %v, want %v", err, register.ErrMalformed)
		}
	}
}

func TestEveryPrefixOfASignedRegisterIsRefused(t *testing.T) {
	r := held(t, chaintest.New(t, "GB"))
	for i := 0; i < len(r.Bytes); i += 1 + i/100 {
		if _, err := register.Verify(r.Bytes[:i], r.Roots); !errors.Is(err, register.ErrMalformed) {
			t.Fatalf("%d bytes: got %v, want %v", i, err, register.ErrMalformed)
		}
	}
	for i := 0; i < len(r.Bytes); i += 997 {
		flipped := bytes.Clone(r.Bytes)
		flipped[i] ^= 4
		if _, err := register.Verify(flipped, r.Roots); err == nil {
			t.Fatalf("accepted with byte %d changed", i)
		}
	}
}

// rotation is a world whose GB changes its roots in version 2.
type rotation struct {
	world    *chaintest.World
	old, new []*identity.Key
	draft    *register.Register
}

func rotate(t *testing.T) rotation {
	t.Helper()
	r := rotation{world: chaintest.New(t, "GB"), new: []*identity.Key{key(t), key(t)}}
	r.old = r.world.State("GB").Roots
	roots := register.SortedRoots(2, r.new[0].Public(), r.new[1].Public())
	before := held(t, r.world)
	draft, err := register.Next(before, register.Changes{Issued: chaintest.Now, Expires: before.Expires, Roots: &roots})
	if err != nil {
		t.Fatal(err)
	}
	r.draft = draft
	return r
}

func TestRootsChangeByTheOldAndTheNew(t *testing.T) {
	r := rotate(t)
	for name, tc := range map[string]struct {
		keys []*identity.Key
		want error
	}{
		"both":                 {[]*identity.Key{r.old[0], r.old[2], r.new[0], r.new[1]}, nil},
		"the old alone":        {r.old, register.ErrThreshold},
		"the new alone":        {r.new, register.ErrThreshold},
		"too few of the old":   {[]*identity.Key{r.old[0], r.new[0], r.new[1]}, register.ErrThreshold},
		"too few of the new":   {[]*identity.Key{r.old[0], r.old[1], r.new[0]}, register.ErrThreshold},
		"both and a bystander": {[]*identity.Key{r.old[0], r.old[1], r.new[0], r.new[1], key(t)}, seal.ErrSignatureInvalid},
	} {
		d, err := r.world.Directory.With(r.world.SignRegister(r.draft, tc.keys...), chaintest.Now)
		if !errors.Is(err, tc.want) || (err == nil) != (d != nil) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

func TestOldRootsSpeakNoMoreAfterTheyChanged(t *testing.T) {
	r := rotate(t)
	before := r.world.Directory
	second := r.world.SignRegister(r.draft, r.old[0], r.old[1], r.new[0], r.new[1])
	after, err := before.With(second, chaintest.Now)
	if err != nil {
		t.Fatal(err)
	}
	known, err := after.Register("GB")
	if err != nil {
		t.Fatal(err)
	}
	third, err := register.Next(known, register.Changes{Issued: chaintest.Now, Expires: known.Expires})
	if err != nil {
		t.Fatal(err)
	}
	byOld := r.world.SignRegister(third, r.old...)
	if _, err := after.With(byOld, chaintest.Now); !errors.Is(err, seal.ErrSignatureInvalid) {
		t.Errorf("by the old: got %v, want %v", err, seal.ErrSignatureInvalid)
	}
	byNew := r.world.SignRegister(third, r.new...)
	if _, err := after.With(byNew, chaintest.Now); err != nil {
		t.Errorf("by the new: %v", err)
	}
	// A node that was away over the change needs the version that made it.
	if _, err := before.With(byNew, chaintest.Now); !errors.Is(err, register.ErrThreshold) {
		t.Errorf("over the change: got %v, want %v", err, register.ErrThreshold)
	}
}
