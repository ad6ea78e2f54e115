package onetime

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// Limits of codes.
const (
	Validity = 10 * time.Minute // of a code
	Trust    = time.Hour        // a right code is believed as long
	digits   = 6
	maxWrong = 5 // of one number, in Window
	// maxWrongTrusted is how many are borne, in Window, before a right code of not long ago is
	// not believed either: more than a stranger's five, which must not take the proof away, and
	// few enough that nobody finds a code of six digits within Trust.
	maxWrongTrusted = 50
	maxSent         = 3 // to one number, in Window
	Window          = 15 * time.Minute
	maxSentDay      = 10 // to one number, a day
	day             = 24 * time.Hour
)

// Sender brings a text to a telephone. It may be called concurrently.
type Sender interface {
	Send(ctx context.Context, phone, text string) error
}

// Config is what Codes needs. All fields but the ceilings are required.
type Config struct {
	Ephemeral eventlog.Ephemeral
	Key       []byte // ≥ 16 secret bytes, the same on all nodes
	Sender    Sender
	Logger    *slog.Logger
	// Countries are the beginnings of numbers that codes are sent to: "+84".
	Countries []string
	// PerHour and PerDay are how many codes all nodes send to all numbers together; 0: no
	// ceiling. Each costs money, and limits of addresses do not bind who has many.
	PerHour, PerDay int64
}

// Codes sends and checks. Safe for concurrent use.
type Codes struct {
	cfg    Config
	counts struct{ sent, unsent, number, ceiling, country atomic.Uint64 }
}

// Counts are what this node has done with the codes it was asked for, since it started.
type Counts struct {
	Sent    uint64
	Unsent  uint64 // the sender failed
	Number  uint64 // refused: too many to one number
	Ceiling uint64 // refused: too many to all numbers
	Country uint64 // refused: of another country
}

// New returns Codes; nothing runs.
func New(cfg Config) *Codes { return &Codes{cfg: cfg} }

// Counts returns what was done so far.
func (c *Codes) Counts() Counts {
	n := &c.counts
	return Counts{Sent: n.sent.Load(), Unsent: n.unsent.Load(), Number: n.number.Load(), Ceiling: n.ceiling.Load(), Country: n.country.Load()}
}

// Send sends a new code to a number in its one form. An older one is no longer good.
// Refusals: verification.country, verification.too_many, verification.exhausted,
// verification.unsent.
func (c *Codes) Send(ctx context.Context, id conference.ID, phone, lang string) error {
	if !slices.ContainsFunc(c.cfg.Countries, func(prefix string) bool { return strings.HasPrefix(phone, prefix) }) {
		c.counts.country.Add(1)
		return conference.Refuse(conference.KindInvalid, "verification.country", strings.Join(c.cfg.Countries, " "))
	}
	if err := c.mayReach(ctx, phone); err != nil {
		return err
	}
	if err := c.mayCost(ctx); err != nil {
		return err
	}
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	code := fmt.Sprintf("%0*d", digits, n)
	if err := c.put(ctx, c.key(id, phone, "code"), c.mac(string(id), phone, code), Validity); err != nil {
		return unavailable()
	}
	text := "Điểm Cầu: mã xác nhận của bạn là " + code + ", có hiệu lực 10 phút. Không đưa mã này cho ai."
	if lang == "en" {
		text = "Điểm Cầu: your code is " + code + ", valid for 10 minutes. Give it to nobody."
	}
	if err := c.cfg.Sender.Send(ctx, phone, text); err != nil {
		c.counts.unsent.Add(1)
		return conference.Refuse(conference.KindUnavailable, "verification.unsent", "")
	}
	c.counts.sent.Add(1)
	return nil
}

// mayReach counts a code to a number, whatever conferences ask for it: each of them could be
// made to ring it.
func (c *Codes) mayReach(ctx context.Context, phone string) error {
	for _, limit := range []struct {
		name string
		most int64
		in   time.Duration
	}{{"sent", maxSent, Window}, {"day", maxSentDay, day}} {
		n, err := c.cfg.Ephemeral.Increment(ctx, c.key("", phone, limit.name), 1, limit.in)
		if err != nil {
			return unavailable()
		}
		if n > limit.most {
			c.counts.number.Add(1)
			return conference.Refuse(conference.KindRateLimited, "verification.too_many", "")
		}
	}
	return nil
}

// mayCost counts a code to anybody. Whoever meets the ceiling first says so in the log.
func (c *Codes) mayCost(ctx context.Context) error {
	for _, ceiling := range []struct {
		of   string
		most int64
		in   time.Duration
	}{{"hour", c.cfg.PerHour, time.Hour}, {"day", c.cfg.PerDay, day}} {
		if ceiling.most == 0 {
			continue
		}
		n, err := c.cfg.Ephemeral.Increment(ctx, "onetime:all:"+ceiling.of, 1, ceiling.in)
		if err != nil {
			return unavailable()
		}
		if n == ceiling.most+1 {
			c.cfg.Logger.ErrorContext(ctx, "no more one-time codes are sent: the ceiling is reached", slog.String("code", ceiling.of))
		}
		if n > ceiling.most {
			c.counts.ceiling.Add(1)
			return conference.Refuse(conference.KindRateLimited, "verification.exhausted", ceiling.of)
		}
	}
	return nil
}

// Check returns nil when the number was proved: by this code, or by one not long ago.
// Refusals: verification.needed (no code came), verification.wrong, verification.too_many.
func (c *Codes) Check(ctx context.Context, id conference.ID, phone, code string) error {
	trusted, err := c.cfg.Ephemeral.Get(ctx, c.key(id, phone, "trusted"))
	if err != nil {
		return unavailable()
	}
	if code == "" {
		return conference.Refuse(conference.KindInvalid, "verification.needed", "")
	}
	// Counted before it is looked at: many at once must not get a guess each.
	tries, err := c.cfg.Ephemeral.Increment(ctx, c.key(id, phone, "tries"), 1, Window)
	if err != nil {
		return unavailable()
	}
	if trusted != nil && tries <= maxWrongTrusted && hmac.Equal(trusted, c.mac(string(id), phone, code)) {
		if _, err := c.cfg.Ephemeral.Increment(ctx, c.key(id, phone, "tries"), -1, Window); err != nil { // it was none
			return unavailable()
		}
		return nil
	}
	if tries > maxWrong {
		return conference.Refuse(conference.KindRateLimited, "verification.too_many", "")
	}
	want, err := c.cfg.Ephemeral.Get(ctx, c.key(id, phone, "code"))
	if err != nil {
		return unavailable()
	}
	got := c.mac(string(id), phone, code)
	if want == nil || !hmac.Equal(want, got) {
		return conference.Refuse(conference.KindInvalid, "verification.wrong", "")
	}
	// The same code is good for as long as it takes to mend the form.
	if err := c.put(ctx, c.key(id, phone, "trusted"), got, Trust); err != nil {
		return unavailable()
	}
	return nil
}

// put sets a value whatever was there.
func (c *Codes) put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	const tries = 5
	for range tries {
		old, err := c.cfg.Ephemeral.Get(ctx, key)
		if err != nil {
			return err
		}
		if done, err := c.cfg.Ephemeral.CompareAndSet(ctx, key, old, value, ttl); err != nil || done {
			return err
		}
	}
	return eventlog.ErrUnavailable
}

func (c *Codes) key(id conference.ID, phone, of string) string {
	return "onetime:" + of + ":" + hex.EncodeToString(c.mac(string(id), phone, of))
}

func (c *Codes) mac(parts ...string) []byte {
	mac := hmac.New(sha256.New, c.cfg.Key)
	for _, part := range parts {
		fmt.Fprintf(mac, "%d:%s", len(part), part)
	}
	return mac.Sum(nil)
}

func unavailable() error {
	return conference.Refuse(conference.KindUnavailable, "log.unavailable", "")
}
