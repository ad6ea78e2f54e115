package intake

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// decode returns a CSV file as UTF-8 without its byte order mark.
func decode(data []byte) ([]byte, error) {
	if err := checkSize(data); err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")): // an OLE container
		return nil, refuse("import.old_excel", "an OLE container")
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		return decodeUTF16(data[2:], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		return decodeUTF16(data[2:], binary.BigEndian)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return nil, refuse("import.bad_encoding", "not UTF-8; looks like "+guessEncoding(data))
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, refuse("import.bad_encoding", "has NUL bytes; looks like UTF-16 without a byte order mark, or no text at all")
	}
	return data, nil
}

func decodeUTF16(data []byte, order binary.ByteOrder) ([]byte, error) {
	if len(data)%2 != 0 {
		return nil, refuse("import.bad_encoding", "UTF-16 with half a character")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// guessEncoding tells the old Vietnamese encodings apart by where their letters lie:
// TCVN3 has ă â đ ê ô ơ ư and the toned a at A8–BF, Windows-1258 has them above C0.
func guessEncoding(data []byte) string {
	low, high := 0, 0
	for _, b := range data {
		switch {
		case b >= 0xa8 && b <= 0xbf:
			low++
		case b >= 0xc0:
			high++
		}
	}
	if low > high/3 {
		return "TCVN3 (ABC)"
	}
	return "Windows-1258 or VNI"
}

// isLegacyFont reports text typed for a .VnTime font: the letters of TCVN3 kept as the
// Latin-1 signs of the same numbers ("§Êt ®ai"). Signs must stand beside letters, at least
// two of them, and no letter may be one that only Unicode Vietnamese has.
func isLegacyFont(cell string) bool {
	const signs = "¡¢£¤¥¦§¨©ª«¬\u00ad®¯°±²³´µ¶·¸¹"
	found, before := 0, rune(0)
	for _, r := range cell {
		switch {
		case r >= 0x1ea0 && r <= 0x1ef9, strings.ContainsRune("ăđĩũơưĂĐĨŨƠƯ", r), unicode.Is(unicode.Mn, r):
			return false
		case strings.ContainsRune(signs, before) && isASCIILetter(r), strings.ContainsRune(signs, r) && isASCIILetter(before):
			found++
		}
		before = r
	}
	return found >= 2
}

func isASCIILetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
