/* The hot path allocates nothing: every call of the allocator is counted while the doors decide
 * inputs of every kind, faulty ones included. The counting functions stand in for the C library's,
 * for this program and for the library that it loads.
 *
 *   allocations FOLDER SCRATCH ROUNDS
 *
 * With UNCOUNTED nothing is counted here: valgrind does, and what it counts is the same for any
 * number of rounds. */
#include "fixture.h"

#include <pthread.h>

static volatile int counts_now;
static volatile unsigned long allocations, frees;

#ifndef UNCOUNTED
/* glibc's own functions under the names that it keeps for those who stand in for them. */
#ifdef __cplusplus
extern "C" {
#define THROWS_NOTHING noexcept
#else
#define THROWS_NOTHING
#endif
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static void count_allocation(void) {
    if (counts_now) {
        allocations = allocations + 1;
    }
}

void *malloc(size_t size) THROWS_NOTHING {
    count_allocation();
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) THROWS_NOTHING {
    count_allocation();
    return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) THROWS_NOTHING {
    count_allocation();
    return __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size) THROWS_NOTHING {
    count_allocation();
    return __libc_memalign(alignment, size);
}
int posix_memalign(void **memory, size_t alignment, size_t size) THROWS_NOTHING {
    count_allocation();
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL;
}
void free(void *memory) THROWS_NOTHING {
    frees = frees + (counts_now != 0);
    __libc_free(memory);
}
#ifdef __cplusplus
}
#endif
#endif

static fixture f;

enum { KINDS = 14, ITEMS = 2000 };

static actra_slot tags[ITEMS], sizes[ITEMS], pairs[2 * ITEMS];
static char keys[ITEMS][16], long_text[100000];

/* Inputs of all kinds; odd ones are in error. */
static void fill(actra_slot *slots, int kind) {
    fill_allowed(&f, slots);
    switch (kind) {
    case 0: /* scalars alone */
        break;
    case 2: /* several approvals, and lists and maps */
        slots[f.amount] = actra_slot_integer(5000);
        slots[f.tags] = actra_slot_list(tags, 20);
        slots[f.sizes] = actra_slot_list(sizes, 20);
        slots[f.labels] = actra_slot_map(pairs, 7);
        break;
    case 4: /* long ones, which are sorted */
        slots[f.tags] = actra_slot_list(tags, ITEMS);
        slots[f.sizes] = actra_slot_list(sizes, ITEMS);
        slots[f.labels] = actra_slot_map(pairs, ITEMS);
        break;
    case 6: /* long text, and text that is not ASCII */
        slots[f.note] = actra_slot_string(long_text, sizeof long_text);
        slots[f.role] = text_slot("Geschäftsführer, und noch etwas dahinter");
        break;
    case 8: /* times as text, an object's member */
        slots[f.due] = text_slot("2026-01-01T00:00:00.123456+02:00");
        slots[f.now] = text_slot("2025-01-01T00:00:00Z");
        slots[f.tier] = text_slot("gold");
        break;
    case 10: /* a rule that is unknown, for want of a field */
        slots[f.fraud] = actra_slot_missing();
        break;
    case 12: /* the default */
        slots[f.amount] = actra_slot_integer(800000);
        slots[f.action_type] = text_slot("payout");
        slots[f.reason] = text_slot("why");
        break;
    case 1:
        slots[f.amount] = text_slot("20");
        break;
    case 3:
        slots[f.action_type] = text_slot("none");
        break;
    case 5:
        slots[f.labels] = actra_slot_map(pairs, ITEMS);
        pairs[2] = pairs[0];
        break;
    case 7:
        slots[f.note] = actra_slot_string("\xff\xfe", 2);
        break;
    case 9:
        slots[f.amount] = actra_slot_double(1e300);
        break;
    case 11:
        slots[f.tags] = actra_slot_list(sizes, 50);
        break;
    case 13: /* not an input at all */
        slots[f.amount].tag = 999;
        break;
    default:
        give_up("no such kind");
    }
    if (kind != 5 && ITEMS > 1) {
        pairs[2] = text_slot(keys[1]);
    }
}

static const char *const texts[] = {
    ALLOWED_JSON,
    "{\"action\":{\"type\":\"refund\",\"amount\":5000,\"tags\":[\"watched\",\"\\u0041\\n\"],\"sizes\":"
    "[1,2,300],\"labels\":{\"env\":\"production\",\"b\":\"\\\"c\\\"\"},\"weights\":{\"total\":11.25},"
    "\"note\":\"\xc3\xa4\",\"customer\":{\"tier\":\"gold\",\"age\":3}},\"actor\":{\"role\":\"r\"},"
    "\"snapshot\":{\"fraud\":false,\"now\":\"2026-01-01T00:00:00Z\"},\"unknown\":{\"a\":[{}]}}",
    "{\"action\":{\"type\":\"refund\",\"amount\":20}}"};

static actra_decision decision;

static void one_round(int round) {
    actra_slot slots[MOST_SLOTS];
    uint32_t rules[16], fields[MOST_SLOTS];
    size_t rule_count, field_count;
    for (int kind = 0; kind < KINDS; kind++) {
        actra_status status, other;
        actra_status expected = kind == 13      ? ACTRA_STATUS_INVALID_ARGUMENT
                                : kind % 2 == 1 ? ACTRA_STATUS_INPUT_ERROR
                                                : ACTRA_STATUS_OK;
        fill(slots, kind);
        status = actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &decision);
        other = actra_policy_evaluate_all(f.policy, slots, f.slot_count, NULL, 0, &decision, rules, 16,
                                          &rule_count, fields, MOST_SLOTS, &field_count);
        if (status != expected || other != expected) {
            fprintf(stderr, "round %d, kind %d: %s\n", round, kind, actra_status_name(status));
            exit(1);
        }
    }
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        if (actra_policy_evaluate_text(f.policy, texts[at], strlen(texts[at]), 0, &decision, NULL,
                                       NULL) != ACTRA_STATUS_OK) {
            give_up("a text is not decided");
        }
    }
}

static void prepare(void) {
    for (int at = 0; at < ITEMS; at++) {
        snprintf(keys[at], sizeof keys[at], "key %d", at * 3571 % ITEMS);
        tags[at] = text_slot(keys[at]);
        sizes[at] = actra_slot_integer(at * 7919 % ITEMS - 1900);
        pairs[2 * at] = text_slot(keys[at]);
        pairs[2 * at + 1] = text_slot("value");
    }
    tags[3] = text_slot("watched");
    memset(long_text, 'x', sizeof long_text);
}

static unsigned long counted(int rounds) {
    allocations = frees = 0;
    counts_now = 1;
    for (int round = 0; round < rounds; round++) {
        one_round(round);
    }
    counts_now = 0;
    CHECK(frees == 0);
    return allocations;
}

/* Threads that come and go use what those before them have left. */
static void *once(void *result) {
    *(unsigned long *)result = counted(1);
    return NULL;
}

int main(int count, char **words) {
    int rounds = count > 3 ? (int)strtol(words[3], NULL, 10) : 200;
    unsigned long first;
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    prepare();
    decision = actra_decision_empty();
    first = counted(1);
#ifndef UNCOUNTED
    /* The first round makes an evaluator and its room: the counting counts. */
    CHECK(first > 0);
#endif
    CHECK(counted(rounds) == 0);
    for (int at = 0; at < 100; at++) {
        pthread_t thread;
        unsigned long in_thread = 77;
        if (pthread_create(&thread, NULL, once, &in_thread) != 0) {
            give_up("a thread does not start");
        }
        pthread_join(thread, NULL);
        CHECK(in_thread == 0);
    }
    printf("%lu allocations in the first round, %lu in %d more\n", first, counted(rounds), rounds);
    fixture_close(&f);
    return checks_end("allocations", 200);
}
