package eventlogtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// commandPatience bounds one command to a test's own server.
const commandPatience = 10 * time.Second

// StartReplica starts a redis-server as StartRedis does, makes it a replica of master and
// returns when it has all of the master's data.
func StartReplica(tb testing.TB, master *Redis, arguments ...string) *Redis {
	tb.Helper()
	// The first transfer is at once, not after the seconds in which others may join it.
	master.Command("CONFIG", "SET", "repl-diskless-sync-delay", "0")
	r := StartServer(tb, master.program, arguments...)
	r.Follow(master)
	return r
}

// Follow makes the server a replica of master and returns when it has all of its data and
// the master counts it in WAIT.
func (r *Redis) Follow(master *Redis) {
	r.tb.Helper()
	r.Command("REPLICAOF", "127.0.0.1", strconv.Itoa(master.port))
	counted := fmt.Sprintf("port=%d,state=online", r.port)
	for deadline := time.Now().Add(redisPatience); !strings.Contains(master.Command("INFO", "replication"), counted); {
		if time.Now().After(deadline) {
			r.tb.Fatalf("replica has not caught up after %v", redisPatience)
		}
	}
}

// CatchUp returns when the replica has everything its master has written so far.
func (r *Redis) CatchUp(master *Redis) {
	r.tb.Helper()
	want := master.offset("master_repl_offset")
	for deadline := time.Now().Add(redisPatience); r.offset("slave_repl_offset") < want; {
		if time.Now().After(deadline) {
			r.tb.Fatalf("replica is behind after %v", redisPatience)
		}
	}
}

func (r *Redis) offset(name string) int64 {
	r.tb.Helper()
	_, after, _ := strings.Cut(r.Command("INFO", "replication"), name+":")
	text, _, _ := strings.Cut(after, "\r")
	offset, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		r.tb.Fatalf("redis tells no %s: %v", name, err)
	}
	return offset
}

// CutOff parts a replica from its master: it keeps what it has and hears nothing more, as
// behind a broken line.
func (r *Redis) CutOff() {
	r.tb.Helper()
	r.Command("REPLICAOF", "127.0.0.1", "1") // nobody listens there
}

// Promote makes a replica a master, as a failover does.
func (r *Redis) Promote() {
	r.tb.Helper()
	r.Command("REPLICAOF", "NO", "ONE")
}

// Address is the server's host:port.
func (r *Redis) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(r.port)) }

// Command gives the server one command, as an operator's redis-cli, and returns its
// answer. It fails the test when that is an error. Arrays are not read.
func (r *Redis) Command(words ...string) string {
	r.tb.Helper()
	answer, err := r.command(words)
	if err != nil {
		r.tb.Fatalf("redis: %s: %v", strings.Join(words, " "), err)
	}
	return answer
}

func (r *Redis) command(words []string) (answer string, err error) {
	conn, err := net.DialTimeout("tcp", r.Address(), commandPatience) //nolint:noctx // bounded by the deadline
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // everything was read
	if err := conn.SetDeadline(time.Now().Add(commandPatience)); err != nil {
		return "", err
	}
	var request strings.Builder
	fmt.Fprintf(&request, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(conn, request.String()); err != nil {
		return "", err
	}
	return readAnswer(bufio.NewReader(conn))
}

func readAnswer(from *bufio.Reader) (string, error) {
	line, err := from.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimSpace(line[1:])
	switch kind {
	case '+', ':':
		return text, nil
	case '$':
		size, err := strconv.Atoi(text)
		if err != nil || size < 0 {
			return "", err
		}
		bulk := make([]byte, size)
		_, err = io.ReadFull(from, bulk)
		return string(bulk), err
	}
	return "", fmt.Errorf("answered %q", strings.TrimSpace(line))
}
