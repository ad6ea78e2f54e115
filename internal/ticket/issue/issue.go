package issue

import (
	"fmt"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/ticket"
	"github.com/diemcau/diemcau/internal/ticket/paper"
)

// Ticket is a registration as it stands, with its conference. lang is "vi" or "en" below;
// what has no English is in Vietnamese.
type Ticket struct {
	live.TicketStanding

	Info *conference.Info
}

// In returns the sentence in a language; Vietnamese where there is no English.
func In(lang, vi, en string) string {
	if lang == "en" && en != "" {
		return en
	}
	return vi
}

// Moment writes a moment as people in Hà Nội read it.
func Moment(at time.Time) string {
	const ict = 7 * 60 * 60
	return at.In(time.FixedZone("ICT", ict)).Format("15:04, 02/01/2006")
}

// Title is the conference's.
func (t *Ticket) Title(lang string) string { return In(lang, t.Info.Title, t.Info.TitleEn) }

// Void reports whether nobody is let in with the ticket any more.
func (t *Ticket) Void() bool {
	return t.Registration.State == registration.StateCancelled || t.Registration.State == registration.StateLapsed
}

// Seatless reports whether it has no seat yet.
func (t *Ticket) Seatless() bool {
	return t.Registration.State == registration.StateWaiting || t.Registration.State == registration.StateOffered
}

// Standing says where the registration stands.
func (t *Ticket) Standing(lang string) string {
	switch r := t.Registration; r.State {
	case registration.StateConfirmed:
		if t.Absent {
			return t.absent(lang)
		}
		if r.Online() {
			return In(lang, "Bạn đã đăng ký theo dõi trực tuyến.", "You take part online.")
		}
		return In(lang, "Bạn đã có chỗ ngồi.", "You have a seat.")
	case registration.StateWaiting:
		return fmt.Sprintf(In(lang, "Bạn ở danh sách chờ, thứ %d.", "You are number %d of the waiting list."), t.Place)
	case registration.StateOffered:
		return In(lang, "Có chỗ trống cho bạn. Hãy nhận chỗ trước ", "A seat is free for you. Accept it before ") + Moment(t.OfferEnds) + "."
	case registration.StateCheckedIn:
		return In(lang, "Bạn đã vào hội nghị.", "You have checked in.")
	case registration.StateLapsed:
		return In(lang, "Đã quá hạn nhận chỗ.", "The offer was not accepted in time.")
	case registration.StateCancelled:
	}
	return In(lang, "Đăng ký đã hủy.", "The registration was cancelled.")
}

func (t *Ticket) absent(lang string) string {
	said := In(lang, "Hội nghị đã kết thúc, bạn không đến được.", "The conference is over, and you could not come.")
	if !t.InWriting {
		return said
	}
	said += In(lang, " Câu hỏi bạn đã gửi được trả lời bằng văn bản", " The question you sent is answered in writing")
	if t.Agency != "" {
		said += In(lang, "; cơ quan trả lời: ", "; it is for: ") + t.Agency
	}
	return said + "."
}

// Where says where to go.
func (t *Ticket) Where(lang string) string {
	venue, known := t.Info.Venue(t.Registration.Venue)
	switch {
	case !known:
		return In(lang, "Trực tuyến", "Online")
	case venue.Address != "":
		return venue.Name + ", " + venue.Address
	}
	return venue.Name
}

// Bring says what to do with the ticket.
func (t *Ticket) Bring(lang string) string {
	switch {
	case t.Void():
		return In(lang, "Vé này không còn giá trị vào cửa.", "This ticket does not let anybody in any more.")
	case t.Registration.Online():
		return In(lang, "Hãy giữ kín mã vé: ai có mã đều xem được nơi bạn đăng ký.", "Keep the code to yourself: whoever has it sees what you registered for.")
	case t.Seatless():
		return In(lang, "Vé này chưa có chỗ ngồi; hãy tra cứu lại trước khi đi.", "This ticket has no seat yet; look it up again before you come.")
	}
	return In(lang, "Hãy mang theo vé này, bản in hoặc trên điện thoại, và giữ kín mã vé.", "Bring this ticket, on paper or on your telephone, and keep its code to yourself.")
}

// Recorded says that the conference is.
func Recorded(lang string) string {
	return In(lang, "Hội nghị được ghi hình, ghi âm và phát công khai.", "The conference is recorded and shown in public.")
}

// Calendar returns the ticket as a calendar entry. The code is not in it: calendars are shared
// and synchronised. One that is made later replaces the first. base is the origin of the pages.
func (t *Ticket) Calendar(lang, base string, now time.Time) []byte {
	entry := ticket.Entry{
		UID: string(t.Registration.ID) + "@" + string(t.Info.ID), Sequence: t.Registration.Version + t.Info.Revision,
		MadeAt: now, StartsAt: t.Info.StartsAt, Title: t.Title(lang),
		Place: t.Where(lang), URL: base + "/c/" + string(t.Info.ID),
		Note:      t.Standing(lang) + "\n" + t.Bring(lang) + "\n" + Recorded(lang),
		Tentative: t.Seatless(), Cancelled: t.Void(),
	}
	return entry.Calendar()
}

// Paper returns the ticket to be printed, as PDF.
func (t *Ticket) Paper(lang string, now time.Time) ([]byte, error) {
	facts := []paper.Fact{{Name: In(lang, "Thời gian", "Time"), Value: Moment(t.Info.StartsAt) + " (GMT+7)"}}
	if t.Info.Place != "" {
		facts = append(facts, paper.Fact{Name: In(lang, "Nơi tổ chức", "Held at"), Value: t.Info.Place})
	}
	if venue, known := t.Info.Venue(t.Registration.Venue); known {
		facts = append(facts,
			paper.Fact{Name: In(lang, "Điểm cầu", "Venue"), Value: venue.Name},
			paper.Fact{Name: In(lang, "Địa chỉ", "Address"), Value: venue.Address})
	}
	facts = append(facts, paper.Fact{Name: In(lang, "In lúc", "Printed at"), Value: Moment(now)})
	file, err := paper.Print(&paper.Ticket{
		Lang: lang, MadeAt: now, Heading: In(lang, "Vé tham dự", "Ticket"), Title: t.Title(lang), Facts: facts,
		Standing: t.Standing(lang), CodeName: In(lang, "Mã vé", "Code of the ticket"), Code: t.Ticket, Symbol: live.TicketFigures(t.Ticket), Void: t.Void(),
		Notices: []string{t.Bring(lang), Recorded(lang)},
	})
	if err != nil {
		return nil, fmt.Errorf("print the ticket: %w", err)
	}
	return file, nil
}
