package main

import (
	"bytes"
	"iter"
	"maps"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func keysOf[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// parseServe parses a command line with an environment of its own.
func parseServe(t *testing.T, args []string, env map[string]string) *serveCmd {
	t.Helper()
	var commands cli
	parser, err := kong.New(&commands, kong.DefaultEnvars("DIEMCAU"), kong.Vars{"version": "test"},
		kong.Resolvers(kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
			for _, name := range flag.Envs {
				if value, set := env[name]; set && value != "" {
					return value, nil
				}
			}
			return nil, nil
		})))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &commands.Serve
}

func TestRun_badFlagsAreOneLineAndExit2(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		args []string
		says string
	}{
		{"no command", nil, "expected one of"},
		{"unknown command", []string{"sevre"}, "sevre"},
		{"unknown flag", []string{"serve", "--prot=1"}, "--prot"},
		{"port is no number", []string{"serve", "--media-port=x"}, "--media-port"},
		{"port too large", []string{"serve", "--media-port=70000"}, "--media-port=70000"},
		{"bad address", []string{"serve", "--public-ip=nowhere"}, "--public-ip"},
		{"certificate without a key", []string{"serve", "--tls-cert=/a"}, "--tls-key"},
		{"two certificates", []string{"serve", "--tls-cert=/a", "--tls-key=/b", "--tls-domain=c"}, "--tls-domain"},
		{"certificate, but off", []string{"serve", "--tls-domain=c", "--tls-listen=off"}, "--tls-listen"},
		{"no listener", []string{"serve", "--listen=off"}, "--listen"},
		{"too many replicas", []string{"serve", "--redis=redis://localhost", "--redis-replicas=17"}, "--redis-replicas"},
		{"no replicas", []string{"serve", "--redis=redis://localhost", "--redis-replicas=-1"}, "--redis-replicas"},
		{"replicas of SQLite", []string{"serve", "--redis-replicas=1"}, "--redis-replicas"},
		{"sentinel by another name", []string{"serve", "--redis=sentinel://localhost/dialogue"}, "redis+sentinel://"},
		{"bad redis", []string{"serve", "--redis=localhost:6379"}, "--redis"},
		{"origin with a path", []string{"serve", "--public-url=https://a.example/x"}, "--public-url"},
		{"a sender without a mail server", []string{"serve", "--mail-from=a@example.vn"}, "--mail-smtp"},
		{"letters from nobody", []string{"serve", "--mail-smtp=mail.example.vn:587", "--public-url=https://a.example"}, "--mail-from"},
		{"letters that lead nowhere", []string{"serve", "--mail-smtp=mail.example.vn:587", "--mail-from=a@example.vn"}, "--public-url"},
		{"a password in the clear", []string{"serve", "--mail-smtp=mail.example.vn:25", "--mail-from=a@example.vn", "--demo", "--mail-tls=off", "--mail-login=x"}, "--mail-login"},
		{"a mail server without a port", []string{"serve", "--mail-smtp=mail.example.vn", "--mail-from=a@example.vn", "--demo"}, "HOST:PORT"},
		{"no sender's address", []string{"serve", "--mail-smtp=mail.example.vn:587", "--mail-from=Ban tổ chức", "--demo"}, "--mail-from"},
		{"origin without a scheme", []string{"serve", "--redis=redis://localhost", "--node-url=10.0.0.5:8080"}, "--node-url"},
		{"nodes on SQLite", []string{"serve", "--node-url=http://10.0.0.5:8080"}, "--node-url"},
		{"bad level", []string{"serve", "--log-level=loud"}, "--log-level"},
		{"zalo without a secret", []string{"serve", "--zalo-app=1"}, "--zalo-secrets"},
		{"zalo without a conference", []string{"serve", "--zalo-app=1", "--zalo-secrets=x"}, "--zalo-conference"},
		{"zalo without an application", []string{"serve", "--zalo-conference=x"}, "--zalo-app"},
		{"bad proxy", []string{"serve", "--trusted-proxies=10.0.0.0/8,front"}, "--trusted-proxies"},
		{"limits below nothing", []string{"serve", "--limits=-1"}, "--limits"},
		{"limits of nothing", []string{"serve", "--limits=0.001"}, "--limits"},
		{"no sockets at all", []string{"serve", "--sockets-per-address=0"}, "--sockets-per-address"},
		{"edge without a token", []string{"serve", "--edge-of=https://a.example"}, "--edge-token-file"},
		{"edge of a page", []string{"serve", "--edge-of=https://a.example/c", "--edge-token-file=/x"}, "--edge-of"},
		{"edge with a record", []string{"serve", "--edge-of=https://a.example", "--edge-token-file=/x", "--demo"}, "--demo"},
		{"edge whose token is missing", []string{"serve", "--edge-of=https://a.example", "--edge-token-file=/nowhere/token"}, "--edge-token-file"},
		{"token of no edge", []string{"serve", "--edge-token-file=/x"}, "--edge-of"},
		{"edges that are pages", []string{"serve", "--edges=https://a.example/x"}, "--edges"},
		{"edge token for ever", []string{"edge-token", "--valid=9000h"}, "--valid"},
		{"proof of what", []string{"serve", "--proof=sometimes"}, "--proof"},
		{"no role", []string{"links"}, "--role"},
		{"unknown role", []string{"links", "--role=king"}, "there is no such role"},
		{"citizens have no links", []string{"links", "--role=citizen"}, "there is no such role"},
		{"venue for a moderator", []string{"links", "--role=moderator", "--venue=a"}, "--venue"},
		{"bad venue", []string{"links", "--role=venue", "--venue=A B"}, "--venue"},
		{"bad conference", []string{"links", "--role=venue", "--conference=../x"}, "--conference"},
		{"bad base", []string{"links", "--role=venue", "--base-url=ftp://x"}, "--base-url"},
		{"bad duration", []string{"links", "--role=venue", "--valid=soon"}, "--valid"},
		{"too long", []string{"links", "--role=venue", "--valid=9000h"}, "--valid"},
		{"no file", []string{"conference", "create"}, "--file"},
		{"file is missing", []string{"conference", "create", "--file=/nonexistent/f.json"}, "nonexistent"},
		{"no id", []string{"conference", "open"}, "<id>"},
		{"bad id", []string{"conference", "close", "Đất"}, "no conference id"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var out, err bytes.Buffer
			args := test.args
			if len(args) > 1 {
				args = append(args, "--data="+t.TempDir())
			}
			if code := run(t.Context(), args, streams{out: &out, err: &err}); code != exitUsage {
				t.Errorf("got exit code %d, want %d", code, exitUsage)
			}
			line := err.String()
			if strings.Count(line, "\n") != 1 || !strings.HasPrefix(line, "diemcau: ") || !strings.Contains(line, test.says) {
				t.Errorf("got %q, want one line about %q", line, test.says)
			}
			if out.Len() != 0 {
				t.Errorf("got output %q, want none", out.String())
			}
		})
	}
}

func TestRun_helpIsTheReference(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--help"}, streams{out: &out, err: &err}); code != exitOK {
		t.Fatalf("got exit code %d: %s", code, err.String())
	}
	for _, flag := range []string{
		"--listen", "--tls-listen", "--tls-domain", "--tls-cert", "--tls-key", "--data", "--redis", "--redis-replicas", "--public-url", "--node-url",
		"--media-port", "--public-ip", "--trusted-proxies", "--limits", "--sockets-per-address", "--proof", "--holidays", "--hold-words", "--metrics-listen", "--mail-smtp", "--mail-per-minute", "--secret-file", "--demo", "DIEMCAU_MEDIA_PORT",
	} {
		if !strings.Contains(out.String(), flag) {
			t.Errorf("the help of serve lacks %s", flag)
		}
	}
}
