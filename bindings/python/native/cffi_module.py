"""The cffi module `actra._native_cffi`: what of libactra Python calls, by its C declarations.

In API mode the C compiler checks each of these against `include/actra.h`.
"""

from __future__ import annotations

from cffi import FFI

MODULE = "actra._native_cffi"

DECLARATIONS = """
typedef uint32_t actra_status;
typedef struct actra_policy actra_policy;
typedef struct actra_buffer actra_buffer;
typedef struct actra_error actra_error;
struct ArrowSchema;
struct ArrowArray;
typedef struct { size_t struct_size; uint32_t effect; ...; } actra_decision;
typedef struct { const uint8_t *data; size_t len; } actra_bytes;
typedef struct {
    size_t struct_size;
    uint32_t flags;
    uint32_t reserved;
    uint64_t min_revision;
    const actra_bytes *trusted_keys;
    size_t trusted_key_count;
} actra_load_options;

typedef struct actra_policy_store actra_policy_store;
typedef struct actra_policy_changes actra_policy_changes;
typedef struct actra_decision_log actra_decision_log;
typedef struct {
    size_t struct_size;
    uint32_t flags;
    const actra_load_options *load;
    ...;
} actra_store_options;

#define ACTRA_LOAD_TRUSTED_KEYS ...

#define ACTRA_ABI_VERSION ...

const uint8_t *actra_buffer_data(const actra_buffer *buffer);
size_t actra_buffer_len(const actra_buffer *buffer);
void actra_buffer_free(actra_buffer *buffer);
const char *actra_error_code(const actra_error *error, size_t *len);
const char *actra_error_message(const actra_error *error, size_t *len);
const char *actra_error_rendered(const actra_error *error, size_t *len);
const char *actra_error_json(const actra_error *error, size_t *len);
void actra_error_free(actra_error *error);

actra_status actra_policy_compile(const char *schema, size_t schema_len, const char *policy_text,
    size_t policy_len, const char *governance, size_t governance_len, actra_policy **policy,
    actra_error **error);
actra_status actra_policy_compile_directory(const char *path, size_t path_len,
    actra_policy **policy, actra_error **error);
actra_status actra_policy_compile_files(const char *schema_path, size_t schema_path_len,
    const char *policy_path, size_t policy_path_len, const char *governance_path,
    size_t governance_path_len, actra_policy **policy, actra_error **error);
actra_status actra_policy_load(const uint8_t *artifact, size_t artifact_len,
    actra_policy **policy, actra_error **error);
actra_status actra_policy_load_with(const uint8_t *artifact, size_t artifact_len,
    const actra_load_options *options, actra_policy **policy, actra_error **error);
actra_status actra_policy_revision(const actra_policy *policy, uint64_t *revision);
void actra_policy_free(actra_policy *policy);
actra_status actra_policy_to_artifact(const actra_policy *policy, actra_buffer **artifact);
actra_status actra_policy_schema_json(const actra_policy *policy, actra_buffer **json);
actra_status actra_policy_rules_json(const actra_policy *policy, actra_buffer **json);
actra_status actra_policy_warnings_json(const actra_policy *policy, actra_buffer **json);
actra_status actra_policy_hash(const actra_policy *policy, uint8_t (*hash)[32]);
actra_status actra_policy_digest(const actra_policy *policy, uint8_t (*digest)[32]);
actra_status actra_policy_evaluate_text(const actra_policy *policy, const char *text,
    size_t text_len, uint32_t flags, actra_decision *decision, actra_buffer **json,
    actra_error **error);
actra_status actra_policy_explain_text(const actra_policy *policy, const char *text,
    size_t text_len, uint32_t flags, actra_buffer **explanation);
actra_status actra_policy_evaluate_arrow(const actra_policy *policy,
    const struct ArrowSchema *schema, const struct ArrowArray *array, uint32_t flags,
    struct ArrowSchema *decisions_schema, struct ArrowArray *decisions, actra_error **error);
actra_status actra_policy_ask(const actra_policy *policy, const actra_policy *other,
    const char *question, size_t question_len, actra_buffer **answer, actra_error **error);
actra_status actra_tests_run(const char *path, size_t path_len, const char *filter,
    size_t filter_len, actra_buffer **report, actra_error **error);
actra_status actra_policy_store_open(const char *path, size_t path_len,
    const actra_store_options *options, actra_policy_store **store, actra_error **error);
actra_policy *actra_policy_store_policy(const actra_policy_store *store);
uint64_t actra_policy_store_generation(const actra_policy_store *store);
actra_status actra_policy_store_reload(const actra_policy_store *store, uint32_t *outcome,
    actra_error **error);
actra_status actra_policy_store_reload_if_changed(const actra_policy_store *store,
    uint32_t *outcome, actra_error **error);
actra_status actra_policy_store_status_json(const actra_policy_store *store, actra_buffer **json);
void actra_policy_store_free(actra_policy_store *store);
actra_status actra_policy_changes_open(const actra_policy_store *store,
    actra_policy_changes **changes);
actra_status actra_policy_changes_wait(const actra_policy_changes *changes, uint64_t timeout_ms,
    uint32_t *look);
void actra_policy_changes_wake(const actra_policy_changes *changes);
void actra_policy_changes_free(actra_policy_changes *changes);
actra_status actra_decision_log_open(const char *path, size_t path_len, const char *options_json,
    size_t options_json_len, actra_decision_log **log, actra_error **error);
actra_status actra_decision_log_record_json(const actra_decision_log *log, const char *entry_json,
    size_t entry_json_len, actra_buffer **id, actra_error **error);
actra_status actra_decision_log_flush(const actra_decision_log *log, actra_error **error);
actra_status actra_decision_log_rotate(const actra_decision_log *log, actra_error **error);
actra_status actra_decision_log_close(const actra_decision_log *log, actra_error **error);
actra_status actra_decision_log_status_json(const actra_decision_log *log, actra_buffer **json);
void actra_decision_log_free(actra_decision_log *log);
uint32_t actra_abi_version(void);
const char *actra_version(void);

typedef struct {
    uint32_t node;
    uint32_t text_len;
    uint8_t is_entry;
    uint8_t kinds;
} walker_slot;

typedef struct walker walker;
typedef struct {
    uint32_t kind;
    uint32_t status;
    uint32_t rule;
    uint32_t shadow_effect;
    uint32_t shadow_rule;
    uint32_t input_error;
    const char *field;
    size_t field_len;
    uint32_t *matched;
    size_t matched_count;
    uint32_t *missing;
    size_t missing_count;
    ...;
} walker_outcome;

#define OUTCOME_FULL ...
#define OUTCOME_SIMPLE ...
#define OUTCOME_NOT_PLAIN ...
#define OUTCOME_NO_MEMORY ...
#define ACTRA_NO_RULE ...
#define MARSHALLED_MORE ...

walker *walker_new(const actra_policy *policy, const walker_slot *slots, size_t slot_count,
    const char *texts, size_t texts_len, const uint8_t *effects, size_t rule_count,
    uint32_t default_effect);
void walker_free(walker *names);
void walker_outcome_free(walker_outcome *outcome);
int64_t marshalled_decide(const walker *names, const char *bytes, size_t len, int is_trusted,
    walker_outcome *outcome);
int64_t marshalled_try(const walker *names, const char *bytes, size_t len);
void marshalled_decide_many(const walker *names, const char *bytes, size_t len, int64_t *rules,
    walker_outcome *outcomes, size_t count);
"""

SOURCE = '#include "marshalled.h"\n'


def builder() -> FFI:
    """The module, to be written as C."""
    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    ffi.set_source(MODULE, SOURCE)
    return ffi
