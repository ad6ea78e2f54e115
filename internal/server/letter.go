package server

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	words "github.com/diemcau/diemcau/internal/text"
	"github.com/diemcau/diemcau/internal/ticket/paper"
)

const (
	maxPrinted   = 5000 // people in one PDF: 7 s of a core, 17 MB
	maxHeadRunes = 200  // of one field of a letterhead
	spareLines   = 10   // on a list to sign, for walk-ins
)

// letterhead is who invites, as the page sends it; every field may be left out.
type letterhead struct {
	Superior string `json:"superior"`
	Agency   string `json:"agency"`
	Number   string `json:"number"`
	Town     string `json:"town"`
	Date     string `json:"date"` // 2006-01-02; "" is filled in by hand
	Chair    string `json:"chair"`
	Contact  string `json:"contact"`
	Office   string `json:"office"` // several lines
	Signer   string `json:"signer"`
}

// printed returns the letterhead as it is printed. Refusal: export.bad.
func (h *letterhead) printed() (paper.Letterhead, error) {
	out := paper.Letterhead{
		Superior: words.Line(h.Superior), Agency: words.Line(h.Agency), Number: words.Line(h.Number), Town: words.Line(h.Town),
		Chair: words.Line(h.Chair), Contact: words.Line(h.Contact), Office: words.Paragraph(h.Office), Signer: words.Line(h.Signer),
	}
	for name, field := range map[string]string{
		"superior": out.Superior, "agency": out.Agency, "number": out.Number, "town": out.Town, "chair": out.Chair,
		"contact": out.Contact, "office": out.Office, "signer": out.Signer,
	} {
		if utf8.RuneCountInString(field) > maxHeadRunes {
			return out, conference.Refuse(conference.KindInvalid, "export.bad", fmt.Sprintf("letter.%s: at most %d characters", name, maxHeadRunes))
		}
	}
	if h.Date == "" {
		return out, nil
	}
	date, err := time.Parse(time.DateOnly, h.Date)
	if err != nil {
		return out, conference.Refuse(conference.KindInvalid, "export.bad", "letter.date")
	}
	out.Date = date
	return out, nil
}

// printedList makes a list that is printed: the invitations, a letter a person, or the list
// people sign at the door. Both are in Vietnamese, as an authority's papers are.
// Refusals: export.bad, export.too_many.
func (s *Server) printedList(c echo.Context, running *live.Conference, info *conference.Info, wish *exportWish) (listFile, error) {
	head, err := wish.Letter.printed()
	if err != nil {
		return listFile{}, err
	}
	wanted := (*registration.Registration).Seated
	switch wish.List {
	case listInvitations:
		wanted = (*registration.Registration).Invited
	case listAttendance:
	default:
		return listFile{}, conference.Refuse(conference.KindInvalid, "export.bad", "list")
	}
	people := slices.DeleteFunc(running.Tickets(), func(t live.TicketStanding) bool {
		r := t.Registration
		return !wanted(r) || r.Erased || wish.Venue != "" && r.Venue != wish.Venue
	})
	if len(people) > maxPrinted {
		return listFile{}, conference.Refuse(conference.KindTooLarge, "export.too_many", fmt.Sprintf("%d, at most %d", len(people), maxPrinted))
	}
	if len(people) == 0 && wish.List == listInvitations {
		return listFile{}, conference.Refuse(conference.KindConflict, "export.nobody", "")
	}
	sortByName(info, people)
	now := s.cfg.Now()
	printed := func() ([]byte, error) {
		if wish.List == listAttendance {
			return paper.PrintSigningList(signingOf(info, head.Agency, wish.Venue, people, now))
		}
		return paper.PrintLetters(lettersOf(info, head, people, s.baseURL(c.Request()), now))
	}
	return listFile{"application/pdf", len(people), func(w io.Writer) error {
		file, err := printed()
		if err != nil {
			return err
		}
		_, err = w.Write(file)
		return err
	}}, nil
}

// sortByName puts people in the order of the venues and, at each, of given names, which
// come last in Vietnam, as on every list there.
func sortByName(info *conference.Info, people []live.TicketStanding) {
	order := venueOrder(info)
	given := func(name string) string { return name[strings.LastIndexByte(name, ' ')+1:] }
	slices.SortStableFunc(people, func(a, b live.TicketStanding) int {
		x, y := a.Registration.Person.Name, b.Registration.Person.Name
		return cmp.Or(
			cmp.Compare(order[a.Registration.Venue], order[b.Registration.Venue]),
			cmp.Compare(words.Fold(given(x)), words.Fold(given(y))), cmp.Compare(given(x), given(y)),
			cmp.Compare(words.Fold(x), words.Fold(y)), cmp.Compare(x, y),
		)
	})
}

// lettersOf are the invitations of people who have a seat.
func lettersOf(info *conference.Info, head paper.Letterhead, people []live.TicketStanding, base string, now time.Time) *paper.Letters {
	all := &paper.Letters{MadeAt: now, Head: head, Title: info.Title, Each: make([]paper.Letter, 0, len(people))}
	if info.Registration != nil {
		all.Text = info.Registration.Invitation
	}
	for _, t := range people {
		r := t.Registration
		venue, _ := info.Venue(r.Venue)
		seat := "đã giữ một chỗ cho Ông/Bà"
		if r.Reserved {
			seat = "ghế dành riêng"
		}
		one := paper.Letter{
			Name: r.Person.Name, About: aboutPerson(r), Code: t.Ticket, Symbol: live.TicketFigures(t.Ticket),
			Facts: []paper.Fact{{Name: "Thời gian", Value: whenInWords(info)}, {Name: "Địa điểm", Value: "điểm cầu " + whereInWords(venue)}, {Name: "Chỗ ngồi", Value: seat}},
			Notices: []string{
				"Khi đến, xin mang theo giấy mời này, bản in hoặc ảnh chụp mã trên điện thoại, và giấy tờ liên quan đến câu hỏi. Xin giữ kín mã vé.",
				"Đổi điểm cầu, trả chỗ, xem hoặc xóa thông tin của mình tại " + base + "/ticket.",
				"Hội nghị được ghi hình, ghi âm và phát công khai.",
			},
		}
		if r.Question != "" {
			one.Notices = append(one.Notices, "Nếu Ông/Bà không đến dự được, câu hỏi đã gửi được trả lời bằng văn bản.")
		}
		all.Each = append(all.Each, one)
	}
	return all
}

// signingOf is the list people sign at the doors, or at one. It lies open there: of a
// telephone number it has the end alone.
func signingOf(info *conference.Info, agency string, only conference.VenueID, people []live.TicketStanding, now time.Time) *paper.SigningList {
	list := &paper.SigningList{MadeAt: now, Agency: agency, Title: info.Title}
	rows, named := map[conference.VenueID][]paper.SigningRow{}, map[string]int{}
	key := func(r *registration.Registration) string {
		return string(r.Venue) + " " + strings.ToLower(r.Person.Name)
	}
	for _, t := range people {
		named[key(t.Registration)]++
	}
	for _, t := range people {
		r := t.Registration
		var notes []string
		if named[key(r)] > 1 {
			notes = append(notes, "trùng họ tên")
		}
		if r.Reserved {
			notes = append(notes, "ghế dành riêng")
		}
		if at := r.CheckedInAt(); !at.IsZero() {
			notes = append(notes, "đến "+at.In(hanoi()).Format("15:04"))
		}
		rows[r.Venue] = append(rows[r.Venue], paper.SigningRow{
			Name: r.Person.Name, About: aboutPerson(r), PhoneEnds: phoneEnds(r.Person.Phone), Note: strings.Join(notes, "; "),
		})
	}
	for _, v := range info.Venues {
		if only != "" && v.ID != only || v.Seats == 0 && len(rows[v.ID]) == 0 {
			continue
		}
		list.Venues = append(list.Venues, paper.SigningVenue{
			Name: v.Name, When: strings.TrimSuffix(whenInWords(info)+". "+v.Address, ". "), Rows: rows[v.ID], Spare: spareLines,
		})
	}
	return list
}

// aboutPerson tells people of the same name apart.
func aboutPerson(r *registration.Registration) string {
	return strings.Join(slices.DeleteFunc([]string{r.Person.Commune, r.Person.Organisation}, func(part string) bool { return part == "" }), ", ")
}

func whereInWords(venue conference.Venue) string {
	if venue.Address == "" {
		return venue.Name
	}
	return venue.Name + ", " + venue.Address
}

// whenInWords is when a conference begins, and when its doors open, as a letter says it.
func whenInWords(info *conference.Info) string {
	days := [...]string{"Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}
	starts, doors := info.StartsAt.In(hanoi()), info.DoorsAt().In(hanoi())
	when := fmt.Sprintf("%s, %s, ngày %s", starts.Format("15 giờ 04"), days[starts.Weekday()], starts.Format("02/01/2006"))
	if doors.Before(starts) && doors.YearDay() == starts.YearDay() {
		when += "; đón khách từ " + doors.Format("15 giờ 04")
	}
	return when
}
