package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"

	"github.com/diemcau/diemcau/internal/outbox"
)

// envelope is a letter ready to go.
type envelope struct {
	from, to string // as the server is told
	unicode  bool   // the address needs SMTPUTF8 (RFC 6531)
	content  []byte
}

// fold makes an envelope of a letter. The fault says that no mail can go to the address.
func fold(letter *Letter, sender Sender, to, id string, now time.Time) (*envelope, *outbox.Fault, error) {
	to, ok := deliverable(to)
	if !ok {
		return nil, &outbox.Fault{Stage: outbox.StageAddress}, nil
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(&sender.From)
	m.SetAddrHeaderFromMailAddress(gomail.HeaderTo, &mail.Address{Address: to})
	if sender.ReplyTo != "" {
		if err := m.ReplyTo(sender.ReplyTo); err != nil {
			return nil, nil, fmt.Errorf("fold a letter: %w", err)
		}
	}
	m.Subject(oneLine(letter.Subject))
	m.SetDateWithValue(now)
	_, domain, _ := strings.Cut(sender.From.Address, "@")
	m.SetMessageIDWithValue(id + "@" + domain)
	// Nobody's holiday answers it (RFC 3834 §5), Exchange's neither.
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader("Content-Language", strings.Join(letter.Langs, ", "))
	m.SetBodyString(gomail.TypeTextPlain, letter.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, letter.HTML)
	for _, file := range letter.Files {
		if err := m.AttachReader(file.Name, bytes.NewReader(file.Data), gomail.WithFileContentType(gomail.ContentType(file.Type))); err != nil {
			return nil, nil, fmt.Errorf("fold a letter: %w", err)
		}
	}
	var content bytes.Buffer
	if _, err := m.WriteTo(&content); err != nil {
		return nil, nil, fmt.Errorf("fold a letter: %w", err)
	}
	return &envelope{from: sender.From.Address, to: to, unicode: !isASCII(to), content: content.Bytes()}, nil, nil
}

// deliverable returns an address as servers are told it: the domain in its ASCII form
// (RFC 5891), so that every server on the way can read it.
func deliverable(address string) (string, bool) {
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" {
		return "", false
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	domain, err := idna.Lookup.ToASCII(parsed.Address[at+1:])
	if err != nil || domain == "" || strings.ContainsAny(parsed.Address[:at], "\r\n") {
		return "", false
	}
	return parsed.Address[:at+1] + domain, true
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
