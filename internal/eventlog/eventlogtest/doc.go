// Package eventlogtest holds the conformance suites of the two ports of eventlog, run by
// every adapter, and what such tests need: sample events, a plain model of a log, and a
// real redis-server that can be killed and started again on its data.
//
//	RunLog(t, open)  RunEphemeral(t, open)  RunProperty(t, …)  ◀─ adapters' tests
//	StartRedis(t) ─▶ *Redis{URL} · Kill · Restart              ◀─ anybody's tests
package eventlogtest
