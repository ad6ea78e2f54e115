package redislog_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

// certificate makes an authority that is its own server on 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", cert), writePEM(t, "PRIVATE KEY", secret)
}

func writePEM(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRedisTLS: the server is believed by the authority in the address, and by no other.
func TestRedisTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	other, _ := certificate(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil || listener.Close() != nil {
		t.Fatalf("free port: %v", err)
	}
	eventlogtest.StartRedis(t, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
	log, start := openLog(t, "rediss://"+address+"/0?ca="+url.QueryEscape(cert))
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); err != nil {
		t.Errorf("over TLS: %v", err)
	}
	for what, parameters := range map[string]string{"the system's authorities": "", "another authority": "?ca=" + url.QueryEscape(other)} {
		if _, err := redislog.Open(t.Context(), "rediss://"+address+"/0"+parameters, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("believed by %s", what)
		}
	}
}

// TestQ3_SentinelLog: the log suite on a master that Sentinels name.
func TestQ3_SentinelLog(t *testing.T) {
	t.Parallel()
	sentinels := eventlogtest.StartSentinels(t, 1)
	eventlogtest.RunLog(t, nodes(sentinels.URL()+"&replicas=1&replica_timeout=9s&read_timeout=20s"))
	unknown := strings.Replace(sentinels.URL(), eventlogtest.Watched, "nobody", 1)
	if _, err := redislog.Open(t.Context(), unknown, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("opened a master that no Sentinel knows")
	}
}

// TestRedisBadSentinelAddress: the error never repeats the password.
func TestRedisBadSentinelAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"redis+sentinel://:hunter2@localhost", "redis+sentinel://:hunter2@localhost/", "redis+sentinel://:hunter2@localhost/a b",
		"redis+sentinel://:hunter2@localhost/dialogue/zero", "redis+sentinel://:hunter2@localhost/dialogue?addr=x",
		"redis+sentinel://localhost/dialogue?sentinel_password=hunter2&what=1", "redis+sentinel://:hunter2@a:1,b:2/dialogue",
		"redis://:hunter2@localhost/0?ca=/x", "rediss://:hunter2@localhost/0?ca=/does/not/exist",
	} {
		_, err := redislog.Open(t.Context(), address, slog.New(slog.DiscardHandler))
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error without the password", address, err)
		}
	}
}
