package server

import (
	"bufio"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/record"
)

// Each copy of a record reads a whole log, so few are made side by side: for those who show
// no right to it one for an address, and apart from those who do.
const (
	publicCopies = 4
	ownCopies    = 2
	// copyChunk bytes have to be taken within answerWithin.
	copyChunk = 256 << 10
)

// copies are the records that are being copied.
type copies struct {
	mu     sync.Mutex // guards own, public
	own    int
	public map[netip.Prefix]struct{} // by address
}

// begin takes a place; end gives it back. False: there is none.
func (p *copies) begin(from netip.Prefix, own bool) (end func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own {
		if p.own >= ownCopies {
			return nil, false
		}
		p.own++
		return func() { p.mu.Lock(); p.own--; p.mu.Unlock() }, true
	}
	if _, held := p.public[from]; held || len(p.public) >= publicCopies {
		return nil, false
	}
	p.public[from] = struct{}{}
	return func() { p.mu.Lock(); delete(p.public, from); p.mu.Unlock() }, true
}

// patient gives every chunk of an answer its time.
type patient struct{ to http.ResponseWriter }

func (p patient) Write(b []byte) (int, error) {
	goOn(p.to)
	return p.to.Write(b)
}

// recordKey tells the public key that records are signed with: GET /api/v1/record/key →
// {"algorithm","key","pem"}. It is everybody's.
func (s *Server) recordKey(c echo.Context) error {
	key := s.cfg.Live.RecordKey()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return fmt.Errorf("encode the key of the record: %w", err)
	}
	return answer(c, http.StatusOK, struct {
		Algorithm string `json:"algorithm"`
		Key       string `json:"key"`
		PEM       string `json:"pem"`
	}{"Ed25519", hex.EncodeToString(key), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))})
}

// copyRecord hands the record out as JSON lines: GET /api/v1/conferences/{conference}/record.
// That of a public conference is everybody's: digests and checkpoints. With full=1, for the
// administrator, with who did what; words that citizens wrote are in neither.
func (s *Server) copyRecord(c echo.Context) error {
	if err := s.cfg.Limits.Take(c.Request().Context(), limits.Lookup, s.asker(c)); err != nil {
		return err
	}
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	full := c.QueryParam("full") == "1"
	own := full || !info.Public
	if own {
		if _, err := s.authorise(c, info.ID, access.ActionRecordCopy); err != nil {
			return err
		}
	}
	end, ok := s.copies.begin(s.asker(c).Address, own)
	if !ok {
		c.Response().Header().Set("Retry-After", strconv.Itoa(10))
		return conference.Refuse(conference.KindUnavailable, "record.busy", "")
	}
	defer end()
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set(echo.HeaderContentType, "application/jsonl; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+string(info.ID)+`.record.jsonl"`)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	out := bufio.NewWriterSize(patient{c.Response()}, copyChunk)
	w, err := record.NewWriter(out, info.ID, full)
	if err == nil {
		err = running.Record(c.Request().Context(), 0, w.Write)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil { // under way already: a copy without its last line is known as cut off
		s.cfg.Logger.WarnContext(c.Request().Context(), "copy of a record was cut off", slog.Any("err", err))
	}
	return nil
}
