package signaling

import (
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// Decode reads one message of a client.
func Decode(data []byte) (*protocol.ClientMessage, error) { return decode(data) }

// Body turns a command into one of the rules.
func Body(m *protocol.ClientMessage, actor conference.Actor) (conference.Body, error) {
	body, _, err := domainBody(m.Name, m.Data, actor)
	return body, err
}
