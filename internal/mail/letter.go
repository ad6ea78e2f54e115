package mail

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/outbox"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/internal/ticket/issue"
)

// Letter is what somebody is written. It holds nothing that a citizen typed: whoever registers
// with a stranger's address must not be able to write to them.
type Letter struct {
	Langs   []string // of its parts, in order
	Subject string
	Text    string
	HTML    string
	Files   []File
}

// File is what is attached.
type File struct {
	Name, Type string
	Data       []byte
}

// occasion is a letter that is due, with what it tells.
type occasion struct {
	issue.Ticket

	due  outbox.Due
	base string // origin of the pages
	now  time.Time
}

// part is a letter in one language.
type part struct {
	Lang, Greeting, Headline string
	Facts                    []fact
	Link                     string // of the ticket
	LinkText                 string
	Notes                    []string
}

type fact struct{ Name, Value string }

// write writes the letter: in the person's language, or in Vietnamese and English when it is
// not known.
func (o *occasion) write() (*Letter, error) {
	langs := []string{"vi", "en"}
	if lang := o.Registration.Lang; lang != "" {
		langs = []string{lang}
	}
	letter := &Letter{Langs: langs, Subject: o.mark(langs[0]) + o.headline(langs[0]) + ": " + o.Title(langs[0])}
	var parts []part
	var texts []string
	for _, lang := range langs {
		p := o.part(lang)
		parts = append(parts, p)
		texts = append(texts, p.text())
	}
	letter.Text = strings.Join(texts, "\n\n––––––––––\n\n")
	var page strings.Builder
	frame := struct {
		Lang, Title string
		Parts       []part
	}{langs[0], letter.Subject, parts}
	if err := pageOf().Execute(&page, frame); err != nil {
		return nil, fmt.Errorf("write a letter: %w", err)
	}
	letter.HTML = page.String()
	return letter, o.attach(letter, langs[0])
}

// attach adds the calendar entry and the page to print where there is a ticket to come in
// with; an entry that takes the first one out where there is none any more.
func (o *occasion) attach(letter *Letter, lang string) error {
	if o.Seatless() {
		return nil
	}
	name, method := "ve-"+string(o.Info.ID), "PUBLISH"
	if o.Void() {
		method = "CANCEL"
	}
	letter.Files = append(letter.Files, File{name + ".ics", "text/calendar; charset=utf-8; method=" + method, o.Calendar(lang, o.base, o.now)})
	if o.Void() {
		return nil
	}
	paper, err := o.Paper(lang, o.now)
	if err != nil {
		return fmt.Errorf("write a letter: %w", err)
	}
	letter.Files = append(letter.Files, File{name + ".pdf", "application/pdf", paper})
	return nil
}

// mark is put before the subject of what is only tried out.
func (o *occasion) mark(lang string) string {
	if o.Info.Test || o.Info.Demo {
		return issue.In(lang, "[Thử nghiệm] ", "[Test] ")
	}
	return ""
}

// headline is why the letter is written: where the registration stands, when that is what
// matters most, else what has happened.
func (o *occasion) headline(lang string) string {
	in := func(vi, en string) string { return issue.In(lang, vi, en) }
	switch o.Registration.State {
	case registration.StateOffered:
		return in("Có chỗ trống, hãy nhận trước ", "A seat is free, accept it before ") + issue.Moment(o.OfferEnds)
	case registration.StateLapsed:
		return in("Đã quá hạn nhận chỗ", "The offer was not accepted in time")
	case registration.StateCancelled:
		return in("Đăng ký đã hủy", "Registration cancelled")
	case registration.StateConfirmed, registration.StateWaiting, registration.StateCheckedIn:
	}
	switch o.due.Reason {
	case outbox.ReasonChanged:
		return in("Thay đổi thời gian hoặc địa điểm", "Another time or place")
	case outbox.ReasonMoved:
		return in("Đã đổi nơi tham dự", "Your venue was changed")
	case outbox.ReasonMade, outbox.ReasonAccepted, outbox.ReasonAddress, outbox.ReasonAgain,
		outbox.ReasonOffered, outbox.ReasonLapsed, outbox.ReasonCancelled:
	}
	if o.Registration.State == registration.StateWaiting {
		return in("Bạn ở danh sách chờ", "You are on the waiting list")
	}
	return in("Xác nhận đăng ký", "Your registration is confirmed")
}

func (o *occasion) part(lang string) part {
	in := func(vi, en string) string { return issue.In(lang, vi, en) }
	p := part{
		Lang: lang, Greeting: in("Xin chào,", "Hello,"), Headline: o.headline(lang) + ".",
		Link: o.base + "/ticket#" + o.TicketStanding.Ticket, LinkText: in("Xem vé", "Show the ticket"),
		Facts: []fact{
			{in("Hội nghị", "Conference"), o.Title(lang)},
			{in("Thời gian", "Time"), o.when(lang)},
			{in("Nơi tổ chức", "Held at"), o.instead(lang, o.Info.Place, func(w *outbox.Was) string { return w.Place })},
			{in("Tham dự tại", "You take part at"), o.where(lang)},
			{in("Tình trạng", "Your registration"), o.Standing(lang)},
			{in("Mã vé", "Code of the ticket"), o.TicketStanding.Ticket},
		},
	}
	if o.Registration.State == registration.StateOffered {
		p.Notes = append(p.Notes, in(
			"Để nhận chỗ, hãy mở vé bằng đường dẫn trên và nhập số điện thoại đã đăng ký. Quá hạn, chỗ được dành cho người tiếp theo.",
			"To accept the seat, open the ticket by the link above and enter the telephone number you registered with. After that it is offered to the next person."))
	}
	p.Notes = append(p.Notes, o.Bring(lang), issue.Recorded(lang), in(
		"Xem, sửa hoặc xóa thông tin của bạn: mở vé bằng đường dẫn trên, nhập số điện thoại đã đăng ký, chọn “Thông tin của tôi”.",
		"To see, correct or erase your data: open the ticket by the link above, enter the telephone number you registered with, and choose “My data”."), in(
		"Thư này được gửi tự động vì địa chỉ này được ghi khi đăng ký. Nếu không phải bạn đăng ký, hãy xóa thư.",
		"This letter was sent automatically because this address was given with a registration. If that was not you, delete it."))
	if o.mark(lang) != "" {
		p.Notes = append([]string{in("Đây là thư thử nghiệm, không phải hội nghị thật.", "This is a test, not a real conference.")}, p.Notes...)
	}
	return p
}

// when is the time, with the one that people knew before where it is another now.
func (o *occasion) when(lang string) string {
	now := issue.Moment(o.Info.StartsAt)
	return o.instead(lang, now, func(w *outbox.Was) string { return issue.Moment(w.StartsAt) }) + " (GMT+7)"
}

func (o *occasion) where(lang string) string {
	if o.Registration.Online() || o.due.Reason == outbox.ReasonMoved {
		return o.Where(lang)
	}
	return o.instead(lang, o.Where(lang), func(w *outbox.Was) string {
		if w.Address != "" {
			return w.Venue + ", " + w.Address
		}
		return w.Venue
	})
}

// instead is what is so now, with what was told before when that was something else.
func (o *occasion) instead(lang, now string, before func(*outbox.Was) string) string {
	if o.due.Was == nil {
		return now
	}
	if was := before(o.due.Was); was != "" && was != now {
		return now + " (" + issue.In(lang, "trước đây: ", "it was: ") + was + ")"
	}
	return now
}

// text is the part as plain text.
func (p *part) text() string {
	var out strings.Builder
	out.WriteString(p.Greeting + "\n\n" + p.Headline + "\n\n")
	for _, f := range p.Facts {
		if f.Value != "" {
			out.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	out.WriteString("\n" + p.LinkText + ": " + p.Link + "\n")
	for _, note := range p.Notes {
		out.WriteString("\n" + note + "\n")
	}
	return out.String()
}

// pageOf is the letter as a page: no picture, no script, nothing from elsewhere.
func pageOf() *template.Template {
	return template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Title}}</title></head>
<body style="margin:0;padding:16px;font:16px/1.5 sans-serif">
{{range $i, $p := .Parts}}{{if $i}}<hr>
{{end}}<div lang="{{.Lang}}" style="max-width:40em">
<p>{{.Greeting}}</p>
<p><strong>{{.Headline}}</strong></p>
<table role="presentation" cellpadding="0" cellspacing="0">
{{range .Facts}}{{if .Value}}<tr><td style="padding:2px 16px 2px 0;vertical-align:top">{{.Name}}</td><td style="padding:2px 0"><strong>{{.Value}}</strong></td></tr>
{{end}}{{end}}</table>
<p><a href="{{.Link}}">{{.LinkText}}</a></p>
{{range .Notes}}<p>{{.}}</p>
{{end}}</div>
{{end}}</body></html>
`))
}
