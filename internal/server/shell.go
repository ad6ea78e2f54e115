package server

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/ticket/issue"
)

// The form and the ticket work without script: they are templates, written into the shell of
// the built page, whose script puts a better one in their place. A program that was built
// without pages shows them bare.
const (
	registerHTML = "register.html"
	ticketHTML   = "ticket.html"
	// plainMark is where a shell takes a template.
	plainMark = "<!--plain-->"
)

// loadForms reads the templates of the pages without script.
func loadForms() (*template.Template, error) {
	forms, err := template.ParseFS(plain, "plain/"+registerHTML, "plain/"+ticketHTML, "plain/frame.html")
	if err != nil {
		return nil, fmt.Errorf("read the forms: %w", err)
	}
	return forms, nil
}

// inLanguage is what every such page needs.
type inLanguage struct{ Lang string }

// T returns the sentence in the reader's language; Vietnamese where there is no English.
func (l inLanguage) T(vi, en string) string { return issue.In(l.Lang, vi, en) }

// Other is the language the page is not in.
func (l inLanguage) Other() string {
	if l.Lang == "en" {
		return "vi"
	}
	return "en"
}

// pageLanguage is readerLanguage, unless the address says another: without script a reader
// changes it by a link.
func pageLanguage(r *http.Request) string { return cmp.Or(statedLanguage(r), "vi") }

// titled is a page without script that says what stands on its window.
type titled interface{ windowTitle() string }

// show writes a page that needs no script. Its form tells its Origin, which the policy of the
// other pages would keep back.
func (s *Server) show(c echo.Context, status int, name string, page titled) error {
	lang := pageLanguage(c.Request())
	var body, out bytes.Buffer
	if err := s.forms.ExecuteTemplate(&body, name, page); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	frame := struct {
		Lang, Title string
		Body        template.HTML
	}{lang, page.windowTitle(), template.HTML(body.String())} //nolint:gosec // our own template wrote it
	if shell := s.pages.files[name]; shell != nil {
		head, rest, _ := strings.Cut(string(shell.body), plainMark)
		head = strings.Replace(head, `<html lang="vi">`, `<html lang="`+lang+`">`, 1)
		if from, to := strings.Index(head, "<title>"), strings.Index(head, "</title>"); from >= 0 && to > from {
			head = head[:from] + "<title>" + template.HTMLEscapeString(frame.Title) + head[to:]
		}
		out.WriteString(head + body.String() + rest)
	} else if err := s.forms.ExecuteTemplate(&out, "frame.html", frame); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	header := c.Response().Header()
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Language", lang)
	header.Add("Vary", "Accept-Language")
	if name == ticketHTML {
		header.Set("X-Robots-Tag", "noindex")
	}
	return c.Blob(status, "text/html; charset=utf-8", out.Bytes())
}
