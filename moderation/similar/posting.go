package similar

import (
	"bytes"
	"encoding/binary"
)

// slot numbers the questions in the order they came. A removed question's slot stays
// empty until the next renumbering.
type slot = uint32

// list is the slots of the questions that have one feature, rising, as the distances
// between them in varints.
type list struct {
	bytes []byte
	next  slot // one more than the last slot
}

// add appends a slot higher than all before.
func (l *list) add(s slot) {
	if len(l.bytes)+binary.MaxVarintLen32 > cap(l.bytes) {
		l.grow()
	}
	l.bytes = binary.AppendUvarint(l.bytes, uint64(s-l.next))
	l.next = s + 1
}

// grow makes room for a quarter more: there are many lists, and doubling would leave a
// third of the memory empty.
func (l *list) grow() {
	grown := make([]byte, len(l.bytes), len(l.bytes)+len(l.bytes)/4+8)
	copy(grown, l.bytes)
	l.bytes = grown
}

// score adds weight to the sum of every slot of the list.
func (l *list) score(sums []uint32, weight uint32) {
	packed := l.bytes
	at := slot(0)
	for i := 0; i < len(packed); i++ {
		step := slot(packed[i])
		if step >= 0x80 {
			step &= 0x7f
			for shift := 7; ; shift += 7 {
				i++
				step |= slot(packed[i]&0x7f) << shift
				if packed[i] < 0x80 {
					break
				}
			}
		}
		at += step
		sums[at] += weight
		at++
	}
}

// renumber gives every slot its new number and drops those that have none. It writes into
// buffer first and returns it, so that the list keeps no room it does not need.
func (l *list) renumber(numbers []slot, buffer []byte) []byte {
	old, at := l.bytes, slot(0)
	buffer, l.next = buffer[:0], 0
	for len(old) > 0 {
		step, size := binary.Uvarint(old)
		old = old[size:]
		at += slot(step)
		if number := numbers[at]; number != empty {
			buffer = binary.AppendUvarint(buffer, uint64(number-l.next))
			l.next = number + 1
		}
		at++
	}
	l.bytes = bytes.Clone(buffer)
	return buffer
}

// empty is the number of a slot without a question.
const empty = ^slot(0)

// pack writes rising numbers as varints of their distances.
func pack(rising []uint32) []byte {
	packed := make([]byte, 0, len(rising)*2)
	next := uint32(0)
	for _, n := range rising {
		packed = binary.AppendUvarint(packed, uint64(n-next))
		next = n + 1
	}
	return bytes.Clone(packed)
}

// unpack appends the numbers pack wrote.
func unpack(numbers []uint32, packed []byte) []uint32 {
	next := uint32(0)
	for i := 0; i < len(packed); i++ {
		step := uint32(packed[i])
		if step >= 0x80 {
			step &= 0x7f
			for shift := 7; ; shift += 7 {
				i++
				step |= uint32(packed[i]&0x7f) << shift
				if packed[i] < 0x80 {
					break
				}
			}
		}
		next += step
		numbers = append(numbers, next)
		next++
	}
	return numbers
}
