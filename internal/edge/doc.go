// Package edge links an origin, the node or nodes that hold a conference, with its edges:
// servers elsewhere that pull the programme and give it to viewers. It moves no media and
// knows no viewer.
//
//	edge: Link ──report, once a second──▶ origin: Registry ──Pick──▶ 307 for a viewer who comes
//	      Link ◀──conferences that are public──┘
//	      Link ──Ask: the offer for one size──▶ origin's WHEP for edges
//
// An edge holds no record, no key and no name. What it may do its token says: tell where it
// is, and take what everybody may watch.
package edge
