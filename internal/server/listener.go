package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Timeouts of every listener. Reads and writes of one request have to end; a WebSocket
// leaves them behind when it takes the connection over.
const (
	headerWithin  = 10 * time.Second
	requestWithin = 30 * time.Second
	answerWithin  = 60 * time.Second
	idleFor       = 120 * time.Second
	maxHeader     = 16 << 10
	shutdownIn    = 3 * time.Second
)

// goOn gives an answer that takes long as much time from now as an answer has.
func goOn(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerWithin)) // not every writer has one
}

// Listener serves HTTP on one address.
type Listener struct {
	listener net.Listener
	server   *http.Server
}

// NewListener returns a Listener; config nil is plain HTTP, or TLS that l has ended itself:
// its connections are then *tls.Conn, or tell a ConnectionState. With TLS, HTTP/2 is
// offered beside HTTP/1.1, which browsers choose for WebSockets by themselves.
func NewListener(l net.Listener, handler http.Handler, config *tls.Config, logger *slog.Logger) *Listener {
	return &Listener{listener: l, server: &http.Server{
		Handler: handler, TLSConfig: config,
		ReadHeaderTimeout: headerWithin, ReadTimeout: requestWithin, WriteTimeout: answerWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: maxHeader,
		// What net/http says is about bad handshakes of others; it names addresses.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}}
}

// Addr returns the address listened on.
func (l *Listener) Addr() net.Addr { return l.listener.Addr() }

// Run serves until ctx ends, lets what is under way finish for a moment, and returns.
func (l *Listener) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { // ends when Shutdown or Close is called below
		if l.server.TLSConfig != nil {
			ended <- l.server.ServeTLS(l.listener, "", "")
			return
		}
		ended <- l.server.Serve(l.listener)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve http on %s: %w", l.listener.Addr(), err)
	case <-ctx.Done():
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownIn)
	defer cancel()
	err := l.server.Shutdown(within)
	if err != nil {
		err = l.server.Close()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		return fmt.Errorf("serve http on %s: %w", l.listener.Addr(), served)
	}
	if err != nil {
		return fmt.Errorf("stop http on %s: %w", l.listener.Addr(), err)
	}
	return nil
}

// ToTLS sends every request to the same path over https at origin, but for health checks
// and for programs on this machine (the command line), which may speak plainly.
func ToTLS(next http.Handler, origin string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || isLoopback(r.RemoteAddr) {
			next.ServeHTTP(w, r)
			return
		}
		path := "/" + strings.TrimLeft(r.URL.EscapedPath(), "/\\")
		w.Header().Set("Location", origin+path)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
}

func isLoopback(address string) bool {
	from, err := netip.ParseAddrPort(address)
	return err == nil && from.Addr().Unmap().IsLoopback()
}
