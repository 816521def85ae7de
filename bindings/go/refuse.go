package actra

// refuseUnknown looks for fields that the schema does not name for the input's action, once the
// input is known to be in order otherwise. Slots cannot say that of themselves, so it looks whether
// there may be one, and has the door for text look closer.
func (b *Builder) refuseUnknown(h *handle) error {
	suspect := b.odd.unknown
	if suspect == "" {
		if suspect = b.suspect(); suspect == "" {
			return nil
		}
	}
	known := &InputError{Code: UnknownField, Field: suspect, Message: describe(UnknownField, suspect)}
	text, flags, ok := b.asText()
	if !ok {
		return known
	}
	var out outcome
	_, failure := h.policy.evaluateText(text, flags|inputRefuseUnknown, false, &out)
	switch {
	case out.status == statusInputError && failure != nil:
		return failure.inputError()
	case out.status == statusOK:
		// It was a suspicion only.
		return nil
	}
	return known
}

// suspect gives the first field of the action that may be another action's only.
func (b *Builder) suspect() string {
	f := b.policy.facts
	var own map[uint32]bool
	if kind := f.actionType; int(kind) < b.used && b.slots[kind].tag == tagString {
		text := b.slots[kind]
		own = f.own[string(b.arena[text.value:text.value+uint64(text.len)])]
	}
	for number := range b.used {
		place := &f.slots[number]
		if b.slots[number].tag == tagMissing || place.domain != 0 {
			continue
		}
		slot := uint32(number)
		isOwn := f.common[slot] || own[slot]
		switch {
		case !isOwn && place.isEntry && (f.common[place.parent] || own[place.parent]):
		case !isOwn, place.types&mayBeObject != 0 && place.types&mayBeMap != 0:
			return place.name
		}
	}
	return ""
}
