/* The case that every door of decision logs writes alike: conformance/decision_log. */
#include "check.h"
#include "json.h"

#include <stdbool.h>

static char content[1 << 16];

static const char *file_of(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(content, 1, sizeof content - 1, file);
    if (len == 0) {
        give_up(path);
    }
    content[len] = 0;
    fclose(file);
    return content;
}

/* The log's only decision, from its id to before its duration, is that line. */
static bool wrote(const char *path, struct text line) {
    const char *start = strstr(file_of(path), "{\"actra\":\"decision\"");
    const char *end = start == NULL ? NULL : strstr(start, ",\"duration_ms\"");
    struct text found = {NULL, 0};
    start = start == NULL ? NULL : strstr(start, "\"id\":");
    if (start != NULL && end != NULL) {
        found.start = start;
        found.len = (size_t)(end - start);
    }
    if (!text_same(found, line)) {
        fprintf(stderr, "expected %.*s\nfound    %.*s\n", (int)line.len, line.start, (int)found.len, found.start);
        return false;
    }
    return true;
}

static actra_decision_log *opened(const char *path, struct text options) {
    actra_decision_log *log = NULL;
    CHECK_STATUS(actra_decision_log_open(path, strlen(path), options.start, options.len, &log, NULL), ACTRA_STATUS_OK);
    return log;
}

int main(int count, char **words) {
    struct pool pool = {NULL};
    struct writer options = {NULL, 0, 0};
    actra_policy *policy = NULL;
    actra_buffer *decision = NULL, *id = NULL;
    actra_decision decided = actra_decision_empty();
    actra_decision_log *log;
    actra_log_entry entry;
    char path[4096];
    if (count < 3) {
        give_up("usage: decision_log TESTS SCRATCH");
    }
    snprintf(path, sizeof path, "%s/../../../conformance/decision_log/case.json", words[1]);
    char *whole = (char *)room_for(sizeof content);
    strcpy(whole, file_of(path));
    const struct json *the_case = json_read(&pool, text_of(whole), 64);
    if (the_case == NULL) {
        give_up("the case is no JSON");
    }
    struct text schema = json_text(json_get(the_case, "schema")), rules = json_text(json_get(the_case, "policy"));
    /* The input as it is spelled there. */
    char *input = strstr(whole, "\"input\": ") + strlen("\"input\": ");
    char *end = strstr(input, ",\n  \"error\"");
    size_t input_len = (size_t)(end - input);
    json_write(&options, json_get(the_case, "options"), NOTATION_JSON);
    const struct text asked = {options.start, options.len};
    CHECK_STATUS(actra_policy_compile(schema.start, schema.len, rules.start, rules.len, NULL, 0, &policy, NULL),
                 ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_evaluate_text(policy, input, input_len, 0, &decided, &decision, NULL), ACTRA_STATUS_OK);

    memset(&entry, 0, sizeof entry);
    entry.struct_size = sizeof entry;
    entry.policy = policy;
    entry.time_us = (uint64_t)json_get(the_case, "time_us")->as.integer;
    struct text named = json_text(json_get(the_case, "id"));
    entry.id = named.start;
    entry.id_len = named.len;
    entry.input = input;
    entry.input_len = input_len;
    entry.decision = (const char *)actra_buffer_data(decision);
    entry.decision_len = actra_buffer_len(decision);
    snprintf(path, sizeof path, "%s/line.jsonl", words[2]);
    log = opened(path, asked);
    CHECK_STATUS(actra_decision_log_record(log, &entry, &id, NULL), ACTRA_STATUS_OK);
    CHECK(actra_buffer_len(id) == named.len && memcmp(actra_buffer_data(id), named.start, named.len) == 0);
    CHECK_STATUS(actra_decision_log_close(log, NULL), ACTRA_STATUS_OK);
    actra_decision_log_free(log);
    CHECK(wrote(path, json_text(json_get(the_case, "line"))));

    const struct json *error = json_get(the_case, "error");
    struct text code = json_text(json_get(error, "code")), field = json_text(json_get(error, "field"));
    entry.decision = NULL;
    entry.decision_len = 0;
    entry.error_code = code.start;
    entry.error_code_len = code.len;
    entry.error_field = field.start;
    entry.error_field_len = field.len;
    snprintf(path, sizeof path, "%s/error.jsonl", words[2]);
    log = opened(path, asked);
    CHECK_STATUS(actra_decision_log_record(log, &entry, NULL, NULL), ACTRA_STATUS_OK);
    actra_decision_log_free(log);
    CHECK(wrote(path, json_text(json_get(the_case, "error_line"))));

    actra_buffer_free(id);
    actra_buffer_free(decision);
    actra_policy_free(policy);
    writer_free(&options);
    pool_free(&pool);
    free(whole);
    return checks_end("decision_log", 10);
}
