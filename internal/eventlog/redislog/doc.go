// Package redislog is the production event log: one Redis Stream per conference and ONE
// Lua script (append.lua) that checks versions, numbers, chains and writes in one atomic
// step. Any number of nodes may append to one log.
//
// Keys of a conference, all in one hash slot:
//
//	{c:ID}:ev      stream   POS-0 → id, cause, at, e (canonical), d (digest), h (link), s (sealed names)
//	{c:ID}:meta    hash     epoch, pos, h, at: the log's end; fence: counted up to have something to wait for
//	{c:ID}:ver     hash     entity → version
//	{c:ID}:sealed  hash     event/field → ciphertext, deleted alone
//	conferences    set      every id whose log was ever opened
//	e:KEY          string   Ephemeral;  channels p:DB:NAME
//
// What an answer promises is Redis's setting: with appendfsync always it is on disk; with
// replicas=N in the address also on N replicas, for which WAIT (WAITAOF from Redis 7.2)
// asks in the append's own pipeline. Open says in the log which promise the server keeps.
// go-redis's own retries are off: a write that is sent twice would be decided twice.
package redislog
