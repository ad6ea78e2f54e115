package sqlitelog

import (
	"encoding/binary"
	"errors"
	"slices"
)

// errSealed says that a row's sealed fields are not what appendSealed wrote.
var errSealed = errors.New("sealed fields are damaged")

// appendSealed appends the fields in the order of their names, each as the length of the
// name, the name, the length of the ciphertext (uvarints) and the ciphertext.
func appendSealed(out []byte, fields map[string][]byte) []byte {
	var few [8]string // on the stack: more fields than any event has
	names := few[:0]
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		out = append(binary.AppendUvarint(out, uint64(len(name))), name...)
		out = append(binary.AppendUvarint(out, uint64(len(fields[name]))), fields[name]...)
	}
	return out
}

// parseSealed returns what appendSealed wrote, nil for nothing. It copies.
func parseSealed(data []byte) (map[string][]byte, error) {
	var fields map[string][]byte
	next := func() ([]byte, error) {
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return nil, errSealed
		}
		part := data[n : n+int(size)]
		data = data[n+int(size):]
		return part, nil
	}
	for len(data) > 0 {
		name, err := next()
		if err != nil {
			return nil, err
		}
		ciphertext, err := next()
		if err != nil {
			return nil, err
		}
		if fields == nil {
			fields = make(map[string][]byte)
		}
		fields[string(name)] = append([]byte{}, ciphertext...)
	}
	return fields, nil
}
