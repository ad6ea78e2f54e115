package live

import "context"

// isConfirmed reports whether everything up to a position of the present state is as
// durable as the store promises.
func (c *Conference) isConfirmed(pos uint64) bool {
	return c.confirmed.Epoch == c.state.at.Epoch && pos <= c.confirmed.Pos
}

// fence confirms everything that was read so far, and reads on if there was more at that
// moment: then it reports that the state has moved. It reads no further, so that nodes
// that write all the time do not keep an answer waiting. Errors: those of
// eventlog.Log.Append; fatal ones.
func (c *Conference) fence(ctx context.Context) (moved bool, err error) {
	limited, cancel := context.WithTimeout(ctx, c.limit)
	_, end, err := c.log.Append(limited, c.state.at, nil)
	cancel()
	if err != nil {
		return false, err
	}
	c.confirmed = end
	if end == c.state.at {
		return false, nil
	}
	return true, c.catchUpTo(ctx, end.Pos)
}

// answer gives a request its answer, all that it rests on being certain.
func (c *Conference) answer(h held) {
	if h.err == nil && h.outcome.Position > 0 {
		c.ledger.note(h.request, c.now())
	}
	h.request.reply(h.outcome, h.err)
}
