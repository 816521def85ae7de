/* Inputs that are small to hold and large to read: many slots that point to the same long list, the
 * same long string, the same long key. What they take in memory and in time is bounded, and given
 * back when the call is over. */
#define _POSIX_C_SOURCE 200809L
#include "fixture.h"

#include <malloc.h>
#include <time.h>

enum { FIELDS = 300, LONGEST_LIST = 65536, LONGEST_STRING = 1 << 20 };

static actra_policy *policy;
static size_t slot_count;
static uint32_t lists[FIELDS], texts[FIELDS], maps[FIELDS];

/* Fields l0.., t0.., m0.. of one action. */
static void compile(void) {
    static const char rules[] =
        "version: 2\nrules: [{id: all, scope: {action: a}, effect: allow}]\n";
    size_t size = 100 + (size_t)FIELDS * 160, len;
    char *schema = (char *)room_for(size), name[16];
    len = (size_t)snprintf(schema, size, "version: 1\nactions:\n  a:\n    fields:\n");
    for (int at = 0; at < FIELDS; at++) {
        len += (size_t)snprintf(schema + len, size - len,
                                "      l%d: {type: list, items: string}\n      t%d: string\n"
                                "      m%d: {type: map, values: string}\n",
                                at, at, at);
    }
    if (actra_policy_compile(schema, len, rules, sizeof rules - 1, NULL, 0, &policy, NULL) !=
        ACTRA_STATUS_OK) {
        give_up("the policy does not compile");
    }
    for (int at = 0; at < FIELDS; at++) {
        snprintf(name, sizeof name, "l%d", at);
        lists[at] = slot_of(policy, ACTRA_DOMAIN_ACTION, name);
        snprintf(name, sizeof name, "t%d", at);
        texts[at] = slot_of(policy, ACTRA_DOMAIN_ACTION, name);
        snprintf(name, sizeof name, "m%d", at);
        maps[at] = slot_of(policy, ACTRA_DOMAIN_ACTION, name);
    }
    slot_count = actra_policy_slot_count(policy);
    free(schema);
}

/* MiB that the process holds now, and at most so far. */
static long resident(const char *which) {
    char line[256];
    long kilobytes = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) {
        give_up("/proc/self/status");
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, which, strlen(which)) == 0) {
            kilobytes = strtol(line + strlen(which), NULL, 10);
        }
    }
    fclose(file);
    return kilobytes / 1024;
}

static double cpu_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Under tools that make everything slow and large, neither is measured. */
static int measures = 1;

typedef struct {
    double started;
    long held;
} meter;

static meter begin(void) {
    meter made;
    malloc_trim(0);
    made.started = cpu_seconds();
    made.held = resident("VmRSS:");
    return made;
}

static void end(const meter *m, double most_seconds, long most_kept, const char *what) {
    double took = cpu_seconds() - m->started;
    long kept;
    /* What is free in the allocator's own lists is nobody's. */
    malloc_trim(0);
    kept = resident("VmRSS:") - m->held;
    if (!measures) {
        return;
    }
    if (!CHECK_CASE(took <= most_seconds, what) || !CHECK_CASE(kept <= most_kept, what)) {
        fprintf(stderr, "    %.2f s, %ld MiB kept\n", took, kept);
    }
    printf("    %-44s %6.3f s, %3ld MiB kept\n", what, took, kept);
}

static actra_slot *empty_slots(void) {
    actra_slot *slots = (actra_slot *)room_for(slot_count * sizeof *slots);
    memset(slots, 0, slot_count * sizeof *slots);
    slots[slot_of(policy, ACTRA_DOMAIN_ACTION, "type")] = text_slot("a");
    return slots;
}

static void decide(const actra_slot *slots, uint32_t error, const char *field, const char *what) {
    actra_decision decision = poisoned();
    meter m = begin();
    actra_status status = actra_policy_evaluate(policy, slots, slot_count, NULL, 0, &decision);
    if (error == ACTRA_INPUT_ERROR_NONE) {
        CHECK_STATUS_CASE(status, ACTRA_STATUS_OK, what);
        CHECK_CASE(decision.effect == ACTRA_EFFECT_ALLOW, what);
    } else {
        CHECK_STATUS_CASE(status, ACTRA_STATUS_INPUT_ERROR, what);
        CHECK_CASE(is_invalid(&decision) && decision.input_error == error, what);
        /* Of many fields alike, it is the one that stands where the limit is reached. */
        CHECK_CASE((decision.field == NULL) == (field == NULL), what);
        CHECK_CASE(field == NULL || memcmp(decision.field, field, strlen(field)) == 0, what);
    }
    end(&m, 15, 4, what);
}

static void one_long_list(void) {
    actra_slot *slots = empty_slots();
    actra_slot *items = (actra_slot *)room_for((LONGEST_LIST + 1) * sizeof *items);
    for (size_t at = 0; at <= LONGEST_LIST; at++) {
        items[at] = text_slot("x");
    }
    slots[lists[0]] = actra_slot_list(items, LONGEST_LIST + 1);
    decide(slots, ACTRA_INPUT_ERROR_TOO_LARGE, "action.l0", "a list that is too long");
    for (size_t at = 0; at < 100; at++) {
        slots[lists[at]] = actra_slot_list(items, LONGEST_LIST);
    }
    decide(slots, ACTRA_INPUT_ERROR_NONE, NULL, "one long list, 100 times");
    for (size_t at = 0; at < FIELDS; at++) {
        slots[lists[at]] = actra_slot_list(items, LONGEST_LIST);
    }
    decide(slots, ACTRA_INPUT_ERROR_TOO_LARGE, "action.l", "one long list, 300 times");
    if (measures) {
        /* 8,388,608 items of 48 bytes. */
        CHECK(resident("VmHWM:") < 480);
    }
    free(items);
    free(slots);
}

static void one_long_string(void) {
    char *text = (char *)room_for(LONGEST_STRING);
    actra_slot *slots = empty_slots();
    actra_slot *items = (actra_slot *)room_for(2 * LONGEST_LIST * sizeof *items);
    memset(text, 'x', LONGEST_STRING);
    for (size_t at = 0; at < 15; at++) {
        slots[texts[at]] = actra_slot_string(text, LONGEST_STRING);
    }
    decide(slots, ACTRA_INPUT_ERROR_NONE, NULL, "one long string, 15 times");
    for (size_t at = 0; at < FIELDS; at++) {
        slots[texts[at]] = actra_slot_string(text, LONGEST_STRING);
    }
    decide(slots, ACTRA_INPUT_ERROR_TOO_LARGE, NULL, "one long string, 300 times");
    free(slots);
    slots = empty_slots();
    for (size_t at = 0; at < 2 * LONGEST_LIST; at++) {
        items[at] = actra_slot_string(text, LONGEST_STRING);
    }
    slots[lists[0]] = actra_slot_list(items, LONGEST_LIST);
    decide(slots, ACTRA_INPUT_ERROR_TOO_LARGE, NULL, "a list of one long string");
    slots[lists[0]] = actra_slot_missing();
    slots[maps[0]] = actra_slot_map(items, LONGEST_LIST);
    decide(slots, ACTRA_INPUT_ERROR_TOO_LARGE, "action.m0", "a map of one long key");
    free(items);
    free(slots);
    free(text);
}

static void many_keys(void) {
    enum { KEYS = 200000 };
    char(*keys)[16] = (char(*)[16])room_for(KEYS * sizeof *keys);
    actra_slot *pairs = (actra_slot *)room_for(2 * KEYS * sizeof *pairs);
    actra_slot *slots = empty_slots();
    for (size_t at = 0; at < KEYS; at++) {
        snprintf(keys[at], sizeof keys[at], "k%lu", (unsigned long)(at * 7919 % KEYS));
        pairs[2 * at] = text_slot(keys[at]);
        pairs[2 * at + 1] = text_slot("x");
    }
    slots[maps[0]] = actra_slot_map(pairs, KEYS);
    decide(slots, ACTRA_INPUT_ERROR_NONE, NULL, "a map of 200,000 keys");
    pairs[2 * (KEYS - 1)] = pairs[0];
    decide(slots, ACTRA_INPUT_ERROR_DUPLICATE_KEY, "action.m0", "of which two are the same");
    for (size_t at = 0; at < KEYS; at++) {
        pairs[2 * at] = text_slot("the same");
    }
    decide(slots, ACTRA_INPUT_ERROR_DUPLICATE_KEY, "action.m0", "a map of one key, 200,000 times");
    for (size_t at = 0; at < FIELDS; at++) {
        slots[maps[at]] = actra_slot_map(pairs, KEYS);
    }
    decide(slots, ACTRA_INPUT_ERROR_DUPLICATE_KEY, "action.m0", "that map, 300 times");
    free(slots);
    free(pairs);
    free(keys);
}

/* Text is bounded by its length, and what reading it took is given back, too. */
static void large_text(void) {
    const size_t most = 16u << 20;
    char *text = (char *)room_for(most);
    size_t len = (size_t)snprintf(text, most, "{\"action\":{\"type\":\"a\",\"m0\":{");
    actra_decision decision = poisoned();
    meter m;
    for (unsigned long key = 0; len + 64 < most; key++) {
        len += (size_t)snprintf(text + len, most - len, "%s\"%lx\":\"\"", key == 0 ? "" : ",", key);
    }
    len += (size_t)snprintf(text + len, most - len, "}}}");
    m = begin();
    CHECK_STATUS(actra_policy_evaluate_text(policy, text, len, 0, &decision, NULL, NULL),
                 ACTRA_STATUS_OK);
    CHECK(decision.effect == ACTRA_EFFECT_ALLOW);
    end(&m, 30, 4, "text of 16 MiB, more than a million keys");
    text[len - 1] = 'x';
    m = begin();
    CHECK_STATUS(actra_policy_evaluate_text(policy, text, len, 0, &decision, NULL, NULL),
                 ACTRA_STATUS_INPUT_ERROR);
    CHECK(is_invalid(&decision));
    end(&m, 30, 4, "the same, malformed at its end");
    free(text);
}

int main(int count, char **words) {
    (void)words;
    measures = count <= 3;
    compile();
    one_long_list();
    one_long_string();
    many_keys();
    if (measures) {
        large_text();
    }
    actra_policy_free(policy);
    return checks_end("limits", 30);
}
