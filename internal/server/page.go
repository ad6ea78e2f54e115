package server

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/diemcau/diemcau/internal/conference"
)

//go:embed plain
var plain embed.FS // go:embed needs a package variable; nothing writes to it

// pagePaths is every page that is a path of its own, and the entry that is served there.
// A page is a static shell without data: it asks GET /api/v1/session who is there.
func pagePaths() map[string]string {
	return map[string]string{
		"/": "index", "/q": "q", "/venue": "venue", "/moderate": "moderate", "/stage": "stage",
		"/screen": "screen", "/desk": "desk", "/answer": "answer", "/admin": "admin",
	}
}

// file is one built file, compressed once.
type file struct {
	body, zipped []byte
	contentType  string
	etag         string
	immutable    bool
}

// pageSet holds all built files in memory, by path from the root of the build.
type pageSet struct {
	files                map[string]*file
	unbuilt, missing, ca *file
	style                *file
	built                bool
}

func loadPages(built fs.FS) (*pageSet, error) {
	set := &pageSet{files: map[string]*file{}}
	err := fs.WalkDir(built, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if strings.HasPrefix(path.Base(name), ".") || strings.HasPrefix(name, ".") || name == "README.md" {
			return nil
		}
		body, err := fs.ReadFile(built, name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		set.files[name], err = newFile(name, body)
		return err
	})
	if err != nil {
		return nil, err
	}
	set.built = set.files["index.html"] != nil
	for name, into := range map[string]**file{
		"unbuilt.html": &set.unbuilt, "notfound.html": &set.missing, "ca.html": &set.ca, "plain.css": &set.style,
	} {
		body, err := plain.ReadFile("plain/" + name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if *into, err = newFile(name, body); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func newFile(name string, body []byte) (*file, error) {
	sum := sha256.Sum256(body)
	f := &file{body: body, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, immutable: isHashed(name)}
	f.contentType = contentTypeOf(name)
	if !compresses(f.contentType) {
		return f, nil
	}
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(body)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	if zipped.Len() < len(body) {
		f.zipped = zipped.Bytes()
	}
	return f, nil
}

// isHashed reports whether Vite named the file after its content ("venue-B1x2Y3z4.js"),
// so that it may be kept for ever.
func isHashed(name string) bool {
	if !strings.HasPrefix(name, "assets/") {
		return false
	}
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	const hash = 8
	if len(stem) <= hash+1 || stem[len(stem)-hash-1] != '-' {
		return false
	}
	return !strings.ContainsFunc(stem[len(stem)-hash:], func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}

// contentTypeOf does not ask the machine's mime tables, which differ from place to place.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	if guess := mime.TypeByExtension(path.Ext(name)); guess != "" {
		return guess
	}
	return "application/octet-stream"
}

func compresses(contentType string) bool {
	return strings.HasPrefix(contentType, "text/") || strings.Contains(contentType, "json") ||
		strings.Contains(contentType, "svg") || strings.Contains(contentType, "wasm")
}

// page serves the shell of an entry.
func (s *Server) page(entry string) echo.HandlerFunc {
	return func(c echo.Context) error {
		if id := c.Param("conference"); id != "" && !conference.ValidID(id) {
			return s.notFound(c)
		}
		if !s.pages.built {
			return serve(c, http.StatusOK, s.pages.unbuilt)
		}
		f := s.pages.files[entry+".html"]
		if f == nil {
			return s.notFound(c)
		}
		return serve(c, http.StatusOK, f)
	}
}

// asset serves a built file below /assets.
func (s *Server) asset(c echo.Context) error {
	f := s.pages.files["assets/"+c.Param("*")]
	if f == nil {
		return s.notFound(c)
	}
	return serve(c, http.StatusOK, f)
}

// notFound is what a handler says when there is nothing at its address.
func (s *Server) notFound(echo.Context) error { return echo.ErrNotFound }

// leftover answers where no route does: with what the build left in its root (an icon, a
// manifest), or with a page for a person. A program gets a problem instead: false.
func (s *Server) leftover(c echo.Context) bool {
	r := c.Request()
	name := strings.TrimPrefix(r.URL.Path, "/")
	f, status := s.pages.files[name], http.StatusOK
	if f == nil || strings.Contains(name, "/") || path.Ext(name) == ".html" {
		f, status = s.pages.missing, http.StatusNotFound
		if strings.HasPrefix(name, "api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			return false
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if err := serve(c, status, f); err != nil {
		s.cfg.Logger.DebugContext(r.Context(), "reader went away", slog.Any("err", err))
	}
	return true
}

func (s *Server) plainCSS(c echo.Context) error { return serve(c, http.StatusOK, s.pages.style) }

// caPage tells how to trust the local authority; there is none with a real certificate.
func (s *Server) caPage(c echo.Context) error {
	if s.cfg.CACert == nil {
		return s.notFound(c)
	}
	return serve(c, http.StatusOK, s.pages.ca)
}

func (s *Server) caCert(c echo.Context) error {
	if s.cfg.CACert == nil {
		return s.notFound(c)
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="diemcau-ca.crt"`)
	return c.Blob(http.StatusOK, "application/x-x509-ca-cert", s.cfg.CACert)
}

// serve writes a file, compressed if the reader takes that.
func serve(c echo.Context, status int, f *file) error {
	header := c.Response().Header()
	header.Set("ETag", f.etag)
	header.Set("Cache-Control", "no-cache")
	if f.immutable {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if f.zipped != nil {
		header.Add("Vary", "Accept-Encoding")
	}
	if status == http.StatusOK && strings.Contains(c.Request().Header.Get("If-None-Match"), f.etag) {
		return c.NoContent(http.StatusNotModified)
	}
	body := f.body
	if f.zipped != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = f.zipped
	}
	return c.Blob(status, f.contentType, body)
}
