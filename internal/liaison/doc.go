// Package liaison lets a page that is connected to one node have its media on another. The
// page keeps its socket and its session; only the negotiation is passed on, by HTTP between
// the nodes, signed with a key all nodes of an installation have. Media itself go straight
// from the browser to the node that holds them.
//
//	page ──socket──▶ node B ──POST join {offer}──▶ node A ──▶ its media plane
//	     ◀─ answer ──       ◀─ answer, slots, slots … (one stream) ──
//	     ◀════════════════ media ═════════════════▶ node A
//
// The stream is the page's hold on the session: when it breaks, A gives the page a minute to
// come back with its token, through whichever node. When A is gone, B tells the page, which
// joins again wherever the media are by then.
//
// The venues' lines go the same way: what a page reports is passed on to A, which measures
// and keeps them; A's rows come back in a stream, so that the stage sees them on B too.
package liaison
