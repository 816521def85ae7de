/* Stores whose files are cut off, unreadable, replaced by links and refused while threads decide, and
 * stores that are called with what they do not take. The last good policy stays in force, and each decision
 * is wholly that of one policy. */
#include "check.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static actra_policy_store *const NO_STORE = (actra_policy_store *)(uintptr_t)0x5555555555555555;
static actra_policy_changes *const NO_CHANGES = (actra_policy_changes *)(uintptr_t)0x5555555555555555;
static actra_buffer *const NO_BUFFER = (actra_buffer *)(uintptr_t)0x5555555555555555;

static const char SCHEMA[] = "version: 1\nactions: {ping: {}}\n";
static const char INPUT[] = "{\"action\": {\"type\": \"ping\"}}";
static const char *scratch;

typedef struct {
    char text[4096];
} path;

static path in_scratch(const char *name) {
    path found;
    snprintf(found.text, sizeof found.text, "%s/%s", scratch, name);
    return found;
}

static void write_file(const char *name, const void *bytes, size_t len) {
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        give_up(name);
    }
}

static actra_policy *compiled(const char *rule) {
    char text[256];
    actra_policy *policy = NULL;
    snprintf(text, sizeof text, "version: 2\nrules:\n  - {id: %s, scope: {action: ping}, effect: allow}\n", rule);
    if (actra_policy_compile(SCHEMA, strlen(SCHEMA), text, strlen(text), NULL, 0, &policy, NULL) != ACTRA_STATUS_OK) {
        give_up(text);
    }
    return policy;
}

static void save(const char *to, const char *rule) {
    actra_policy *policy = compiled(rule);
    if (actra_policy_save(policy, to, strlen(to), NULL) != ACTRA_STATUS_OK) {
        give_up(to);
    }
    actra_policy_free(policy);
}

/* The rule by which a policy decides; false: another one does. */
static bool decides_by(const actra_policy *policy, const char *rule) {
    actra_decision decision = actra_decision_empty();
    return actra_policy_evaluate_text(policy, INPUT, strlen(INPUT), 0, &decision, NULL, NULL) == ACTRA_STATUS_OK &&
           decision.effect == ACTRA_EFFECT_ALLOW && decision.rule_id_len == strlen(rule) &&
           memcmp(decision.rule_id, rule, decision.rule_id_len) == 0;
}

static bool in_force(const actra_policy_store *store, const char *rule) {
    actra_policy *policy = actra_policy_store_policy(store);
    bool found = decides_by(policy, rule);
    actra_policy_free(policy);
    return found;
}

static bool has_failed_never(const actra_policy_store *store) {
    actra_buffer *json = NULL;
    bool found = actra_policy_store_status_json(store, &json) == ACTRA_STATUS_OK &&
                 strstr((const char *)actra_buffer_data(json), "\"failures\":0") != NULL;
    actra_buffer_free(json);
    return found;
}

static bool status_has(const actra_policy_store *store, const char *text) {
    actra_buffer *json = NULL;
    bool found;
    CHECK_STATUS(actra_policy_store_status_json(store, &json), ACTRA_STATUS_OK);
    found = strstr((const char *)actra_buffer_data(json), text) != NULL;
    if (!found) {
        fprintf(stderr, "%s is not in %s\n", text, (const char *)actra_buffer_data(json));
    }
    actra_buffer_free(json);
    return found;
}

static actra_policy_store *opened(const char *where, const actra_store_options *options) {
    actra_policy_store *store = NULL;
    if (!CHECK_STATUS(actra_policy_store_open(where, strlen(where), options, &store, NULL), ACTRA_STATUS_OK)) {
        give_up(where);
    }
    return store;
}

static actra_store_options asking(void) {
    actra_store_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/* Does not come into force; the reason is told, and stands in the status. */
static void is_refused(const actra_policy_store *store, actra_status status, const char *code, const char *what) {
    actra_error *error = NULL;
    uint32_t outcome = 99;
    char told[64];
    size_t len = 0;
    const char *found;
    uint64_t generation = actra_policy_store_generation(store);
    CHECK_STATUS_CASE(actra_policy_store_reload_if_changed(store, &outcome, &error), status, what);
    CHECK_CASE(outcome == 99, what);
    found = actra_error_code(error, &len);
    CHECK_CASE(found != NULL && len == strlen(code) && memcmp(found, code, len) == 0, what);
    actra_error_free(error);
    CHECK_CASE(actra_policy_store_generation(store) == generation, what);
    CHECK_CASE(in_force(store, "good"), what);
    /* The status tells the kind of failure. */
    snprintf(told, sizeof told, "\"code\":\"%s\"", status == ACTRA_STATUS_ARTIFACT_ERROR ? "artifact" : code);
    CHECK_CASE(status_has(store, told), what);
    CHECK_STATUS_CASE(actra_policy_store_reload_if_changed(store, &outcome, NULL), ACTRA_STATUS_OK, what);
    CHECK_CASE(outcome == ACTRA_RELOAD_NONE, what);
}

static void is_repaired(const actra_policy_store *store, const char *file, const char *what) {
    uint32_t outcome = 99;
    save(file, "good");
    CHECK_STATUS_CASE(actra_policy_store_reload_if_changed(store, &outcome, NULL), ACTRA_STATUS_OK, what);
    CHECK_CASE(outcome == ACTRA_RELOAD_SAME, what);
    CHECK_CASE(status_has(store, "\"failure\":null"), what);
}

static void bad_files(void) {
    path file = in_scratch("p.actra");
    actra_policy *policy = compiled("good");
    actra_buffer *artifact = NULL;
    actra_policy_store *store;
    size_t len;
    save(file.text, "good");
    CHECK_STATUS(actra_policy_to_artifact(policy, &artifact), ACTRA_STATUS_OK);
    len = actra_buffer_len(artifact);
    store = opened(file.text, NULL);
    CHECK(in_force(store, "good"));
    /* As on a full disk, or in the middle of being written. */
    for (size_t part = 0; part < 8; part++) {
        write_file(file.text, actra_buffer_data(artifact), len * part / 8);
        is_refused(store, ACTRA_STATUS_ARTIFACT_ERROR, "bad_artifact", "half a file");
        is_repaired(store, file.text, "half a file");
    }
    CHECK(unlink(file.text) == 0);
    is_refused(store, ACTRA_STATUS_IO_ERROR, "io", "no file");
    CHECK(symlink("/dev/zero", file.text) == 0);
    is_refused(store, ACTRA_STATUS_IO_ERROR, "io", "a link to a device");
    CHECK(unlink(file.text) == 0 && symlink("nowhere", file.text) == 0);
    is_refused(store, ACTRA_STATUS_IO_ERROR, "io", "a link to nowhere");
    CHECK(unlink(file.text) == 0 && mkdir(file.text, 0700) == 0);
    {
        actra_error *error = NULL;
        actra_status status = actra_policy_store_reload(store, NULL, &error);
        CHECK(status != ACTRA_STATUS_OK && error != NULL && in_force(store, "good"));
        actra_error_free(error);
    }
    CHECK(rmdir(file.text) == 0);
    is_repaired(store, file.text, "a directory in its place");
    CHECK(chmod(file.text, 0) == 0);
    {
        /* Permissions bind nobody who is root. */
        const bool is_root = geteuid() == 0;
        if (is_root && seteuid(65534) != 0) {
            printf("hostile_store: not tried: permission lost, since root cannot become somebody else here\n");
        } else {
            is_refused(store, ACTRA_STATUS_IO_ERROR, "io", "permission lost");
            CHECK(!is_root || seteuid(0) == 0);
        }
    }
    CHECK(chmod(file.text, 0600) == 0);
    is_repaired(store, file.text, "permission regained");
    actra_policy_store_free(store);
    actra_policy_free(policy);
    actra_buffer_free(artifact);
    CHECK(unlink(file.text) == 0);
}

static uint32_t is_good(void *context, const actra_policy *policy) {
    unsigned *asked = (unsigned *)context;
    ++*asked;
    return decides_by(policy, "good") ? 0 : 7;
}

static void checks_of_the_host(void) {
    path file = in_scratch("checked.actra");
    unsigned asked = 0;
    actra_store_options options = asking();
    actra_policy_store *store = NO_STORE;
    actra_policy *first, *second;
    actra_error *error = NULL;
    uint32_t outcome = 99;
    options.check = is_good;
    options.check_context = &asked;
    save(file.text, "bad");
    CHECK_STATUS(actra_policy_store_open(file.text, strlen(file.text), &options, &store, &error), ACTRA_STATUS_REFUSED);
    CHECK(store == NO_STORE && asked == 1 && error != NULL);
    actra_error_free(error);
    save(file.text, "good");
    store = opened(file.text, &options);
    CHECK(asked == 2 && actra_policy_store_generation(store) == 1);
    save(file.text, "bad");
    is_refused(store, ACTRA_STATUS_REFUSED, "refused", "the check says no");
    CHECK(asked == 3);
    /* One handle for each policy in force. */
    first = actra_policy_store_policy(store);
    second = actra_policy_store_policy(store);
    CHECK(first == second);
    actra_policy_free(second);
    save(file.text, "good");
    CHECK_STATUS(actra_policy_store_reload(store, &outcome, NULL), ACTRA_STATUS_OK);
    CHECK(outcome == ACTRA_RELOAD_SAME && actra_policy_store_generation(store) == 2 && asked == 4);
    second = actra_policy_store_policy(store);
    CHECK(first != second);
    actra_policy_store_free(store);
    /* Policies outlive the store. */
    CHECK(decides_by(first, "good") && decides_by(second, "good"));
    actra_policy_free(first);
    actra_policy_free(second);
}

static void signatures(const char *folder) {
    char from[4096];
    uint8_t key[4096];
    size_t len;
    FILE *file;
    path there = in_scratch("signed.actra");
    actra_bytes keys[1];
    actra_load_options load;
    actra_store_options options = asking();
    actra_policy_store *store = NO_STORE;
    actra_error *error = NULL;
    snprintf(from, sizeof from, "%s/../../../conformance/signing/a.pub", folder);
    file = fopen(from, "rb");
    if (file == NULL) {
        give_up(from);
    }
    len = fread(key, 1, sizeof key, file);
    fclose(file);
    keys[0].data = key;
    keys[0].len = len;
    memset(&load, 0, sizeof load);
    load.struct_size = sizeof load;
    load.trusted_keys = keys;
    load.trusted_key_count = 1;
    options.load = &load;
    options.flags = ACTRA_STORE_NEVER_OLDER;
    save(there.text, "good");
    CHECK_STATUS(actra_policy_store_open(there.text, strlen(there.text), &options, &store, NULL),
                 ACTRA_STATUS_ARTIFACT_ERROR);
    snprintf(from, sizeof from, "%s/../../../conformance/signing/signed.actra", folder);
    store = opened(from, &options);
    CHECK(status_has(store, "\"revision\":7"));
    actra_policy_store_free(store);
    store = NO_STORE;
    load.min_revision = 8;
    CHECK_STATUS(actra_policy_store_open(from, strlen(from), &options, &store, NULL), ACTRA_STATUS_ARTIFACT_ERROR);
    keys[0].len = 3;
    CHECK_STATUS(actra_policy_store_open(from, strlen(from), &options, &store, &error),
                 ACTRA_STATUS_INVALID_ARGUMENT);
    CHECK(store == NO_STORE && error != NULL);
    actra_error_free(error);
}

static void structs(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    path file = in_scratch("structs.actra");
    size_t len = strlen(file.text);
    actra_policy_store *store = NO_STORE;
    actra_store_options options = asking();
    actra_load_options load;
    unsigned char room[sizeof options + 64];
    save(file.text, "good");
    for (size_t size = 0; size < sizeof options; size++) {
        options.struct_size = size;
        CHECK_STATUS(actra_policy_store_open(file.text, len, &options, &store, NULL), invalid);
    }
    options.struct_size = SIZE_MAX;
    CHECK_STATUS(actra_policy_store_open(file.text, len, &options, &store, NULL), invalid);
    options = asking();
    memset(room, 0, sizeof room);
    memcpy(room + 1, &options, sizeof options);
    CHECK_STATUS(
        actra_policy_store_open(file.text, len, (const actra_store_options *)(void *)(room + 1), &store, NULL),
        invalid);
    {
        struct {
            actra_store_options known;
            uint64_t added[2];
        } later;
        for (size_t at = 0; at <= sizeof later.added; at++) {
            memset(&later, 0, sizeof later);
            later.known = asking();
            later.known.struct_size = sizeof later;
            if (at < sizeof later.added) {
                ((unsigned char *)later.added)[at] = 1;
                CHECK_STATUS(actra_policy_store_open(file.text, len, &later.known, &store, NULL), invalid);
            } else {
                actra_policy_store_free(opened(file.text, &later.known));
            }
        }
    }
    for (unsigned bit = 2; bit < 32; bit++) {
        options = asking();
        options.flags = 1u << bit;
        CHECK_STATUS(actra_policy_store_open(file.text, len, &options, &store, NULL), invalid);
    }
    options = asking();
    options.reserved = 1;
    CHECK_STATUS(actra_policy_store_open(file.text, len, &options, &store, NULL), invalid);
    memset(&load, 0, sizeof load);
    options = asking();
    options.load = &load;
    CHECK_STATUS(actra_policy_store_open(file.text, len, &options, &store, NULL), invalid);
    CHECK(store == NO_STORE);
}

static void arguments(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    static unsigned char room[64];
    void *const odd = room + 1;
    path file = in_scratch("arguments.actra");
    size_t len = strlen(file.text);
    actra_policy_store *store = NO_STORE;
    actra_policy_changes *changes = NO_CHANGES;
    actra_error *error = NULL;
    actra_buffer *json = NO_BUFFER;
    uint32_t number = 99;
    CHECK_STATUS(actra_policy_store_open(NULL, 1, NULL, &store, NULL), invalid);
    CHECK_STATUS(actra_policy_store_open("\xff", 1, NULL, &store, NULL), invalid);
    CHECK_STATUS(actra_policy_store_open(file.text, SIZE_MAX, NULL, &store, NULL), invalid);
    CHECK_STATUS(actra_policy_store_open(file.text, len, NULL, NULL, NULL), invalid);
    CHECK_STATUS(actra_policy_store_open(file.text, len, NULL, (actra_policy_store **)odd, NULL), invalid);
    CHECK_STATUS(actra_policy_store_open(file.text, len, NULL, &store, (actra_error **)odd), invalid);
    CHECK_STATUS(actra_policy_store_open(file.text, len, NULL, &store, &error), ACTRA_STATUS_IO_ERROR);
    CHECK(store == NO_STORE && error != NULL);
    actra_error_free(error);
    error = NULL;
    CHECK(actra_policy_store_policy(NULL) == NULL && actra_policy_store_generation(NULL) == 0);
    CHECK_STATUS(actra_policy_store_reload(NULL, &number, &error), invalid);
    CHECK_STATUS(actra_policy_store_reload_if_changed(NULL, &number, &error), invalid);
    CHECK_STATUS(actra_policy_store_status_json(NULL, &json), invalid);
    CHECK_STATUS(actra_policy_store_watch(NULL), invalid);
    CHECK_STATUS(actra_policy_store_unwatch(NULL), invalid);
    CHECK_STATUS(actra_policy_changes_open(NULL, &changes), invalid);
    CHECK_STATUS(actra_policy_changes_wait(NULL, 0, &number), invalid);
    actra_policy_changes_wake(NULL);
    actra_policy_changes_free(NULL);
    actra_policy_store_free(NULL);
    save(file.text, "good");
    store = opened(file.text, NULL);
    CHECK_STATUS(actra_policy_store_reload(store, (uint32_t *)odd, &error), invalid);
    CHECK_STATUS(actra_policy_store_reload(store, &number, (actra_error **)odd), invalid);
    CHECK_STATUS(actra_policy_store_reload_if_changed(store, (uint32_t *)odd, &error), invalid);
    CHECK_STATUS(actra_policy_store_reload_if_changed(store, &number, (actra_error **)odd), invalid);
    CHECK_STATUS(actra_policy_store_status_json(store, NULL), invalid);
    CHECK_STATUS(actra_policy_store_status_json(store, (actra_buffer **)odd), invalid);
    CHECK_STATUS(actra_policy_changes_open(store, NULL), invalid);
    CHECK_STATUS(actra_policy_changes_open(store, (actra_policy_changes **)odd), invalid);
    CHECK(number == 99 && error == NULL && json == NO_BUFFER && changes == NO_CHANGES);
    CHECK(actra_policy_store_generation(store) == 1);
    CHECK_STATUS(actra_policy_store_reload(store, NULL, NULL), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_changes_open(store, &changes), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_changes_wait(changes, 0, NULL), invalid);
    CHECK_STATUS(actra_policy_changes_wait(changes, 0, (uint32_t *)odd), invalid);
    /* The first time at once; then nothing changes, and the time is over or somebody ends it. */
    CHECK_STATUS(actra_policy_changes_wait(changes, UINT64_MAX, &number), ACTRA_STATUS_OK);
    CHECK(number == 1);
    CHECK_STATUS(actra_policy_changes_wait(changes, 1, &number), ACTRA_STATUS_OK);
    CHECK(number == 0);
    actra_policy_changes_wake(changes);
    number = 99;
    CHECK_STATUS(actra_policy_changes_wait(changes, UINT64_MAX, &number), ACTRA_STATUS_OK);
    CHECK(number == 0);
    save(file.text, "other");
    CHECK_STATUS(actra_policy_changes_wait(changes, UINT64_MAX, &number), ACTRA_STATUS_OK);
    CHECK(number == 1);
    CHECK_STATUS(actra_policy_store_reload_if_changed(store, &number, NULL), ACTRA_STATUS_OK);
    CHECK(number == ACTRA_RELOAD_REPLACED && in_force(store, "other"));
    actra_policy_store_free(store);
    /* It may outlive its store. */
    CHECK_STATUS(actra_policy_changes_wait(changes, 1, &number), ACTRA_STATUS_OK);
    actra_policy_changes_free(changes);
}

typedef struct {
    pthread_t thread;
    const actra_policy_store *store;
    volatile bool *is_over;
    unsigned long decisions, wrong;
} worker;

/* Keeps a policy until the generation is another one, as a host would. */
static void *decide(void *argument) {
    worker *self = (worker *)argument;
    uint64_t generation = 0;
    actra_policy *policy = NULL;
    while (!__atomic_load_n(self->is_over, __ATOMIC_ACQUIRE)) {
        uint64_t now = actra_policy_store_generation(self->store);
        actra_decision decision = actra_decision_empty();
        size_t len = 0;
        const char *id;
        if (now != generation) {
            actra_policy_free(policy);
            policy = actra_policy_store_policy(self->store);
            generation = now;
        }
        /* The only rule of this very policy. */
        id = actra_policy_rule_id(policy, 0, &len);
        if (actra_policy_evaluate_text(policy, INPUT, strlen(INPUT), 0, &decision, NULL, NULL) != ACTRA_STATUS_OK ||
            decision.rule_id_len != len || memcmp(decision.rule_id, id, len) != 0) {
            self->wrong++;
        }
        self->decisions++;
    }
    actra_policy_free(policy);
    return NULL;
}

static bool comes_into_force(const actra_policy_store *store, const char *rule) {
    const struct timespec rest = {0, 5000000};
    for (int tries = 0; tries < 12000; tries++) {
        if (in_force(store, rule)) {
            return true;
        }
        nanosleep(&rest, NULL);
    }
    return false;
}

static void under_load(unsigned swaps) {
    enum { WORKERS = 3 };
    path file = in_scratch("load.actra");
    worker workers[WORKERS];
    volatile bool is_over = false;
    actra_policy_store *store;
    save(file.text, "rule_0");
    store = opened(file.text, NULL);
    for (int at = 0; at < WORKERS; at++) {
        memset(&workers[at], 0, sizeof workers[at]);
        workers[at].store = store;
        workers[at].is_over = &is_over;
        if (pthread_create(&workers[at].thread, NULL, decide, &workers[at]) != 0) {
            give_up("no threads");
        }
    }
    for (unsigned at = 0; at < swaps; at++) {
        char rule[32];
        snprintf(rule, sizeof rule, "rule_%u", at % 5 + 1);
        save(file.text, rule);
        CHECK_STATUS(actra_policy_store_reload(store, NULL, NULL), ACTRA_STATUS_OK);
        CHECK(in_force(store, rule));
    }
    /* Now the library's own thread. */
    CHECK(status_has(store, "\"watching\":false"));
    CHECK_STATUS(actra_policy_store_watch(store), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_store_watch(store), ACTRA_STATUS_OK);
    CHECK(status_has(store, "\"watching\":true"));
    save(file.text, "seen");
    CHECK(comes_into_force(store, "seen"));
    write_file(file.text, "rubbish", 7);
    for (int tries = 0; tries < 12000 && has_failed_never(store); tries++) {
        const struct timespec rest = {0, 5000000};
        nanosleep(&rest, NULL);
    }
    CHECK(status_has(store, "\"code\":\"artifact\"") && in_force(store, "seen"));
    CHECK_STATUS(actra_policy_store_unwatch(store), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_store_unwatch(store), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_store_watch(store), ACTRA_STATUS_OK);
    save(file.text, "again");
    CHECK(comes_into_force(store, "again"));
    __atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
    for (int at = 0; at < WORKERS; at++) {
        pthread_join(workers[at].thread, NULL);
        CHECK(workers[at].decisions > 0 && workers[at].wrong == 0);
    }
    /* It is still watched. */
    actra_policy_store_free(store);
}

static void own_tests(void) {
    const char *const names[] = {"d/schema.yaml", "d/policy.yaml", "d/policy_test.yaml"};
    const char *const texts[] = {
        SCHEMA, "version: 2\nrules:\n  - {id: good, scope: {action: ping}, effect: allow}\n",
        "name: pings\ntests:\n  - {name: all pass, input: {action: {type: ping}}, expect: allow}\n"};
    path directory = in_scratch("d");
    actra_store_options options = asking();
    actra_policy_store *store;
    if (mkdir(directory.text, 0700) != 0) {
        give_up(directory.text);
    }
    for (size_t at = 0; at < 3; at++) {
        write_file(in_scratch(names[at]).text, texts[at], strlen(texts[at]));
    }
    store = NO_STORE;
    if (actra_has_compiler() == 0) {
        CHECK_STATUS(actra_policy_store_open(directory.text, strlen(directory.text), NULL, &store, NULL),
                     ACTRA_STATUS_NOT_SUPPORTED);
        return;
    }
    store = opened(directory.text, NULL);
    {
        const char *blocks = "version: 2\nrules:\n  - {id: good, scope: {action: ping}, effect: block}\n";
        write_file(in_scratch("d/policy.yaml").text, blocks, strlen(blocks));
        is_refused(store, ACTRA_STATUS_REFUSED, "tests", "its tests fail");
        options.flags = ACTRA_STORE_WITHOUT_TESTS;
        actra_policy_store_free(opened(directory.text, &options));
    }
    write_file(in_scratch("d/policy.yaml").text, "rules: [", 8);
    {
        actra_error *error = NULL;
        CHECK_STATUS(actra_policy_store_reload(store, NULL, &error), ACTRA_STATUS_COMPILE_ERROR);
        CHECK(actra_error_line(error) > 0 && in_force(store, "good"));
        actra_error_free(error);
    }
    actra_policy_store_free(store);
}

int main(int count, char **words) {
    const char *folder = count > 1 ? words[1] : "bindings/c/tests";
    scratch = count > 2 ? words[2] : "/tmp";
    bad_files();
    checks_of_the_host();
    signatures(folder);
    structs();
    arguments();
    own_tests();
    under_load(count > 3 ? 50 : 1000);
    return checks_end("hostile_store", 440);
}
