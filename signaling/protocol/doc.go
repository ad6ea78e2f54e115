// Package protocol is the wire of the WebSocket, subprotocol diemcau.v1: every message
// and every view a page gets. cmd/wiregen turns it into web/src/wire/wire.gen.ts.
//
// Names are camelCase, instants RFC 3339 UTC, durations integer …Ms. A receiver ignores
// fields and message types it does not know.
//
//	client → server   {"type":"hello",…} once, then {"type":"command",…}
//	server → client   welcome · snapshot · events · reply · standing · slots · watermark · lines · speaking · bye
package protocol

//go:generate go run ../../cmd/wiregen -in . -out ../../web/src/wire/wire.gen.ts
