package sqlitelog_test

import (
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

func BenchmarkSQLiteAppend(b *testing.B) { eventlogtest.BenchAppend(b, twice) }
