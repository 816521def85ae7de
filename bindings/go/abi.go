package actra

// Everything that crosses into libactra stands here and in abi_load.go. Go memory that crosses holds no pointers, and
// libactra keeps none of it; memory of libactra's is copied or freed before a function returns,
// but for the policy itself.

/*
#cgo noescape actra_go_evaluate
#cgo nocallback actra_go_evaluate
#cgo noescape actra_go_evaluate_all
#cgo nocallback actra_go_evaluate_all
#cgo noescape actra_go_evaluate_text
#cgo nocallback actra_go_evaluate_text
#cgo nocallback actra_abi_version

#include "actra.h"

// A decision as Go may hold it: what points to texts of the policy's is numbers.
typedef struct {
	uint32_t status;
	uint32_t effect;
	uint32_t flags;
	uint32_t rule;
	uint32_t shadow_effect;
	uint32_t shadow_rule;
	uint32_t input_error;
	uint32_t field_len;
	uintptr_t field;
	uintptr_t message;
	size_t message_len;
} actra_go_decision;

static inline void actra_go_take(actra_status status, const actra_decision *from, actra_go_decision *to) {
	to->status = status;
	to->effect = from->effect;
	to->flags = from->flags;
	to->rule = from->rule;
	to->shadow_effect = from->shadow_effect;
	to->shadow_rule = from->shadow_rule;
	to->input_error = from->input_error;
	to->field_len = (uint32_t)from->field_len;
	to->field = (uintptr_t)from->field;
	to->message = (uintptr_t)from->message;
	to->message_len = from->message_len;
}

static inline void actra_go_evaluate(uintptr_t policy, const actra_slot *slots, size_t slot_count,
                                     const uint8_t *arena, size_t arena_len, actra_go_decision *out) {
	actra_decision decision = actra_decision_empty();
	actra_status status = actra_policy_evaluate((const actra_policy *)policy, slots, slot_count,
	                                            arena, arena_len, &decision);
	actra_go_take(status, &decision, out);
}

// `counts` are the capacities of `rules` and `missing`, and then how many there are.
static inline void actra_go_evaluate_all(uintptr_t policy, const actra_slot *slots, size_t slot_count,
                                         const uint8_t *arena, size_t arena_len, uint32_t *rules,
                                         uint32_t *missing, size_t *counts, actra_go_decision *out) {
	actra_decision decision = actra_decision_empty();
	actra_status status = actra_policy_evaluate_all(
	    (const actra_policy *)policy, slots, slot_count, arena, arena_len, &decision,
	    rules, counts[0], &counts[0], missing, counts[1], &counts[1]);
	actra_go_take(status, &decision, out);
}

// `json` and `error` are handed over as numbers; `wants_json` says whether `json` is asked for.
static inline void actra_go_evaluate_text(uintptr_t policy, const char *text, size_t len, uint32_t flags,
                                          uint32_t wants_json, actra_go_decision *out,
                                          uintptr_t *json, uintptr_t *error) {
	actra_decision decision = actra_decision_empty();
	actra_buffer *buffer = NULL;
	actra_error *failure = NULL;
	actra_status status = actra_policy_evaluate_text((const actra_policy *)policy, text, len, flags,
	                                                 &decision, wants_json ? &buffer : NULL, &failure);
	actra_go_take(status, &decision, out);
	*json = (uintptr_t)buffer;
	*error = (uintptr_t)failure;
}

static inline const actra_policy *actra_go_policy(uintptr_t policy) { return (const actra_policy *)policy; }
static inline uintptr_t actra_go_number(actra_policy *policy) { return (uintptr_t)policy; }
static inline const actra_error *actra_go_error(uintptr_t error) { return (const actra_error *)error; }
static inline actra_buffer *actra_go_buffer(uintptr_t buffer) { return (actra_buffer *)buffer; }
static inline const char *actra_go_text(uintptr_t text) { return (const char *)text; }

// What an empty crossing costs is what the benchmarks compare with.
#cgo noescape actra_go_nothing
#cgo nocallback actra_go_nothing
static inline void actra_go_nothing(void) {}
*/
import "C"

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"unsafe"
)

// Tags of slots.
const (
	tagMissing    = C.ACTRA_TAG_MISSING
	tagNull       = C.ACTRA_TAG_NULL
	tagBoolean    = C.ACTRA_TAG_BOOLEAN
	tagInteger    = C.ACTRA_TAG_INTEGER
	tagDouble     = C.ACTRA_TAG_DOUBLE
	tagBigInteger = C.ACTRA_TAG_BIG_INTEGER
	tagTimestamp  = C.ACTRA_TAG_TIMESTAMP
	tagString     = C.ACTRA_TAG_STRING_AT
	tagList       = C.ACTRA_TAG_LIST_AT
	tagMap        = C.ACTRA_TAG_MAP_AT
	tagObject     = C.ACTRA_TAG_OBJECT
)

const (
	statusOK              = C.ACTRA_STATUS_OK
	statusInvalidArgument = C.ACTRA_STATUS_INVALID_ARGUMENT
	statusInputError      = C.ACTRA_STATUS_INPUT_ERROR
	statusCompileError    = C.ACTRA_STATUS_COMPILE_ERROR
	statusArtifactError   = C.ACTRA_STATUS_ARTIFACT_ERROR
	statusIOError         = C.ACTRA_STATUS_IO_ERROR
	statusNotFound        = C.ACTRA_STATUS_NOT_FOUND
	statusTooShort        = C.ACTRA_STATUS_TOO_SHORT
	statusNotSupported    = C.ACTRA_STATUS_NOT_SUPPORTED
	statusRefused         = C.ACTRA_STATUS_REFUSED
	statusLogError        = C.ACTRA_STATUS_LOG_ERROR
	statusNoAnswer        = C.ACTRA_STATUS_NO_ANSWER

	flagUnknown       = C.ACTRA_DECISION_UNKNOWN
	flagShadowDiffers = C.ACTRA_DECISION_SHADOW_DIFFERS
	flagSeveralRules  = C.ACTRA_DECISION_SEVERAL_RULES

	inputRefuseUnknown = C.ACTRA_INPUT_REFUSE_UNKNOWN
	inputYAML          = C.ACTRA_INPUT_YAML
	explainRendered    = C.ACTRA_EXPLAIN_RENDERED

	noRule = C.ACTRA_NO_RULE
)

// slot is an actra_slot: `value` has the bits of the union.
type slot struct {
	tag   uint32
	len   uint32
	value uint64
}

const slotBytes = 16

// The two are the same, or this does not compile.
var (
	_ [slotBytes - unsafe.Sizeof(slot{})]struct{}
	_ [unsafe.Sizeof(slot{}) - C.sizeof_actra_slot]struct{}
	_ [unsafe.Offsetof(slot{}.value) - unsafe.Offsetof(C.actra_slot{}.v)]struct{}
)

func init() {
	if version := C.actra_abi_version(); version != C.ACTRA_ABI_VERSION {
		panic(fmt.Sprintf("actra: this package is for version %d of libactra's ABI, and the library has %d",
			C.ACTRA_ABI_VERSION, version))
	}
	for number := range inputErrorNames {
		if name := C.actra_input_error_name(C.uint32_t(number)); name != nil {
			inputErrorNames[number] = C.GoString(name)
		}
	}
}

// inputErrorNames has the codes by ACTRA_INPUT_ERROR_*.
var inputErrorNames [C.ACTRA_INPUT_ERROR_MALFORMED + 1]string

// Version gives libactra's version, such as 0.8.0.
func Version() string { return C.GoString(C.actra_version()) }

// HasCompiler reports whether this build of libactra compiles documents. A runtime-only build
// loads artifacts only, and Compile, FromDirectory and FromFiles give ErrNoCompiler.
func HasCompiler() bool { return C.actra_has_compiler() != 0 }

// policyPointer is an actra_policy* of which a reference is held.
type policyPointer uintptr

func (p policyPointer) c() *C.actra_policy {
	return C.actra_go_policy(C.uintptr_t(p))
}

func (p policyPointer) free() { C.actra_policy_free(p.c()) }

func (p policyPointer) retain() policyPointer {
	return policyPointer(C.actra_go_number(C.actra_policy_retain(p.c())))
}

// outcome is an actra_decision without its strings, and the status that came with it.
type outcome struct {
	status, effect, flags, rule          uint32
	shadowEffect, shadowRule, inputError uint32
	fieldLen                             uint32
	// fieldAt is where the field of an input error stands, and messageAt where the deciding rule's
	// message does: texts of the policy's.
	fieldAt    uintptr
	messageAt  uintptr
	messageLen uintptr
}

var (
	_ [unsafe.Sizeof(outcome{}) - C.sizeof_actra_go_decision]struct{}
	_ [C.sizeof_actra_go_decision - unsafe.Sizeof(outcome{})]struct{}
	_ [unsafe.Offsetof(outcome{}.messageLen) - unsafe.Offsetof(C.actra_go_decision{}.message_len)]struct{}
)

func (o *outcome) c() *C.actra_go_decision { return (*C.actra_go_decision)(unsafe.Pointer(o)) }

func (p policyPointer) evaluate(slots []slot, arena []byte, out *outcome) {
	C.actra_go_evaluate(C.uintptr_t(p), (*C.actra_slot)(unsafe.Pointer(unsafe.SliceData(slots))), C.size_t(len(slots)),
		(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(arena))), C.size_t(len(arena)), out.c())
}

// evaluateAll evaluates, and lists the rules that matched and the slots that left the deciding rule
// unknown: in the given slices, where they have room.
func (p policyPointer) evaluateAll(slots []slot, arena []byte, rules, missing []uint32, out *outcome) ([]uint32, []uint32) {
	for {
		counts := [2]C.size_t{C.size_t(cap(rules)), C.size_t(cap(missing))}
		C.actra_go_evaluate_all(C.uintptr_t(p), (*C.actra_slot)(unsafe.Pointer(unsafe.SliceData(slots))), C.size_t(len(slots)),
			(*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(arena))), C.size_t(len(arena)),
			(*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(rules))), (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(missing))),
			&counts[0], out.c())
		switch out.status {
		case statusOK:
			return rules[:counts[0]], missing[:counts[1]]
		case statusTooShort:
			// It is asked again with room for so many: they are the same for the same input.
			rules, missing = make([]uint32, 0, counts[0]), make([]uint32, 0, counts[1])
		default:
			return nil, nil
		}
	}
}

// evaluateText decides JSON text. Where wantsJSON says so, the whole decision comes as JSON.
func (p policyPointer) evaluateText(text []byte, flags uint32, wantsJSON bool, out *outcome) (decision []byte, failure *libraryError) {
	var buffer, failed C.uintptr_t
	var wants C.uint32_t
	if wantsJSON {
		wants = 1
	}
	C.actra_go_evaluate_text(C.uintptr_t(p), (*C.char)(unsafe.Pointer(unsafe.SliceData(text))), C.size_t(len(text)),
		C.uint32_t(flags), wants, out.c(), &buffer, &failed)
	if buffer != 0 {
		decision = takeBuffer(C.actra_go_buffer(buffer))
	}
	if failed != 0 {
		failure = takeError(C.actra_go_error(failed))
	}
	return decision, failure
}

// field gives the field of an input error, which belongs to the policy.
func (o *outcome) field() string {
	if o.fieldAt == 0 {
		return ""
	}
	return C.GoStringN(C.actra_go_text(C.uintptr_t(o.fieldAt)), C.int(o.fieldLen))
}

// message gives the deciding rule's message, which belongs to the policy.
func (o *outcome) message() string {
	if o.messageAt == 0 {
		return ""
	}
	return C.GoStringN(C.actra_go_text(C.uintptr_t(o.messageAt)), C.int(o.messageLen))
}

// code gives the code of an input error.
func (o *outcome) code() string {
	if int(o.inputError) < len(inputErrorNames) {
		return inputErrorNames[o.inputError]
	}
	return ""
}

func takeBuffer(buffer *C.actra_buffer) []byte {
	defer C.actra_buffer_free(buffer)
	len := C.actra_buffer_len(buffer)
	bytes := make([]byte, len)
	copy(bytes, unsafe.Slice((*byte)(unsafe.Pointer(C.actra_buffer_data(buffer))), len))
	return bytes
}

// libraryError is an actra_error, copied.
type libraryError struct {
	code, message, rendered string
	json                    []byte
}

func takeError(failure *C.actra_error) *libraryError {
	if failure == nil {
		return nil
	}
	defer C.actra_error_free(failure)
	var len C.size_t
	found := &libraryError{}
	text := C.actra_error_code(failure, &len)
	found.code = C.GoStringN(text, C.int(len))
	text = C.actra_error_message(failure, &len)
	found.message = C.GoStringN(text, C.int(len))
	text = C.actra_error_rendered(failure, &len)
	found.rendered = C.GoStringN(text, C.int(len))
	text = C.actra_error_json(failure, &len)
	found.json = C.GoBytes(unsafe.Pointer(text), C.int(len))
	return found
}

// inputError gives the *InputError that the library's error tells of.
func (e *libraryError) inputError() *InputError {
	var spelled struct {
		Code, Message string
		Field         *string
	}
	if err := json.Unmarshal(e.json, &spelled); err != nil || spelled.Code == "" {
		return &InputError{Code: e.code, Message: e.message}
	}
	found := &InputError{Code: spelled.Code, Message: spelled.Message}
	if spelled.Field != nil {
		found.Field = *spelled.Field
	}
	return found
}

// failed makes an error of a status and what came with it.
func failed(status C.actra_status, failure *libraryError) error {
	switch {
	case status == statusNotSupported:
		return ErrNoCompiler
	case failure == nil:
		return statusError(uint32(status))
	case status == statusCompileError:
		found := &CompileError{Rendered: failure.rendered}
		if err := json.Unmarshal(failure.json, &found.Diagnostics); err != nil {
			return fmt.Errorf("%w: diagnostics that do not parse: %w", ErrInternal, err)
		}
		return found
	// Of a trusted key that is none, libactra says that it is an argument that is none.
	case status == statusArtifactError, failure.code == "bad_key":
		return &ArtifactError{Code: failure.code, Message: failure.message}
	case status == statusInputError:
		return failure.inputError()
	case status == statusRefused, failure.code == "unsettled":
		return &RefusedError{Code: failure.code, Message: failure.message}
	case status == statusLogError:
		return &LogError{Code: failure.code, Message: failure.message}
	case status == statusNoAnswer:
		return &AnalysisError{Code: failure.code, Message: failure.message, Rendered: failure.rendered}
	case status == statusIOError:
		return &ioError{message: failure.message}
	default:
		return fmt.Errorf("%w: %s", ErrInternal, failure.message)
	}
}

// ioError is a file that libactra could not read or write.
type ioError struct{ message string }

func (e *ioError) Error() string { return "actra: " + e.message }

// statusError is a status that no caller of this package should ever see.
func statusError(status uint32) error {
	name := "unknown status"
	if text := C.actra_status_name(C.actra_status(status)); text != nil {
		name = C.GoString(text)
	}
	return fmt.Errorf("%w: %s (status %d)", ErrInternal, name, status)
}

// charsOf gives a string's bytes without copying: for calls that read them during the call only.
func charsOf(text string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text))
}

func compileSources(schema, policy, governance string) (policyPointer, error) {
	var made *C.actra_policy
	var failure *C.actra_error
	s, sn := charsOf(schema)
	p, pn := charsOf(policy)
	g, gn := charsOf(governance)
	status := C.actra_policy_compile(s, sn, p, pn, g, gn, &made, &failure)
	return madePolicy(status, made, failure)
}

func compileFiles(schema, policy, governance string) (policyPointer, error) {
	var made *C.actra_policy
	var failure *C.actra_error
	s, sn := charsOf(schema)
	p, pn := charsOf(policy)
	g, gn := charsOf(governance)
	status := C.actra_policy_compile_files(s, sn, p, pn, g, gn, &made, &failure)
	return madePolicy(status, made, failure)
}

func compileDirectory(path string) (policyPointer, error) {
	var made *C.actra_policy
	var failure *C.actra_error
	text, len := charsOf(path)
	status := C.actra_policy_compile_directory(text, len, &made, &failure)
	return madePolicy(status, made, failure)
}

func madePolicy(status C.actra_status, made *C.actra_policy, failure *C.actra_error) (policyPointer, error) {
	if status != statusOK {
		return 0, failed(status, takeError(failure))
	}
	return policyPointer(C.actra_go_number(made)), nil
}

func (p policyPointer) save(path string) error {
	var failure *C.actra_error
	text, len := charsOf(path)
	if status := C.actra_policy_save(p.c(), text, len, &failure); status != statusOK {
		return failed(status, takeError(failure))
	}
	return nil
}

func (p policyPointer) artifact() ([]byte, error) {
	var buffer *C.actra_buffer
	if status := C.actra_policy_to_artifact(p.c(), &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	return takeBuffer(buffer), nil
}

func (p policyPointer) schemaJSON() ([]byte, error) {
	var buffer *C.actra_buffer
	if status := C.actra_policy_schema_json(p.c(), &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	return takeBuffer(buffer), nil
}

func (p policyPointer) rulesJSON() ([]byte, error) {
	var buffer *C.actra_buffer
	if status := C.actra_policy_rules_json(p.c(), &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	return takeBuffer(buffer), nil
}

// ruleID gives the id of a rule.
func (p policyPointer) ruleID(rule uint32) (string, error) {
	var len C.size_t
	id := C.actra_policy_rule_id(p.c(), C.uint32_t(rule), &len)
	if id == nil {
		return "", fmt.Errorf("%w: there is no rule %d", ErrInternal, rule)
	}
	return C.GoStringN(id, C.int(len)), nil
}

// requiredActions gives the required actions of rules together, each once.
func (p policyPointer) requiredActions(rules []uint32) ([]json.RawMessage, error) {
	var buffer *C.actra_buffer
	numbers := (*C.uint32_t)(unsafe.Pointer(unsafe.SliceData(rules)))
	if status := C.actra_policy_required_actions(p.c(), numbers, C.size_t(len(rules)), &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	var actions []json.RawMessage
	if err := json.Unmarshal(takeBuffer(buffer), &actions); err != nil {
		return nil, fmt.Errorf("%w: required actions that do not parse: %w", ErrInternal, err)
	}
	if len(actions) == 0 {
		return nil, nil
	}
	// One more that is appended to a decision's must not land in a table.
	return slices.Clip(actions), nil
}

func (p policyPointer) ruleCount() int { return int(C.actra_policy_rule_count(p.c())) }

func (p policyPointer) warningsJSON() ([]byte, error) {
	var buffer *C.actra_buffer
	if status := C.actra_policy_warnings_json(p.c(), &buffer); status != statusOK {
		return nil, statusError(uint32(status))
	}
	return takeBuffer(buffer), nil
}

func (p policyPointer) explain(text []byte, flags uint32) ([]byte, error) {
	var buffer *C.actra_buffer
	chars := (*C.char)(unsafe.Pointer(unsafe.SliceData(text)))
	if status := C.actra_policy_explain_text(p.c(), chars, C.size_t(len(text)), C.uint32_t(flags), &buffer); status != statusOK {
		return nil, failed(status, nil)
	}
	return takeBuffer(buffer), nil
}

// ask answers a question in JSON in JSON. `other` is 0 where the question is about one policy.
func (p policyPointer) ask(question []byte, other policyPointer) ([]byte, error) {
	var buffer *C.actra_buffer
	var failure *C.actra_error
	chars := (*C.char)(unsafe.Pointer(unsafe.SliceData(question)))
	if status := C.actra_policy_ask(p.c(), other.c(), chars, C.size_t(len(question)), &buffer, &failure); status != statusOK {
		return nil, failed(status, takeError(failure))
	}
	return takeBuffer(buffer), nil
}

// hashes gives the policy hash and the program digest in hexadecimal digits.
func (p policyPointer) hashes() (hash, digest string, err error) {
	var bytes [32]C.uint8_t
	spell := func(status C.actra_status) (string, error) {
		if status != statusOK {
			return "", statusError(uint32(status))
		}
		return hex.EncodeToString(C.GoBytes(unsafe.Pointer(&bytes), C.int(len(bytes)))), nil
	}
	if hash, err = spell(C.actra_policy_hash(p.c(), &bytes)); err != nil {
		return "", "", err
	}
	digest, err = spell(C.actra_policy_digest(p.c(), &bytes))
	return hash, digest, err
}

// revision gives the policy's revision, 0 where there is none.
func (p policyPointer) revision() (uint64, error) {
	var number C.uint64_t
	if status := C.actra_policy_revision(p.c(), &number); status != statusOK {
		return 0, statusError(uint32(status))
	}
	return uint64(number), nil
}

// slot gives the number of a field's slot, and whether there is one.
func (p policyPointer) slot(domain uint32, path string) (uint32, bool, error) {
	var number C.uint32_t
	text, len := charsOf(path)
	switch status := C.actra_policy_slot(p.c(), C.uint32_t(domain), text, len, &number); status {
	case statusOK:
		return uint32(number), true, nil
	case statusNotFound, statusInvalidArgument:
		return 0, false, nil
	default:
		return 0, false, statusError(uint32(status))
	}
}

// crossing does nothing but to call into C and return.
func crossing() { C.actra_go_nothing() }
