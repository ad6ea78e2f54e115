package zalo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

const (
	senders      = 4                // answers on their way at once
	sendTimeout  = 10 * time.Second // one try
	drainTimeout = 10 * time.Second // all that wait when Run is to end
)

// pauses returns how long to wait before the second, third … try.
func pauses() []time.Duration { return []time.Duration{time.Second, 5 * time.Second} }

// answer is what is to be told to a person. The id lives here, in memory, and nowhere else.
type answer struct{ to, text string }

// Run sends the answers until ctx ends; then it takes no more messages (503), waits for
// those being submitted and sends what still waits, for at most ten seconds. Call it once.
func (h *Handler) Run(ctx context.Context) error {
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var wg sync.WaitGroup
	for range senders { // they end when Run closes the queue
		wg.Go(func() {
			for a := range h.queue {
				h.deliver(sending, a)
				h.release()
			}
		})
	}
	<-ctx.Done()
	late := time.AfterFunc(drainTimeout, stop)
	defer late.Stop()
	h.gateMu.Lock()
	h.closed = true
	h.gateMu.Unlock()
	h.pending.Wait()
	close(h.queue)
	wg.Wait()
	return nil
}

// reserve takes a place in the queue of answers.
func (h *Handler) reserve() bool {
	h.gateMu.Lock()
	defer h.gateMu.Unlock()
	if h.closed {
		return false
	}
	select {
	case h.places <- struct{}{}:
		h.pending.Add(1)
		return true
	default:
		return false
	}
}

func (h *Handler) release() {
	<-h.places
	h.pending.Done()
}

// deliver sends one answer, up to three times.
func (h *Handler) deliver(ctx context.Context, a answer) {
	waits := pauses()
	for {
		try, cancel := context.WithTimeout(ctx, sendTimeout)
		err := h.cfg.Sender.Send(try, a.to, a.text)
		cancel()
		if err == nil {
			return
		}
		if len(waits) == 0 || errors.Is(err, ErrRefused) || !pause(ctx, waits[0]) {
			h.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "zalo answer not sent", slog.String("err", sendCode(err)))
			return
		}
		waits = waits[1:]
	}
}

// pause waits; false when ctx ended before.
func pause(ctx context.Context, length time.Duration) bool {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// sendCode is what may be logged of a failed send.
func sendCode(err error) string {
	if said, ok := errors.AsType[*APIError](err); ok {
		return said.Error()
	}
	return codeOf(err)
}

func received(code, publicURL string) string {
	vi := "Câu hỏi của bạn đã được tiếp nhận. Mã theo dõi: " + code + "."
	en := "Your question was received. Tracking code: " + code + "."
	if publicURL != "" {
		link := publicURL + "/q#" + code
		vi += " Xem kết quả tại " + link
		en += " Follow it at " + link
	}
	return vi + "\n" + en
}

func textOnly() string {
	return "Hệ thống chỉ nhận câu hỏi bằng chữ. Hãy gõ câu hỏi (tối đa 600 ký tự) và gửi lại.\n" +
		"Only written questions can be taken. Type your question (at most 600 characters) and send it."
}

// refused tells why a message did not become a question and what to do.
func refused(err error) string {
	var refusal *conference.Error
	if !errors.As(err, &refusal) {
		return ""
	}
	switch {
	case refusal.Code == "question.empty":
		return textOnly()
	case refusal.Code == "question.too_long":
		return "Câu hỏi dài quá 600 ký tự nên chưa được nhận. Hãy rút ngắn hoặc tách thành nhiều tin nhắn.\n" +
			"The question is longer than 600 characters and was not taken. Shorten it or send it in parts."
	case refusal.Code == "conference.not_open":
		return "Hiện chưa có hội nghị nào nhận câu hỏi. Hãy gửi lại khi hội nghị mở.\n" +
			"No conference is taking questions now. Send it again when one is open."
	case refusal.Kind == conference.KindRateLimited:
		return "Bạn đã gửi nhiều câu hỏi trong thời gian ngắn; tin này chưa được nhận. Hãy đợi ít phút rồi gửi lại.\n" +
			"You sent many questions in a short time; this one was not taken. Wait a few minutes and send it again."
	}
	return fmt.Sprintf("Câu hỏi chưa được nhận (%s). Hãy gửi qua trang web của hội nghị hoặc tại điểm cầu gần nhất.\n"+
		"The question was not taken (%s). Use the conference's web page or the nearest venue.", refusal.Code, refusal.Code)
}
