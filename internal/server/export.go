package server

import (
	"bytes"
	"cmp"
	"io"
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
	listTotals        = "totals"        // how many, of each venue
)

// exportWish is which list somebody wants, and how.
type exportWish struct {
	List   string             `json:"list"`
	Format string             `json:"format"` // xlsx, csv; pdf of invitations and attendance
	Venue  conference.VenueID `json:"venue"`  // "" all
	Letter letterhead         `json:"letter"` // of invitations as pdf
}

// listFile is a list that can be taken away.
type listFile struct {
	mime  string
	names int // of people in it
	write func(io.Writer) error
}

// exportList gives an administrator a list of people as a file:
// POST /api/v1/conferences/{conference}/exports {"list","format","venue"?,"letter"?}. That he was
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
	var wish exportWish
	if err := readJSON(c, maxBody, &wish); err != nil {
		return err
	}
	if _, known := info.Venue(wish.Venue); !known && wish.Venue != "" {
		return conference.Refuse(conference.KindInvalid, "export.bad", "venue")
	}
	file, err := s.listFile(c, running, info, &wish)
	if err != nil {
		return err
	}
	command := conference.Command{ID: access.NewID(), Actor: actor, Body: registration.Tell{
		What: "export", Venue: wish.Venue, Count: file.names,
	}}
	if _, err := running.Do(c.Request().Context(), command); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := file.write(&out); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="`+wish.List+"-"+string(info.ID)+"."+wish.Format+`"`)
	return c.Blob(http.StatusOK, file.mime, out.Bytes())
}

// listFile makes a list ready to be written; nothing of it has left yet.
func (s *Server) listFile(c echo.Context, running *live.Conference, info *conference.Info, wish *exportWish) (listFile, error) {
	if wish.Format == "pdf" {
		return s.printedList(c, running, info, wish)
	}
	var table *sheet.Table
	names := 0
	if wish.List == listTotals {
		table = totalsOf(info, wish.Venue, running.Seats())
	} else {
		var err error
		if table, err = listOf(info, wish.List, wish.Venue, running.Tickets()); err != nil {
			return listFile{}, err
		}
		names = len(table.Rows)
	}
	switch wish.Format {
	case "xlsx":
		return listFile{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", names, table.WriteXLSX}, nil
	case "csv":
		return listFile{"text/csv; charset=utf-8", names, table.WriteCSV}, nil
	}
	return listFile{}, conference.Refuse(conference.KindInvalid, "export.bad", "format")
}

// listOf makes a table of what stands in the tickets. Numbers of identity papers are in none.
func listOf(info *conference.Info, list string, venue conference.VenueID, tickets []live.TicketStanding) (*sheet.Table, error) {
	table := &sheet.Table{Heads: []string{"Điểm cầu", "Họ và tên", "Điện thoại", "Xã/phường", "Cơ quan, tổ chức"}}
	var wanted func(*registration.Registration) bool
	var more func(live.TicketStanding) []string
	switch list {
	case listInvitations:
		table.Name, table.Heads = "Giấy mời", append(table.Heads, "Địa chỉ điểm cầu", "Mã vé", "Ghế dành riêng", "E-mail")
		wanted = (*registration.Registration).Invited
		more = func(t live.TicketStanding) []string {
			v, _ := info.Venue(t.Registration.Venue)
			return []string{v.Address, t.Ticket, yes(t.Registration.Reserved), t.Registration.Person.Email}
		}
	case listAttendance:
		table.Name, table.Heads = "Tham dự", append(table.Heads, "Có mặt", "Lúc", "Đến không đăng ký trước", "Không đến", "Câu hỏi mang theo", "Trả lời bằng văn bản")
		wanted = (*registration.Registration).Seated
		more = func(t live.TicketStanding) []string {
			came := t.Registration.State == registration.StateCheckedIn
			return []string{yes(came), moment(t.Registration.CheckedInAt()), yes(t.Registration.WalkIn), yes(t.Absent), t.Tracking, inWriting(t)}
		}
	case listRegistrations:
		table.Name, table.Heads = "Đăng ký", append(table.Heads, "E-mail", "Tình trạng", "Thứ tự chờ", "Lĩnh vực", "Câu hỏi mang theo", "Đăng ký lúc", "Mã vé")
		wanted = func(*registration.Registration) bool { return true }
		more = func(t live.TicketStanding) []string {
			r := t.Registration
			topic, _ := info.Topic(r.Topic)
			return []string{r.Person.Email, standing(t), place(t.Place), topic.Name, t.Tracking, moment(r.MadeAt), t.Ticket}
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
	return at.In(hanoi()).Format("02/01/2006 15:04")
}

func place(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// inWriting tells who answers in writing because the asker did not come.
func inWriting(t live.TicketStanding) string {
	if t.InWriting {
		return cmp.Or(t.Agency, "có")
	}
	return ""
}

// totalsOf are the numbers of each venue that has seats, or of one.
func totalsOf(info *conference.Info, only conference.VenueID, counts map[conference.VenueID]registration.Count) *sheet.Table {
	missing := "Chưa đến"
	if info.State == conference.StateClosed {
		missing = "Không đến"
	}
	table := &sheet.Table{Name: "Số liệu", Heads: []string{"Điểm cầu", "Ghế", "Ghế dành riêng", "Được mời", "Đã đến", missing, "Đến không đăng ký trước", "Danh sách chờ"}}
	for _, v := range info.Venues {
		n := counts[v.ID]
		if v.Seats == 0 && n == (registration.Count{}) || only != "" && v.ID != only {
			continue
		}
		row := []string{v.Name}
		for _, number := range []int{v.Seats, v.Reserved, n.Invited(), n.Came(), n.Unseen, n.WalkIns, n.Waiting} {
			row = append(row, strconv.Itoa(number))
		}
		table.Rows = append(table.Rows, row)
	}
	return table
}

// standing is a registration's state in words, "đã xoá" when the person is erased.
func standing(t live.TicketStanding) string {
	r := t.Registration
	if r.Erased {
		return "đã xoá thông tin"
	}
	if t.Absent {
		return "không đến"
	}
	return map[registration.State]string{
		registration.StateConfirmed: "có chỗ", registration.StateWaiting: "chờ", registration.StateOffered: "được mời nhận chỗ",
		registration.StateLapsed: "hết hạn nhận chỗ", registration.StateCancelled: "đã huỷ", registration.StateCheckedIn: "có mặt",
	}[r.State]
}
