package main

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/internal/home"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/internal/line"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// nodeFlags tell the nodes of one installation how to reach each other.
type nodeFlags struct {
	PublicURL string `help:"Origin at which browsers reach this node, e.g. https://a.example.org; needed when the nodes are on several machines. Default: its own address." placeholder:"URL"`
	NodeURL   string `help:"Origin at which the other nodes reach it, e.g. http://10.0.0.5:8080. Default: --public-url." placeholder:"URL"`
}

func (n *nodeFlags) check(redis bool) error {
	for flag, value := range map[string]string{"--public-url": n.PublicURL, "--node-url": n.NodeURL} {
		if value == "" {
			continue
		}
		at, err := url.Parse(value)
		if err != nil || (at.Scheme != "http" && at.Scheme != "https") || at.Host == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" {
			return usage("%s=%s: an origin such as https://a.example.org, without a path", flag, value)
		}
	}
	if n.NodeURL != "" && !redis {
		return usage("--node-url needs --redis: with the embedded log there is one node")
	}
	return nil
}

// openHome finds out who this node is and how pages get their media.
func (a *app) openHome(keys *secret.Keys) error {
	self := home.Node{Run: access.NewID(), Public: a.publicURL()}
	self.Peer = strings.TrimRight(a.flags.Nodes.NodeURL, "/")
	if self.Peer == "" {
		self.Peer = self.Public
	}
	key := keys.Derive("diemcau node", 32)
	config := home.Config{Self: self, Conferences: a.homeless, Logger: a.logger}
	if a.flags.Redis != "" {
		name, err := a.nodeName(self)
		if err != nil {
			return err
		}
		config.Self.Name, config.Store = name, a.store.Ephemeral()
	}
	pages := joins{live: a.live, node: a.media, home: home.New(config), liaison: liaison.NewClient(key, time.Now, a.logger)}
	a.pages = pages
	a.lines = &lineKeeper{
		Book: line.New(), home: pages.home, liaison: pages.liaison, live: a.live, media: a.media,
		logger: a.logger.With(slog.String("part", "lines")),
	}
	if config.Store != nil {
		a.nodes = liaison.NewHandler(liaison.Config{
			Join: pages.Local, Resume: pages.LocalResume, ICEServers: a.iceServers(config.Self.Public), Lines: a.lines.ours(),
			Key: key, Store: config.Store, Now: time.Now, Logger: a.logger,
		})
	}
	return nil
}

// openEdges makes the list of the edges.
func (a *app) openEdges() {
	config := edge.RegistryConfig{Allowed: a.flags.Edge.Allowed, Now: time.Now, Logger: a.logger}
	if a.flags.Redis != "" {
		config.Store = a.store.Ephemeral()
	}
	a.edges = edge.NewRegistry(config)
	a.metrics.Register(edgeCollector{a.edges})
}

// iceServers returns what relays media to this node, for the pages of the others: the TLS
// port at its public name, if that is where the name leads.
func (a *app) iceServers(public string) func(session string) []protocol.ICEServer {
	host, secure := strings.CutPrefix(public, "https://")
	if !secure || a.bound.secure == nil {
		return func(string) []protocol.ICEServer { return nil }
	}
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "443")
	}
	return func(session string) []protocol.ICEServer {
		username, credential := a.media.RelayCredentials(session)
		return []protocol.ICEServer{{URLs: []string{"turns:" + host + "?transport=tcp"}, Username: username, Credential: credential}}
	}
}

// homeless are the conferences whose media need a home.
func (a *app) homeless() []home.Conference {
	infos := a.live.Conferences()
	all := make([]home.Conference, len(infos))
	for i, info := range infos {
		all[i] = home.Conference{ID: info.ID, Closed: info.State == conference.StateClosed}
	}
	return all
}

// peerOrigins are the public origins of the other nodes.
func (a *app) peerOrigins() []string {
	peers := a.pages.home.Peers()
	origins := make([]string, len(peers))
	for i, peer := range peers {
		origins[i] = peer.Public
	}
	return origins
}

// nodeName is the same after every restart: a name kept in the data folder; the port, because
// several nodes of one machine may share the folder; and a digest of the machine's name and
// the node's addresses, because the folder may have been copied, to share the secret or with
// the machine. A node takes what is its own from the run before: it must not be another's.
func (a *app) nodeName(self home.Node) (string, error) {
	path := filepath.Join(a.flags.Data, "node")
	kept, err := os.ReadFile(path) //nolint:gosec // the operator's own data folder
	if errors.Is(err, fs.ErrNotExist) {
		kept = []byte(rand.Text())
		err = os.WriteFile(path, kept, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("keep this node's name: %w", err)
	}
	_, port := splitAddr(a.bound.plain.Addr())
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("make this node's name: %w", err)
	}
	where := sha256.Sum256([]byte(strings.Join([]string{host, self.Public, self.Peer}, "\n")))
	return fmt.Sprintf("%s:%s:%x", strings.TrimSpace(string(kept)), port, where[:4]), nil
}
