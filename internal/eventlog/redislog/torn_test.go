package redislog_test

import (
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

// TestQ1_RedisFileTornByACrash: a crash tears the transaction that is being written, so that
// nobody is told of it. What is acknowledged after the restart must survive the next one:
// left alone, the torn transaction would come back then and take its places.
func TestQ1_RedisFileTornByACrash(t *testing.T) {
	t.Parallel()
	programs := []string{"redis-server"}
	if other, _ := diskWaiter(t); other != programs[0] {
		programs = append(programs, other)
	}
	for _, program := range programs {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			server := eventlogtest.StartServer(t, program)
			log, end := openLog(t, server.URL)
			acked := eventlogtest.Questions(t, 10)
			if _, _, err := log.Append(t.Context(), end, acked); err != nil {
				t.Fatal(err)
			}
			for round := range 3 {
				end = wantEnd(t, log)
				torn := eventlogtest.Questions(t, 10)
				if _, _, err := log.Append(t.Context(), end, torn); err != nil {
					t.Fatal(err)
				}
				server.Kill()
				server.Tear(40) // of its EXEC and what it sets last
				server.Restart()
				if at := wantEnd(t, log); at != end {
					t.Fatalf("round %d: after the crash the log ends at %+v, want %+v: the test tears too little or too much", round, at, end)
				}
				more := eventlogtest.Questions(t, 10)
				if _, _, err := log.Append(t.Context(), end, more); err != nil {
					t.Fatal(err)
				}
				acked = append(acked, more...)
				server.Kill()
				server.Restart()
				eventlogtest.WantOnce(t, wantWhole(t, log), acked)
			}
		})
	}
}

func wantEnd(t *testing.T, log eventlog.Log) eventlog.Position {
	t.Helper()
	_, end, err := log.Read(t.Context(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return end
}
