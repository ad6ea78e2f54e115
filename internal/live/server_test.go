package live_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
)

// serverWhere, when set, makes this binary a server on that log: a Redis's address or a
// SQLite folder.
const serverWhere = "LIVE_TEST_SERVER"

// wanted and told are the lines between the clients and the server process.
type wanted struct {
	Ticket  int    `json:"ticket"`
	Limit   uint64 `json:"limit,omitempty"` // set: let no file grow beyond so many bytes, as a full disk
	Command string `json:"command"`
	Key     string `json:"key"`
	Body    string `json:"body"`
	Seats   int    `json:"seats,omitempty"` // set: so many seats are to be had
	Phone   string `json:"phone,omitempty"` // set: register, not ask
}

type told struct {
	Ticket   int    `json:"ticket"`
	Question string `json:"question,omitempty"`
	Code     string `json:"code,omitempty"`
	Refused  string `json:"refused,omitempty"` // the kind
	ID       string `json:"id,omitempty"`      // of the registration
	Code2    string `json:"ticketCode,omitempty"`
	State    string `json:"state,omitempty"`
	Place    int    `json:"place,omitempty"`
}

// runServer answers submissions from standard input until it is killed.
func runServer(where string) int {
	err := serveLines(context.Background(), where)
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func serveLines(ctx context.Context, where string) error {
	store, err := openWhere(ctx, where)
	if err != nil {
		return err
	}
	node := newNode(store)
	go func() { fmt.Fprintln(os.Stderr, node.Run(ctx)) }() // ends with the process
	if err := node.Create(ctx, admin, info()); err != nil {
		return err
	}
	var c *live.Conference
	for again := time.NewTicker(10 * time.Millisecond); c == nil; <-again.C {
		c, _ = node.Conference(theID)
	}
	for {
		_, err := c.Do(ctx, conference.Command{ID: "open-it-once-and-for-all", Actor: admin, Body: conference.Open{}})
		if err == nil || errors.Is(err, &conference.Error{Code: "conference.already_open"}) {
			break
		}
	}
	var outMu sync.Mutex // guards standard output
	tell := func(t told) {
		line, err := json.Marshal(t)
		if err != nil {
			panic(err)
		}
		outMu.Lock()
		defer outMu.Unlock()
		fmt.Fprintf(os.Stdout, "%s\n", line)
	}
	tell(told{Ticket: 0}) // ready
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var w wanted
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return err
		}
		if w.Limit > 0 {
			tell(limitFiles(w))
			continue
		}
		go func() { tell(submit(ctx, c, w)) }() // ends with its answer, or the process
	}
	return errors.Join(lines.Err(), io.EOF)
}

// limitFiles sets what a write beyond fails with, for the whole process.
func limitFiles(w wanted) told {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
	if err == nil {
		limit.Cur = min(w.Limit, limit.Max)
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	}
	if err != nil {
		return told{Ticket: w.Ticket, Refused: err.Error()}
	}
	return told{Ticket: w.Ticket}
}

func submit(ctx context.Context, c *live.Conference, w wanted) told {
	command := conference.Command{ID: w.Command, Actor: citizen, Body: question(w.Key, w.Body)}
	switch {
	case w.Seats > 0:
		command.Actor, command.Body = admin, openSeats(w.Seats)
	case w.Phone != "":
		command.Body = person(w.Key, w.Phone)
	}
	outcome, err := c.Do(ctx, command)
	t := told{Ticket: w.Ticket, Question: string(outcome.Question), Code: outcome.Code}
	if r := outcome.Registered; r != nil {
		t.ID, t.Code2, t.State, t.Place = string(r.ID), r.Ticket, string(r.State), r.Place
	}
	if err != nil {
		var refusal *conference.Error
		t.Refused = err.Error()
		if errors.As(err, &refusal) && (refusal.Kind == conference.KindPending || refusal.Kind == conference.KindUnavailable) {
			t.Refused = "again"
		}
	}
	return t
}

func openWhere(ctx context.Context, where string) (eventlog.Store, error) {
	if strings.HasPrefix(where, "redis://") {
		return redislog.Open(ctx, where, slog.New(slog.DiscardHandler))
	}
	return sqlitelog.Open(ctx, where, slog.New(slog.DiscardHandler))
}

// server is a running server process. Safe for concurrent use.
type server struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	dead  chan struct{} // closed when it has ended
	read  sync.WaitGroup

	askedMu sync.Mutex // guards all below
	next    int
	asked   map[int]chan told
}

// startServer returns when the server takes questions.
func startServer(tb testing.TB, where string) *server {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self) //nolint:noctx // kill ends it
	cmd.Env = append(os.Environ(), serverWhere+"="+where)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	s := &server{cmd: cmd, dead: make(chan struct{}), asked: make(map[int]chan told)}
	output, err := cmd.StdoutPipe()
	if err == nil {
		s.input, err = cmd.StdinPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	ready := make(chan told, 1)
	s.asked[0] = ready
	s.read.Go(func() { s.readAnswers(output) }) // ends with the process
	select {
	case <-ready:
	case <-s.dead:
		s.kill()
		tb.Fatalf("server did not start: %s", complaint.String())
	}
	return s
}

func (s *server) readAnswers(output io.Reader) {
	defer close(s.dead)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		var t told
		if json.Unmarshal(lines.Bytes(), &t) != nil {
			return // killed in the middle of a line
		}
		s.askedMu.Lock()
		answer := s.asked[t.Ticket]
		delete(s.asked, t.Ticket)
		s.askedMu.Unlock()
		answer <- t
	}
}

// ask sends a submission and returns its answer; false: the server died first.
func (s *server) ask(w wanted) (told, bool) {
	answer := make(chan told, 1)
	if !s.send(w, answer) {
		return told{}, false
	}
	select {
	case t := <-answer:
		return t, true
	case <-s.dead:
	}
	select { // it may have answered before it died
	case t := <-answer:
		return t, true
	default:
		return told{}, false
	}
}

func (s *server) send(w wanted, answer chan told) bool {
	s.askedMu.Lock()
	defer s.askedMu.Unlock()
	s.next++
	w.Ticket = s.next
	s.asked[w.Ticket] = answer
	line, err := json.Marshal(w)
	if err != nil {
		return false
	}
	_, err = s.input.Write(append(line, '\n'))
	return err == nil
}

// kill ends the server as kill -9 does and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may be gone
	s.read.Wait()
	_ = s.cmd.Wait() // "signal: killed" is what was asked for
}
