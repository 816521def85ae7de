/* Actra: decides, before an operation runs, whether it is allowed, blocked or needs approval.
 *
 * This file is generated from crates/actra-ffi by `cargo run -p xtask -- header`. docs/c.md is the
 * guide to it.
 *
 * Hot path: look up slots by name once (actra_policy_slot), fill an array of actra_slot, call
 * actra_policy_evaluate. Nothing is allocated, and there is nothing to free. Only
 * `decision.effect == ACTRA_EFFECT_ALLOW` with status ACTRA_STATUS_OK is an allow.
 *
 * Ownership: what a function hands over through a `**` parameter is the caller's, and has a
 * `_free` of its type. Policies count references: actra_policy_retain, actra_policy_free. `_free`
 * of NULL does nothing. Strings that are not handed over so borrow from the handle they came from;
 * they are UTF-8 with a length, and not ended by NUL unless that is said.
 *
 * Arguments: texts are a pointer and a length in bytes; NULL goes with length 0. Pointers must be
 * what they are said to be: that is the one thing that cannot be checked. NULL, bad tags, offsets
 * outside the arena, text that is not UTF-8 and unaligned out-parameters are errors. Slots and arena
 * may stand at any address. Out-parameters stand last, and are written on success only, except for
 * decisions (an error leaves them invalid) and errors.
 *
 * Threads: a `const actra_policy *` may be used by any number of threads at the same time. Errors
 * and buffers belong to one thread at a time.
 *
 * Errors: functions return ACTRA_STATUS_*; there is no errno and no "last error". A panic inside
 * the library is caught and reported as ACTRA_STATUS_INTERNAL.
 */
#ifndef ACTRA_H
#define ACTRA_H


#include <stddef.h>
#include <stdint.h>

/* Arrow's C data interface, as its specification has it
 * (https://arrow.apache.org/docs/format/CDataInterface.html), unless it is there already. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

#ifdef __cplusplus
extern "C" {
#endif

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#ifdef __cplusplus
}
#endif

#endif /* ARROW_C_DATA_INTERFACE */


/**
 * Version of this ABI. It changes when a program compiled against an older header would no longer
 * work. `actra_abi_version` gives the library's.
 */
#define ACTRA_ABI_VERSION 1

/**
 * It was done.
 */
#define ACTRA_STATUS_OK 0

/**
 * An argument is not what the function takes: NULL, a bad tag, an offset outside the arena, a
 * `struct_size` that is too small.
 */
#define ACTRA_STATUS_INVALID_ARGUMENT 1

/**
 * The input is in error, so there is no decision: block. `input_error` of the decision says which.
 */
#define ACTRA_STATUS_INPUT_ERROR 2

/**
 * The documents do not compile.
 */
#define ACTRA_STATUS_COMPILE_ERROR 3

/**
 * The bytes are no artifact that can be loaded.
 */
#define ACTRA_STATUS_ARTIFACT_ERROR 4

/**
 * A file or directory cannot be read or written.
 */
#define ACTRA_STATUS_IO_ERROR 5

/**
 * The policy has no such field, rule or slot.
 */
#define ACTRA_STATUS_NOT_FOUND 6

/**
 * An array of the caller's is too short; the count that it takes has been written.
 */
#define ACTRA_STATUS_TOO_SHORT 7

/**
 * This build of the library lacks what was asked for (a runtime-only build compiles nothing).
 */
#define ACTRA_STATUS_NOT_SUPPORTED 8

/**
 * Something went wrong inside the library. It did not happen to the caller's data, and the
 * library may be used on; please report it.
 */
#define ACTRA_STATUS_INTERNAL 9

/**
 * A policy does not come into force, though it loads: its own tests or the caller's check refuse it.
 */
#define ACTRA_STATUS_REFUSED 10

/**
 * A decision log cannot be opened, or does not take or write a decision: the error's code says why.
 */
#define ACTRA_STATUS_LOG_ERROR 11

/**
 * A question about a policy has no answer: the error's code says why.
 */
#define ACTRA_STATUS_NO_ANSWER 12

/**
 * No effect: what zeroed memory and failed calls read as. It is never an allow.
 */
#define ACTRA_EFFECT_INVALID 0

/**
 * The operation may run.
 */
#define ACTRA_EFFECT_ALLOW 1

/**
 * The operation waits for an approval.
 */
#define ACTRA_EFFECT_REQUIRE_APPROVAL 2

/**
 * The operation may not run.
 */
#define ACTRA_EFFECT_BLOCK 3

/**
 * The deciding rule's condition is unknown: something is missing, malformed or unfit, and the rule
 * fired to be safe. `actra_policy_evaluate_all` says which fields.
 */
#define ACTRA_DECISION_UNKNOWN 1

/**
 * With shadow rules enforced, the decision would differ: see `shadow_effect` and `shadow_rule`.
 */
#define ACTRA_DECISION_SHADOW_DIFFERS 2

/**
 * Several approval rules fired: `actra_policy_evaluate_all` says which.
 */
#define ACTRA_DECISION_SEVERAL_RULES 4

/**
 * In the place of a rule's index: no rule, the default decided.
 */
#define ACTRA_NO_RULE 4294967295

/**
 * The domain `action`.
 */
#define ACTRA_DOMAIN_ACTION 1

/**
 * The domain `actor`.
 */
#define ACTRA_DOMAIN_ACTOR 2

/**
 * The domain `snapshot`.
 */
#define ACTRA_DOMAIN_SNAPSHOT 3

/**
 * Fields that the schema does not name are input errors, instead of being ignored.
 */
#define ACTRA_INPUT_REFUSE_UNKNOWN 1

/**
 * The text is YAML, not JSON.
 */
#define ACTRA_INPUT_YAML 2

/**
 * The explanation as lines of text for people, instead of JSON.
 */
#define ACTRA_EXPLAIN_RENDERED (1 << 8)

/**
 * With `ACTRA_EXPLAIN_RENDERED`: with ANSI colours.
 */
#define ACTRA_EXPLAIN_COLOURED (1 << 9)

/**
 * With `ACTRA_EXPLAIN_RENDERED`: every candidate rule, not only those that fired and the nearest.
 */
#define ACTRA_EXPLAIN_ALL (1 << 10)

/**
 * Only what a trusted key has signed is loaded, even where no key is named: then nothing is.
 */
#define ACTRA_LOAD_TRUSTED_KEYS 1

/**
 * Not there. A slot array that is too short leaves the rest missing, too.
 */
#define ACTRA_TAG_MISSING 0

/**
 * There, and null.
 */
#define ACTRA_TAG_NULL 1

/**
 * A boolean: `v.i`, 0 or 1.
 */
#define ACTRA_TAG_BOOLEAN 2

/**
 * An integer: `v.i`.
 */
#define ACTRA_TAG_INTEGER 3

/**
 * A double: `v.f`.
 */
#define ACTRA_TAG_DOUBLE 4

/**
 * An integer outside 64 bits: `v.f`, the nearest double.
 */
#define ACTRA_TAG_BIG_INTEGER 5

/**
 * An instant: `v.i`, microseconds since 1970-01-01T00:00:00Z, of the years 0001 to
 * 9999. A string in RFC 3339 will do, too.
 */
#define ACTRA_TAG_TIMESTAMP 6

/**
 * Text in UTF-8: `v.p` and `len` bytes.
 */
#define ACTRA_TAG_STRING 7

/**
 * Text in UTF-8 in the arena: at `v.off`, `len` bytes.
 */
#define ACTRA_TAG_STRING_AT 8

/**
 * A list: `len` slots at `v.p`, scalars each.
 */
#define ACTRA_TAG_LIST 9

/**
 * A list in the arena: `len` slots at `v.off`, of any alignment.
 */
#define ACTRA_TAG_LIST_AT 10

/**
 * A map: `len` pairs of slots at `v.p`, each a string and a scalar.
 */
#define ACTRA_TAG_MAP 11

/**
 * A map in the arena: `len` pairs of slots at `v.off`, of any alignment.
 */
#define ACTRA_TAG_MAP_AT 12

/**
 * An object is there. Its members have slots of their own; where any of them is there, so is the
 * object.
 */
#define ACTRA_TAG_OBJECT 13

/**
 * No input error.
 */
#define ACTRA_INPUT_ERROR_NONE 0

/**
 * The value is not of the declared type.
 */
#define ACTRA_INPUT_ERROR_WRONG_TYPE 1

/**
 * NaN or an infinity.
 */
#define ACTRA_INPUT_ERROR_NOT_FINITE 2

/**
 * An integer outside 64 bits.
 */
#define ACTRA_INPUT_ERROR_OUT_OF_RANGE 3

/**
 * A required field is missing.
 */
#define ACTRA_INPUT_ERROR_MISSING_REQUIRED 4

/**
 * The value is none of those allowed.
 */
#define ACTRA_INPUT_ERROR_NOT_IN_ENUM 5

/**
 * The number is below its minimum.
 */
#define ACTRA_INPUT_ERROR_BELOW_MIN 6

/**
 * The number is above its maximum.
 */
#define ACTRA_INPUT_ERROR_ABOVE_MAX 7

/**
 * The string or list is longer than it may be.
 */
#define ACTRA_INPUT_ERROR_TOO_LONG 8

/**
 * The list's items are not unique.
 */
#define ACTRA_INPUT_ERROR_NOT_UNIQUE 9

/**
 * The text is not UTF-8.
 */
#define ACTRA_INPUT_ERROR_NOT_UTF8 10

/**
 * The schema has no such action.
 */
#define ACTRA_INPUT_ERROR_UNKNOWN_ACTION 11

/**
 * The schema has no such field, and unknown fields are refused.
 */
#define ACTRA_INPUT_ERROR_UNKNOWN_FIELD 12

/**
 * One object holds the same key twice.
 */
#define ACTRA_INPUT_ERROR_DUPLICATE_KEY 13

/**
 * The text nests deeper than 64 levels.
 */
#define ACTRA_INPUT_ERROR_TOO_DEEP 14

/**
 * A string, a list or the text is over its limit.
 */
#define ACTRA_INPUT_ERROR_TOO_LARGE 15

/**
 * The text is not JSON or YAML, or a domain is not an object.
 */
#define ACTRA_INPUT_ERROR_MALFORMED 16

/**
 * In `flags` of `actra_store_options`: only what has the revision of the policy in force, or a later
 * one, takes its place.
 */
#define ACTRA_STORE_NEVER_OLDER 1

/**
 * In `flags` of `actra_store_options`: a directory's `*_test.yaml` are left alone, instead of being run
 * before a policy comes into force.
 */
#define ACTRA_STORE_WITHOUT_TESTS 2

/**
 * Nothing about the files has changed since the last attempt, so that nothing was loaded.
 */
#define ACTRA_RELOAD_NONE 0

/**
 * The policy was loaded again, and is the same as before.
 */
#define ACTRA_RELOAD_SAME 1

/**
 * Another policy is in force.
 */
#define ACTRA_RELOAD_REPLACED 2

/**
 * Bytes that the library hands over: an artifact, a JSON text. Free it with `actra_buffer_free`.
 * It never changes, so any number of threads may read one at the same time, and any may free it.
 */
typedef struct actra_buffer actra_buffer;

/**
 * A log of decisions that is open for writing: docs/decision-log.md has its format and what it
 * promises. Lines are made by the caller's thread, with masks heeded, and written by one of the
 * library's. Any number of threads may use a log at the same time.
 *
 * A child of `fork` has no thread that writes: there, everything but `_status_json` and `_free` gives
 * the error `forked`. It opens a log of its own, under another name.
 */
typedef struct actra_decision_log actra_decision_log;

/**
 * Why a call of the cold path failed. Free it with `actra_error_free`.
 *
 * Strings of an error are UTF-8, not ended by NUL, and good until it is freed: copy what is to stay.
 * Where an error has no such string, the pointer is NULL and the length 0; so they are of a NULL
 * error. One thread at a time uses an error; any thread may free it.
 */
typedef struct actra_error actra_error;

/**
 * A compiled policy. It never changes, and counts its references: any number of threads may use
 * one at the same time, and whoever keeps it holds a reference (`actra_policy_retain`,
 * `actra_policy_free`). Whatever borrows from it, a decision's strings among that, is good as long as
 * some reference is held.
 */
typedef struct actra_policy actra_policy;

/**
 * Tells when a store's files may have changed, for programs that reload on threads of their own.
 */
typedef struct actra_policy_changes actra_policy_changes;

/**
 * The policy of a directory or an `.actra` file, which is replaced when that changes. A new one is
 * loaded or compiled, and tested, by whoever reloads; then it takes the old one's place at once. Where
 * anything is wrong with it, the last good one stays, and the status says why. Any number of threads may
 * use a store at the same time; those who ask for its policy wait for nobody.
 */
typedef struct actra_policy_store actra_policy_store;

/**
 * What became of a call: one of `ACTRA_STATUS_*`.
 */
typedef uint32_t actra_status;

/**
 * The value of a slot.
 */
typedef union {
    /**
     * A boolean (0 or 1), an integer, or microseconds.
     */
    int64_t i;
    /**
     * A double.
     */
    double f;
    /**
     * Text, or the first slot of a list or map.
     */
    const char *p;
    /**
     * An offset into the arena.
     */
    uint64_t off;
} actra_slot_value;

/**
 * One value of an input. Which members of `v` and whether `len` mean anything depends on `tag`,
 * one of `ACTRA_TAG_*`. Zeroed memory is a missing value.
 */
typedef struct {
    /**
     * What the slot holds.
     */
    uint32_t tag;
    /**
     * Bytes of a string, slots of a list, pairs of a map.
     */
    uint32_t len;
    /**
     * The value.
     */
    actra_slot_value v;
} actra_slot;

/**
 * A decision. Set `struct_size` to `sizeof(actra_decision)` before the call; the library writes
 * no more than that. An error status leaves it invalid: `effect` 0, which is no effect. So it is with
 * a struct that is too small, as far as it reaches to its effect, and with an unaligned one.
 *
 * Strings are UTF-8, not ended by NUL, and belong to the policy: they are good as long as a
 * reference to it is held. NULL stands for none.
 */
typedef struct {
    /**
     * Bytes of this struct, as the caller knows it.
     */
    size_t struct_size;
    /**
     * One of `ACTRA_EFFECT_*`.
     */
    uint32_t effect;
    /**
     * `ACTRA_DECISION_*` bits.
     */
    uint32_t flags;
    /**
     * Index of the rule that decided; `ACTRA_NO_RULE`: the default did.
     */
    uint32_t rule;
    /**
     * Where shadow rules would change the decision: the effect, else 0.
     */
    uint32_t shadow_effect;
    /**
     * And the shadow rule's index, else `ACTRA_NO_RULE`.
     */
    uint32_t shadow_rule;
    /**
     * With `ACTRA_STATUS_INPUT_ERROR`: one of `ACTRA_INPUT_ERROR_*`, else 0.
     */
    uint32_t input_error;
    /**
     * The id of the rule that decided, or NULL.
     */
    const char *rule_id;
    /**
     * Its bytes.
     */
    size_t rule_id_len;
    /**
     * The message of the rule that decided, or NULL.
     */
    const char *message;
    /**
     * Its bytes.
     */
    size_t message_len;
    /**
     * With an input error, the field that it is about, or NULL. Of an entry of a map it is the
     * map.
     */
    const char *field;
    /**
     * Its bytes.
     */
    size_t field_len;
} actra_decision;

/**
 * Bytes of the caller's.
 */
typedef struct {
    /**
     * Where they are; NULL where there are none.
     */
    const uint8_t *data;
    /**
     * How many.
     */
    size_t len;
} actra_bytes;

/**
 * What is asked of an artifact before anything in it is read: who has signed it, and how old it may be
 * (docs/signing.md). Zero it, and set `struct_size` to `sizeof(actra_load_options)`: then nothing is
 * asked for. What a later version adds is refused, not passed over, by a library that does not know it.
 */
typedef struct {
    /**
     * Bytes of this struct, as the caller knows it.
     */
    size_t struct_size;
    /**
     * `ACTRA_LOAD_*` bits.
     */
    uint32_t flags;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * The lowest revision that is loaded; 0 asks for none. Without trusted keys a revision is what the
     * file says.
     */
    uint64_t min_revision;
    /**
     * Public keys, Ed25519: each the contents of a PEM file (`PUBLIC KEY`), or 32 bytes. Only what one
     * of them has signed is loaded. NULL with a count of 0 asks for no signature, unless `flags` has
     * `ACTRA_LOAD_TRUSTED_KEYS`: then nobody is trusted, and nothing is loaded.
     */
    const actra_bytes *trusted_keys;
    /**
     * How many.
     */
    size_t trusted_key_count;
} actra_load_options;

/**
 * What is to be recorded of a decision. Zero it, and set `struct_size` to `sizeof(actra_log_entry)`,
 * either `decision` or `error_code`, and what else is known. All of it is read during the call only.
 * What a later version adds is refused, not passed over, by a library that does not know it.
 */
typedef struct {
    /**
     * Bytes of this struct, as the caller knows it.
     */
    size_t struct_size;
    /**
     * The policy that was asked: its hash and revision are recorded. NULL: none was.
     */
    const actra_policy *policy;
    /**
     * When deciding began, in microseconds since 1970-01-01T00:00:00Z; 0: now.
     */
    uint64_t time_us;
    /**
     * How long it took, in nanoseconds.
     */
    uint64_t duration_ns;
    /**
     * The decision's id, of 1 to 128 bytes of UTF-8; NULL: it gets one, a UUID of version 7.
     */
    const char *id;
    /**
     * Its length in bytes.
     */
    size_t id_len;
    /**
     * The input as JSON text; NULL: there is none. What is no JSON is not recorded, since nobody
     * could tell what to mask in it.
     */
    const char *input;
    /**
     * Its length in bytes.
     */
    size_t input_len;
    /**
     * The decision as JSON, as `actra_policy_evaluate_text` hands it over; NULL: there is none.
     */
    const char *decision;
    /**
     * Its length in bytes.
     */
    size_t decision_len;
    /**
     * Why there is no decision: an input error's code (`actra_input_error_name`), `resolver`, or `host`
     * for anything else; NULL: there is one.
     */
    const char *error_code;
    /**
     * Its length in bytes.
     */
    size_t error_code_len;
    /**
     * The field that the error is about; NULL: none.
     */
    const char *error_field;
    /**
     * Its length in bytes.
     */
    size_t error_field_len;
} actra_log_entry;

/**
 * Looks at a policy before it comes into force: 0 lets it, any other number refuses it. It is called by
 * the thread that opens or reloads, or by the one that `actra_policy_store_watch` starts, one at a time.
 * The policy is borrowed: whoever keeps it takes a reference. It must not reload, unwatch or free the
 * store, nor leave by `longjmp` or an exception.
 */
typedef uint32_t (*actra_policy_check)(void *context, const actra_policy *policy);

/**
 * What is asked of policies before they come into force. Zero it, and set `struct_size` to
 * `sizeof(actra_store_options)`: then a directory's own tests have to pass, and nothing else is asked
 * for. What a later version adds is refused, not passed over, by a library that does not know it.
 */
typedef struct {
    /**
     * Bytes of this struct, as the caller knows it.
     */
    size_t struct_size;
    /**
     * `ACTRA_STORE_*` bits.
     */
    uint32_t flags;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Who must have signed a policy, and how old it may be; NULL asks for neither. Read during the call.
     */
    const actra_load_options *load;
    /**
     * Looks at every policy, the first one too; NULL: nobody does.
     */
    actra_policy_check check;
    /**
     * What `check` is called with.
     */
    void *check_context;
} actra_store_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Decides a batch of inputs, a row each, through Arrow's C data interface
 * (<https://arrow.apache.org/docs/format/CDataInterface.html>); docs/batch.md is the guide to it.
 *
 * `schema` and `array` are a struct array. Its columns are named as fields are: `action.type`,
 * `action.amount`, or stand in structs named `action`, `actor` and `snapshot`. Other columns are
 * ignored, and so are those of fields that the schema does not name, unless `flags` has
 * `ACTRA_INPUT_REFUSE_UNKNOWN`. A value that is null is missing.
 *
 * Both are read during the call only: they are neither moved nor released, and stay the caller's.
 *
 * On success `*decisions_schema` and `*decisions` are a struct array with a row for each row, for
 * the caller to release. Its columns are dictionary-encoded strings: `effect` (null where the row
 * has no decision: block), `matched_rule` (null where the default decided), `error` (the code of
 * the row's input error, null where there is none) and `error_field`. It borrows nothing: policy
 * and input may be gone before it is.
 *
 * An input error of the batch as a whole (an array that is not as the interface says, a column of a
 * type that no field takes, two columns of one field) gives `ACTRA_STATUS_INPUT_ERROR`, and where
 * `error` is not NULL, a new error for the caller to free, with the column as its field. With any
 * status but OK, both structs are left released: `release` is NULL.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INPUT_ERROR` or `ACTRA_STATUS_INVALID_ARGUMENT`. Thread
 * safe, as long as nobody writes to the input.
 */
actra_status actra_policy_evaluate_arrow(const actra_policy *policy,
                                         const struct ArrowSchema *schema,
                                         const struct ArrowArray *array,
                                         uint32_t flags,
                                         struct ArrowSchema *decisions_schema,
                                         struct ArrowArray *decisions,
                                         actra_error **error);

/**
 * Answers a question about a policy, for every input that its schema admits: proved, or refuted by
 * an input. The question is JSON: `{"question": "never allow"}` or `always`, with any of `actions`,
 * `assume` (a condition), `inputs` (`partial` or `complete`) and `budget` (steps);
 * `{"question": "analyze"}`; or `{"question": "diff"}`, which holds the policy against `other`, the
 * new one. `other` is NULL for all else. The answers' shapes are those of docs/analysis.md.
 *
 * On success `*answer` is JSON in a buffer to free. A question that is undecided within its budget
 * is answered, too. On failure `*answer` is left alone, and `*error`, where `error` is not NULL, is a
 * new error. An answer takes from milliseconds to minutes, by the size of the policy and the budget,
 * and the call cannot be interrupted.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, `ACTRA_STATUS_NO_ANSWER` with the codes
 * `bad_question`, `bad_assumption` (what is assumed is no condition over the schema), `no_documents`
 * (the policy comes from an artifact without them), `other_documents`, `documents` and `too_large`,
 * or `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. Thread safe.
 */
actra_status actra_policy_ask(const actra_policy *policy,
                              const actra_policy *other,
                              const char *question,
                              size_t question_len,
                              actra_buffer **answer,
                              actra_error **error);

/**
 * The bytes; good until the buffer is freed. NULL for NULL. Text is UTF-8, and a NUL that is not
 * counted follows it.
 */
const uint8_t *actra_buffer_data(const actra_buffer *buffer);

/**
 * How many bytes there are; 0 for NULL.
 */
size_t actra_buffer_len(const actra_buffer *buffer);

/**
 * Frees a buffer and its bytes. NULL is fine.
 */
void actra_buffer_free(actra_buffer *buffer);

/**
 * The error's code, such as `undeclared_field` (docs/errors.md has them all); of several errors in
 * documents, the first's. Codes are stable: programs may compare them. Beside those there are
 * `not_an_artifact`, `bad_artifact`, `io` and `not_supported`, and of signatures `not_signed`,
 * `unknown_key`, `wrong_signature`, `old_revision` and `bad_key` (docs/signing.md). Those of decision
 * logs stand with `actra_decision_log_open`, those of questions with `actra_policy_ask`.
 * `len` may be NULL; an unaligned one gives NULL, here and below.
 */
const char *actra_error_code(const actra_error *error,
                             size_t *len);

/**
 * A sentence for people, in lower case and without a full stop. Its words may change.
 */
const char *actra_error_message(const actra_error *error, size_t *len);

/**
 * The document that the error is in: its path, or `schema.yaml`, `policy.yaml`, `governance.yaml`
 * for documents from memory. NULL where the error is in none.
 */
const char *actra_error_file(const actra_error *error, size_t *len);

/**
 * The field that an input error is about, as the short form writes it: `action.amount`. NULL where
 * it is about the text as a whole, and for other errors. It may hold any text that the input held.
 */
const char *actra_error_field(const actra_error *error, size_t *len);

/**
 * Everything there is to say, as text of several lines that end with a newline: all errors of the
 * documents, each with its place and help. For people, without colours.
 */
const char *actra_error_rendered(const actra_error *error, size_t *len);

/**
 * The same as JSON: for documents an array of diagnostics (docs/diagnostics.md), warnings among
 * them; for input errors an object with `code`, `field` and `message`; else one with `code` and
 * `message`.
 */
const char *actra_error_json(const actra_error *error, size_t *len);

/**
 * The line in the document, from 1; 0 where there is no place, and for NULL.
 */
uint32_t actra_error_line(const actra_error *error);

/**
 * The column in characters (Unicode code points), from 1; 0 where there is no place, and for NULL.
 */
uint32_t actra_error_column(const actra_error *error);

/**
 * Frees an error and its strings. NULL is fine.
 */
void actra_error_free(actra_error *error);

/**
 * Decides an input given as slots. The slot of a field comes from `actra_policy_slot`, once; an
 * array shorter than the policy's slot count leaves the rest missing.
 *
 * `arena` is memory that `ACTRA_TAG_*_AT` slots point into by offsets; NULL and 0 where there are
 * none. Slots and arena are read during the call only.
 *
 * Allocates nothing once as many threads as ever evaluate at the same moment, up to 64, have done
 * so with lists and maps as long. Room of more than 1 MiB that lists and maps took is given back
 * after the call. Thread safe: any number of threads may evaluate one policy at the same time.
 *
 * A string of more than 1 MiB, a list of more than 65,536 items, strings of more than 16 MiB in all
 * and more than 8,388,608 items and entries in all are input errors: `ACTRA_INPUT_ERROR_TOO_LARGE`.
 *
 * Gives `ACTRA_STATUS_OK`; `ACTRA_STATUS_INPUT_ERROR` where the input is in error; or
 * `ACTRA_STATUS_INVALID_ARGUMENT`. With any status but OK, `decision->effect` is
 * `ACTRA_EFFECT_INVALID`: block.
 */
actra_status actra_policy_evaluate(const actra_policy *policy,
                                   const actra_slot *slots,
                                   size_t slot_count,
                                   const uint8_t *arena,
                                   size_t arena_len,
                                   actra_decision *decision);

/**
 * Decides as `actra_policy_evaluate` does, and lists what a plain decision only counts: with
 * several approval rules all of them (`matched_rules`), and the fields that left the deciding rule
 * unknown (`missing_slots`, ascending). With one rule `matched_rules` is that rule, and where the
 * default decided it is empty.
 *
 * Each array has room for `..._capacity` numbers; its count is written even where there is not
 * room enough, with `ACTRA_STATUS_TOO_SHORT` (and an invalid decision, and both arrays left alone).
 * An array may be NULL where its capacity is 0; the counts may not. As many numbers as there are
 * rules, and as there are slots, are always enough. With a status other than OK and TOO_SHORT,
 * arrays and counts mean nothing.
 *
 * Allocates and gives what `actra_policy_evaluate` does, and `ACTRA_STATUS_TOO_SHORT`. Thread safe.
 */
actra_status actra_policy_evaluate_all(const actra_policy *policy,
                                       const actra_slot *slots,
                                       size_t slot_count,
                                       const uint8_t *arena,
                                       size_t arena_len,
                                       actra_decision *decision,
                                       uint32_t *matched_rules,
                                       size_t matched_rules_capacity,
                                       size_t *matched_rules_count,
                                       uint32_t *missing_slots,
                                       size_t missing_slots_capacity,
                                       size_t *missing_slots_count);

/**
 * Loads a compiled policy from the bytes of an `.actra` file. Bytes from anyone may be tried: what
 * is not a verified program is an error. The bytes are read during the call only.
 *
 * As `actra_policy_compile`, with `ACTRA_STATUS_ARTIFACT_ERROR` in the place of COMPILE_ERROR, and
 * in every build.
 */
actra_status actra_policy_load(const uint8_t *artifact,
                               size_t artifact_len,
                               actra_policy **policy,
                               actra_error **error);

/**
 * Loads an `.actra` file, or compiles a policy directory: whichever the path leads to. The path is
 * UTF-8.
 *
 * As `actra_policy_load`, with `ACTRA_STATUS_IO_ERROR` where the file cannot be read, and for
 * directories as `actra_policy_compile_directory`.
 */
actra_status actra_policy_open(const char *path,
                               size_t path_len,
                               actra_policy **policy,
                               actra_error **error);

/**
 * Loads a compiled policy from the bytes of an `.actra` file, if it is what the options ask for: signatures
 * are checked before anything else in it is read, then its revision. The bytes, the options and the keys
 * are read during the call only.
 *
 * As `actra_policy_load`. What is not signed by a trusted key, or too old, is an ARTIFACT_ERROR with the
 * code `not_signed`, `unknown_key`, `wrong_signature` or `old_revision`. Options that are not understood,
 * and NULL, are INVALID_ARGUMENT; so is a key that is none, and then `*error` is set, with the code
 * `bad_key`.
 */
actra_status actra_policy_load_with(const uint8_t *artifact,
                                    size_t artifact_len,
                                    const actra_load_options *options,
                                    actra_policy **policy,
                                    actra_error **error);

/**
 * Loads an `.actra` file, or compiles a policy directory, if it is what the options ask for. Documents
 * carry neither signatures nor a revision, and are refused where either is asked for. The path is UTF-8.
 *
 * As `actra_policy_open` and `actra_policy_load_with`.
 */
actra_status actra_policy_open_with(const char *path,
                                    size_t path_len,
                                    const actra_load_options *options,
                                    actra_policy **policy,
                                    actra_error **error);

/**
 * Opens a log: a new one, or the one that is there, which is verified and continued. The path is UTF-8.
 * `options_json` is a JSON object of options (docs/decision-log.md has them), such as
 * `{"mask": ["actor.email"], "fsync": "always"}`; of length 0, the usual ones.
 *
 * On success `*log` is a log to close with `actra_decision_log_close` and to free with
 * `actra_decision_log_free`. On failure `*log` is left alone, and `*error`, where `error` is not NULL, is
 * a new error.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, or not UTF-8), or
 * `ACTRA_STATUS_LOG_ERROR`. Codes of its error, here and below: `io` where the system says no, `locked` where
 * somebody else writes the log, `not_a_decision_log`, `other_format`, `broken_log` where it is not as it was
 * written, `bad_options`, `bad_entry` where what is to be recorded is none, `closed`, `forked`, and
 * `not_written` where lines cannot be written. Thread safe.
 */
actra_status actra_decision_log_open(const char *path,
                                     size_t path_len,
                                     const char *options_json,
                                     size_t options_json_len,
                                     actra_decision_log **log,
                                     actra_error **error);

/**
 * Records a decision. Its line is made here, with masks heeded, and written by another thread. With a full
 * queue the call waits, or the decision is dropped and counted, as the log's options say.
 *
 * On success `*id`, where `id` is not NULL, is the decision's id in a buffer to free, also where it was
 * dropped.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_LOG_ERROR` with `bad_entry`,
 * `closed`, `forked`, or, with the option `"on_error": "refuse"`, `not_written`. Thread safe.
 */
actra_status actra_decision_log_record(const actra_decision_log *log,
                                       const actra_log_entry *entry,
                                       actra_buffer **id,
                                       actra_error **error);

/**
 * Records a decision that is given as a JSON object: `time_us` (microseconds since 1970), `input`, either
 * `decision` or `error` (`code`, `field`), and optionally `id`, `policy_hash`, `revision`, `duration_ns`.
 * For what has no policy's handle at hand.
 *
 * As `actra_decision_log_record`.
 */
actra_status actra_decision_log_record_json(const actra_decision_log *log,
                                            const char *entry_json,
                                            size_t entry_json_len,
                                            actra_buffer **id,
                                            actra_error **error);

/**
 * Decides as `actra_policy_evaluate_text` does, and records what came of it, an input error too. There is
 * no decision where it could not be recorded: then the status is `ACTRA_STATUS_LOG_ERROR`, and the effect
 * `ACTRA_EFFECT_INVALID`. A log with the option `"on_error": "refuse"` so fails closed while lines cannot be
 * written. `flags` is 0 or `ACTRA_INPUT_REFUSE_UNKNOWN`: the text is JSON.
 *
 * As `actra_policy_evaluate_text` and `actra_decision_log_record`.
 */
actra_status actra_decision_log_evaluate_text(const actra_decision_log *log,
                                              const actra_policy *policy,
                                              const char *text,
                                              size_t text_len,
                                              uint32_t flags,
                                              actra_decision *decision,
                                              actra_buffer **json,
                                              actra_error **error);

/**
 * Waits until all that was recorded before is written and brought to the disk.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
 * where any of it could not be, `forked`. Thread safe.
 */
actra_status actra_decision_log_flush(const actra_decision_log *log,
                                      actra_error **error);

/**
 * Ends the file and begins another, once all that was recorded before is written.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
 * where another file cannot be begun, and this one goes on; `closed`, `forked`. Thread safe.
 */
actra_status actra_decision_log_rotate(const actra_decision_log *log,
                                       actra_error **error);

/**
 * Writes what waits, brings it to the disk and closes the log. Later calls give `closed`, while others may
 * still be under way; closing again changes nothing. The handle is still to be freed.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_LOG_ERROR`: `not_written`
 * where some of it could not be, `forked`. Thread safe.
 */
actra_status actra_decision_log_close(const actra_decision_log *log,
                                      actra_error **error);

/**
 * How the log is doing, as JSON: `path`, `log` (its id), `file` (number), `file_bytes`, `seq` and `chain` of
 * the last line that was written, `accepted`, `written`, `synced`, `dropped`, `lost`, `refused`, `queued`,
 * `queued_bytes`, `errors`, `failure` (null, or why lines cannot be written now), `last_error`, `closed`. On
 * success `*json` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_decision_log_status_json(const actra_decision_log *log,
                                            actra_buffer **json);

/**
 * Frees a log, when nobody uses it any more; one that is open is closed, with all lines written, and what
 * could not be written is not told. NULL is fine.
 */
void actra_decision_log_free(actra_decision_log *log);

/**
 * Compiles a policy from documents in memory: YAML, of which JSON is a part. `governance` may be
 * NULL with length 0. The texts are read during the call only.
 *
 * On success `*policy` is a new policy with one reference: give it back with `actra_policy_free`.
 * On failure `*policy` is left alone, and `*error`, where `error` is not NULL, is a new error for
 * the caller to free.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_COMPILE_ERROR`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, or
 * text that is not UTF-8: `*error` is left alone then, so let it be NULL before the call), or
 * `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. Thread safe.
 */
actra_status actra_policy_compile(const char *schema,
                                  size_t schema_len,
                                  const char *policy_text,
                                  size_t policy_len,
                                  const char *governance,
                                  size_t governance_len,
                                  actra_policy **policy,
                                  actra_error **error);

/**
 * Compiles a policy directory: `schema.yaml`, `policy.yaml`, and `governance.yaml` and the YAML
 * files in `policies` where they are there. The path is UTF-8.
 *
 * As `actra_policy_compile`. A file that cannot be read is a COMPILE_ERROR, too.
 */
actra_status actra_policy_compile_directory(const char *path,
                                            size_t path_len,
                                            actra_policy **policy,
                                            actra_error **error);

/**
 * Compiles a policy from files, which errors name. `governance_path` may be NULL with length 0.
 * Paths are UTF-8.
 *
 * As `actra_policy_compile`. A file that cannot be read is a COMPILE_ERROR, too.
 */
actra_status actra_policy_compile_files(const char *schema_path,
                                        size_t schema_path_len,
                                        const char *policy_path,
                                        size_t policy_path_len,
                                        const char *governance_path,
                                        size_t governance_path_len,
                                        actra_policy **policy,
                                        actra_error **error);

/**
 * Takes another reference to a policy, and gives the same handle: each reference is given back with
 * an `actra_policy_free` of its own. The caller holds a reference while this runs, or keeps others
 * from giving the last one back. Thread safe. NULL gives NULL.
 */
actra_policy *actra_policy_retain(const actra_policy *policy);

/**
 * Gives a reference back. The last one frees the policy, and with it every string that was
 * borrowed from it. Thread safe. NULL is fine.
 */
void actra_policy_free(actra_policy *policy);

/**
 * The policy's artifact: the bytes of an `.actra` file, the same for the same documents. On success
 * `*artifact` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe, in every build.
 */
actra_status actra_policy_to_artifact(const actra_policy *policy, actra_buffer **artifact);

/**
 * Writes the policy's artifact to a file, beside it first and then in its place: whoever reads it
 * sees the old file or the new one. The path is UTF-8.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_IO_ERROR`: then
 * `*error`, where `error` is not NULL, is a new error for the caller to free. Thread safe.
 */
actra_status actra_policy_save(const actra_policy *policy,
                               const char *path,
                               size_t path_len,
                               actra_error **error);

/**
 * The schema as JSON: every slot with its name and its parent, and the fields of `common`, of each
 * action and of `state` (actor and snapshot) with types, constraints and defaults; docs/c.md has its
 * keys. It is what a program needs that fills slots from data of its own. On success `*json` is a
 * buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_schema_json(const actra_policy *policy,
                                      actra_buffer **json);

/**
 * The rules as a JSON array, in the order in which they decide, so that an element's place is the
 * rule's index: `id`, `effect`, `mode`, `position` in the documents, `actions` that it is about (null:
 * every action), and where they are set `message`, `required_actions`, `description`, `file`, `line`,
 * `column`. On success `*json` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_rules_json(const actra_policy *policy,
                                     actra_buffer **json);

/**
 * What the compiler warned of, as a JSON array of diagnostics (docs/diagnostics.md); empty for
 * loaded artifacts. On success `*json` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_warnings_json(const actra_policy *policy, actra_buffer **json);

/**
 * The policy hash: 32 bytes that identify what the policy means, the same in every process,
 * binding and release. Of a loaded artifact it is the file's claim. `uint8_t hash[32]` is handed
 * over as `&hash`.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_hash(const actra_policy *policy, uint8_t (*hash)[32]);

/**
 * The policy's revision: the owner's number for this state of it, 0 where there is none. Of a loaded
 * artifact it is the file's claim, unless it was loaded with trusted keys.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_revision(const actra_policy *policy,
                                   uint64_t *revision);

/**
 * The program digest: 32 bytes that identify exactly what runs. It is always computed. Programs of
 * one digest have the same slots and rules.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_digest(const actra_policy *policy, uint8_t (*digest)[32]);

/**
 * The slot of a field. `domain` is one of `ACTRA_DOMAIN_*`; `path` is the rest of the field's
 * name as the short form writes it: `amount`, `customer.tier`, `labels["app/name"]`. Keys of maps
 * have a slot of their own if some rule reads them. The slot is good for this policy: one that is
 * compiled or loaded later may number its fields otherwise.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_NOT_FOUND` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL, bad
 * UTF-8, another domain). With any status but OK, `*slot` is left alone. Thread safe.
 */
actra_status actra_policy_slot(const actra_policy *policy,
                               uint32_t domain,
                               const char *path,
                               size_t path_len,
                               uint32_t *slot);

/**
 * How many slots the policy has, which are numbered from 0; 0 for NULL. Thread safe.
 */
size_t actra_policy_slot_count(const actra_policy *policy);

/**
 * The name of a slot, such as `action.amount`, not ended by NUL; NULL where there is none. It belongs
 * to the policy: do not free it. `len` may be NULL. Thread safe.
 */
const char *actra_policy_slot_name(const actra_policy *policy,
                                   uint32_t slot,
                                   size_t *len);

/**
 * How many rules the policy has, which are numbered from 0; 0 for NULL. Thread safe.
 */
size_t actra_policy_rule_count(const actra_policy *policy);

/**
 * The id of a rule by its index, not ended by NUL; NULL where there is none. It belongs to the
 * policy: do not free it. `len` may be NULL. Thread safe.
 */
const char *actra_policy_rule_id(const actra_policy *policy, uint32_t rule, size_t *len);

/**
 * What has to happen before the operation may run, as a JSON array: the required actions of the
 * rules named, in their order, each once, as a whole decision in JSON has them. `rules` are indexes,
 * such as `matched_rules` of `actra_policy_evaluate_all`; `ACTRA_NO_RULE` among them asks for
 * nothing. On success `*json` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_NOT_FOUND` (no such rule) or
 * `ACTRA_STATUS_INVALID_ARGUMENT`. Thread safe.
 */
actra_status actra_policy_required_actions(const actra_policy *policy,
                                           const uint32_t *rules,
                                           size_t rule_count,
                                           actra_buffer **json);

/**
 * Opens a store on a directory or an `.actra` file. The path is UTF-8. `options` may be NULL: then only
 * the directory's own tests have to pass.
 *
 * On success `*store` is a store to free with `actra_policy_store_free`. Without a first policy there is
 * none: on failure `*store` is left alone, and `*error`, where `error` is not NULL, is a new error.
 *
 * Gives what `actra_policy_open_with` gives; `ACTRA_STATUS_REFUSED` where the policy's tests fail
 * (`tests`), cannot be run (`untestable`), or `check` refuses it (`refused`); `ACTRA_STATUS_IO_ERROR` with
 * the code `unsettled` where the files went on changing while they were read. Of the options that are not
 * understood, as of keys that are none, INVALID_ARGUMENT. Thread safe.
 */
actra_status actra_policy_store_open(const char *path,
                                     size_t path_len,
                                     const actra_store_options *options,
                                     actra_policy_store **store,
                                     actra_error **error);

/**
 * The policy in force, with one reference of the caller's: give it back with `actra_policy_free`. It
 * stays whole while others replace it, and is the same handle until then, so that two may be compared.
 * NULL for NULL. Thread safe; it waits for nobody.
 */
actra_policy *actra_policy_store_policy(const actra_policy_store *store);

/**
 * How many policies have come into force, the first one included: one load from memory. Whoever keeps
 * what `actra_policy_store_policy` gave asks first for the generation and then for the policy, and does so
 * again when the generation is another one. 0 for NULL. Thread safe; it waits for nobody.
 */
uint64_t actra_policy_store_generation(const actra_policy_store *store);

/**
 * Loads the policy again and puts it into force. `*outcome`, where `outcome` is not NULL, is
 * `ACTRA_RELOAD_SAME` or `ACTRA_RELOAD_REPLACED`. Reloads at the same time follow one another.
 *
 * As `actra_policy_store_open`. With any status but OK the last good policy stays in force, and `*outcome`
 * is left alone. Thread safe.
 */
actra_status actra_policy_store_reload(const actra_policy_store *store,
                                       uint32_t *outcome,
                                       actra_error **error);

/**
 * Reloads where anything about the files has changed since the last attempt, whatever came of that;
 * `ACTRA_RELOAD_NONE` where nothing has.
 *
 * As `actra_policy_store_reload`.
 */
actra_status actra_policy_store_reload_if_changed(const actra_policy_store *store,
                                                  uint32_t *outcome,
                                                  actra_error **error);

/**
 * How the store is doing, as JSON: `path`, `watching`, `generation`, `policy_hash`, `program_digest`,
 * `revision`, `since` (seconds since 1970), `failures`, and `failure`: null, or why the newest attempt
 * failed, with `time`, `message`, and `code`: `compile`, `artifact`, `io`, `tests`, `untestable`, `refused`,
 * `unsettled`, or one of signatures (docs/signing.md). On success `*json` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_store_status_json(const actra_policy_store *store,
                                            actra_buffer **json);

/**
 * Starts a thread of the library's that reloads when files change, as the operating system tells and after
 * a look every two seconds. What came of it is in the status; a program that wants to hear of each reload
 * runs a thread of its own, with `actra_policy_changes_wait`. A store that is watched stays so. A child of
 * `fork` has no such thread, and should open a store of its own.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT` (NULL), or `ACTRA_STATUS_INTERNAL` where the
 * system has no thread to spare. Thread safe.
 */
actra_status actra_policy_store_watch(const actra_policy_store *store);

/**
 * Ends what `actra_policy_store_watch` began, and waits for a reload that is under way. A store that
 * nobody watches stays so.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_store_unwatch(const actra_policy_store *store);

/**
 * Frees a store, when nobody uses it any more; it is no longer watched then. Policies that were handed out
 * stay until their last reference is given back. NULL is fine.
 */
void actra_policy_store_free(actra_policy_store *store);

/**
 * What to wait for a store's changes with. On success `*changes` is to be freed with
 * `actra_policy_changes_free`, before or after the store.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT` (NULL). Thread safe.
 */
actra_status actra_policy_changes_open(const actra_policy_store *store,
                                       actra_policy_changes **changes);

/**
 * Waits until the store's files may have changed, and have come to rest: the operating system tells of
 * them, and where it does not, every two seconds; the first time at once. Then `*look` is 1, and
 * `actra_policy_store_reload_if_changed` finds out. It is 0 where the time is over, or somebody has ended
 * the waiting. One thread waits at a time: a second one gets INVALID_ARGUMENT.
 *
 * Gives `ACTRA_STATUS_OK` or `ACTRA_STATUS_INVALID_ARGUMENT`. Thread safe.
 */
actra_status actra_policy_changes_wait(const actra_policy_changes *changes,
                                       uint64_t timeout_ms,
                                       uint32_t *look);

/**
 * Ends a waiting that is under way, or the next one. NULL is fine. Thread safe; it waits for nobody.
 */
void actra_policy_changes_wake(const actra_policy_changes *changes);

/**
 * Frees what to wait with, when nobody waits any more. NULL is fine.
 */
void actra_policy_changes_free(actra_policy_changes *changes);

/**
 * Runs the test documents that a path leads to: a file, or a directory that is searched for
 * `*_test.yaml`. `filter`, where it is not empty, leaves those out whose `file > name` does not
 * hold it. Paths are UTF-8.
 *
 * On success `*report` is a buffer to free: the report as JSON (docs/testing.md). Whether the tests
 * have passed is its `ok`, not the status.
 *
 * Gives `ACTRA_STATUS_OK`; `ACTRA_STATUS_NOT_FOUND` where there are no tests, or none that the
 * filter asks for; `ACTRA_STATUS_IO_ERROR`; `ACTRA_STATUS_INVALID_ARGUMENT`; or
 * `ACTRA_STATUS_NOT_SUPPORTED` in a runtime-only build. With `*error`, where `error` is not NULL.
 * Thread safe.
 */
actra_status actra_tests_run(const char *path,
                             size_t path_len,
                             const char *filter,
                             size_t filter_len,
                             actra_buffer **report,
                             actra_error **error);

/**
 * Decides an input given as text: `{"action": {...}, "actor": {...}, "snapshot": {...}}`. `flags`
 * are `ACTRA_INPUT_*` bits.
 *
 * On success `*json`, where `json` is not NULL, is the whole decision as JSON, in a buffer to free:
 * `effect`, `matched_rule`, and where they are set `matched_rules`, `message`, `required_actions`,
 * `missing`, `shadow`. Where the input is in error, `*json` is left alone, and `*error`, where `error`
 * is not NULL, is a new error for the caller to free, with the field that it is about. The text is
 * read during the call only.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INPUT_ERROR`, `ACTRA_STATUS_INVALID_ARGUMENT`, or
 * `ACTRA_STATUS_NOT_SUPPORTED` for YAML in a runtime-only build. With any status but OK,
 * `decision->effect` is `ACTRA_EFFECT_INVALID`: block. Thread safe.
 */
actra_status actra_policy_evaluate_text(const actra_policy *policy,
                                        const char *text,
                                        size_t text_len,
                                        uint32_t flags,
                                        actra_decision *decision,
                                        actra_buffer **json,
                                        actra_error **error);

/**
 * Decides an input given as text, and tells why: as JSON (docs/explain.md), or as text for people
 * with `ACTRA_EXPLAIN_RENDERED`. An input error is part of the answer, so it is no failure. `flags`
 * are `ACTRA_INPUT_*` and `ACTRA_EXPLAIN_*` bits. On success `*explanation` is a buffer to free.
 *
 * Gives `ACTRA_STATUS_OK`, `ACTRA_STATUS_INVALID_ARGUMENT`, or `ACTRA_STATUS_NOT_SUPPORTED` for
 * YAML in a runtime-only build. Thread safe.
 */
actra_status actra_policy_explain_text(const actra_policy *policy,
                                       const char *text,
                                       size_t text_len,
                                       uint32_t flags,
                                       actra_buffer **explanation);

/**
 * The ABI version that the library was built with: the same as the header's `ACTRA_ABI_VERSION`,
 * or the two do not go together. Thread safe, as all functions here are.
 */
uint32_t actra_abi_version(void);

/**
 * Carries the ABI version in its name, so that a program that is linked statically against
 * another one does not link. It does nothing.
 */
void actra_abi_version_1(void);

/**
 * The library's version, such as `0.8.0`. Ended by NUL; it is never freed.
 */
const char *actra_version(void);

/**
 * Whether the library compiles documents: 1, or 0 for a runtime-only build.
 */
uint32_t actra_has_compiler(void);

/**
 * The name of a status, such as `input_error`; NULL for other numbers. Ended by NUL; it is never
 * freed.
 */
const char *actra_status_name(actra_status status);

/**
 * The name of an effect, such as `require_approval`; NULL for other numbers. Ended by NUL; it is
 * never freed.
 */
const char *actra_effect_name(uint32_t effect);

/**
 * The name of an input error's number, such as `wrong_type`; NULL for other numbers. Ended by NUL;
 * it is never freed.
 */
const char *actra_input_error_name(uint32_t input_error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#if defined(__cplusplus) && __cplusplus >= 201103L
static_assert(sizeof(actra_slot) == 16, "actra_slot is 16 bytes");
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
_Static_assert(sizeof(actra_slot) == 16, "actra_slot is 16 bytes");
#endif

/* A program that is linked against a library of another ABI version does not link. Define
 * ACTRA_NO_LINK_CHECK where symbols are looked up at run time, and compare actra_abi_version()
 * with ACTRA_ABI_VERSION there. */
#if !defined(ACTRA_NO_LINK_CHECK) && (defined(__GNUC__) || defined(__clang__))
__attribute__((used)) static void (*const actra_link_check)(void) = &actra_abi_version_1;
#endif

/* Slots, spelled out. */

#ifdef __cplusplus
#define ACTRA_AS(type, value) static_cast<type>(value)
#else
#define ACTRA_AS(type, value) ((type)(value))
#endif

static inline actra_slot actra_slot_missing(void) {
    actra_slot slot = {ACTRA_TAG_MISSING, 0, {0}};
    return slot;
}

static inline actra_slot actra_slot_null(void) {
    actra_slot slot = {ACTRA_TAG_NULL, 0, {0}};
    return slot;
}

static inline actra_slot actra_slot_boolean(int value) {
    actra_slot slot = {ACTRA_TAG_BOOLEAN, 0, {0}};
    slot.v.i = value != 0;
    return slot;
}

static inline actra_slot actra_slot_integer(int64_t value) {
    actra_slot slot = {ACTRA_TAG_INTEGER, 0, {0}};
    slot.v.i = value;
    return slot;
}

static inline actra_slot actra_slot_double(double value) {
    actra_slot slot = {ACTRA_TAG_DOUBLE, 0, {0}};
    slot.v.f = value;
    return slot;
}

/* Microseconds since 1970-01-01T00:00:00Z. */
static inline actra_slot actra_slot_timestamp(int64_t microseconds) {
    actra_slot slot = {ACTRA_TAG_TIMESTAMP, 0, {0}};
    slot.v.i = microseconds;
    return slot;
}

/* Text of at most 4 GiB: longer text is over the limit of a string (1 MiB) in any case, and stays
 * so. */
static inline actra_slot actra_slot_string(const char *text, size_t len) {
    actra_slot slot = {ACTRA_TAG_STRING, 0, {0}};
    slot.len = len > UINT32_MAX ? UINT32_MAX : ACTRA_AS(uint32_t, len);
    slot.v.p = text;
    return slot;
}

/* Text in the arena. */
static inline actra_slot actra_slot_string_at(uint64_t offset, uint32_t len) {
    actra_slot slot = {ACTRA_TAG_STRING_AT, 0, {0}};
    slot.len = len;
    slot.v.off = offset;
    return slot;
}

/* A list of scalars. */
static inline actra_slot actra_slot_list(const actra_slot *items, uint32_t count) {
    actra_slot slot = {ACTRA_TAG_LIST, 0, {0}};
    slot.len = count;
    slot.v.p = ACTRA_AS(const char *, ACTRA_AS(const void *, items));
    return slot;
}

/* A map: `count` pairs, each a string and a scalar. */
static inline actra_slot actra_slot_map(const actra_slot *pairs, uint32_t count) {
    actra_slot slot = {ACTRA_TAG_MAP, 0, {0}};
    slot.len = count;
    slot.v.p = ACTRA_AS(const char *, ACTRA_AS(const void *, pairs));
    return slot;
}

/* A decision to hand to the library: invalid, with its size set. */
static inline actra_decision actra_decision_empty(void) {
    actra_decision decision = {sizeof(actra_decision), 0, 0, 0, 0, 0, 0, NULL, 0, NULL, 0, NULL, 0};
    return decision;
}

#undef ACTRA_AS

#endif /* ACTRA_H */
