package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/intake"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
)

// importedRow is a row that became a question, now or at an earlier import.
type importedRow struct {
	Row  int    `json:"row"`
	Code string `json:"code"`
}

// importView is what became of a table. Rows that cannot be used do not keep the others
// from becoming questions.
type importView struct {
	Total    int              `json:"total"`
	Imported []importedRow    `json:"imported"`
	Problems []intake.Problem `json:"problems"`
	Ignored  []string         `json:"ignored"` // headings that were not understood
	// Usable is how many rows can become questions; Preview the first of them, when the
	// table was only looked at.
	Usable  int          `json:"usable"`
	Preview []previewRow `json:"preview,omitempty"`
}

// previewRow is a row as it was understood, without personal data.
type previewRow struct {
	Row   int                `json:"row"`
	Body  string             `json:"body"`
	Topic conference.TopicID `json:"topic"`
	Venue conference.VenueID `json:"venue,omitempty"`
}

// previewRows is how many rows are shown of a table that is only looked at.
const previewRows = 10

// importQuestions takes the questions collected before the conference:
// POST /api/v1/conferences/{conference}/questions/import[?topic=ID] with the CSV or XLSX
// file itself as body. A topic in the address is given to rows without one. The same file
// may be sent again: the same rows are the same questions. With check=1 it is only looked
// at, and nothing is kept.
func (s *Server) importQuestions(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	actor, err := s.authorise(c, info.ID, access.ActionQuestionImport)
	if err != nil {
		return err
	}
	file, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, intake.MaxBytes+1))
	if err != nil {
		return badBody(err, "request.bad_body")
	}
	s.importMu.Lock()
	result, err := intake.Read(bytes.NewReader(file), intake.Options{
		Info: info, Secret: s.cfg.ImportSecret, Topic: conference.TopicID(c.QueryParam("topic")),
	})
	s.importMu.Unlock()
	if err != nil {
		return err
	}
	view := importView{Total: result.Total, Imported: []importedRow{}, Problems: result.Problems, Ignored: result.Ignored}
	view.Usable = len(result.Rows)
	if c.QueryParam("check") == "1" {
		for _, row := range result.Rows[:min(previewRows, len(result.Rows))] {
			view.Preview = append(view.Preview, previewRow{row.Number, row.Body, row.Topic, row.Venue})
		}
		return answer(c, http.StatusOK, view)
	}
	for rows := range slices.Chunk(result.Rows, rowsAtOnce) {
		goOn(c.Response())
		if err := view.take(rows, running.SubmitAll(c.Request().Context(), submissions(rows, actor))); err != nil {
			return err // what was taken so far is kept: sending the file again goes on
		}
	}
	return answer(c, http.StatusOK, view)
}

// rowsAtOnce is how many rows of a table become questions in one append, or a few.
const rowsAtOnce = 64

// submissions are rows as commands.
func submissions(rows []intake.Row, actor conference.Actor) []conference.Command {
	commands := make([]conference.Command, len(rows))
	for i, row := range rows {
		commands[i] = conference.Command{
			ID: access.NewID(), Actor: actor, Body: live.SubmitQuestion{
				IdempotencyKey: row.Key, Body: row.Body, Topic: row.Topic, Venue: row.Venue, Name: row.Name,
				Phone: row.Phone, Organisation: row.Organisation, Channel: moderation.ChannelImport,
			},
		}
	}
	return commands
}

// take notes what became of rows. It returns the error of the first that says that the
// others will fare no better.
func (v *importView) take(rows []intake.Row, results []live.Result) error {
	for i, result := range results {
		refusal, is := errors.AsType[*conference.Error](result.Err)
		switch {
		case result.Err == nil:
			v.Imported = append(v.Imported, importedRow{rows[i].Number, result.Outcome.Code})
		case is && (refusal.Kind == conference.KindInvalid || refusal.Code == "idempotency_mismatch"):
			v.Problems = append(v.Problems, rowProblem(rows[i].Number, refusal.Code))
		default:
			return result.Err
		}
	}
	return nil
}

// rowProblem is a refusal of the rules as the problem of a row.
func rowProblem(row int, code string) intake.Problem {
	return intake.Problem{Row: row, Code: code, Text: intake.Text{
		Vi: sentence("vi", code, http.StatusBadRequest), En: sentence("en", code, http.StatusBadRequest),
	}}
}

// importTemplate returns an empty table with the conference's topics and venues to choose
// from: GET /api/v1/conferences/{conference}/questions/template.xlsx.
func (s *Server) importTemplate(c echo.Context) error {
	_, info, err := s.info(c)
	if err != nil {
		return err
	}
	if _, err := s.authorise(c, info.ID, access.ActionQuestionImport); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := intake.WriteTemplateXLSX(&file, info); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="cau-hoi.xlsx"`)
	return c.Blob(http.StatusOK, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", file.Bytes())
}
