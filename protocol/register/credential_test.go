package register_test

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"comity.example/crypto/identity"
	"comity.example/crypto/seal"
	"comity.example/protocol"
	"comity.example/protocol/chain/chaintest"
	"comity.example/protocol/register"
)

func TestCredentialVerifies(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	c, err := register.VerifyCredential(us.Officer.Credential, &us.Entry)
	if err != nil {
		t.Fatal(err)
	}
	if c.Officer != us.Officer.Claim.Officer || !c.Has(protocol.RoleIssuing) || c.Has(protocol.RoleDesignated) ||
		!c.Competent(protocol.Production) {
		t.Errorf("got %v", c)
	}
	for at, want := range map[time.Time]error{
		c.Issued.Add(-1): register.ErrExpired, c.Issued: nil, c.Expires.Add(-1): nil, c.Expires: register.ErrExpired,
	} {
		if err := c.ValidAt(at); !errors.Is(err, want) {
			t.Errorf("at %v: got %v, want %v", at, err, want)
		}
	}
	c.Types = []protocol.RequestType{protocol.Preservation}
	if c.Competent(protocol.Production) || !c.Competent(protocol.Preservation) {
		t.Error("competence is not what the types say")
	}
}

// TestGradesStandInTheCredential, and a credential without any is what it was
// before there were grades.
func TestGradesStandInTheCredential(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	claim := *us.Officer.Claim
	claim.Grades = register.Grades()
	c, err := register.VerifyCredential(w.Credential(us.Enrolment, us.Officer.Key, &claim).Credential, &us.Entry)
	if err != nil || !slices.Equal(c.Grades, register.Grades()) {
		t.Errorf("got %v, %v", c, err)
	}
	payload, err := seal.UnverifiedPayload(us.Officer.Credential)
	if err != nil || bytes.Contains(payload, []byte("grades")) {
		t.Errorf("got %s, %v, want no member of that name", payload, err)
	}
}

func TestForgedCredentialIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us, office := w.Member(police), w.Member("gb.home-office")
	squatter := office.Entry
	squatter.Signing = us.Entry.Signing // lists the police's key as its own
	short := bytes.Clone(us.Officer.Credential)
	for name, tc := range map[string]struct {
		jws []byte
		of  *register.Participant
	}{
		"of another":            {office.Officer.Credential, &us.Entry},
		"with a key of another": {us.Officer.Credential, &squatter},
		"cut":                   {short[:len(short)-1], &us.Entry},
		"empty":                 {nil, &us.Entry},
		"too long":              {make([]byte, register.MaxCredential+1), &us.Entry},
		"a register":            {w.State("GB").Signed[0], &us.Entry},
	} {
		cache := register.NewCredentialCache(4)
		if _, err := register.VerifyCredential(tc.jws, tc.of); !errors.Is(err, register.ErrCredential) {
			t.Errorf("%s: got %v, want %v", name, err, register.ErrCredential)
		}
		for range 2 {
			if _, err := cache.Verify(tc.jws, tc.of); !errors.Is(err, register.ErrCredential) {
				t.Errorf("%s, cached: got %v, want %v", name, err, register.ErrCredential)
			}
		}
	}
}

func TestIllFormedCredentialIsRefused(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	for name, spoil := range map[string]func(*register.Credential){
		"format":        func(c *register.Credential) { c.Format = "comity/2" },
		"participant":   func(c *register.Credential) { c.Participant = "x" },
		"name":          func(c *register.Credential) { c.Officer = "officer-jane" },
		"no role":       func(c *register.Credential) { c.Roles = nil },
		"unknown role":  func(c *register.Credential) { c.Roles = []protocol.Role{"king"} },
		"type twice":    func(c *register.Credential) { c.Types = []protocol.RequestType{"production", "production"} },
		"unknown type":  func(c *register.Credential) { c.Types = []protocol.RequestType{"everything"} },
		"unknown grade": func(c *register.Credential) { c.Grades = []register.Grade{"general"} },
		"grade twice":   func(c *register.Credential) { c.Grades = []register.Grade{"duty", "duty"} },
		"no key":        func(c *register.Credential) { c.Key = nil },
		"empty key":     func(c *register.Credential) { c.Key = new(identity.Public) },
		"own key":       func(c *register.Credential) { c.Key = us.Enrolment.Public() },
		"fraction":      func(c *register.Credential) { c.Issued = c.Issued.Add(1) },
		"no time":       func(c *register.Credential) { c.Expires = time.Time{} },
		"too long":      func(c *register.Credential) { c.Expires = c.Issued.Add(register.MaxCredentialLife + time.Second) },
	} {
		c := *us.Officer.Claim
		spoil(&c)
		if _, err := register.Issue(&c, us.Enrolment); !errors.Is(err, register.ErrCredential) {
			t.Errorf("%s: got %v, want %v", name, err, register.ErrCredential)
		}
	}
}

func TestCacheRemembersOnlyWhatItVerified(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	cache := register.NewCredentialCache(2)
	if _, err := cache.Verify(us.Officer.Credential, &w.Member("gb.home-office").Entry); err == nil {
		t.Fatal("verified with another's key")
	}
	if cache.Len() != 0 {
		t.Fatalf("got %d remembered, want none of what failed", cache.Len())
	}
	first, err := cache.Verify(us.Officer.Credential, &us.Entry)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := cache.Verify(us.Officer.Credential, &us.Entry); err != nil || again != first {
		t.Errorf("got %p, %v, want %p from memory", again, err, first)
	}
	// When the participant changes its key, the credential must be issued anew.
	rekeyed := us.Entry
	rekeyed.Enrolment = key(t).Public()
	if _, err := cache.Verify(us.Officer.Credential, &rekeyed); !errors.Is(err, register.ErrCredential) {
		t.Errorf("got %v, want %v", err, register.ErrCredential)
	}
	for range 5 {
		if _, err := cache.Verify(w.NewOfficer(us, us.Entry.Roles).Credential, &us.Entry); err != nil {
			t.Fatal(err)
		}
	}
	if cache.Len() != 2 {
		t.Errorf("got %d remembered, want 2", cache.Len())
	}
	if again, err := cache.Verify(us.Officer.Credential, &us.Entry); err != nil || again == first {
		t.Errorf("got %p, %v, want one that was verified again", again, err)
	}
	var none *register.CredentialCache
	if _, err := none.Verify(us.Officer.Credential, &us.Entry); err != nil {
		t.Errorf("without a cache: %v", err)
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	w := chaintest.New(t, "GB", "US")
	us := w.Member(police)
	cache := register.NewCredentialCache(2)
	var officers []*chaintest.Officer
	for range 4 {
		officers = append(officers, w.NewOfficer(us, us.Entry.Roles))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 20 {
				o := officers[i%len(officers)]
				c, err := cache.Verify(o.Credential, &us.Entry)
				if err != nil || c.Officer != o.Claim.Officer {
					t.Errorf("got %v, %v", c, err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzClaimCredential(f *testing.F) {
	w := chaintest.New(f, "GB")
	f.Add(w.Member(police).Officer.Credential)
	of := &w.Member(police).Entry
	cache := register.NewCredentialCache(4)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := register.ClaimCredential(b)
		if err == nil {
			if err := c.Check(); err != nil {
				t.Fatalf("claimed what does not pass: %v", err)
			}
		}
		_, cold := register.VerifyCredential(b, of)
		if _, warm := cache.Verify(b, of); (cold == nil) != (warm == nil) {
			t.Fatalf("got %v and %v", cold, warm)
		}
	})
}
