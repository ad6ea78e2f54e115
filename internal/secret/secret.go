package secret

// Keys derives keys from the installation's secret. Safe for concurrent use.
type Keys struct{ master []byte }

// Open reads the secret file, or makes it (32 random bytes, hex, mode 0600, fsynced)
// when create is true and it does not exist.
func Open(path string, create bool) (*Keys, error) { panic("not built") }

// New returns Keys for a given master secret of 32 bytes; for tests.
func New(master []byte) *Keys { return &Keys{master: master} }

// Derive returns n bytes for the purpose: HKDF-SHA-256(master, info=purpose).
func (k *Keys) Derive(purpose string, n int) []byte { panic("not built") }

// ID returns 16 hex characters that name the secret without telling it; a log remembers
// it so that a node with another secret refuses to start.
func (k *Keys) ID() string { panic("not built") }
