package server

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/sheet"
)

// Lists of people that can be taken away.
const (
	listInvitations   = "invitations"   // who has a seat: whom to write to
	listAttendance    = "attendance"    // who came, and who did not
	listRegistrations = "registrations" // everybody
)

// exportList gives an administrator a list of people as a file:
// POST /api/v1/conferences/{conference}/exports {"list","format","venue"?}. That he was
// given it is in the log before the first byte leaves (registration.told).
func (s *Server) exportList(c echo.Context) error {
	running, info, err := s.info(c)
	if err != nil {
		return err
	}
	actor, err := s.authorise(c, info.ID, access.ActionExport)
	if err != nil {
		return err
	}
	var body struct {
		List   string             `json:"list"`
		Format string             `json:"format"`
		Venue  conference.VenueID `json:"venue"`
	}
	if err := readJSON(c, maxBody, &body); err != nil {
		return err
	}
	if _, known := info.Venue(body.Venue); !known && body.Venue != "" {
		return conference.Refuse(conference.KindInvalid, "export.bad", "venue")
	}
	table, err := listOf(info, body.List, body.Venue, running.Tickets())
	if err != nil {
		return err
	}
	write, mime := table.WriteXLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	switch body.Format {
	case "xlsx":
	case "csv":
		write, mime = table.WriteCSV, "text/csv; charset=utf-8"
	default:
		return conference.Refuse(conference.KindInvalid, "export.bad", "format")
	}
	command := conference.Command{ID: access.NewID(), Actor: actor, Body: registration.Tell{
		What: "export", Venue: body.Venue, Count: len(table.Rows),
	}}
	if _, err := running.Do(c.Request().Context(), command); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := write(&file); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+body.List+"-"+string(info.ID)+"."+body.Format+`"`)
	return c.Blob(http.StatusOK, mime, file.Bytes())
}

// listOf makes a list of what stands in the tickets. Numbers of identity papers are in none.
func listOf(info *conference.Info, list string, venue conference.VenueID, tickets []live.TicketStanding) (*sheet.Table, error) {
	table := &sheet.Table{Heads: []string{"Điểm cầu", "Họ và tên", "Điện thoại", "Xã/phường", "Cơ quan, tổ chức"}}
	var wanted func(*registration.Registration) bool
	var more func(live.TicketStanding) []string
	switch list {
	case listInvitations:
		table.Name, table.Heads = "Giấy mời", append(table.Heads, "Địa chỉ điểm cầu", "Mã vé", "Ghế dành riêng", "E-mail")
		wanted = func(r *registration.Registration) bool {
			return r.Venue != "" && (r.State == registration.StateConfirmed || r.State == registration.StateCheckedIn) && !r.WalkIn
		}
		more = func(t live.TicketStanding) []string {
			v, _ := info.Venue(t.Registration.Venue)
			return []string{v.Address, t.Ticket, yes(t.Registration.Reserved), t.Registration.Person.Email}
		}
	case listAttendance:
		table.Name, table.Heads = "Tham dự", append(table.Heads, "Có mặt", "Lúc", "Đến không đăng ký trước", "Câu hỏi mang theo")
		wanted = func(r *registration.Registration) bool {
			return r.Venue != "" && (r.State == registration.StateConfirmed || r.State == registration.StateCheckedIn)
		}
		more = func(t live.TicketStanding) []string {
			came := t.Registration.State == registration.StateCheckedIn
			return []string{yes(came), moment(t.Registration.CheckedInAt()), yes(t.Registration.WalkIn), t.Tracking}
		}
	case listRegistrations:
		table.Name, table.Heads = "Đăng ký", append(table.Heads, "E-mail", "Tình trạng", "Thứ tự chờ", "Lĩnh vực", "Câu hỏi mang theo", "Đăng ký lúc", "Mã vé")
		wanted = func(*registration.Registration) bool { return true }
		more = func(t live.TicketStanding) []string {
			r := t.Registration
			topic, _ := info.Topic(r.Topic)
			return []string{r.Person.Email, standing(r), place(t.Place), topic.Name, t.Tracking, moment(r.MadeAt), t.Ticket}
		}
	default:
		return nil, conference.Refuse(conference.KindInvalid, "export.bad", "list")
	}
	order := venueOrder(info)
	tickets = slices.Clone(tickets)
	slices.SortStableFunc(tickets, func(a, b live.TicketStanding) int {
		return cmp.Compare(order[a.Registration.Venue], order[b.Registration.Venue])
	})
	for _, t := range tickets {
		r := t.Registration
		if !wanted(r) || venue != "" && r.Venue != venue {
			continue
		}
		at := "Trực tuyến"
		if v, known := info.Venue(r.Venue); known {
			at = v.Name
		}
		row := []string{at, r.Person.Name, r.Person.Phone, r.Person.Commune, r.Person.Organisation}
		table.Rows = append(table.Rows, append(row, more(t)...))
	}
	return table, nil
}

func venueOrder(info *conference.Info) map[conference.VenueID]int {
	order := map[conference.VenueID]int{"": len(info.Venues)}
	for i, v := range info.Venues {
		order[v.ID] = i
	}
	return order
}

func yes(is bool) string {
	if is {
		return "có"
	}
	return ""
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.In(time.FixedZone("ICT", 7*60*60)).Format("02/01/2006 15:04")
}

func place(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// standing is a registration's state in words, "đã xoá" when the person is erased.
func standing(r *registration.Registration) string {
	if r.Erased {
		return "đã xoá thông tin"
	}
	return map[registration.State]string{
		registration.StateConfirmed: "có chỗ", registration.StateWaiting: "chờ", registration.StateOffered: "được mời nhận chỗ",
		registration.StateLapsed: "hết hạn nhận chỗ", registration.StateCancelled: "đã huỷ", registration.StateCheckedIn: "có mặt",
	}[r.State]
}
