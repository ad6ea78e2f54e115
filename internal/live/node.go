package live

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/secret"
)

// ErrGap says that the changes asked for are older than what is kept in memory, or of
// another epoch: take a Snapshot.
var ErrGap = errors.New("changes are no longer kept")

// Config is what a Node needs. All fields are required.
type Config struct {
	Store  eventlog.Store
	Secret *secret.Keys
	Logger *slog.Logger
	Now    func() time.Time
}

// Node runs all conferences of this process.
type Node struct{ cfg Config }

// New returns a Node that runs nothing yet.
func New(cfg Config) *Node { return &Node{cfg: cfg} }

// Run opens every conference of the store, follows the store for new ones, and runs
// them until ctx ends. It returns when all it started has ended.
func (n *Node) Run(ctx context.Context) error { panic("not built") }

// Ready returns nil when Run has caught up with every log and the log can be written.
func (n *Node) Ready(ctx context.Context) error { panic("not built") }

// Create makes a conference. Repeating it with the same info is no error.
// Refusals: conference.exists, conference.bad_info.
func (n *Node) Create(ctx context.Context, actor conference.Actor, info conference.Info) error {
	panic("not built")
}

// Conference returns a running conference. Refusal: conference.unknown.
func (n *Node) Conference(id conference.ID) (*Conference, error) { panic("not built") }

// Conferences returns all conferences by start time.
func (n *Node) Conferences() []*conference.Info { panic("not built") }

// Lookup finds a question by its tracking code in any conference. Refusal: question.unknown_code.
func (n *Node) Lookup(code string) (Standing, error) { panic("not built") }

// Conference is one running conference. All methods may be called concurrently.
type Conference struct{}

// ID returns the conference's id.
func (c *Conference) ID() conference.ID { panic("not built") }

// Do carries a command out and returns once its events are durable. The caller has
// checked that the actor may give the command (internal/access).
// Errors: the rules' refusals, log.unavailable (KindUnavailable), log.pending (KindPending).
func (c *Conference) Do(ctx context.Context, command conference.Command) (Outcome, error) {
	panic("not built")
}

// Snapshot returns the durable state now.
func (c *Conference) Snapshot() *Snapshot { panic("not built") }

// Since returns the changes after a position (oldest first, at most 1,024) and a channel
// that is closed when there are more. The last 4,096 changes are kept. Error: ErrGap.
func (c *Conference) Since(after uint64) ([]Change, <-chan struct{}, error) { panic("not built") }

// Resume returns the position a client's cursor stands for. Error: ErrGap when the
// cursor is malformed, of another epoch, of another chain, or older than what is kept.
func (c *Conference) Resume(cursor string) (uint64, error) { panic("not built") }

// Standing returns where the question with a tracking code stands. Refusal: question.unknown_code.
func (c *Conference) Standing(code string) (Standing, error) { panic("not built") }

// StandingOf is Standing by id.
func (c *Conference) StandingOf(id conference.QuestionID) (Standing, error) { panic("not built") }
