// Package web holds the pages: one Vite entry per role, built into dist and embedded.
// Without Node, dist holds a note only and the server answers with how to build them.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built pages; an error only if the binary was built wrongly.
func Dist() (fs.FS, error) { return fs.Sub(dist, "dist") }
