package register

import (
	"container/list"
	"sync"

	"comity.example/crypto/identity"
	"comity.example/protocol"
)

// A CredentialCache remembers the credentials that it verified, so that an
// officer's thousandth act costs two verifications less. A credential is
// remembered by the digest of its signed bytes together with the key that
// verified it: under another key it is another question. What failed is
// never remembered, and expiry and revocation are nobody's to remember: the
// caller asks on every use. When it is full, the credential that was not asked
// for the longest makes room.
//
// It is safe for concurrent use. A nil CredentialCache verifies every time.
type CredentialCache struct {
	size int

	mu     sync.Mutex // guards what follows
	recent *list.List // of *cached, the latest used in front
	byKey  map[cacheKey]*list.Element
}

type cacheKey struct {
	signed protocol.Digest
	by     identity.Fingerprint
}

type cached struct {
	key        cacheKey
	credential *Credential
}

// NewCredentialCache returns a cache of at most size credentials, each of
// which takes about 10 kB.
func NewCredentialCache(size int) *CredentialCache {
	return &CredentialCache{
		size:   max(size, 1),
		recent: list.New(),
		byKey:  make(map[cacheKey]*list.Element),
	}
}

// Verify is VerifyCredential, from memory where it can be. The caller only
// reads the credential.
func (c *CredentialCache) Verify(jws []byte, of *Participant) (*Credential, error) {
	if c == nil {
		return VerifyCredential(jws, of)
	}
	key := cacheKey{protocol.DigestOf(jws), of.Enrolment.Fingerprint()}
	credential := c.recall(key)
	if credential == nil {
		var err error
		if credential, err = openCredential(jws, of.Enrolment); err != nil {
			return nil, err
		}
		c.remember(key, credential)
	}
	if err := credential.of(of); err != nil {
		return nil, err
	}
	return credential, nil
}

// Len returns how many credentials are remembered.
func (c *CredentialCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}

func (c *CredentialCache) recall(key cacheKey) *Credential {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cached).credential
}

func (c *CredentialCache) remember(key cacheKey, credential *Credential) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKey[key] != nil {
		return // another asked for it at the same time
	}
	c.byKey[key] = c.recent.PushFront(&cached{key, credential})
	if c.recent.Len() > c.size {
		last := c.recent.Remove(c.recent.Back()).(*cached)
		delete(c.byKey, last.key)
	}
}
