package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// HeaderSize is the size of an RTP header without extensions and sources, in bytes.
const HeaderSize = 12

// maxPlain is the longest packet before it is sealed.
const maxPlain = 1600

// Profile is how packets are protected (RFC 5764 §4.1.2, RFC 7714 §14.2).
type Profile uint16

// The profiles that are offered, the cheaper one first.
const (
	GCM Profile = 0x0007 // AEAD_AES_128_GCM
	CM  Profile = 0x0001 // AES128_CM_HMAC_SHA1_80, for receivers without the other
)

// Keys are the master keys and salts of both directions of a DTLS session (RFC 5764 §4.2).
type Keys struct {
	Profile               Profile
	LocalKey, LocalSalt   []byte
	RemoteKey, RemoteSalt []byte
}

// ErrProfile says that the two sides agreed on no profile of ours.
var ErrProfile = errors.New("no SRTP profile of ours")

// sizes returns the lengths of key and salt.
func (p Profile) sizes() (key, salt int, err error) {
	switch p {
	case GCM:
		return 16, 12, nil
	case CM:
		return 16, 14, nil
	}
	return 0, 0, fmt.Errorf("%w: %#04x", ErrProfile, uint16(p))
}

// Exporter is a DTLS connection's state.
type Exporter interface {
	ExportKeyingMaterial(label string, context []byte, length int) ([]byte, error)
}

// Extract takes the keys out of a finished DTLS handshake. Client says that we were its client.
func Extract(p Profile, from Exporter, client bool) (*Keys, error) {
	key, salt, err := p.sizes()
	if err != nil {
		return nil, err
	}
	m, err := from.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*(key+salt))
	if err != nil {
		return nil, fmt.Errorf("export srtp keys: %w", err)
	}
	clientKey, serverKey := m[:key], m[key:2*key]
	clientSalt, serverSalt := m[2*key:2*key+salt], m[2*key+salt:]
	if client {
		return &Keys{Profile: p, LocalKey: clientKey, LocalSalt: clientSalt, RemoteKey: serverKey, RemoteSalt: serverSalt}, nil
	}
	return &Keys{Profile: p, LocalKey: serverKey, LocalSalt: serverSalt, RemoteKey: clientKey, RemoteSalt: clientSalt}, nil
}

// Sealer protects the RTP packets of one direction. It belongs to one goroutine.
type Sealer struct {
	overhead int
	gcm      cipher.AEAD
	salt     [12]byte
	nonce    [12]byte // here and not on the stack: it would be allocated for every call

	fallback *srtp.Context // for CM
	header   rtp.Header
	plain    []byte
}

// New returns the sealer of what we send.
func New(k *Keys) (*Sealer, error) {
	if _, _, err := k.Profile.sizes(); err != nil {
		return nil, err
	}
	if k.Profile == CM {
		c, err := srtp.CreateContext(k.LocalKey, k.LocalSalt, srtp.ProtectionProfileAes128CmHmacSha1_80)
		if err != nil {
			return nil, fmt.Errorf("make srtp context: %w", err)
		}
		return &Sealer{overhead: 10, fallback: c, plain: make([]byte, 0, maxPlain)}, nil
	}
	key, err := derive(k.LocalKey, k.LocalSalt, 0x00, 16)
	if err != nil {
		return nil, err
	}
	salt, err := derive(k.LocalKey, k.LocalSalt, 0x02, 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	s := &Sealer{overhead: gcm.Overhead(), gcm: gcm}
	copy(s.salt[:], salt)
	return s, nil
}

// derive is the key derivation of RFC 3711 §4.3 with a rate of 0; a salt of 96 bits stands
// for one of 112 with zeros behind (RFC 7714 §11).
func derive(key, salt []byte, label byte, size int) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive srtp key: %w", err)
	}
	var in, out [aes.BlockSize]byte
	copy(in[:14], salt)
	in[7] ^= label
	block.Encrypt(out[:], in[:])
	return out[:size], nil
}

// Overhead returns by how many bytes sealing makes a packet longer.
func (s *Sealer) Overhead() int { return s.overhead }

// Seal seals payload behind the header in packet[:HeaderSize], whose sequence number is
// that of the index, and returns the whole packet. The capacity of packet must suffice.
func (s *Sealer) Seal(packet []byte, ssrc uint32, index Index, payload []byte) ([]byte, error) {
	packet = packet[:HeaderSize]
	if s.gcm == nil {
		return s.sealCM(packet, payload)
	}
	// RFC 7714 §8.1: two zero bytes, SSRC, ROC, SEQ; all XOR the salt.
	n := &s.nonce
	n[0], n[1] = 0, 0
	binary.BigEndian.PutUint32(n[2:], ssrc)
	binary.BigEndian.PutUint32(n[6:], index.ROC())
	binary.BigEndian.PutUint16(n[10:], index.Seq())
	for i := range n {
		n[i] ^= s.salt[i]
	}
	return s.gcm.Seal(packet, n[:], payload, packet), nil
}

// sealCM leaves the roll-over counter to pion: our indices never jump by 2^15.
func (s *Sealer) sealCM(packet, payload []byte) ([]byte, error) {
	s.plain = append(append(s.plain[:0], packet...), payload...)
	sealed, err := s.fallback.EncryptRTP(packet, s.plain, &s.header)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

// Reports returns the contexts that protect the RTCP we send and open what we receive.
func Reports(k *Keys) (out, in *srtp.Context, err error) {
	p := srtp.ProtectionProfile(k.Profile)
	if out, err = srtp.CreateContext(k.LocalKey, k.LocalSalt, p); err != nil {
		return nil, nil, fmt.Errorf("make srtcp context: %w", err)
	}
	in, err = srtp.CreateContext(k.RemoteKey, k.RemoteSalt, p, srtp.SRTCPReplayProtection(64))
	if err != nil {
		return nil, nil, fmt.Errorf("make srtcp context: %w", err)
	}
	return out, in, nil
}
