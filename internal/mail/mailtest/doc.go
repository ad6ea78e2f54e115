// Package mailtest is a mail server for tests: it takes letters over SMTP, keeps them, and
// refuses what it is told to. For tests alone.
package mailtest
