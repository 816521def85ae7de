/* Decision logs that are opened, written and closed by callers who mean no good, and by threads while others
 * close them. Nothing is written over that is no log, and what is refused leaves the out-parameters alone. */
#include "check.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

static actra_decision_log *const NO_LOG = (actra_decision_log *)(uintptr_t)0x5555555555555555;
static actra_buffer *const NO_BUFFER = (actra_buffer *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;

static const char BLOCK[] = "{\"effect\":\"block\",\"matched_rule\":null}";
static const char INPUT[] = "{\"action\": {\"type\": \"ping\"}, \"actor\": {\"email\": \"ada@example.com\"}}";
static const char *scratch;

typedef struct {
    char text[4096];
} path;

static path in_scratch(const char *name) {
    path found;
    snprintf(found.text, sizeof found.text, "%s/%s", scratch, name);
    return found;
}

static actra_policy *compiled(void) {
    static const char schema[] =
        "version: 1\nactions: {ping: {fields: {count: number}}}\nactor: {fields: {email: string}}\n";
    static const char rules[] = "version: 2\nrules:\n  - {id: pings, scope: {action: ping}, effect: allow}\n";
    actra_policy *policy = NULL;
    if (actra_policy_compile(schema, strlen(schema), rules, strlen(rules), NULL, 0, &policy, NULL) !=
        ACTRA_STATUS_OK) {
        give_up("the policy does not compile");
    }
    return policy;
}

static actra_decision_log *opened(const char *name, const char *options) {
    path where = in_scratch(name);
    actra_decision_log *log = NULL;
    if (!CHECK_STATUS(actra_decision_log_open(where.text, strlen(where.text), options, strlen(options), &log, NULL),
                      ACTRA_STATUS_OK)) {
        give_up(name);
    }
    return log;
}

static actra_log_entry blocking(void) {
    actra_log_entry entry;
    memset(&entry, 0, sizeof entry);
    entry.struct_size = sizeof entry;
    entry.decision = BLOCK;
    entry.decision_len = strlen(BLOCK);
    return entry;
}

/* The error is of that code, and freed. */
static void code_is(actra_error *error, const char *code, const char *what) {
    size_t len = 0;
    const char *found = error == NO_ERROR ? NULL : actra_error_code(error, &len);
    CHECK_CASE(found != NULL && len == strlen(code) && memcmp(found, code, len) == 0, what);
    if (error != NO_ERROR) {
        actra_error_free(error);
    }
}

static void does_not_open(const char *where, size_t len, const char *options, const char *code) {
    actra_decision_log *log = NO_LOG;
    actra_error *error = NO_ERROR;
    CHECK_STATUS_CASE(actra_decision_log_open(where, len, options, strlen(options), &log, &error),
                      ACTRA_STATUS_LOG_ERROR, options);
    CHECK_CASE(log == NO_LOG, options);
    code_is(error, code, options);
    CHECK_STATUS_CASE(actra_decision_log_open(where, len, options, strlen(options), &log, NULL),
                      ACTRA_STATUS_LOG_ERROR, options);
}

static bool status_has(const actra_decision_log *log, const char *text) {
    actra_buffer *json = NULL;
    bool found;
    CHECK_STATUS(actra_decision_log_status_json(log, &json), ACTRA_STATUS_OK);
    found = strstr((const char *)actra_buffer_data(json), text) != NULL;
    if (!found) {
        fprintf(stderr, "%s is not in %s\n", text, (const char *)actra_buffer_data(json));
    }
    actra_buffer_free(json);
    return found;
}

static bool file_has(const char *name, const char *text) {
    static char content[1 << 16];
    FILE *file = fopen(in_scratch(name).text, "rb");
    size_t len = file == NULL ? 0 : fread(content, 1, sizeof content - 1, file);
    content[len] = 0;
    if (file != NULL) {
        fclose(file);
    }
    return strstr(content, text) != NULL;
}

static void options(void) {
    static const char *const wrong[] = {
        "{", "[]", "5", "null", "\"x\"", "{\"unknown\": 1}", "{\"mask\": \"actor.email\"}", "{\"mask\": [5]}",
        "{\"mask\": [\"nowhere.x\"]}", "{\"hash\": [\"actor.email\"]}", "{\"fsync\": \"sometimes\"}",
        "{\"fsync\": \"never\", \"fsync_interval_ms\": 1}", "{\"queue_lines\": 0}", "{\"queue_lines\": -1}",
        "{\"max_file_bytes\": 1}", "{\"keep_files\": 4294967296}",
        "{\"hash\": [\"actor.email\"], \"hash_key\": \"short\"}", "{} {}"};
    path where = in_scratch("options.jsonl"), missing = in_scratch("missing/log.jsonl"), other = in_scratch("other");
    FILE *file = fopen(other.text, "wb");
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        does_not_open(where.text, strlen(where.text), wrong[at], "bad_options");
    }
    CHECK(access(where.text, F_OK) != 0);
    does_not_open(missing.text, strlen(missing.text), "{}", "io");
    does_not_open(scratch, strlen(scratch), "{}", "io");
    does_not_open("", 0, "{}", "bad_options");
    does_not_open("a\0b", 3, "{}", "io");
    if (file == NULL || fputs("something else\n", file) < 0 || fclose(file) != 0) {
        give_up("other");
    }
    does_not_open(other.text, strlen(other.text), "{}", "not_a_decision_log");
    CHECK(file_has("other", "something else\n"));
}

static void arguments(void) {
    path held = in_scratch("arguments.jsonl");
    size_t len = strlen(held.text);
    actra_decision_log *log = NO_LOG, *open;
    actra_policy *policy = compiled();
    actra_buffer *buffer = NO_BUFFER;
    actra_error *error = NO_ERROR;
    actra_decision decision = actra_decision_empty();
    actra_log_entry entry = blocking();
    char odd[sizeof(void *) * 2];
    actra_error **unaligned = (actra_error **)(void *)(odd + 1);
    const actra_status bad = ACTRA_STATUS_INVALID_ARGUMENT;
    CHECK_STATUS(actra_decision_log_open(NULL, 5, "{}", 2, &log, &error), bad);
    CHECK_STATUS(actra_decision_log_open(held.text, SIZE_MAX, "{}", 2, &log, &error), bad);
    CHECK_STATUS(actra_decision_log_open("\xff", 1, "{}", 2, &log, &error), bad);
    CHECK_STATUS(actra_decision_log_open(held.text, len, NULL, 2, &log, &error), bad);
    CHECK_STATUS(actra_decision_log_open(held.text, len, "\xff", 1, &log, &error), bad);
    CHECK_STATUS(actra_decision_log_open(held.text, len, "{}", 2, NULL, &error), bad);
    CHECK_STATUS(actra_decision_log_open(held.text, len, "{}", 2, &log, unaligned), bad);
    CHECK(log == NO_LOG && error == NO_ERROR && access(held.text, F_OK) != 0);

    CHECK_STATUS(actra_decision_log_record(NULL, &entry, &buffer, &error), bad);
    CHECK_STATUS(actra_decision_log_record_json(NULL, "{}", 2, &buffer, &error), bad);
    CHECK_STATUS(actra_decision_log_flush(NULL, &error), bad);
    CHECK_STATUS(actra_decision_log_rotate(NULL, &error), bad);
    CHECK_STATUS(actra_decision_log_close(NULL, &error), bad);
    CHECK_STATUS(actra_decision_log_status_json(NULL, &buffer), bad);
    CHECK_STATUS(actra_decision_log_evaluate_text(NULL, policy, INPUT, strlen(INPUT), 0, &decision, NULL, NULL), bad);
    actra_decision_log_free(NULL);

    open = opened("arguments.jsonl", "");
    does_not_open(held.text, len, "{}", "locked");
    CHECK_STATUS(actra_decision_log_record(open, NULL, &buffer, &error), bad);
    CHECK_STATUS(actra_decision_log_record(open, &entry, &buffer, unaligned), bad);
    CHECK_STATUS(actra_decision_log_record(open, &entry, (actra_buffer **)(void *)(odd + 1), &error), bad);
    CHECK_STATUS(actra_decision_log_record_json(open, NULL, 2, &buffer, &error), bad);
    CHECK_STATUS(actra_decision_log_flush(open, unaligned), bad);
    CHECK_STATUS(actra_decision_log_status_json(open, NULL), bad);
    CHECK_STATUS(actra_decision_log_evaluate_text(open, NULL, INPUT, strlen(INPUT), 0, &decision, NULL, NULL), bad);
    CHECK_STATUS(actra_decision_log_evaluate_text(open, policy, NULL, 5, 0, &decision, NULL, NULL), bad);
    CHECK_STATUS(actra_decision_log_evaluate_text(open, policy, INPUT, strlen(INPUT), ACTRA_INPUT_YAML, &decision,
                                                  NULL, NULL),
                 bad);
    CHECK_STATUS(actra_decision_log_evaluate_text(open, policy, INPUT, strlen(INPUT), 0, NULL, NULL, NULL), bad);
    CHECK(decision.effect == ACTRA_EFFECT_INVALID && buffer == NO_BUFFER && error == NO_ERROR);
    CHECK(status_has(open, "\"accepted\":0"));
    CHECK_STATUS(actra_decision_log_close(open, NULL), ACTRA_STATUS_OK);
    actra_decision_log_free(open);
    actra_policy_free(policy);
}

/* The struct is no entry: nothing is written, nor handed over. */
static void is_no_entry(const actra_decision_log *log, const actra_log_entry *entry, actra_status status,
                        const char *what) {
    actra_buffer *id = NO_BUFFER;
    actra_error *error = NO_ERROR;
    CHECK_STATUS_CASE(actra_decision_log_record(log, entry, &id, &error), status, what);
    CHECK_CASE(id == NO_BUFFER, what);
    if (status == ACTRA_STATUS_LOG_ERROR) {
        code_is(error, "bad_entry", what);
    } else {
        CHECK_CASE(error == NO_ERROR, what);
    }
}

static void entries(void) {
    static const char *const texts[] = {"", "{", "5", "[]", "{}", "{\"effect\":\"maybe\"}", "{\"effect\":5}",
                                        "{\"effect\":\"block\",\"more\":1}", "\xff"};
    static const char *const spelled[] = {
        "", "{}", "[]", "{\"time_us\":1}", "{\"time_us\":-1,\"error\":{\"code\":\"host\"}}",
        "{\"time_us\":1,\"error\":{\"code\":\"a text\"}}", "{\"time_us\":1,\"error\":{}}",
        "{\"time_us\":1,\"error\":{\"code\":\"host\"},\"more\":1}", "\xff",
        "{\"time_us\":1,\"error\":{\"code\":\"host\"},\"id\":\"\"}",
        "{\"time_us\":1,\"error\":{\"code\":\"host\"},\"policy_hash\":\"00\"}",
        "{\"time_us\":1,\"error\":{\"code\":\"host\"},\"decision\":{\"effect\":\"block\"}}"};
    actra_decision_log *log = opened("entries.jsonl", "{\"mask\":[\"actor.email\"]}");
    actra_policy *policy = compiled();
    actra_buffer *id = NULL;
    actra_log_entry entry = blocking();
    struct {
        actra_log_entry entry;
        uint64_t more;
    } later;
    char long_id[129];
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        entry = blocking();
        entry.decision = texts[at];
        entry.decision_len = strlen(texts[at]);
        is_no_entry(log, &entry, ACTRA_STATUS_LOG_ERROR, texts[at]);
    }
    for (size_t at = 0; at < sizeof spelled / sizeof *spelled; at++) {
        actra_error *error = NO_ERROR;
        CHECK_STATUS_CASE(actra_decision_log_record_json(log, spelled[at], strlen(spelled[at]), NULL, &error),
                          ACTRA_STATUS_LOG_ERROR, spelled[at]);
        code_is(error, "bad_entry", spelled[at]);
    }
    for (size_t size = 0; size < sizeof entry; size++) {
        entry = blocking();
        entry.struct_size = size;
        is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "a struct that is too small");
    }
    later.entry = blocking();
    later.entry.struct_size = sizeof later;
    later.more = 1;
    is_no_entry(log, &later.entry, ACTRA_STATUS_INVALID_ARGUMENT, "a later version's struct");
    entry = blocking();
    entry.decision = NULL;
    is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "NULL with a length");
    entry.decision_len = 0;
    is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "neither decision nor error");
    entry = blocking();
    entry.error_code = "host";
    entry.error_code_len = 4;
    is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "both");
    entry = blocking();
    entry.error_field = "x";
    entry.error_field_len = 1;
    is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "a field without an error");
    entry.decision = NULL;
    entry.decision_len = 0;
    entry.error_code = "no word";
    entry.error_code_len = 7;
    is_no_entry(log, &entry, ACTRA_STATUS_LOG_ERROR, "a code that is no word");
    entry = blocking();
    entry.id = "\xff";
    entry.id_len = 1;
    is_no_entry(log, &entry, ACTRA_STATUS_INVALID_ARGUMENT, "an id that is not UTF-8");
    memset(long_id, 'x', sizeof long_id);
    entry.id = long_id;
    entry.id_len = sizeof long_id;
    is_no_entry(log, &entry, ACTRA_STATUS_LOG_ERROR, "an id of 129 bytes");
    entry.id_len = 0;
    is_no_entry(log, &entry, ACTRA_STATUS_LOG_ERROR, "an id of none");
    CHECK(status_has(log, "\"accepted\":0"));

    /* What is no JSON is not recorded; what is, is masked. */
    later.entry = blocking();
    later.entry.struct_size = sizeof later;
    later.more = 0;
    later.entry.input = "{\"actor\": {\"email\": \"ada@example.com\"";
    later.entry.input_len = strlen(later.entry.input);
    CHECK_STATUS(actra_decision_log_record(log, &later.entry, NULL, NULL), ACTRA_STATUS_OK);
    entry = blocking();
    entry.policy = policy;
    entry.input = INPUT;
    entry.input_len = strlen(INPUT);
    entry.time_us = UINT64_MAX;
    CHECK(actra_decision_log_record(log, &entry, NULL, NULL) != ACTRA_STATUS_INTERNAL);
    entry.time_us = 0;
    entry.duration_ns = UINT64_MAX;
    CHECK_STATUS(actra_decision_log_record(log, &entry, &id, NULL), ACTRA_STATUS_OK);
    CHECK(actra_buffer_len(id) == 36);
    CHECK_STATUS(actra_decision_log_flush(log, NULL), ACTRA_STATUS_OK);
    CHECK(file_has("entries.jsonl", (const char *)actra_buffer_data(id)));
    CHECK(file_has("entries.jsonl", "\"masked\":[\"actor.email\"]") && !file_has("entries.jsonl", "ada@"));
    actra_buffer_free(id);
    actra_policy_free(policy);
    actra_decision_log_free(log);
    CHECK(file_has("entries.jsonl", "{\"actra\":\"closed\""));
}

static void deciding(void) {
    static const char wrong[] = "{\"action\": {\"type\": \"ping\", \"count\": \"many\"}}";
    actra_decision_log *log = opened("deciding.jsonl", "{\"mask\":[\"actor.email\"]}");
    actra_policy *policy = compiled();
    actra_decision decision = actra_decision_empty();
    actra_buffer *json = NULL;
    actra_error *error = NO_ERROR;
    CHECK_STATUS(actra_decision_log_evaluate_text(log, policy, INPUT, strlen(INPUT), 0, &decision, &json, &error),
                 ACTRA_STATUS_OK);
    CHECK(decision.effect == ACTRA_EFFECT_ALLOW && error == NO_ERROR);
    CHECK(strcmp((const char *)actra_buffer_data(json), "{\"effect\":\"allow\",\"matched_rule\":\"pings\"}") == 0);
    actra_buffer_free(json);
    json = NO_BUFFER;
    CHECK_STATUS(actra_decision_log_evaluate_text(log, policy, wrong, strlen(wrong), 0, &decision, &json, &error),
                 ACTRA_STATUS_INPUT_ERROR);
    CHECK(decision.effect == ACTRA_EFFECT_INVALID && decision.input_error == ACTRA_INPUT_ERROR_WRONG_TYPE);
    code_is(error, "wrong_type", "an input error");
    CHECK_STATUS(actra_decision_log_rotate(log, NULL), ACTRA_STATUS_OK);
    CHECK(file_has("deciding.000001.jsonl", "\"matched_rule\":\"pings\"") && !file_has("deciding.000001.jsonl", "ada@"));
    CHECK(file_has("deciding.000001.jsonl", "{\"error\":{\"code\":\"wrong_type\",\"field\":\"action.count\"}}"));
    CHECK(status_has(log, "\"file\":2"));

    /* There is no decision that was not recorded. */
    CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_OK);
    CHECK(status_has(log, "\"closed\":true"));
    error = NO_ERROR;
    CHECK_STATUS(actra_decision_log_evaluate_text(log, policy, INPUT, strlen(INPUT), 0, &decision, &json, &error),
                 ACTRA_STATUS_LOG_ERROR);
    CHECK(decision.effect == ACTRA_EFFECT_INVALID && json == NO_BUFFER);
    code_is(error, "closed", "deciding");
    error = NO_ERROR;
    CHECK_STATUS(actra_decision_log_rotate(log, &error), ACTRA_STATUS_LOG_ERROR);
    code_is(error, "closed", "rotating");
    actra_policy_free(policy);
    actra_decision_log_free(log);
}

static void forks(void) {
    actra_decision_log *log = opened("forks.jsonl", "");
    actra_log_entry entry = blocking();
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        unsigned long failed = checks_failed;
        actra_error *error = NO_ERROR;
        CHECK_STATUS(actra_decision_log_record(log, &entry, NULL, &error), ACTRA_STATUS_LOG_ERROR);
        code_is(error, "forked", "recording");
        CHECK_STATUS(actra_decision_log_flush(log, NULL), ACTRA_STATUS_LOG_ERROR);
        CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_LOG_ERROR);
        CHECK(status_has(log, "\"closed\":true"));
        actra_decision_log_free(log);
        _exit(checks_failed == failed ? 0 : 1);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_STATUS(actra_decision_log_record(log, &entry, NULL, NULL), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_OK);
    actra_decision_log_free(log);
}

enum { WORKERS = 4 };

typedef struct {
    const actra_decision_log *log;
    unsigned long recorded;
    bool right;
} worker;

static void *records(void *context) {
    worker *own = (worker *)context;
    actra_log_entry entry = blocking();
    own->right = true;
    for (;;) {
        actra_error *error = NULL;
        if (actra_decision_log_record(own->log, &entry, NULL, &error) != ACTRA_STATUS_OK) {
            size_t len = 0;
            const char *code = actra_error_code(error, &len);
            own->right = code != NULL && len == 6 && memcmp(code, "closed", 6) == 0;
            actra_error_free(error);
            return NULL;
        }
        own->recorded++;
    }
}

static void threads(unsigned long lines) {
    actra_decision_log *log = opened("threads.jsonl", "{\"max_file_bytes\": 1048576, \"queue_lines\": 64}");
    pthread_t started[WORKERS];
    worker workers[WORKERS];
    unsigned long all = 0;
    char told[64];
    for (int at = 0; at < WORKERS; at++) {
        workers[at].log = log;
        workers[at].recorded = 0;
        if (pthread_create(&started[at], NULL, records, &workers[at]) != 0) {
            give_up("no thread");
        }
    }
    for (unsigned long turn = 0; turn < lines / 10; turn++) {
        CHECK_STATUS(actra_decision_log_flush(log, NULL), ACTRA_STATUS_OK);
    }
    CHECK_STATUS(actra_decision_log_rotate(log, NULL), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_OK);
    for (int at = 0; at < WORKERS; at++) {
        pthread_join(started[at], NULL);
        CHECK(workers[at].right);
        all += workers[at].recorded;
    }
    snprintf(told, sizeof told, "\"written\":%lu,", all);
    CHECK(status_has(log, told));
    actra_decision_log_free(log);
}

int main(int count, char **words) {
    scratch = count > 2 ? words[2] : "/tmp";
    options();
    arguments();
    entries();
    deciding();
    forks();
    threads(count > 3 ? 50 : 500);
    return checks_end("hostile_log", 400);
}
