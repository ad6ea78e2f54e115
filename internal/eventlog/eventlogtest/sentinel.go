package eventlogtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Watched is the name under which Sentinels know the master.
const Watched = "dialogue"

// Sentinels are a master, its replicas, and three Sentinels of which two must agree.
type Sentinels struct {
	tb      testing.TB
	servers []*Redis // the master first, at the start
	guards  []*Redis
}

// StartSentinels starts a master, as many replicas and three Sentinels, and returns when
// all know each other.
func StartSentinels(tb testing.TB, replicas int) *Sentinels {
	tb.Helper()
	s := &Sentinels{tb: tb, servers: []*Redis{StartRedis(tb)}}
	for range replicas {
		s.servers = append(s.servers, StartReplica(tb, s.servers[0]))
	}
	for range 3 {
		s.guards = append(s.guards, s.guard())
	}
	s.await(fmt.Sprintf("slaves=%d,sentinels=3", replicas))
	return s
}

func (s *Sentinels) guard() *Redis {
	s.tb.Helper()
	r := &Redis{tb: s.tb, program: s.servers[0].program, Dir: s.tb.TempDir()}
	s.tb.Cleanup(r.Kill)
	var err error
	if r.port, err = freePort(s.tb.Context()); err != nil {
		s.tb.Fatalf("find a free port: %v", err)
	}
	file := filepath.Join(r.Dir, "sentinel.conf")
	settings := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor %s 127.0.0.1 %d 2\n"+
		"sentinel down-after-milliseconds %[3]s 2000\nsentinel failover-timeout %[3]s 10000\n", r.port, r.Dir, Watched, s.servers[0].port)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		s.tb.Fatalf("write the settings of a Sentinel: %v", err)
	}
	if err := r.run("+monitor master "+Watched, []string{file, "--sentinel"}); err != nil {
		s.tb.Fatalf("start a Sentinel: %v", err)
	}
	return r
}

// URL is redis+sentinel://…; parameters may be added after a '&'.
func (s *Sentinels) URL() string {
	return fmt.Sprintf("redis+sentinel://%s/%s?addr=%s&addr=%s",
		s.guards[0].Address(), Watched, s.guards[1].Address(), s.guards[2].Address())
}

// await returns when every Sentinel says so of the master.
func (s *Sentinels) await(fact string) {
	s.tb.Helper()
	deadline := time.Now().Add(redisPatience)
	for _, guard := range s.guards {
		for !strings.Contains(guard.Command("INFO", "sentinel"), fact) {
			if time.Now().After(deadline) {
				s.tb.Fatalf("Sentinels do not say %q after %v", fact, redisPatience)
			}
		}
	}
}

// Master is whom the first Sentinel names.
func (s *Sentinels) Master() *Redis {
	s.tb.Helper()
	_, after, _ := strings.Cut(s.guards[0].Command("INFO", "sentinel"), "address=")
	address, _, _ := strings.Cut(after, ",")
	for _, server := range s.servers {
		if server.Address() == address {
			return server
		}
	}
	s.tb.Fatalf("a Sentinel names %q, which is none of ours", address)
	return nil
}

// Spare is the replica that becomes the master next, when there is one only.
func (s *Sentinels) Spare() *Redis {
	s.tb.Helper()
	master := s.Master()
	for _, server := range s.servers {
		if server != master {
			return server
		}
	}
	s.tb.Fatal("there is no replica")
	return nil
}

// KillMaster ends the master as kill -9 does, returns when the Sentinels have named another,
// and starts the old one again as its replica.
func (s *Sentinels) KillMaster() {
	s.tb.Helper()
	old := s.Master()
	old.Kill()
	for deadline := time.Now().Add(redisPatience); s.Master() == old; {
		if time.Now().After(deadline) {
			s.tb.Fatalf("Sentinels have named nobody else after %v", redisPatience)
		}
	}
	host, port, err := net.SplitHostPort(s.Master().Address())
	if err != nil {
		s.tb.Fatalf("address of the master: %v", err)
	}
	old.Restart("--replicaof", host+" "+port)
}
