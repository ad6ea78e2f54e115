package redislog

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// callTimeout bounds one call when the URL sets no read_timeout: after it an append's
	// outcome is unknown.
	callTimeout = 5 * time.Second
	dialTimeout = 2 * time.Second

	paramAuthority        = "ca"
	paramSentinelUser     = "sentinel_username"
	paramSentinelPassword = "sentinel_password"
	sentinelSuffix        = "+sentinel"
)

var (
	errMalformed = errors.New("the address of redis is malformed; want redis://[user:password@]host:port/db or redis+sentinel://[user:password@]host:port/MASTER/db?addr=host:port")
	masterName   = regexp.MustCompile(`^[A-Za-z0-9._-]+$`) // as Sentinel has it
)

// target is where an address leads: to one server, or to whichever Sentinel says is the
// master.
type target struct {
	server   *redis.Options         // nil with Sentinel
	sentinel *redis.FailoverOptions // nil without

	replication replication
}

// parseAddress refuses a malformed address without repeating it: it may hold a password.
func parseAddress(address string) (target, error) {
	at, err := url.Parse(address)
	if err != nil {
		return target{}, errMalformed // the cause repeats the address
	}
	var t target
	query := at.Query()
	if t.replication, err = takeReplication(query); err != nil {
		return t, fmt.Errorf("the address of redis: %w", err)
	}
	authorities, err := takeAuthority(query, at.Scheme)
	if err != nil {
		return t, fmt.Errorf("the address of redis: %w", err)
	}
	if strings.HasSuffix(at.Scheme, sentinelSuffix) {
		t.sentinel, err = parseSentinel(at, query)
	} else {
		at.RawQuery = query.Encode()
		t.server, err = redis.ParseURL(at.String())
	}
	if err != nil {
		return t, fmt.Errorf("the address of redis: %w", err)
	}
	if authorities != nil {
		t.tls().RootCAs = authorities
	}
	return t, t.replication.check(t.readTimeout())
}

// parseSentinel reads redis+sentinel://[user:password@]host:port/MASTER[/db]?addr=host:port,
// user and password being the master's.
func parseSentinel(at *url.URL, query url.Values) (*redis.FailoverOptions, error) {
	master, db, _ := strings.Cut(strings.TrimPrefix(at.Path, "/"), "/")
	if !masterName.MatchString(master) {
		return nil, errors.New("a Sentinel is asked for a master by name: redis+sentinel://host:port/MASTER")
	}
	seed := url.URL{Scheme: strings.TrimSuffix(at.Scheme, sentinelSuffix), Host: at.Host, Path: "/" + db}
	if query.Has(paramSentinelPassword) {
		seed.User = url.UserPassword(query.Get(paramSentinelUser), query.Get(paramSentinelPassword))
	}
	query.Del(paramSentinelUser)
	query.Del(paramSentinelPassword)
	query.Set("master_name", master)
	if password, set := at.User.Password(); set {
		query.Set("username", at.User.Username())
		query.Set("password", password)
	}
	seed.RawQuery = query.Encode()
	options, err := redis.ParseFailoverURL(seed.String())
	if err == nil && options.TLSConfig != nil {
		options.TLSConfig.ServerName = "" // each is asked for a certificate of its own name
	}
	return options, err
}

// takeAuthority reads the file of the authorities that are trusted instead of the system's.
func takeAuthority(query url.Values, scheme string) (*x509.CertPool, error) {
	if !query.Has(paramAuthority) {
		return nil, nil
	}
	if !strings.HasPrefix(scheme, "rediss") {
		return nil, fmt.Errorf("%s needs rediss://", paramAuthority)
	}
	pem, err := os.ReadFile(query.Get(paramAuthority))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", paramAuthority, err)
	}
	query.Del(paramAuthority)
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", paramAuthority)
	}
	return authorities, nil
}

func (t target) tls() *tls.Config {
	if t.sentinel != nil {
		return t.sentinel.TLSConfig
	}
	return t.server.TLSConfig
}

func (t target) db() int {
	if t.sentinel != nil {
		return t.sentinel.DB
	}
	return t.server.DB
}

func (t target) readTimeout() time.Duration {
	if t.sentinel != nil {
		return cmp.Or(t.sentinel.ReadTimeout, callTimeout)
	}
	return cmp.Or(t.server.ReadTimeout, callTimeout)
}

// client returns a client with a pool of its own. Connections are made when needed. It
// repeats nothing: a repeated write would be decided twice, and the caller decides when
// to try again. met, if any, is called with each connection before its first use.
func (t target) client(pool int, met func(context.Context, *redis.Conn) error) *redis.Client {
	if t.sentinel != nil {
		options := *t.sentinel
		options.MaxRetries, options.DialerRetries, options.PoolSize = -1, 1, pool
		options.ClientName, options.DisableIdentity, options.ContextTimeoutEnabled = "diemcau", true, true
		options.OnConnect = met
		options.ReadTimeout = cmp.Or(options.ReadTimeout, callTimeout)
		options.WriteTimeout = cmp.Or(options.WriteTimeout, callTimeout)
		options.DialTimeout = cmp.Or(options.DialTimeout, dialTimeout)
		return redis.NewFailoverClient(&options)
	}
	options := *t.server
	options.MaxRetries, options.DialerRetries, options.PoolSize = -1, 1, pool
	options.ClientName, options.DisableIdentity, options.ContextTimeoutEnabled = "diemcau", true, true
	options.OnConnect = met
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	options.ReadTimeout = cmp.Or(options.ReadTimeout, callTimeout)
	options.WriteTimeout = cmp.Or(options.WriteTimeout, callTimeout)
	options.DialTimeout = cmp.Or(options.DialTimeout, dialTimeout)
	return redis.NewClient(&options)
}
