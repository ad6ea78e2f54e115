// Package text makes what people write safe to store, compare and show: one Unicode form
// (NFC), no control characters, nothing that turns the direction of its surroundings, no
// invisible runs, no towers of marks. It does not judge the content.
package text
