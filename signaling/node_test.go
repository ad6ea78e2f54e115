package signaling_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
)

// runNode is a server on the log in a folder, as a process. It says its address, makes
// one event for each line it is told, and stops in peace with its standard input.
func runNode(folder string) int {
	if err := serveNode(folder); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		return 1
	}
	return 0
}

func serveNode(folder string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conf, stop, err := openConference(context.WithoutCancel(ctx), folder)
	if err = errors.Join(err, mostFiles()); err != nil {
		return err
	}
	hub := signaling.New(signaling.Config{
		Conference: func(conference.ID) (signaling.Conference, error) { return conf, nil },
		Gate:       wideGate{}, May: access.May, Now: time.Now,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := hub.Serve(w, r, fakeID); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})}
	ended := make(chan error, 2)
	go func() { ended <- server.Serve(listener) }()
	go func() { ended <- hub.Run(ctx) }()
	say("ws://" + listener.Addr().String())
	err = liveLines(conf)
	cancel()
	if hubErr := <-ended; err == nil {
		err = hubErr
	}
	_ = server.Close()
	return errors.Join(err, stop())
}

// liveLines makes an event for each line.
func liveLines(conf *live.Conference) error {
	l := &life{conf: conf}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := l.next(); err != nil {
			return err
		}
		say(l.asked)
	}
	return lines.Err()
}

// life is what becomes of one question after the other, one event at a time.
type life struct {
	conf  *live.Conference
	asked int
	todo  []conference.Command
}

func (l *life) next() error {
	if len(l.todo) == 0 {
		return l.begin()
	}
	command := l.todo[0]
	l.todo = l.todo[1:]
	_, err := l.do(command.Actor, command.Body)
	return err
}

// begin asks the next question. What an earlier life left on air is answered first.
func (l *life) begin() error {
	citizen := conference.Actor{Role: conference.RoleCitizen}
	moderator := conference.Actor{Role: conference.RoleModerator, Session: "m", Person: "Lan"}
	stage := conference.Actor{Role: conference.RoleStage, Session: "s", Person: "Hùng"}
	if left := l.conf.Snapshot().OnAir; left != "" {
		_, err := l.do(stage, moderation.Answer{ID: left, None: true})
		return err
	}
	q, err := l.do(citizen, live.SubmitQuestion{
		IdempotencyKey: rand.Text(), Body: fmt.Sprintf("Câu %d", l.asked), Topic: "land", Channel: moderation.ChannelWeb,
	})
	if err != nil {
		return err
	}
	then := func(actor conference.Actor, body conference.Body) {
		l.todo = append(l.todo, conference.Command{Actor: actor, Body: body})
	}
	id := q.Question
	then(moderator, moderation.ClaimCard{ID: id})
	switch l.asked % 4 {
	case 0:
		then(moderator, moderation.Refuse{ID: id, Reason: "offTopic"})
	case 1:
		then(moderator, moderation.Approve{ID: id, Short: "Ngắn"})
		then(citizen, live.WithdrawQuestion{Code: q.Code})
	case 2:
		then(moderator, moderation.Approve{ID: id})
		then(stage, moderation.Queue{ID: id})
	case 3:
		then(moderator, moderation.Approve{ID: id})
		then(stage, moderation.Queue{ID: id})
		then(stage, moderation.Air{ID: id})
		then(stage, moderation.Answer{ID: id, None: true})
	}
	l.asked++
	return nil
}

func (l *life) do(actor conference.Actor, body conference.Body) (live.Outcome, error) {
	outcome, err := l.conf.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
	if err != nil {
		return outcome, fmt.Errorf("%s: %w", body.CommandType(), err)
	}
	return outcome, nil
}

// wideGate believes every cookie "ROLE-NUMBER".
type wideGate struct{}

func (wideGate) Session(_ context.Context, cookie string) (*access.Session, error) {
	role, _, _ := strings.Cut(cookie, "-")
	return &access.Session{Ref: cookie, Conference: fakeID, Role: conference.Role(role), Person: "Nguyễn Văn A"}, nil
}

func (wideGate) Revoked(ctx context.Context) (<-chan string, error) {
	none := make(chan string)
	context.AfterFunc(ctx, func() { close(none) })
	return none, nil
}
