package actra

import (
	"fmt"
	"slices"
)

// lookCloser spells out what a plain decision only hints at: lists, shadow rules, errors. It is
// called between handle.enter and handle.leave, after the input has been evaluated.
func (b *Builder) lookCloser(h *handle) (Decision, error) {
	if err := b.odd.leading(); err != nil {
		return Decision{}, err
	}
	switch b.out.status {
	case statusOK:
	case statusInputError:
		return Decision{}, b.inputError(h)
	default:
		return Decision{}, statusError(uint32(b.out.status))
	}
	if found := b.following(); found != nil {
		return Decision{}, b.refine(h, found)
	}
	if b.policy.refusesUnknown {
		if err := b.refuseUnknown(h); err != nil {
			return Decision{}, err
		}
	}
	return b.decision(h)
}

// decide spells out an outcome that lists nothing and has no shadow.
func (f *facts) decide(policy policyPointer, out *outcome, d *Decision) error {
	if out.effect < uint32(Allow) || out.effect > uint32(Block) {
		return fmt.Errorf("%w: there is no effect %d", ErrInternal, out.effect)
	}
	if out.rule != noRule {
		rule, err := f.deciding(policy, out)
		if err != nil {
			return err
		}
		d.MatchedRule, d.Message, d.RequiredActions = rule.id, rule.message, rule.actions
	}
	// Last, so that nothing that went wrong leaves an effect behind.
	d.Effect = Effect(out.effect)
	return nil
}

// decision spells out an outcome in full.
func (b *Builder) decision(h *handle) (Decision, error) {
	f, flags := b.policy.facts, b.out.flags
	var rules, missing []uint32
	if flags&(flagUnknown|flagSeveralRules) != 0 {
		rules, missing = h.policy.evaluateAll(b.slots[:b.used], b.arena, b.rules[:0], b.missing[:0], &b.out)
		if b.out.status != statusOK {
			return Decision{}, statusError(b.out.status)
		}
		b.rules, b.missing = rules, missing
	}
	var d Decision
	if err := f.decide(h.policy, &b.out, &d); err != nil {
		return Decision{}, err
	}
	if err := f.list(h.policy, rules, missing, &d); err != nil {
		return Decision{}, err
	}
	if flags&flagShadowDiffers != 0 {
		shadow, err := f.shadow(h.policy, &b.out)
		if err != nil {
			return Decision{}, err
		}
		d.Shadow = shadow
	}
	return d, nil
}

// list spells out the rules of an approval, where there are several, and missing fields.
func (f *facts) list(policy policyPointer, rules, missing []uint32, d *Decision) error {
	if len(rules) > 1 {
		actions, err := policy.requiredActions(rules)
		if err != nil {
			return err
		}
		d.RequiredActions = actions
		d.MatchedRules = make([]string, len(rules))
		for i, number := range rules {
			rule, err := f.rule(policy, number)
			if err != nil {
				return err
			}
			d.MatchedRules[i] = rule.id
		}
	}
	if len(missing) > 0 {
		d.Missing = make([]string, len(missing))
		for i, slot := range missing {
			if int64(slot) >= int64(len(f.slots)) {
				return fmt.Errorf("%w: there is no slot %d", ErrInternal, slot)
			}
			d.Missing[i] = f.slots[slot].name
		}
		// By name, as every door lists them; slots are numbered so, and this says so.
		slices.Sort(d.Missing)
	}
	return nil
}

// name gives a slot's name.
func (p *Policy) name(slot uint32) string {
	if int(slot) < len(p.facts.slots) {
		return p.facts.slots[slot].name
	}
	return ""
}

// inputError tells the input error of an outcome.
func (b *Builder) inputError(h *handle) error {
	found := &InputError{Code: b.out.code(), Field: b.out.field()}
	if odd := &b.odd.unfit; odd.what != "" && found.Code == WrongType && found.Field == b.policy.name(odd.slot) {
		found.Message = odd.message(b.policy)
		return found
	}
	found.Message = describe(found.Code, found.Field)
	return b.refine(h, found)
}

// refine asks the door for text what it says of the same input: it tells what was found, and which
// entry of a map it is about. Whatever it says, an error stays an error.
func (b *Builder) refine(h *handle, known *InputError) error {
	text, flags, ok := b.asText()
	if !ok {
		return known
	}
	var out outcome
	_, failure := h.policy.evaluateText(text, flags|b.policy.inputFlags(), false, &out)
	if out.status != statusInputError || failure == nil {
		return known
	}
	return failure.inputError()
}

// describe says in a sentence what a code means for a field.
func describe(code, field string) string {
	name := "the input"
	if field != "" {
		name = "`" + field + "`"
	}
	switch code {
	case WrongType:
		return name + " is not of the type that the schema says"
	case NotFinite:
		return name + " is NaN or an infinity, which is no value"
	case OutOfRange:
		return name + " is outside 64 bits"
	case MissingRequired:
		return name + " is required and missing"
	case NotInEnum:
		return name + " is none of the values that its `enum` admits"
	case BelowMin:
		return name + " is below its `min`"
	case AboveMax:
		return name + " is above its `max`"
	case TooLong:
		return name + " is longer than its `max_length`"
	case NotUnique:
		return name + " holds an item twice"
	case NotUTF8:
		return name + " is not UTF-8"
	case UnknownAction:
		return "`action.type` names no action of the schema"
	case UnknownField:
		return "the schema does not name " + name + " here"
	case DuplicateKey:
		return name + " holds a key twice"
	case TooDeep:
		return fmt.Sprintf("the input nests deeper than %d levels", maxDepth)
	case TooLarge:
		return name + " holds a string or a list over its limit"
	default:
		return name + " is not well-formed"
	}
}
