package actra

import "unsafe"

// putSlot writes a slot as libactra reads it, in the machine's byte order and at any alignment.
func putSlot(to *[slotBytes]byte, value slot) {
	*to = *(*[slotBytes]byte)(unsafe.Pointer(&value))
}

// slotAt reads a slot that putSlot wrote.
func slotAt(from *[slotBytes]byte) slot {
	var value slot
	*(*[slotBytes]byte)(unsafe.Pointer(&value)) = *from
	return value
}
