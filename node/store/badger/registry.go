package badger

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"

	dgraph "github.com/dgraph-io/badger/v4"

	"comity.example/node/store"
)

const (
	// maxRegistry bounds KEYREGISTRY, in bytes: a key of 100 bytes every ten
	// days does not fill it in a lifetime.
	maxRegistry = 1 << 20
	// registryHeader is an IV and Badger's known plaintext, in bytes.
	registryHeader = aes.BlockSize + 12
	// frameHeader is a length and a CRC-32C, in bytes: the frame of an entry in
	// KEYREGISTRY and in MANIFEST.
	frameHeader = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// dataKeys are the keys that encrypt tables and logs, themselves encrypted in
// KEYREGISTRY under the key of the caller.
type dataKeys struct {
	registry *dgraph.KeyRegistry
}

// readRegistry reads KEYREGISTRY. Its frames are checked first: Badger
// believes their lengths.
func readRegistry(dir string, size int64, key []byte) (*dataKeys, error) {
	if size > maxRegistry {
		return nil, damage(registryName, "is %d bytes long", size)
	}
	b, err := os.ReadFile(filepath.Join(dir, registryName))
	if err != nil {
		return nil, fmt.Errorf("badger: read %s: %w", registryName, err)
	}
	if len(b) < registryHeader {
		return nil, damage(registryName, "is cut short")
	}
	for rest := b[registryHeader:]; len(rest) > 0; {
		if rest, err = skipFrame(rest); err != nil {
			return nil, damage(registryName, "%v", err)
		}
	}
	registry, err := dgraph.OpenKeyRegistry(dgraph.KeyRegistryOptions{
		Dir: dir, ReadOnly: true, EncryptionKey: key,
	})
	if errors.Is(err, dgraph.ErrEncryptionKeyMismatch) {
		return nil, fmt.Errorf("badger: %w, or %s is damaged", store.ErrWrongKey, registryName)
	}
	if err != nil {
		return nil, damage(registryName, "%v", err)
	}
	return &dataKeys{registry: registry}, nil
}

var errFrame = errors.New("an entry does not fit its checksum")

func skipFrame(b []byte) (rest []byte, err error) {
	if len(b) < frameHeader {
		return nil, errFrame
	}
	n := int64(binary.BigEndian.Uint32(b))
	if n > int64(len(b)-frameHeader) {
		return nil, errFrame
	}
	data := b[frameHeader : frameHeader+n]
	if crc32.Checksum(data, castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return nil, errFrame
	}
	return b[frameHeader+n:], nil
}

// get returns the cipher of a data key. 0 would mean plaintext, which is never
// written here.
func (k *dataKeys) get(name string, id uint64) (cipher.Block, error) {
	key, err := k.registry.DataKey(id)
	if err != nil || key == nil {
		return nil, damage(name, "names the unknown key %d", id)
	}
	return aes.NewCipher(key.Data)
}
