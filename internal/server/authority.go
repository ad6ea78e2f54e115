package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	authorityValid = 5 * 365 * 24 * time.Hour
	leafValid      = 90 * 24 * time.Hour
	leafRenew      = 30 * 24 * time.Hour // renewed when less is left
)

// Authority is a certificate authority of this installation's own, for the machines in
// the room: browsers give the camera to https pages only, and no public authority signs
// for 192.168.1.5. Safe for concurrent use.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
	now  func() time.Time
	// hosts returns the addresses to sign for.
	hosts func() []netip.Addr

	leafMu sync.Mutex // guards leaf
	leaf   *tls.Certificate
}

// OpenAuthority reads the authority kept in dir, or makes it (ca.crt, and ca.key with
// mode 0600) when there is none or it has expired.
func OpenAuthority(dir string, now func() time.Time, hosts func() []netip.Addr) (*Authority, error) {
	a := &Authority{now: now, hosts: hosts}
	err := a.read(dir)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && now().After(a.cert.NotAfter.Add(-leafValid))) {
		err = a.make(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the local authority in %s: %w", dir, err)
	}
	return a, nil
}

// CertPEM returns the authority's certificate, which other machines have to trust.
func (a *Authority) CertPEM() []byte { return a.pem }

// TLSConfig returns a configuration that signs for this machine's addresses, and again
// when it has got another one (a laptop carried to another room).
func (a *Authority) TLSConfig() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: a.certificate}
}

func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	a.leafMu.Lock()
	defer a.leafMu.Unlock()
	if a.leaf == nil || a.now().After(a.leaf.Leaf.NotAfter.Add(-leafRenew)) || !covers(a.leaf.Leaf, hello.Conn) {
		leaf, err := a.sign()
		if err != nil {
			return nil, err
		}
		a.leaf = leaf
	}
	return a.leaf, nil
}

// covers reports whether the certificate names the address the client has reached.
func covers(leaf *x509.Certificate, conn net.Conn) bool {
	if conn == nil {
		return true
	}
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	if !ok {
		return true
	}
	return slices.ContainsFunc(leaf.IPAddresses, local.IP.Equal)
}

func (a *Authority) sign() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a leaf key: %w", err)
	}
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		names = append(names, host, host+".local")
	}
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Diem Cau"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(leafValid),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, BasicConstraintsValid: true,
	}
	for _, addr := range a.hosts() {
		template.IPAddresses = append(template.IPAddresses, addr.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign a leaf: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read the leaf: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func (a *Authority) read(dir string) error {
	certPEM, err := os.ReadFile(filepath.Join(dir, "ca.crt")) //nolint:gosec // the operator's own data folder
	if err != nil {
		return err
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, "ca.key")) //nolint:gosec // the operator's own data folder
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return errors.New("ca.key is not an ECDSA key")
	}
	cert, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return err
	}
	a.cert, a.key, a.pem = cert, key, certPEM
	return nil
}

func (a *Authority) make(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	number := serial()
	now := a.now()
	template := &x509.Certificate{
		SerialNumber: number,
		Subject:      pkix.Name{CommonName: "Diem Cau local CA " + hex.EncodeToString(number.Bytes()[:3])},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(authorityValid),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	rawKey, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// The key first: a certificate without its key would be taken for an authority.
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: rawKey})
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), keyPEM, 0o600); err != nil {
		return err
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	a.cert, a.key = cert, key
	return os.WriteFile(filepath.Join(dir, "ca.crt"), a.pem, 0o644) //nolint:gosec // everybody may read the certificate
}

// serial returns 120 random bits.
func serial() *big.Int {
	var raw [15]byte
	_, _ = rand.Read(raw[:]) // crypto/rand.Read never returns an error (Go 1.24)
	raw[0] |= 1
	return new(big.Int).SetBytes(raw[:])
}
