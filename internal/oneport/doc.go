// Package oneport lets one TCP port speak everything that strict firewalls let through:
// the first bytes of a connection say what it is.
//
//	              ┌ length (RFC 4571) + STUN ──────────▶ Media   (ICE-TCP)
//	connection ──▶├ STUN ──────────────────────────────▶ Relay   (TURN over TCP)
//	              └ 0x16: TLS ─┬ ALPN h2, http/1.1 ────▶ HTTP
//	                           └ else: STUN ───────────▶ Relay   (TURN over TLS)
//	                                   a letter ───────▶ HTTP
//
// Until that is known a connection is opening: it has a deadline and a small buffer, and
// there is a bounded number of them; beyond it one is closed that has said nothing or
// takes long, because honest clients open in a moment, or else the newest. What follows is
// the business of whoever accepts from the three listeners. This package knows no STUN
// beyond its header.
package oneport
