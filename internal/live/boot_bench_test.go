package live_test

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
)

const (
	bootEvents = 200_000
	bootAtMost = 4 // × a raw scan and decode
	bootWords  = "Bao giờ tôi được cấp sổ đỏ cho thửa đất số 5?"
	bootRounds = 3 // of each kind, in turns; the best are compared: others on the machine only add
)

// BenchmarkQ9_Boot opens a conference of 200,000 events in a folder just opened, its words
// unsealed and its codes derived, and beside it only reads and decodes the same log, whose
// opening is not counted. It reports seconds, processor seconds and the ratio (want ≤ 4).
func BenchmarkQ9_Boot(b *testing.B) {
	for _, events := range []struct {
		name string
		fill func(testing.TB, *secret.Sealer) eventlog.Command
	}{
		{"submissions", submission},
		{"screened", screened},
	} {
		b.Run(events.name, func(b *testing.B) {
			dir := b.TempDir()
			store := openSQLite(b, dir)
			node, stop := startNode(b, store)
			conferenceOn(b, node)
			stop()
			fillLog(b, store, bootEvents, events.fill)
			if err := store.Close(); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for range b.N {
				benchBoot(b, dir)
			}
		})
	}
}

// TestQ9_BootInParts: a log read in several parts, side by side, becomes the state that the
// log says: its questions in their order, their words opened, up to its end.
func TestQ9_BootInParts(t *testing.T) {
	t.Parallel()
	store := newStore(t)
	node, stop := startNode(t, store)
	conferenceOn(t, node)
	stop()
	fillLog(t, store, 5_000, screened)
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	records, end, err := eventlogtest.ReadAll(t.Context(), log, eventlog.MaxRead)
	if err != nil {
		t.Fatal(err)
	}
	var want []conference.Entity
	for _, record := range records {
		if len(record.Sealed) == 0 {
			continue
		}
		event, err := eventlog.Decode(record)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, event.Entity)
	}
	node, _ = startNode(t, store)
	snapshot := conferenceOn(t, node).Snapshot()
	var got []conference.Entity
	for _, q := range snapshot.Questions {
		got = append(got, q.ID.Entity())
		if q.State != moderation.StateApproved || q.Body != bootWords {
			t.Fatalf("question %s: got %s, %q, want approved, %q", q.ID, q.State, q.Body, bootWords)
		}
	}
	// A checkpoint may stand behind the end already.
	if diff := cmp.Diff(want, got); diff != "" || snapshot.Position-end.Pos > 1 {
		t.Errorf("opened up to %d of %d; questions (-want +got):\n%s", snapshot.Position, end.Pos, diff)
	}
}

func benchBoot(b *testing.B, dir string) {
	b.Helper()
	var scans, boots, bootCPUs, scanCPUs []time.Duration
	for range bootRounds {
		took, cpu := benchScan(b, dir)
		scans, scanCPUs = append(scans, took), append(scanCPUs, cpu)
		took, cpu = benchOpen(b, dir)
		boots, bootCPUs = append(boots, took), append(bootCPUs, cpu)
	}
	scan, boot := slices.Min(scans), slices.Min(boots)
	scanCPU, bootCPU := slices.Min(scanCPUs), slices.Min(bootCPUs)
	ratio := boot.Seconds() / scan.Seconds()
	b.ReportMetric(scan.Seconds(), "scan-s")
	b.ReportMetric(boot.Seconds(), "boot-s")
	b.ReportMetric(scanCPU.Seconds(), "scan-cpu-s")
	b.ReportMetric(bootCPU.Seconds(), "boot-cpu-s")
	b.ReportMetric(ratio, "boot/scan")
	if ratio > bootAtMost {
		b.Errorf("a boot took %.1f × a scan (%v, %v), want at most %d (processor: %v, %v)", ratio, boot, scan, bootAtMost, bootCPU, scanCPU)
	}
}

// benchScan reads and decodes the whole log.
func benchScan(b *testing.B, dir string) (took, cpu time.Duration) {
	b.Helper()
	store := openSQLite(b, dir)
	defer store.Close()
	log, err := store.Log(b.Context(), theID)
	if err != nil {
		b.Fatal(err)
	}
	used, began := cpuTime(b), time.Now()
	for at := uint64(0); ; {
		records, end, err := log.Read(b.Context(), at, 1024)
		if err != nil {
			b.Fatal(err)
		}
		for i := range records {
			if _, err := eventlog.Decode(records[i]); err != nil {
				b.Fatal(err)
			}
		}
		if at += uint64(len(records)); at == end.Pos || len(records) == 0 {
			if at < bootEvents {
				b.Fatalf("read %d events, want at least %d", at, bootEvents)
			}
			return time.Since(began), cpuTime(b) - used
		}
	}
}

// benchOpen opens the conference as a start does.
func benchOpen(b *testing.B, dir string) (took, cpu time.Duration) {
	b.Helper()
	store := openSQLite(b, dir)
	defer store.Close()
	node := newNode(store)
	used, began := cpuTime(b), time.Now()
	if err := live.Look(b.Context(), node); err != nil {
		b.Fatal(err)
	}
	took, cpu = time.Since(began), cpuTime(b)-used
	c, err := node.Conference(theID)
	if err == nil && c.Snapshot().Position < bootEvents {
		b.Fatalf("opened up to %d, want at least %d", c.Snapshot().Position, bootEvents)
	}
	return took, cpu
}

// fillLog appends commands until the log has so many events, in the largest batches there are.
func fillLog(tb testing.TB, store eventlog.Store, events uint64, command func(testing.TB, *secret.Sealer) eventlog.Command) {
	tb.Helper()
	sealer := masterKey(7).Sealer()
	log, err := store.Log(tb.Context(), theID)
	if err != nil {
		tb.Fatal(err)
	}
	_, at, err := log.Read(tb.Context(), 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	for at.Pos < events {
		var commands []eventlog.Command
		for drafts := 0; ; {
			next := command(tb, sealer)
			if drafts += len(next.Drafts); drafts > eventlog.MaxBatchDrafts {
				break
			}
			commands = append(commands, next)
		}
		if _, at, err = log.Append(tb.Context(), at, commands); err != nil {
			tb.Fatal(err)
		}
	}
}

// submission returns what a question leaves in the log.
func submission(tb testing.TB, sealer *secret.Sealer) eventlog.Command {
	tb.Helper()
	id := conference.QuestionID(strings.ToLower(rand.Text()[:20]))
	command := eventlog.Command{ID: rand.Text()}
	command.Drafts = append(command.Drafts, eventOf(tb, sealer, id,
		conference.Event{Type: moderation.EventSubmitted, Cause: command.ID, Actor: citizen},
		moderation.Submitted{
			Question: id, Topic: "so-do", Channel: moderation.ChannelWeb, BodyDigest: strings.Repeat("0", 64),
		}))
	return command
}

// screened returns what a question leaves that was asked, claimed and approved.
func screened(tb testing.TB, sealer *secret.Sealer) eventlog.Command {
	tb.Helper()
	command := submission(tb, sealer)
	id := conference.QuestionID(strings.TrimPrefix(string(command.Drafts[0].Bumps[0]), "question:"))
	command.Drafts = append(command.Drafts,
		eventOf(tb, sealer, id, conference.Event{Type: moderation.EventClaimed, Cause: command.ID, Actor: lan}, moderation.Claimed{Question: id}),
		eventOf(tb, sealer, id, conference.Event{Type: moderation.EventApproved, Cause: command.ID, Actor: lan}, moderation.Approved{Question: id}))
	return command
}

func eventOf(tb testing.TB, sealer *secret.Sealer, id conference.QuestionID, made conference.Event, data any) eventlog.Draft {
	tb.Helper()
	var err error
	if made.Data, err = json.Marshal(data); err != nil {
		tb.Fatal(err)
	}
	made.ID, made.V, made.Entity, made.Bumps = rand.Text(), 1, id.Entity(), []conference.Entity{id.Entity()}
	draft := eventlog.Draft{ID: made.ID, Bumps: made.Bumps}
	if draft.Canonical, err = eventlog.Encode(made); err != nil {
		tb.Fatal(err)
	}
	if made.Type == moderation.EventSubmitted {
		place := secret.Place{Conference: string(theID), Event: made.ID, Field: moderation.FieldBody}
		draft.Sealed = map[string][]byte{moderation.FieldBody: sealer.Seal(place, bootWords)}
	}
	return draft
}
