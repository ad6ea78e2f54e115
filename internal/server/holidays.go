package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/workday"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// holidays tells the pages which days are free and which Saturdays are worked:
// GET /api/v1/holidays → protocol.Holidays. It is everybody's.
func (s *Server) holidays(c echo.Context) error {
	out := protocol.Holidays{Years: []protocol.HolidayYear{}}
	for _, year := range s.cfg.Holidays.Years() {
		out.Years = append(out.Years, protocol.HolidayYear{
			Year: year.Year, Certainty: string(year.Certainty), Free: days(year.Free), Work: days(year.Work),
		})
	}
	return answer(c, http.StatusOK, out)
}

func days(in []workday.Day) []protocol.Holiday {
	out := make([]protocol.Holiday, 0, len(in))
	for _, day := range in {
		out = append(out, protocol.Holiday{Date: day.Date.String(), Name: day.Name, NameEn: day.NameEn, Provisional: day.Provisional})
	}
	return out
}
