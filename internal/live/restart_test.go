package live_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/sfu/floor"
)

// TestJ6_NotReadyIsNotUnknown: a node that has not opened its log yet says so, instead
// of telling that there is no such conference, which sends people away for good.
func TestJ6_NotReadyIsNotUnknown(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	notReady := &conference.Error{Code: "server.not_ready", Kind: conference.KindUnavailable}
	check := func(node *live.Node) {
		t.Helper()
		_, conferenceErr := node.Conference(theID)
		_, lookupErr := node.Lookup("7KQ2M-9XWTB-H")
		for name, err := range map[string]error{"opened": node.Opened(), "conference": conferenceErr, "look-up": lookupErr} {
			if got, is := errors.AsType[*conference.Error](err); !is || got.Code != notReady.Code || got.Kind != notReady.Kind {
				t.Errorf("%s: got %v, want %v", name, err, notReady)
			}
		}
	}
	check(newNode(store))
	node, stop := startNode(t, store)
	conferenceOn(t, node)
	if err := node.Opened(); err != nil {
		t.Errorf("opened: got %v", err)
	}
	stop()
	check(node)
}

// TestJ6_RestartRestores stops a node and starts another on the same data.
func TestJ6_RestartRestores(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := openSQLite(t, dir)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	asked := ask(t, c, "Còn không?")
	command := conference.Command{ID: rand.Text(), Actor: lan, Body: moderation.ClaimCard{ID: asked.Question}}
	first, err := c.Do(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	must(t, c, lan, moderation.Approve{ID: asked.Question, Short: "Còn?"})
	must(t, c, stage, moderation.Queue{ID: asked.Question})
	must(t, c, system, floor.Connect{Venue: "ba-dinh"})
	must(t, c, stage, floor.Ready{Venue: "ba-dinh"})
	must(t, c, stage, floor.Give{Venue: "ba-dinh"})
	before := c.Snapshot()
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store = openSQLite(t, dir)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	node, _ = startNode(t, store)
	c = conferenceOn(t, node)
	if diff := cmp.Diff(before, c.Snapshot()); diff != "" {
		t.Errorf("state after the restart (-before +after):\n%s", diff)
	}
	again, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(changes, again); diff != "" {
		t.Errorf("changes after the restart (-before +after):\n%s", diff)
	}
	for _, change := range changes {
		if pos, err := c.Resume(change.Cursor); err != nil || pos != change.Event.Position {
			t.Errorf("resume at %d: got %d, %v", change.Event.Position, pos, err)
		}
	}
	repeated, err := c.Do(t.Context(), command)
	first.Repeated = true
	if err != nil || repeated != first {
		t.Errorf("repeated command: got %+v %v, want %+v", repeated, err, first)
	}
	if standing, err := node.Lookup(asked.Code); err != nil || standing.Question.ID != asked.Question {
		t.Errorf("lookup after the restart: got %+v %v", standing, err)
	}
}

// TestRestoredLog exchanges the log under a running conference for another one.
func TestRestoredLog(t *testing.T) {
	t.Parallel()
	otherStore := newStore(t)
	other := startConference(t, otherStore)
	ask(t, other, "Từ bản sao lưu")
	backup, err := otherStore.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	c, log := startFaulty(t)
	for range 5 {
		ask(t, c, "Sẽ mất")
	}
	old := c.Snapshot()
	log.swap(backup)
	ask(t, c, "Sau khi khôi phục")
	got := c.Snapshot()
	if len(got.Questions) != 2 || got.Questions[0].Body != "Từ bản sao lưu" {
		t.Errorf("after the restore: got %d questions", len(got.Questions))
	}
	if _, err := c.Resume(old.Cursor); !errors.Is(err, live.ErrGap) {
		t.Errorf("resume with the old cursor: got %v, want ErrGap", err)
	}
	if _, _, err := c.Since(old.Position); !errors.Is(err, live.ErrGap) {
		t.Errorf("since the old position: got %v, want ErrGap", err)
	}
	if _, err := c.Resume(got.Cursor); err != nil {
		t.Errorf("resume with the new cursor: %v", err)
	}
}

func TestJ10_ErasedWords(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	asked := ask(t, c, "Xóa tôi đi")
	changes, _, err := c.Since(asked.Position - 1)
	if err != nil {
		t.Fatal(err)
	}
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	erasure := eventlog.Erasure{EventID: changes[0].Event.ID, Field: moderation.FieldBody}
	if err := log.Erase(t.Context(), []eventlog.Erasure{erasure}); err != nil {
		t.Fatal(err)
	}
	stop()
	node, _ = startNode(t, store)
	standing, err := conferenceOn(t, node).Standing(asked.Code)
	if err != nil || standing.Question.Body != "" || standing.Question.State != moderation.StatePending {
		t.Errorf("erased question: got %+v %v", standing.Question, err)
	}
}

// TestQ11_ContactIsKeptSealedAndErased: a telephone number and an organisation outlive a
// restart, stand nowhere in the clear, and are gone once they are erased.
func TestQ11_ContactIsKeptSealedAndErased(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	submit := question(rand.Text(), "Bao giờ cấp sổ?")
	submit.Channel, submit.Name, submit.Phone, submit.Organisation = moderation.ChannelDesk, "Bà Hoa", "+84 912.345.678", " Hợp tác xã  Tân Tiến "
	asked := must(t, c, citizen, submit)
	refused(t, c, "question.bad_phone", citizen, live.SubmitQuestion{
		IdempotencyKey: rand.Text(), Body: "x", Topic: "so-do", Channel: moderation.ChannelDesk, Phone: "gọi bà Hoa",
	})
	stop()

	contact := func(c *live.Conference) *moderation.Contact {
		t.Helper()
		s, err := c.Standing(asked.Code)
		if err != nil {
			t.Fatal(err)
		}
		return s.Question.Contact
	}
	node, stop = startNode(t, store)
	want := moderation.Contact{Phone: "0912345678", Organisation: "Hợp tác xã Tân Tiến"}
	if got := contact(conferenceOn(t, node)); got == nil || *got != want {
		t.Errorf("after a restart: got %+v, want %+v", got, want)
	}
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	record := recordAt(t, log, asked.Position)
	for field, sealed := range record.Sealed {
		for _, words := range []string{want.Phone, want.Organisation} {
			if bytes.Contains(sealed, []byte(words)) || bytes.Contains(record.Canonical, []byte(words)) {
				t.Errorf("%s stands in the clear in %s or beside it", words, field)
			}
		}
	}
	erasures := make([]eventlog.Erasure, 0, len(record.Sealed))
	for field := range record.Sealed {
		erasures = append(erasures, eventlog.Erasure{EventID: record.ID, Field: field})
	}
	if len(erasures) != 4 {
		t.Errorf("sealed fields: got %d, want body, name, phone and organisation", len(erasures))
	}
	if err := log.Erase(t.Context(), erasures); err != nil {
		t.Fatal(err)
	}
	if left := recordAt(t, log, asked.Position).Sealed; len(left) != 0 {
		t.Errorf("left of the sealed fields: %v", left)
	}
	stop()
	node, _ = startNode(t, store)
	if got := contact(conferenceOn(t, node)); got != nil {
		t.Errorf("after erasing: got %+v", got)
	}
}

func recordAt(t *testing.T, log eventlog.Log, position uint64) eventlog.Record {
	t.Helper()
	records, _, err := log.Read(t.Context(), position-1, 1)
	if err != nil || len(records) != 1 {
		t.Fatalf("record at %d: got %d, %v", position, len(records), err)
	}
	return records[0]
}

// TestWordsAreSealed looks for what people wrote in everything the log stores.
func TestWordsAreSealed(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	c := startConference(t, store)
	const words = "nhà-số-năm-ngõ-bảy"
	for _, reason := range []string{"", "unclear"} {
		asked := ask(t, c, words)
		must(t, c, lan, moderation.ClaimCard{ID: asked.Question})
		if reason == "" {
			must(t, c, lan, moderation.Approve{ID: asked.Question, Short: words})
			continue
		}
		must(t, c, lan, moderation.Refuse{ID: asked.Question, Reason: reason, Text: words, NextDoor: words})
	}
	must(t, c, system, floor.Connect{Venue: "ba-dinh"})
	must(t, c, stage, floor.Ready{Venue: "ba-dinh"})
	must(t, c, stage, floor.RaiseHand{Venue: "ba-dinh", Note: words})
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := log.Read(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for _, record := range records {
		if bytes.Contains(record.Canonical, []byte(words)) {
			t.Errorf("event %s tells the words", record.Canonical)
		}
		for field, sealed := range record.Sealed {
			fields++
			if bytes.Contains(sealed, []byte(words)) {
				t.Errorf("field %s is not sealed", field)
			}
		}
	}
	if fields != 6 {
		t.Errorf("sealed fields: got %d, want 6", fields)
	}
}

// TestJ6_StopAnswersEverybody stops a node in the middle of submissions: who was
// acknowledged is there afterwards, once, and nobody waits for ever.
func TestJ6_StopAnswersEverybody(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	c := conferenceOn(t, node)
	type result struct {
		id  conference.QuestionID
		err error
	}
	results := make(chan result, 200)
	for range cap(results) {
		go func() { // ends with its answer
			outcome, err := c.Do(context.Background(), conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Dừng")})
			results <- result{outcome.Question, err}
		}()
	}
	acknowledged := make(map[conference.QuestionID]bool)
	for i := range cap(results) {
		r := <-results
		var refusal *conference.Error
		switch {
		case r.err == nil:
			acknowledged[r.id] = true
		case !errors.As(r.err, &refusal) || refusal.Kind != conference.KindUnavailable:
			t.Errorf("answer of a stopping node: %v", r.err)
		}
		if i == 20 {
			stop()
		}
	}
	node, _ = startNode(t, store)
	found := make(map[conference.QuestionID]int)
	for _, q := range conferenceOn(t, node).Snapshot().Questions {
		found[q.ID]++
	}
	for id := range acknowledged {
		if found[id] != 1 {
			t.Errorf("acknowledged question %s is there %d times", id, found[id])
		}
	}
}

// TestJ6_RedisKilled kills the Redis under two nodes while citizens ask, again and again:
// whoever repeats the same command until it is answered has asked exactly once.
func TestJ6_RedisKilled(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	first, _ := startNode(t, openRedis(t, server))
	a := conferenceOn(t, first)
	second, _ := startNode(t, openRedis(t, server))
	b := conferenceOn(t, second)
	const citizens, each = 20, 10
	asked := make(chan conference.QuestionID, citizens*each)
	var wg sync.WaitGroup
	for i := range citizens {
		wg.Go(func() { // ends when its questions are acknowledged
			for range each {
				asked <- askUntilAnswered(t, []*live.Conference{a, b}[i%2])
			}
		})
	}
	waitFor(t, a, "a quarter of the questions", func(s *live.Snapshot) bool { return len(s.Questions) >= citizens*each/4 })
	server.Kill()
	server.Restart()
	wg.Wait()
	close(asked)
	found := make(map[conference.QuestionID]int)
	end := waitFor(t, b, "all questions", func(s *live.Snapshot) bool { return len(s.Questions) >= citizens*each })
	for _, q := range end.Questions {
		found[q.ID]++
	}
	for id := range asked {
		if found[id] != 1 {
			t.Errorf("acknowledged question %s is there %d times", id, found[id])
		}
	}
	if len(end.Questions) != citizens*each {
		t.Errorf("questions: got %d, want %d", len(end.Questions), citizens*each)
	}
}

func askUntilAnswered(t *testing.T, c *live.Conference) conference.QuestionID {
	t.Helper()
	command := conference.Command{ID: rand.Text(), Actor: citizen, Body: question(rand.Text(), "Còn đó không?")}
	for {
		outcome, err := c.Do(t.Context(), command)
		var refusal *conference.Error
		switch {
		case err == nil:
			return outcome.Question
		case t.Context().Err() != nil:
			return ""
		case !errors.As(err, &refusal) || refusal.Kind != conference.KindPending && refusal.Kind != conference.KindUnavailable:
			t.Errorf("ask: %v", err)
			return ""
		}
	}
}

// TestJ10_ResumeFromEveryPosition fills the log with more than the ring keeps, starts on
// it, and resumes everywhere.
func TestJ10_ResumeFromEveryPosition(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	if err := newNode(store).Create(t.Context(), admin, info()); err != nil {
		t.Fatal(err)
	}
	fill(t, store, 10*eventlog.MaxBatchDrafts)
	node, _ := startNode(t, store)
	c := conferenceOn(t, node)
	end := c.Snapshot()
	oldest := end.Position - 4096
	if _, _, err := c.Since(oldest - 1); !errors.Is(err, live.ErrGap) {
		t.Errorf("since before the ring: got %v, want ErrGap", err)
	}
	if _, _, err := c.Since(end.Position + 1); !errors.Is(err, live.ErrGap) {
		t.Errorf("since the future: got %v, want ErrGap", err)
	}
	for at := oldest; at < end.Position; {
		changes, _, err := c.Since(at)
		if err != nil || len(changes) == 0 || len(changes) > 1024 {
			t.Fatalf("since %d: %d changes, %v", at, len(changes), err)
		}
		for _, change := range changes {
			at++
			if change.Event.Position != at {
				t.Fatalf("position %d where %d should be", change.Event.Position, at)
			}
			if pos, err := c.Resume(change.Cursor); err != nil || pos != at {
				t.Fatalf("resume at %d: got %d, %v", at, pos, err)
			}
		}
	}
	for _, cursor := range []string{"", "x", "a.b.c", end.Cursor + "0", "00000000000000ff" + end.Cursor[16:]} {
		if _, err := c.Resume(cursor); !errors.Is(err, live.ErrGap) {
			t.Errorf("resume at %q: got %v, want ErrGap", cursor, err)
		}
	}
}

// fill appends slates to the usual conference's log as a conference would.
func fill(t *testing.T, store eventlog.Store, events int) {
	t.Helper()
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	for range events / eventlog.MaxBatchDrafts {
		commands := make([]eventlog.Command, eventlog.MaxBatchDrafts)
		for i := range commands {
			commands[i] = slate(t, i%2 == 0)
		}
		_, end, err := log.Read(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := log.Append(t.Context(), end, commands); err != nil {
			t.Fatal(err)
		}
	}
}

func slate(t *testing.T, on bool) eventlog.Command {
	t.Helper()
	data, err := json.Marshal(floor.Slated{On: on})
	if err != nil {
		t.Fatal(err)
	}
	event := conference.Event{
		ID: rand.Text(), Type: floor.EventSlate, V: 1, Cause: rand.Text(), Actor: stage, Data: data,
		Entity: conference.EntityFloor, Bumps: []conference.Entity{conference.EntityFloor},
	}
	canonical, err := eventlog.Encode(event)
	if err != nil {
		t.Fatal(fmt.Errorf("encode a slate: %w", err))
	}
	return eventlog.Command{
		ID: event.Cause, Drafts: []eventlog.Draft{{ID: event.ID, Canonical: canonical, Bumps: event.Bumps}},
	}
}
