package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// whole reads one message. Frames that are binary or too large end the socket, and are
// nil: our own limit instead of gorilla's, which would close with 1009 and tell a page
// nothing. Its error says that the socket has ended.
func (c *conn) whole(kind int, r io.Reader) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, bytes.MinRead))
	n, err := io.Copy(buf, io.LimitReader(r, protocol.MaxFrameBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	if kind == websocket.TextMessage && n <= protocol.MaxFrameBytes {
		return buf.Bytes(), nil
	}
	c.bye(protocol.CloseBadMessage, byeBadMessage, 0)
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, fmt.Errorf("read a message: %w", err)
	}
	return nil, nil
}

// decode reads one message of a client. It never panics and takes time linear in data.
// Text that is not UTF-8 ends a socket (RFC 6455 §8.1); encoding/json would mend it
// without a word.
func decode(data []byte) (*protocol.ClientMessage, error) {
	var m protocol.ClientMessage
	if !utf8.Valid(data) {
		return nil, errNotJSON
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, errNotJSON
	}
	return &m, nil
}

var errNotJSON = errors.New("message is not a JSON object of the protocol")
