/* The conformance cases, through the C ABI: compiled and loaded again, every input as JSON, as YAML,
 * and as slots, with pointers and in an arena.
 *
 *     conformance CORPUS.json COUNTS.txt FOLDER [--write]
 *
 * How many comparisons there were, by door, and how many inputs slots cannot say, by reason, has to be
 * what COUNTS.txt says: `--write` writes it. FOLDER is an empty one to write documents to. */
#include "actra.h"
#include "json.h"
#include "outcome.h"
#include "walker.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_COUNTS = 64, FAILURES_SHOWN = 40, MAX_TEXT = 16 << 20 };

struct run {
    const char *folder;
    struct {
        const char *name;
        unsigned long count;
    } counts[MAX_COUNTS];
    size_t count_kinds;
    unsigned long failures;
    /* Where we are. */
    struct text file;
    struct text case_name;
};

static void count(struct run *run, const char *name) {
    for (size_t i = 0; i < run->count_kinds; i++) {
        if (strcmp(run->counts[i].name, name) == 0) {
            run->counts[i].count++;
            return;
        }
    }
    if (run->count_kinds == MAX_COUNTS) {
        fputs("too many kinds of counts\n", stderr);
        exit(2);
    }
    run->counts[run->count_kinds].name = name;
    run->counts[run->count_kinds++].count = 1;
}

static void failed(struct run *run, const char *what, const struct writer *detail) {
    if (++run->failures <= FAILURES_SHOWN) {
        fprintf(stderr, "%.*s: %.*s: %s", (int)run->file.len, run->file.start, (int)run->case_name.len,
                run->case_name.start, what);
        if (detail != NULL && detail->len != 0) {
            fprintf(stderr, ": %.*s", (int)(detail->len > 2000 ? 2000 : detail->len), detail->start);
        }
        fputc('\n', stderr);
    }
}

/* A text of the corpus: a string, or a list of strings and repetitions. */
static struct text joined(struct pool *pool, const struct json *text) {
    if (text == NULL || text->kind == JSON_STRING) {
        return json_text(text);
    }
    struct writer writer = {0};
    for (size_t i = 0; i < json_count(text); i++) {
        const struct json *piece = json_at(text, i);
        const struct json *times = json_get(piece, "times");
        const struct text part = json_text(times == NULL ? piece : json_get(piece, "repeat"));
        for (int64_t n = times == NULL ? 1 : times->as.integer; n > 0; n--) {
            write_bytes(&writer, part.start, part.len);
        }
    }
    char *copy = pool_take(pool, writer.len + 1);
    if (writer.len != 0) {
        memcpy(copy, writer.start, writer.len);
    }
    const struct text all = {copy, writer.len};
    writer_free(&writer);
    return all;
}

/* Numbers that JSON cannot write: `{"$number": "nan"}`. */
static void restore_numbers(struct json *value) {
    const struct text number = json_text(json_get(value, "$number"));
    if (json_count(value) == 1 && number.start != NULL) {
        char spelled[512] = {0};
        memcpy(spelled, number.start, number.len < sizeof spelled ? number.len : sizeof spelled - 1);
        errno = 0;
        value->as.integer = strtoll(spelled, NULL, 10);
        value->kind = JSON_INTEGER;
        if (strchr(spelled, 'n') != NULL) {
            value->kind = JSON_FLOAT;
            value->as.number = strtod(spelled, NULL);
        } else if (errno == ERANGE) {
            value->kind = JSON_BIG_INTEGER;
            value->as.text = number;
        }
        return;
    }
    for (size_t i = 0; i < json_count(value); i++) {
        restore_numbers(&value->as.list.items[i]);
    }
}

/* Compiling. */

static void write_path(const char *path, struct text text) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(text.start, 1, text.len, file) != text.len || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

static void write_file(const char *folder, const char *name, struct text name_text, struct text text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%.*s", folder, name, (int)name_text.len, name_text.start);
    write_path(path, text);
}

static void remove_file(const char *folder, const char *name, struct text name_text) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%.*s", folder, name, (int)name_text.len, name_text.start);
    remove(path);
}

/* Documents that have more than memory takes go through a directory. */
static actra_status compile_directory(struct run *run, struct pool *pool, const struct json *documents,
                                      actra_policy **policy, actra_error **error) {
    const struct json *policies = json_get(documents, "policies");
    const struct json *governance = json_get(documents, "governance");
    const struct text nothing = {"", 0};
    char path[4096];
    snprintf(path, sizeof path, "%s/policies", run->folder);
    mkdir(path, 0700);
    write_file(run->folder, "schema.yaml", nothing, joined(pool, json_get(documents, "schema")));
    write_file(run->folder, "policy.yaml", nothing, joined(pool, json_get(documents, "policy")));
    if (governance != NULL) {
        write_file(run->folder, "governance.yaml", nothing, joined(pool, governance));
    }
    for (size_t i = 0; i < json_count(policies); i++) {
        write_file(run->folder, "policies/", policies->as.list.keys[i], joined(pool, json_at(policies, i)));
    }
    const actra_status status =
        actra_policy_compile_directory(run->folder, strlen(run->folder), policy, error);
    for (size_t i = 0; i < json_count(policies); i++) {
        remove_file(run->folder, "policies/", policies->as.list.keys[i]);
    }
    remove_file(run->folder, "governance.yaml", nothing);
    remove_file(run->folder, "policy.yaml", nothing);
    remove_file(run->folder, "schema.yaml", nothing);
    rmdir(path);
    return status;
}

static actra_status compile(struct run *run, struct pool *pool, const struct json *documents,
                            actra_policy **policy, actra_error **error) {
    if (json_count(json_get(documents, "policies")) != 0) {
        count(run, "documents: directory");
        return compile_directory(run, pool, documents, policy, error);
    }
    count(run, "documents: memory");
    const struct text schema = joined(pool, json_get(documents, "schema"));
    const struct text rules = joined(pool, json_get(documents, "policy"));
    const struct text governance = joined(pool, json_get(documents, "governance"));
    return actra_policy_compile(schema.start, schema.len, rules.start, rules.len, governance.start,
                                governance.len, policy, error);
}

/* Errors and warnings. */

/* The document's name without the folders that it was read from. */
static struct text document_of(struct text path) {
    size_t last = path.len, before = path.len;
    while (last > 0 && path.start[last - 1] != '/') {
        last--;
    }
    for (before = last > 0 ? last - 1 : 0; before > 0 && path.start[before - 1] != '/';) {
        before--;
    }
    const struct text parent = {path.start + before, last - before};
    const size_t start = text_is(parent, "policies/") ? before : last;
    return (struct text){path.start + start, path.len - start};
}

static bool tells(const struct json *said, struct text name) {
    const struct json *related = json_get(said, "related");
    bool is_told = text_holds(json_text(json_get(said, "message")), name) ||
                   text_holds(json_text(json_get(said, "help")), name);
    for (size_t i = 0; i < json_count(related) && !is_told; i++) {
        is_told = text_holds(json_text(json_get(json_at(related, i), "message")), name);
    }
    return is_told;
}

static bool is_said(const struct json *expected, const struct json *said) {
    const struct json *document = json_get(expected, "document");
    const struct json *line = json_get(expected, "line");
    const struct json *names = json_get(expected, "names");
    const struct json *said_line = json_get(said, "line");
    const struct text file = json_text(json_get(said, "file"));
    if (!text_same(json_text(json_get(expected, "code")), json_text(json_get(said, "code"))) ||
        (document != NULL && !text_same(json_text(document), document_of(file))) ||
        (line != NULL && (said_line == NULL || said_line->kind != JSON_INTEGER ||
                          said_line->as.integer != line->as.integer))) {
        return false;
    }
    for (size_t i = 0; i < json_count(names); i++) {
        if (!tells(said, json_text(json_at(names, i)))) {
            return false;
        }
    }
    return true;
}

/* Each expected one is to be there, and for errors no other. */
static void compare_diagnostics(struct run *run, const struct json *expected, const struct json *said,
                                const char *severity, bool is_all) {
    const size_t said_count = json_count(said);
    bool *is_taken = calloc(said_count + 1, sizeof *is_taken);
    size_t of_severity = 0;
    struct writer detail = {0};
    for (size_t j = 0; j < said_count; j++) {
        is_taken[j] = !text_is(json_text(json_get(json_at(said, j), "severity")), severity);
        of_severity += is_taken[j] ? 0 : 1;
    }
    for (size_t i = 0; i < json_count(expected); i++) {
        size_t j = 0;
        while (j < said_count && (is_taken[j] || !is_said(json_at(expected, i), json_at(said, j)))) {
            j++;
        }
        if (j < said_count) {
            is_taken[j] = true;
        } else {
            json_write(&detail, json_at(expected, i), NOTATION_JSON);
            write_text(&detail, " among ");
            json_write(&detail, said, NOTATION_JSON);
            failed(run, is_all ? "no such error" : "no such warning", &detail);
            break;
        }
    }
    if (is_all && detail.len == 0 && of_severity != json_count(expected)) {
        json_write(&detail, said, NOTATION_JSON);
        failed(run, "more errors than expected", &detail);
    }
    writer_free(&detail);
    free(is_taken);
}

static void check_errors(struct run *run, struct pool *pool, const struct json *expected,
                         actra_status status, actra_error *error) {
    count(run, "compile: errors");
    size_t len = 0;
    const char *json = actra_error_json(error, &len);
    const struct json *said = json_read(pool, (struct text){json, len}, 16);
    if (status != ACTRA_STATUS_COMPILE_ERROR || said == NULL) {
        failed(run, "compiling fails otherwise than by errors in documents", NULL);
    } else {
        compare_diagnostics(run, expected, said, "error", true);
        /* What the error tells by itself is the first one's. */
        const struct json *first = json_at(said, 0);
        for (size_t i = 0; i < json_count(said) && !text_is(json_text(json_get(first, "severity")), "error");) {
            first = json_at(said, ++i);
        }
        const char *code = actra_error_code(error, &len);
        const struct json *line = json_get(first, "line");
        const uint32_t first_line = line != NULL && line->kind == JSON_INTEGER ? (uint32_t)line->as.integer : 0;
        if (!text_same((struct text){code, len}, json_text(json_get(first, "code"))) ||
            actra_error_line(error) != first_line) {
            failed(run, "the error is not the first diagnostic's", NULL);
        }
        const char *file = actra_error_file(error, &len);
        if (!text_same((struct text){file, len}, json_text(json_get(first, "file")))) {
            failed(run, "the error's file is not the first diagnostic's", NULL);
        }
    }
    actra_error_free(error);
}

static void check_warnings(struct run *run, struct pool *pool, const struct json *expected,
                           const actra_policy *policy) {
    count(run, "compile: warnings");
    actra_buffer *buffer = NULL;
    if (actra_policy_warnings_json(policy, &buffer) != ACTRA_STATUS_OK) {
        failed(run, "there are no warnings to be had", NULL);
        return;
    }
    const struct text text = {(const char *)actra_buffer_data(buffer), actra_buffer_len(buffer)};
    compare_diagnostics(run, expected, json_read(pool, text, 16), "warning", false);
    actra_buffer_free(buffer);
}

/* Hashes. */

static struct text hex_hash(struct pool *pool, const actra_policy *policy) {
    uint8_t hash[32] = {0};
    char *text = pool_take(pool, 65);
    actra_policy_hash(policy, &hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    }
    return (struct text){text, 64};
}

static void compare_hashes(struct run *run, struct pool *pool, const struct json *others, bool is_same,
                           struct text hash) {
    for (size_t i = 0; i < json_count(others); i++) {
        count(run, is_same ? "hash: same" : "hash: other");
        actra_policy *other = NULL;
        if (compile(run, pool, json_at(others, i), &other, NULL) != ACTRA_STATUS_OK) {
            failed(run, "documents with a hash to compare do not compile", NULL);
        } else if (text_same(hex_hash(pool, other), hash) != is_same) {
            failed(run, is_same ? "the hash differs" : "the hash is the same", NULL);
        }
        actra_policy_free(other);
    }
}

static void check_hashes(struct run *run, struct pool *pool, const struct json *one,
                         const actra_policy *policy) {
    const struct text hash = hex_hash(pool, policy);
    const struct json *golden = json_get(one, "hash");
    if (golden != NULL) {
        count(run, "hash: golden");
        if (!text_same(json_text(golden), hash)) {
            failed(run, "the hash is another one", NULL);
        }
    }
    compare_hashes(run, pool, json_get(one, "same_hash"), true, hash);
    compare_hashes(run, pool, json_get(one, "other_hash"), false, hash);
}

/* Inputs. */

/* A policy to hold inputs against, and how its counts are called. */
struct held {
    const actra_policy *policy;
    struct walker walker;
    const char *json, *yaml, *slots, *arena;
};

static void compare(struct run *run, const char *door, size_t number, const struct outcome *expected,
                    const struct outcome *found, bool tells_maps) {
    count(run, door);
    if (!outcome_holds(expected, found, tells_maps)) {
        struct writer detail = {0};
        char where[80];
        snprintf(where, sizeof where, "input %zu by %s: expected ", number, door);
        write_text(&detail, where);
        outcome_write(&detail, expected);
        write_text(&detail, "; got ");
        outcome_write(&detail, found);
        failed(run, "decides otherwise", &detail);
        writer_free(&detail);
    } else if (tells_maps && found->is_error && expected->field.start != NULL &&
               !text_same(expected->field, found->field)) {
        count(run, "slots: an entry told as its map");
    }
}

static void by_text(struct run *run, const struct held *held, const char *door, size_t number,
                    struct text text, uint32_t flags, const struct outcome *expected) {
    struct pool pool = {0};
    actra_decision decision = actra_decision_empty();
    actra_buffer *json = NULL;
    actra_error *error = NULL;
    const actra_status status =
        actra_policy_evaluate_text(held->policy, text.start, text.len, flags, &decision, &json, &error);
    const struct outcome found = outcome_of_text(&pool, held->policy, status, &decision, json, error);
    compare(run, door, number, expected, &found, false);
    pool_free(&pool);
}

/* Each input is either compared or counted by why it is not. */
static void by_slots(struct run *run, const struct held *held, size_t number, const struct json *tree,
                     bool refuses_unknown, const struct outcome *expected) {
    if (refuses_unknown) {
        count(run, "not by slots: unknown fields are refused");
        return;
    }
    for (int placement = PLACED_BY_POINTER; placement <= PLACED_IN_ARENA; placement++) {
        struct filled filled;
        const enum unsaid unsaid = walker_fill(&held->walker, tree, (enum placement)placement, &filled);
        if (unsaid == SAID) {
            struct pool pool = {0};
            const struct outcome found = outcome_of_slots(
                &pool, held->policy, filled.slots, held->walker.slot_count,
                (const uint8_t *)filled.arena.start, filled.arena.len);
            compare(run, placement == PLACED_IN_ARENA ? held->arena : held->slots, number, expected,
                    &found, true);
            pool_free(&pool);
        } else {
            count(run, unsaid == UNSAID_DOMAIN  ? "not by slots: a domain is no object"
                       : unsaid == UNSAID_TWICE ? "not by slots: a key twice"
                       : unsaid == UNSAID_DEEP  ? "not by slots: too deep"
                                                : "not by slots: over a limit without a slot");
        }
        filled_free(&filled);
    }
}

static struct text bytes_of_hex(struct pool *pool, struct text hex) {
    char *bytes = pool_take(pool, hex.len / 2 + 1);
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        const char pair[3] = {hex.start[i], hex.start[i + 1], '\0'};
        bytes[i / 2] = (char)strtol(pair, NULL, 16);
    }
    return (struct text){bytes, hex.len / 2};
}

static void hold(struct run *run, const struct held *held, size_t number, const struct json *check) {
    struct pool pool = {0};
    const struct json *refuse = json_get(check, "refuse_unknown");
    const bool refuses = refuse != NULL && refuse->kind == JSON_BOOLEAN && refuse->as.boolean;
    const uint32_t flags = refuses ? ACTRA_INPUT_REFUSE_UNKNOWN : 0;
    const uint32_t yaml_flags = flags | ACTRA_INPUT_YAML;
    const struct outcome expected = outcome_of_json(&pool, json_get(check, "expect"));
    const struct json *input_json = json_get(check, "input_json");
    const struct json *input_yaml = json_get(check, "input_yaml");
    const struct json *input_hex = json_get(check, "input_hex");
    const struct json *tree = json_get(check, "input");
    struct writer text = {0};
    if (tree != NULL) {
        if (json_write(&text, tree, NOTATION_JSON)) {
            by_text(run, held, held->json, number, (struct text){text.start, text.len}, flags, &expected);
        } else {
            count(run, "not by JSON: NaN or an infinity");
        }
    } else if (input_json != NULL) {
        const struct text given = joined(&pool, input_json);
        by_text(run, held, held->json, number, given, flags, &expected);
        tree = given.len > MAX_TEXT ? NULL : json_read(&pool, given, 200);
        if (tree == NULL) {
            count(run, given.len > MAX_TEXT ? "not by slots: the text is over its limit"
                                            : "not by slots: the text is no JSON");
        }
    } else if (input_hex != NULL) {
        const struct text bytes = bytes_of_hex(&pool, json_text(input_hex));
        by_text(run, held, held->json, number, bytes, flags, &expected);
        by_text(run, held, held->yaml, number, bytes, yaml_flags, &expected);
        count(run, "not by slots: bytes to be read as text");
    } else {
        by_text(run, held, held->yaml, number, joined(&pool, input_yaml), yaml_flags, &expected);
        count(run, "not by slots: YAML to be read as text");
    }
    if (tree != NULL) {
        text.len = 0;
        json_write(&text, tree, NOTATION_YAML);
        by_text(run, held, held->yaml, number, (struct text){text.start, text.len}, yaml_flags, &expected);
        by_slots(run, held, number, tree, refuses, &expected);
    }
    writer_free(&text);
    pool_free(&pool);
}

static void hold_all(struct run *run, const struct json *checks, const actra_policy *policy,
                     bool is_loaded) {
    struct held held = {0};
    held.policy = policy;
    held.json = is_loaded ? "json, loaded" : "json";
    held.yaml = is_loaded ? "yaml, loaded" : "yaml";
    held.slots = is_loaded ? "slots, loaded" : "slots";
    held.arena = is_loaded ? "slots in an arena, loaded" : "slots in an arena";
    if (!walker_open(&held.walker, policy)) {
        failed(run, "no walker can be made of the schema", NULL);
    } else {
        for (size_t i = 0; i < json_count(checks); i++) {
            hold(run, &held, i + 1, json_at(checks, i));
        }
    }
    walker_close(&held.walker);
}

/* Saved and loaded, a policy is the same one. */
static void hold_loaded(struct run *run, struct pool *pool, const struct json *checks,
                        const actra_policy *policy) {
    actra_buffer *artifact = NULL, *again = NULL;
    actra_policy *loaded = NULL;
    uint8_t digest[32], loaded_digest[32];
    count(run, "artifacts");
    if (actra_policy_to_artifact(policy, &artifact) != ACTRA_STATUS_OK ||
        actra_policy_load(actra_buffer_data(artifact), actra_buffer_len(artifact), &loaded, NULL) !=
            ACTRA_STATUS_OK ||
        actra_policy_to_artifact(loaded, &again) != ACTRA_STATUS_OK ||
        actra_policy_digest(policy, &digest) != ACTRA_STATUS_OK ||
        actra_policy_digest(loaded, &loaded_digest) != ACTRA_STATUS_OK) {
        failed(run, "the policy's artifact does not load", NULL);
    } else if (actra_buffer_len(artifact) != actra_buffer_len(again) ||
               memcmp(actra_buffer_data(artifact), actra_buffer_data(again), actra_buffer_len(again)) != 0 ||
               memcmp(digest, loaded_digest, sizeof digest) != 0 ||
               !text_same(hex_hash(pool, policy), hex_hash(pool, loaded))) {
        failed(run, "the loaded policy is another one", NULL);
    } else {
        hold_all(run, checks, loaded, true);
    }
    actra_buffer_free(artifact);
    actra_buffer_free(again);
    actra_policy_free(loaded);
}

/* Cases. */

static void run_case(struct run *run, const struct json *one) {
    struct pool pool = {0};
    const struct json *verdict = json_get(one, "compile");
    const struct json *errors = json_get(verdict, "errors");
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    const actra_status status = compile(run, &pool, one, &policy, &error);
    if (status != ACTRA_STATUS_OK) {
        check_errors(run, &pool, errors, status, error);
    } else if (json_count(errors) != 0) {
        count(run, "compile: errors");
        failed(run, "compiles, and errors were to come", NULL);
    } else {
        if (verdict != NULL) {
            check_warnings(run, &pool, json_get(verdict, "warnings"), policy);
        }
        check_hashes(run, &pool, one, policy);
        hold_all(run, json_get(one, "checks"), policy, false);
        hold_loaded(run, &pool, json_get(one, "checks"), policy);
    }
    actra_policy_free(policy);
    pool_free(&pool);
}

static struct text read_file(struct pool *pool, const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    struct writer writer = {0};
    char bytes[65536];
    for (size_t len; (len = fread(bytes, 1, sizeof bytes, file)) != 0;) {
        write_bytes(&writer, bytes, len);
    }
    fclose(file);
    char *copy = pool_take(pool, writer.len + 1);
    memcpy(copy, writer.start, writer.len);
    const struct text text = {copy, writer.len};
    writer_free(&writer);
    return text;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* The counts, sorted. */
static void write_counts(const struct run *run, struct writer *writer) {
    const char *names[MAX_COUNTS];
    for (size_t i = 0; i < run->count_kinds; i++) {
        names[i] = run->counts[i].name;
    }
    qsort(names, run->count_kinds, sizeof *names, by_name);
    for (size_t i = 0; i < run->count_kinds; i++) {
        for (size_t j = 0; j < run->count_kinds; j++) {
            if (names[i] == run->counts[j].name) {
                char line[120];
                snprintf(line, sizeof line, "%6lu %s\n", run->counts[j].count, names[i]);
                write_text(writer, line);
            }
        }
    }
}

int main(int argument_count, char **arguments) {
    const bool writes = argument_count == 5 && strcmp(arguments[4], "--write") == 0;
    if (argument_count != 4 && !writes) {
        fputs("usage: conformance CORPUS.json COUNTS.txt FOLDER [--write]\n", stderr);
        return 2;
    }
    struct pool pool = {0};
    struct json *corpus = json_read(&pool, read_file(&pool, arguments[1]), 200);
    if (json_count(corpus) == 0) {
        fprintf(stderr, "%s is no corpus\n", arguments[1]);
        return 2;
    }
    restore_numbers(corpus);
    struct run run = {0};
    run.folder = arguments[3];
    for (size_t i = 0; i < json_count(corpus); i++) {
        run.file = corpus->as.list.keys[i];
        const struct json *cases = json_at(corpus, i);
        for (size_t j = 0; j < json_count(cases); j++) {
            count(&run, "cases");
            run.case_name = json_text(json_get(json_at(cases, j), "name"));
            run_case(&run, json_at(cases, j));
        }
    }
    struct writer counts = {0};
    write_counts(&run, &counts);
    if (writes) {
        write_path(arguments[2], (struct text){counts.start, counts.len});
    } else if (!text_same((struct text){counts.start, counts.len}, read_file(&pool, arguments[2]))) {
        fprintf(stderr, "the counts are not those of %s, but\n%.*s", arguments[2], (int)counts.len, counts.start);
        run.failures++;
    }
    unsigned long passed = 0;
    for (size_t i = 0; i < run.count_kinds; i++) {
        const char *name = run.counts[i].name;
        const bool is_check = strncmp(name, "not by", 6) != 0 && strncmp(name, "documents", 9) != 0 && strcmp(name, "cases") != 0;
        passed += is_check ? run.counts[i].count : 0;
    }
    printf("conformance, C: %lu passed, %lu failed\n", passed - (run.failures < passed ? run.failures : passed), run.failures);
    writer_free(&counts);
    pool_free(&pool);
    return run.failures == 0 ? 0 : 1;
}
