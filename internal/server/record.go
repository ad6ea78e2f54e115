package server

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/record"
)

// copiesAtOnce is how many copies of records are made side by side: each reads a whole log.
const copiesAtOnce = 2

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
	if full || !info.Public {
		if _, err := s.authorise(c, info.ID, access.ActionRecordCopy); err != nil {
			return err
		}
	}
	select {
	case s.copying <- struct{}{}:
		defer func() { <-s.copying }()
	default:
		c.Response().Header().Set("Retry-After", strconv.Itoa(10))
		return conference.Refuse(conference.KindUnavailable, "record.busy", "")
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set(echo.HeaderContentType, "application/jsonl; charset=utf-8")
	header.Set(echo.HeaderContentDisposition, `attachment; filename="`+string(info.ID)+`.record.jsonl"`)
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	w, err := record.NewWriter(c.Response(), info.ID, full)
	if err == nil {
		err = running.Record(c.Request().Context(), 0, w.Write)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil { // under way already: a copy without its last line is known as cut off
		s.cfg.Logger.WarnContext(c.Request().Context(), "copy of a record was cut off", slog.Any("err", err))
	}
	return nil
}
