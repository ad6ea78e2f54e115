// Command wiregen turns the Go types of the wire into TypeScript, so that no page types
// a message by hand. It reads the package given by -in with its comments and writes one
// file. Standard library only.
//
//	struct               → interface         named string with constants → union
//	//wire:case T F…     → member of a union tagged by "type", in which the fields F (F? perhaps) are set
//	//wire:command name  → the struct is the body of that command: an entry of Commands
//	untyped constants    → export const
//
// A Go type it does not know is an error, never "any". It knows nothing of versions: an
// optional field may be added, everything else needs a new type.
package main
