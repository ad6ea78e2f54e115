package mail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/mail/mailtest"
	"github.com/diemcau/diemcau/internal/registration"
)

// TestLetter: what arrives is a letter as mail programs read it: Vietnamese in its header, first
// Vietnamese and then English, as text and as a page, with the entry for the calendar and the
// page to print; and no word that the person typed.
func TestLetter(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	background(t, h.postman(server(t, box.Address, nil), nil).Run)
	made := h.register("hoa@example.vn", func(r *live.RegisterPerson) { r.Person.Organisation = "Công ty <b>Chim</b>" })
	letter := box.Wait(1)[0]
	header, parts := letter.Open(t)
	if letter.From != "doithoai@example.vn" || len(letter.To) != 1 || letter.To[0] != "hoa@example.vn" {
		t.Errorf("from %s to %v", letter.From, letter.To)
	}
	if got, want := mailtest.Subject(t, header), "Xác nhận đăng ký: Đối thoại về thủ tục đất đai"; got != want {
		t.Errorf("subject %q, want %q", got, want)
	}
	if from, err := header.AddressList("From"); err != nil || from[0].Name != "Ban tổ chức đối thoại" {
		t.Errorf("from %v, %v", from, err)
	}
	if at, err := header.Date(); err != nil || time.Since(at).Abs() > time.Hour {
		t.Errorf("date %v, %v", at, err)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-generated", "Content-Language": "vi, en", "Mime-Version": "1.0"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if id := header.Get("Message-Id"); !strings.HasPrefix(id, "<"+string(made.ID)) || !strings.HasSuffix(id, "@example.vn>") {
		t.Errorf("message id %q", id)
	}
	if len(parts) != 4 {
		t.Fatalf("%d parts", len(parts))
	}
	link := base + "/ticket#" + made.Ticket
	for _, part := range parts[:2] {
		said := string(part.Body)
		vi, en := strings.Index(said, "Bạn đã có chỗ ngồi."), strings.Index(said, "You have a seat.")
		if vi < 0 || en < vi {
			t.Errorf("%s: Vietnamese at %d, English at %d", part.Type, vi, en)
		}
		for _, want := range []string{link, "08:00, 28/10/2099", "Quận Hà Đông", "Trung tâm Hội nghị", "Hội nghị được ghi hình", "sửa hoặc xóa", "correct or erase", "Dialogue on land procedures"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in %s", part.Type, want, said)
			}
		}
		if strings.Contains(said, "Hoa") || strings.Contains(said, "Chim") {
			t.Errorf("%s: what the person typed is in it", part.Type)
		}
	}
	if ics := parts[2]; ics.Type != "text/calendar" || ics.Params["method"] != "PUBLISH" || ics.Name != "ve-dat-dai.ics" || !strings.HasPrefix(string(ics.Body), "BEGIN:VCALENDAR\r\n") {
		t.Errorf("the entry: %s %v %s %.60s", ics.Type, ics.Params, ics.Name, ics.Body)
	}
	if pdf := parts[3]; pdf.Type != "application/pdf" || pdf.Name != "ve-dat-dai.pdf" || !strings.HasPrefix(string(pdf.Body), "%PDF-") {
		t.Errorf("the page: %s %s %.10s", pdf.Type, pdf.Name, pdf.Body)
	}
}

// TestLetter_ofEachTurn: what is told of a seat, the line, an offer, a cancellation, another
// venue and another time, in the person's language where it is known.
func TestLetter_ofEachTurn(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	background(t, h.postman(server(t, box.Address, nil), nil).Run)
	in := func(lang string) func(*live.RegisterPerson) {
		return func(r *live.RegisterPerson) { r.Venue, r.Lang = "ba-vi", lang }
	}
	has := h.register("a@example.vn", in("vi"))
	h.sent(1)
	waits := h.register("b@example.vn", in("en"))
	h.sent(2)
	h.must(citizen, registration.Cancel{ID: has.ID}) // and the seat is offered
	h.sent(4)
	h.must(citizen, registration.Accept{ID: waits.ID})
	h.sent(5)
	h.must(citizen, registration.Move{ID: waits.ID, Venue: "ha-dong"})
	h.sent(6)
	h.edit(func(i *conference.Info) { i.StartsAt, i.Venues[2].Address = i.StartsAt.Add(time.Hour), "9 Tô Hiệu" })
	h.sent(7)
	h.edit(func(i *conference.Info) { i.Title = "Đối thoại" }) // nobody is told
	silent := h.register("c@example.vn", in("vi"))
	h.sent(8)
	if silent.State != registration.StateConfirmed {
		t.Fatalf("got %s", silent.State)
	}
	want := map[string][]struct {
		subject string
		files   int
		says    []string
	}{
		"a@example.vn": {
			{"Xác nhận đăng ký: Đối thoại về thủ tục đất đai", 2, []string{"252 đường Quảng Oai"}},
			{"Đăng ký đã hủy: Đối thoại về thủ tục đất đai", 1, []string{"không còn giá trị"}},
		},
		"b@example.vn": {
			{"You are on the waiting list: Dialogue on land procedures", 0, []string{"number 1 of the waiting list"}},
			{"A seat is free, accept it before ", 0, []string{"offered to the next person", "enter the telephone number"}},
			{"Your registration is confirmed: Dialogue on land procedures", 2, []string{"You have a seat."}},
			{"Your venue was changed: Dialogue on land procedures", 2, []string{"Quận Hà Đông"}},
			{"Another time or place: Dialogue on land procedures", 2, []string{"09:00, 28/10/2099 (it was: 08:00, 28/10/2099)", "9 Tô Hiệu (it was: Quận Hà Đông)"}},
		},
		"c@example.vn": {{"Xác nhận đăng ký: Đối thoại", 2, nil}},
	}
	for _, letter := range box.Letters() {
		to := letter.To[0]
		if len(want[to]) == 0 {
			t.Errorf("a letter too many to %s", to)
			continue
		}
		now := want[to][0]
		want[to] = want[to][1:]
		header, parts := letter.Open(t)
		if got := mailtest.Subject(t, header); !strings.HasPrefix(got, now.subject) || len(parts) != 2+now.files {
			t.Errorf("to %s: %q with %d files, want %q with %d", to, got, len(parts)-2, now.subject, now.files)
		}
		if now.files == 1 && parts[2].Params["method"] != "CANCEL" {
			t.Errorf("the entry stays in the calendar: %v", parts[2].Params)
		}
		for _, says := range now.says {
			if !strings.Contains(string(parts[0].Body), says) {
				t.Errorf("to %s: no %q in %s", to, says, parts[0].Body)
			}
		}
		if other := "Xin chào"; to == "b@example.vn" && strings.Contains(string(parts[0].Body), other) {
			t.Errorf("to %s: in a language they do not read", to)
		}
	}
	for to, missing := range want {
		if len(missing) > 0 {
			t.Errorf("to %s: no %q", to, missing[0].subject)
		}
	}
}

// TestLetter_nobodyIsAdded: line ends in a name, in an organisation or in a title make no header.
func TestLetter_nobodyIsAdded(t *testing.T) {
	t.Parallel()
	h, box := newHouse(t, newStore(t)), mailtest.Start(t, mailtest.Config{})
	h.edit(func(i *conference.Info) { i.Title = "Đối thoại\r\nBcc: all@example.vn\r\n\r\nMua ngay" })
	background(t, h.postman(server(t, box.Address, nil), nil).Run)
	h.register("hoa@example.vn", func(r *live.RegisterPerson) {
		r.Person.Name, r.Person.Organisation = "Hoa\r\nBcc: all@example.vn", "X\nSubject: Mua\n\nngay"
	})
	letter := box.Wait(1)[0]
	header, parts := letter.Open(t)
	if len(letter.To) != 1 || header.Get("Bcc") != "" || len(header["Subject"]) != 1 || len(parts) != 4 {
		t.Errorf("to %v, header %v, %d parts", letter.To, header, len(parts))
	}
}
