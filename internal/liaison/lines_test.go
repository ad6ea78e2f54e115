package liaison_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/internal/line"
)

const hue conference.ID = "hue"

// bookLines are a book as the node that has the media keeps it.
type bookLines struct {
	*line.Book

	mu     sync.Mutex // guards refuse
	refuse error
}

func (b *bookLines) refusal() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refuse
}

func (b *bookLines) Report(_ context.Context, id conference.ID, venue conference.VenueID, r line.Report) error {
	if err := b.refusal(); err != nil {
		return err
	}
	return b.Book.Report(id, venue, r, time.Now())
}

func (b *bookLines) History(_ context.Context, id conference.ID, venue conference.VenueID) ([]line.Sample, error) {
	return b.Book.History(id, venue)
}

func (b *bookLines) PutStill(_ context.Context, id conference.ID, venue conference.VenueID, picture []byte) error {
	return b.Book.PutStill(id, venue, picture, time.Now())
}

func (b *bookLines) Still(_ context.Context, id conference.ID, venue conference.VenueID) ([]byte, error) {
	return b.Book.Still(id, venue, time.Now())
}

// see lets the book see n venues that send.
func (b *bookLines) see(n int) {
	places, readings := map[conference.VenueID]line.Place{}, []line.Reading{}
	for i := range n {
		venue := conference.VenueID("venue-" + strconv.Itoa(i))
		places[venue] = line.Place{}
		readings = append(readings, line.Reading{Venue: venue, Picture: true, Sound: true, Level: -1})
	}
	b.Observe(hue, readings, places, time.Now())
}

// still is a small JPEG.
func still() []byte {
	var b bytes.Buffer
	if jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 9)), nil) != nil {
		return nil
	}
	return b.Bytes()
}

// startLines are a node with a book and another one's client.
func startLines(t *testing.T) (*bookLines, *liaison.Client, string) {
	t.Helper()
	book := &bookLines{Book: line.New()}
	server := httptest.NewServer(liaison.NewHandler(liaison.Config{
		Lines: book, Key: key(), Store: &nonces{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}))
	client := liaison.NewClient(key(), time.Now, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		_ = client.Run(ctx)
	}()
	t.Cleanup(server.Close)
	t.Cleanup(func() { cancel(); <-ended })
	return book, client, server.URL
}

// TestM11_linesThroughAnotherNode: reports and stills go to the node with the media, history
// and refusals come back.
func TestM11_linesThroughAnotherNode(t *testing.T) {
	t.Parallel()
	book, client, url := startLines(t)
	ctx := t.Context()
	if err := client.Report(ctx, url, hue, "venue-0", line.Report{Camera: "USB", Signs: []line.Sign{line.SignBlack}}); err != nil {
		t.Fatal(err)
	}
	book.see(1)
	if rows := book.Changes(hue, 0).Rows; len(rows) != 1 || rows[0].Camera != "USB" || !slices.Equal(rows[0].Signs, []line.Sign{line.SignBlack}) {
		t.Errorf("got %+v", rows)
	}
	if err := client.Report(ctx, url, hue, "venue-0", line.Report{}); !errors.Is(err, &conference.Error{Code: line.CodeTooOften}) {
		t.Errorf("got %v, want the other node's refusal", err)
	}
	samples, err := client.History(ctx, url, hue, "venue-0")
	if err != nil || len(samples) != 1 || samples[0].Grade != line.GradeGood {
		t.Errorf("got %+v, %v", samples, err)
	}
	if _, err := client.History(ctx, url, hue, "atlantis"); !errors.Is(err, &conference.Error{Code: line.CodeUnknown}) {
		t.Errorf("got %v, want line.unknown", err)
	}
	if err := client.PutStill(ctx, url, hue, "venue-0", []byte("GIF")); !errors.Is(err, &conference.Error{Code: line.CodeBadStill}) {
		t.Errorf("got %v, want line.bad_still", err)
	}
	if err := client.PutStill(ctx, url, hue, "venue-0", still()); err != nil {
		t.Error(err)
	}
	if got, err := client.Still(ctx, url, hue, "venue-0"); err != nil || !slices.Equal(got, still()) {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
	stranger := liaison.NewClient([]byte("another installation's key, 32 b"), time.Now, slog.New(slog.DiscardHandler))
	if _, err := stranger.Still(ctx, url, hue, "venue-0"); !errors.Is(err, &conference.Error{Code: "access.denied"}) {
		t.Errorf("got %v with another key, want access.denied", err)
	}
}

// TestM11_linesAreFollowed: all rows first, however many, then what changes, and who speaks.
func TestM11_linesAreFollowed(t *testing.T) {
	t.Parallel()
	book, client, url := startLines(t)
	book.see(126)
	book.Speak(hue, line.Speaking{Now: "venue-7"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	mirror, changed, ended := line.New(), make(chan struct{}, 1), make(chan error, 1)
	go func() { // ends with ctx
		ended <- client.FollowLines(ctx, url, hue, func(told liaison.LinesTold) {
			mirror.Mirror(hue, told.Rows, told.Gone, told.Whole)
			if told.Speaking != nil {
				mirror.Speak(hue, *told.Speaking)
			}
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	}()
	rows := func(n int) []line.Row {
		t.Helper()
		for range 100 {
			if got := mirror.Changes(hue, 0).Rows; len(got) == n {
				return got
			}
			within(t, "rows", changed)
		}
		t.Fatalf("got %d rows for ever, want %d", len(mirror.Changes(hue, 0).Rows), n)
		return nil
	}
	if diff := cmp.Diff(book.Changes(hue, 0).Rows, rows(126)); diff != "" {
		t.Errorf("(-there +here):\n%s", diff)
	}
	if now, _ := mirror.Speaking(hue); now.Now != "venue-7" {
		t.Errorf("got %+v", now)
	}
	book.see(125)
	rows(125)
	book.see(126)
	rows(126)
	cancel()
	if err := <-ended; err == nil {
		t.Error("a stream that was broken off ended well")
	}
}
