package redislog_test

import (
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
)

// BenchmarkRedisAppend appends to a server with appendfsync always.
func BenchmarkRedisAppend(b *testing.B) {
	eventlogtest.BenchAppend(b, nodes(eventlogtest.StartRedis(b).URL))
}
