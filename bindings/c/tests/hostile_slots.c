/* Inputs that no honest caller gives: each is an input that the policy allows with one thing wrong.
 * All end in an error status and an invalid decision, by both functions that take slots. */
#include "fixture.h"

#include <math.h>

/* What tag 0xffffffff does in a library that is built to panic. */
#ifdef EXPECT_PANICS
#define LAST_TAG_STATUS ACTRA_STATUS_INTERNAL
#else
#define LAST_TAG_STATUS ACTRA_STATUS_INVALID_ARGUMENT
#endif

static fixture f;

/* One call. */
typedef struct {
    actra_slot slots[MOST_SLOTS];
    size_t slot_count;
    const void *arena;
    size_t arena_len;
} input;

static input allowed(void) {
    input in;
    fill_allowed(&f, in.slots);
    in.slot_count = f.slot_count;
    in.arena = NULL;
    in.arena_len = 0;
    return in;
}

static input with(uint32_t slot, actra_slot value) {
    input in = allowed();
    in.slots[slot] = value;
    return in;
}

static input with_arena(uint32_t slot, actra_slot value, const void *arena, size_t arena_len) {
    input in = with(slot, value);
    in.arena = arena;
    in.arena_len = arena_len;
    return in;
}

static actra_slot slot_with(uint32_t tag, uint32_t len, uint64_t bits) {
    actra_slot slot;
    slot.tag = tag;
    slot.len = len;
    slot.v.off = bits;
    return slot;
}

/* A copy that ends where its memory ends, `shift` bytes from where memory is aligned: what reads
 * beyond it is found out by the sanitizers. */
typedef struct {
    unsigned char *block;
    unsigned char *bytes;
} copy;

static copy copy_of(const void *bytes, size_t len, size_t shift) {
    copy made;
    made.block = (unsigned char *)room_for(shift + len);
    made.bytes = made.block + shift;
    if (len > 0) {
        memcpy(made.bytes, bytes, len);
    }
    return made;
}

/* Both functions that take slots; they agree. */
static actra_status evaluate(const input *in, size_t shift, actra_decision *decision) {
    copy slots = copy_of(in->slots, in->slot_count * sizeof *in->slots, shift);
    copy arena = copy_of(in->arena, in->arena_len, shift);
    const actra_slot *given = (const actra_slot *)(const void *)slots.bytes;
    const uint8_t *bytes = in->arena == NULL ? NULL : arena.bytes;
    actra_decision second = poisoned();
    uint32_t rules[64], fields[64];
    size_t rule_count = 777, field_count = 777;
    actra_status status, other;
    *decision = poisoned();
    status = actra_policy_evaluate(f.policy, given, in->slot_count, bytes, in->arena_len, decision);
    other = actra_policy_evaluate_all(f.policy, given, in->slot_count, bytes, in->arena_len, &second,
                                      rules, 64, &rule_count, fields, 64, &field_count);
    CHECK(status == other);
    CHECK(memcmp(decision, &second, sizeof second) == 0);
    CHECK((status == ACTRA_STATUS_OK) == (rule_count != 777));
    CHECK((status == ACTRA_STATUS_OK) == (field_count != 777));
    free(slots.block);
    free(arena.block);
    return status;
}

static void refused(const input *in, actra_status status, const char *what) {
    actra_decision decision;
    CHECK_STATUS_CASE(evaluate(in, 0, &decision), status, what);
    CHECK_CASE(is_invalid(&decision) && decision.input_error == 0 && decision.field == NULL, what);
}

/* An input error about a field; NULL: about the input as a whole. */
static void in_error(const input *in, uint32_t error, const char *field, const char *what) {
    actra_decision decision;
    CHECK_STATUS_CASE(evaluate(in, 0, &decision), ACTRA_STATUS_INPUT_ERROR, what);
    CHECK_CASE(is_invalid(&decision) && decision.input_error == error, what);
    if (decision.input_error != error) {
        fprintf(stderr, "    %s, not %s\n", actra_input_error_name(decision.input_error),
                actra_input_error_name(error));
    }
    CHECK_CASE(is_text(decision.field, decision.field_len, field), what);
}

static void decided(const input *in, uint32_t effect, const char *rule, const char *what) {
    actra_decision decision;
    CHECK_STATUS_CASE(evaluate(in, 0, &decision), ACTRA_STATUS_OK, what);
    CHECK_CASE(decision.effect == effect && decision.input_error == 0, what);
    CHECK_CASE(is_text(decision.rule_id, decision.rule_id_len, rule), what);
}

static void argument(uint32_t slot, actra_slot value, const char *what) {
    input in = with(slot, value);
    refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, what);
}

static void field_error(uint32_t slot, actra_slot value, uint32_t error, const char *field) {
    input in = with(slot, value);
    in_error(&in, error, field, field);
}

static void tags(void) {
    uint32_t tag = ACTRA_TAG_OBJECT;
    char what[32];
    while (tag < UINT32_MAX) {
        actra_slot slot, item[2];
        input in;
        actra_status status;
        tag = tag < 300 ? tag + 1 : tag > UINT32_MAX / 3 ? UINT32_MAX : tag * 3 + 1;
        status = tag == UINT32_MAX ? LAST_TAG_STATUS : ACTRA_STATUS_INVALID_ARGUMENT;
        snprintf(what, sizeof what, "tag %lu", (unsigned long)tag);
        slot = slot_with(tag, 1, 1);
        in = with(f.note, slot);
        refused(&in, status, what);
        in = with(f.tags, actra_slot_list(&slot, 1));
        refused(&in, status, what);
        item[0] = text_slot("env");
        item[1] = slot;
        in = with(f.labels, actra_slot_map(item, 1));
        refused(&in, status, what);
        item[0] = slot;
        item[1] = text_slot("env");
        in = with(f.labels, actra_slot_map(item, 1));
        refused(&in, status, what);
    }
}

static void booleans(void) {
    static const uint64_t bits[] = {2, 3, 255, 256, 1ull << 32, 1ull << 63, UINT64_MAX, 0x100000001};
    for (size_t at = 0; at < sizeof bits / sizeof *bits; at++) {
        argument(f.fraud, slot_with(ACTRA_TAG_BOOLEAN, 0, bits[at]), "a boolean that is neither");
    }
    field_error(f.fraud, actra_slot_integer(0), ACTRA_INPUT_ERROR_WRONG_TYPE, "snapshot.fraud");
    field_error(f.fraud, text_slot("false"), ACTRA_INPUT_ERROR_WRONG_TYPE, "snapshot.fraud");
    field_error(f.amount, actra_slot_boolean(1), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.amount");
    field_error(f.amount, text_slot("20"), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.amount");
    field_error(f.amount, actra_slot_timestamp(20), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.amount");
    field_error(f.amount, slot_with(ACTRA_TAG_OBJECT, 0, 0), ACTRA_INPUT_ERROR_WRONG_TYPE,
                "action.amount");
}

static void numbers(void) {
    const double odd[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    for (size_t at = 0; at < 3; at++) {
        actra_slot number = actra_slot_double(odd[at]), pair[2];
        field_error(f.ratio, number, ACTRA_INPUT_ERROR_NOT_FINITE, "action.ratio");
        field_error(f.amount, number, ACTRA_INPUT_ERROR_NOT_FINITE, "action.amount");
        field_error(f.sizes, actra_slot_list(&number, 1), ACTRA_INPUT_ERROR_NOT_FINITE,
                    "action.sizes");
        pair[0] = text_slot("total");
        pair[1] = number;
        field_error(f.weights, actra_slot_map(pair, 1), ACTRA_INPUT_ERROR_NOT_FINITE,
                    "action.weights");
        pair[1] = slot_with(ACTRA_TAG_BIG_INTEGER, 0, 0);
        pair[1].v.f = odd[at];
        field_error(f.amount, pair[1], ACTRA_INPUT_ERROR_OUT_OF_RANGE, "action.amount");
    }
    field_error(f.amount, actra_slot_double(20.5), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.amount");
    field_error(f.amount, actra_slot_double(1e300), ACTRA_INPUT_ERROR_OUT_OF_RANGE, "action.amount");
    field_error(f.amount, actra_slot_integer(-1), ACTRA_INPUT_ERROR_BELOW_MIN, "action.amount");
    field_error(f.amount, actra_slot_integer(INT64_MIN), ACTRA_INPUT_ERROR_BELOW_MIN,
                "action.amount");
    field_error(f.amount, actra_slot_integer(INT64_MAX), ACTRA_INPUT_ERROR_ABOVE_MAX,
                "action.amount");
    field_error(f.amount, actra_slot_missing(), ACTRA_INPUT_ERROR_MISSING_REQUIRED, "action.amount");
    field_error(f.amount, actra_slot_null(), ACTRA_INPUT_ERROR_MISSING_REQUIRED, "action.amount");
}

static void instants(void) {
    /* Of 0001-01-01T00:00:00+23:59 and 9999-12-31T23:59:59.999999-23:59. */
    static const int64_t first = -62135683140000000, last = 253402387139999999;
    const int64_t ends[] = {first, first + 1, -1, 0, last - 1, last};
    const int64_t far[] = {INT64_MIN, first - 1, last + 1, INT64_MAX};
    for (size_t at = 0; at < sizeof far / sizeof *far; at++)
        field_error(f.due, actra_slot_timestamp(far[at]), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.due");
    for (size_t at = 0; at < 6; at++) {
        input in = with(f.due, actra_slot_timestamp(ends[at]));
        in.slots[f.now] = actra_slot_timestamp(0);
        decided(&in, ends[at] < 0 ? ACTRA_EFFECT_BLOCK : ACTRA_EFFECT_ALLOW,
                ends[at] < 0 ? "overdue" : "small", "an instant");
        in.slots[f.now] = actra_slot_missing();
        decided(&in, ACTRA_EFFECT_BLOCK, "overdue", "an instant, and nobody knows what time it is");
    }
    field_error(f.due, text_slot("yesterday"), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.due");
    field_error(f.due, actra_slot_integer(0), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.due");
}

static void strings(void) {
    actra_slot slot = actra_slot_string(NULL, 0);
    input in = with(f.note, slot);
    decided(&in, ACTRA_EFFECT_ALLOW, "small", "NULL goes with length 0");
    field_error(f.action_type, slot, ACTRA_INPUT_ERROR_UNKNOWN_ACTION, "action.type");
    argument(f.note, actra_slot_string(NULL, 1), "NULL does not go with other lengths");
    argument(f.note, actra_slot_string(NULL, UINT32_MAX), "nor with the largest");
    /* It is not even looked at. */
    field_error(f.note, actra_slot_string("x", (size_t)UINT32_MAX + 1),
                ACTRA_INPUT_ERROR_TOO_LARGE, "action.note");
    in = allowed();
    in.slots[f.action_type] = actra_slot_missing();
    in_error(&in, ACTRA_INPUT_ERROR_MISSING_REQUIRED, "action.type", "no action");
    in.slots[f.action_type] = text_slot("Refund");
    in_error(&in, ACTRA_INPUT_ERROR_UNKNOWN_ACTION, "action.type", "no such action");
    in.slots[f.action_type] = text_slot("payout");
    in_error(&in, ACTRA_INPUT_ERROR_MISSING_REQUIRED, "action.reason", "another action");
}

static void bad_text(const char *bytes, uint32_t len) {
    actra_slot slot = actra_slot_string(bytes, len), pair[2];
    input in;
    field_error(f.note, slot, ACTRA_INPUT_ERROR_NOT_UTF8, "action.note");
    field_error(f.action_type, slot, ACTRA_INPUT_ERROR_NOT_UTF8, "action.type");
    field_error(f.tags, actra_slot_list(&slot, 1), ACTRA_INPUT_ERROR_NOT_UTF8, "action.tags");
    pair[0] = text_slot("env");
    pair[1] = slot;
    field_error(f.labels, actra_slot_map(pair, 1), ACTRA_INPUT_ERROR_NOT_UTF8, "action.labels");
    pair[0] = slot;
    pair[1] = text_slot("env");
    field_error(f.labels, actra_slot_map(pair, 1), ACTRA_INPUT_ERROR_NOT_UTF8, "action.labels");
    in = with_arena(f.note, actra_slot_string_at(0, len), bytes, len);
    in_error(&in, ACTRA_INPUT_ERROR_NOT_UTF8, "action.note", "bad text in the arena");
    /* A field of another action is no field of this one, and its text is bad all the same. */
    in = with(f.reason, slot);
    in_error(&in, ACTRA_INPUT_ERROR_NOT_UTF8, "action.reason", "bad text under another action");
}

static void encodings(void) {
    static const char *const bad[] = {"\x80",         "\xff",         "\xc0\x80",
                                      "\xe2\x82",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                      "\xf0\x9f\x98", "abc\xc3",      "\xf8\x88\x80\x80\x80"};
    char bytes[80];
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        bad_text(bad[at], (uint32_t)strlen(bad[at]));
    }
    /* Short text is looked at in words of several sizes: a bad byte is found wherever it is. */
    for (uint32_t len = 1; len <= 70; len++) {
        for (uint32_t at = 0; at < len; at++) {
            copy text;
            memset(bytes, 'a', len);
            bytes[at] = (char)0xbf;
            text = copy_of(bytes, len, len % 9);
            bad_text((const char *)text.bytes, len);
            free(text.block);
        }
    }
}

static void arenas(void) {
    static const char text[] = "a note of some length, for slots to point into";
    const uint64_t end = sizeof text - 1;
    static const uint32_t kinds[] = {ACTRA_TAG_STRING_AT, ACTRA_TAG_LIST_AT, ACTRA_TAG_MAP_AT};
    const struct {
        uint64_t offset;
        uint32_t len;
    } bad[] = {
        {end, 1},
        {end + 1, 0},
        {end - 1, 3},
        {0, (uint32_t)end + 1},
        {1, (uint32_t)end},
        {UINT64_MAX, 0},
        {UINT64_MAX, 1},
        {UINT64_MAX - 3, 4},
        {UINT64_MAX - 15, 1},
        {UINT64_MAX - 31, 1},
        {UINT64_MAX - 31, 2},
        {UINT64_MAX, UINT32_MAX},
        {0, UINT32_MAX},
        {end, UINT32_MAX},
        {1ull << 63, 1},
        {(1ull << 63) - 1, UINT32_MAX},
        {1ull << 32, 0},
        {0, 1u << 28}, /* times 16 it is 2 to the 32nd */
        {0, 1u << 27}, /* times 32 */
        {0, 1u << 31},
    };
    for (size_t kind = 0; kind < 3; kind++) {
        uint32_t slot = kind == 0 ? f.note : kind == 1 ? f.tags : f.labels;
        for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
            char what[80];
            actra_slot value = slot_with(kinds[kind], bad[at].len, bad[at].offset);
            input in = with_arena(slot, value, text, (size_t)end);
            snprintf(what, sizeof what, "tag %lu at %llu, %lu long", (unsigned long)kinds[kind],
                     (unsigned long long)bad[at].offset, (unsigned long)bad[at].len);
            refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, what);
            in = with(slot, value);
            if (bad[at].offset != 0 || bad[at].len != 0) {
                refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, "no arena");
            }
            /* And as an item of a list, from where it would be read with no less care. */
            in = with_arena(f.tags, actra_slot_list(&value, 1), text, (size_t)end);
            refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, what);
        }
        {
            input in = with_arena(slot, slot_with(kinds[kind], 0, end), text, (size_t)end);
            decided(&in, ACTRA_EFFECT_ALLOW, "small", "nothing, at the very end");
            in = with(slot, slot_with(kinds[kind], 0, 0));
            decided(&in, ACTRA_EFFECT_ALLOW, "small", "nothing, where there is no arena");
        }
    }
}

static void lists(void) {
    actra_slot item = text_slot("a"), inner;
    static const uint32_t odd[] = {ACTRA_TAG_MISSING, ACTRA_TAG_NULL, ACTRA_TAG_OBJECT,
                                   ACTRA_TAG_LIST, ACTRA_TAG_LIST_AT, ACTRA_TAG_MAP,
                                   ACTRA_TAG_MAP_AT};
    input in = with(f.tags, actra_slot_list(NULL, 0));
    decided(&in, ACTRA_EFFECT_ALLOW, "small", "an empty list");
    argument(f.tags, actra_slot_list(NULL, 1), "a list at NULL");
    argument(f.tags, actra_slot_list(NULL, UINT32_MAX), "a long list at NULL");
    argument(f.labels, actra_slot_map(NULL, 1), "a map at NULL");
    argument(f.labels, actra_slot_map(NULL, UINT32_MAX), "a large map at NULL");
    for (size_t at = 0; at < sizeof odd / sizeof *odd; at++) {
        actra_slot odd_items[2], pair[2];
        odd_items[0] = item;
        odd_items[1] = slot_with(odd[at], 0, 0);
        field_error(f.tags, actra_slot_list(odd_items, 2), ACTRA_INPUT_ERROR_WRONG_TYPE,
                    "action.tags");
        if (odd[at] > ACTRA_TAG_NULL) {
            pair[0] = text_slot("env");
            pair[1] = odd_items[1];
            field_error(f.labels, actra_slot_map(pair, 1), ACTRA_INPUT_ERROR_WRONG_TYPE,
                        "action.labels");
        }
    }
    inner = actra_slot_list(&item, 1);
    field_error(f.tags, actra_slot_list(&inner, 1), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.tags");
    field_error(f.tags, item, ACTRA_INPUT_ERROR_WRONG_TYPE, "action.tags");
    field_error(f.note, inner, ACTRA_INPUT_ERROR_WRONG_TYPE, "action.note");
    field_error(f.labels, inner, ACTRA_INPUT_ERROR_WRONG_TYPE, "action.labels");
    field_error(f.customer, inner, ACTRA_INPUT_ERROR_WRONG_TYPE, "action.customer");
    item = actra_slot_integer(1);
    field_error(f.tags, actra_slot_list(&item, 1), ACTRA_INPUT_ERROR_WRONG_TYPE, "action.tags");
}

/* A map of so many pairs, whose last key is another's. */
static void duplicate(uint32_t pairs, uint32_t of) {
    actra_slot *map = (actra_slot *)room_for(2 * pairs * sizeof *map);
    char(*keys)[16] = (char(*)[16])room_for(pairs * sizeof *keys);
    char what[64];
    input in;
    for (uint32_t at = 0; at < pairs; at++) {
        snprintf(keys[at], sizeof keys[at], "key %lu", (unsigned long)at);
        map[2 * at] = text_slot(keys[at]);
        map[2 * at + 1] = text_slot("value");
    }
    snprintf(what, sizeof what, "%lu pairs", (unsigned long)pairs);
    in = with(f.labels, actra_slot_map(map, pairs));
    decided(&in, ACTRA_EFFECT_ALLOW, "small", what);
    map[2 * (pairs - 1)] = map[2 * of];
    in_error(&in, ACTRA_INPUT_ERROR_DUPLICATE_KEY, "action.labels", what);
    free(keys);
    free(map);
}

static void maps(void) {
    static const uint32_t odd[] = {ACTRA_TAG_MISSING, ACTRA_TAG_NULL,      ACTRA_TAG_BOOLEAN,
                                   ACTRA_TAG_INTEGER, ACTRA_TAG_DOUBLE,    ACTRA_TAG_BIG_INTEGER,
                                   ACTRA_TAG_LIST,    ACTRA_TAG_TIMESTAMP, ACTRA_TAG_MAP,
                                   ACTRA_TAG_OBJECT};
    for (size_t at = 0; at < sizeof odd / sizeof *odd; at++) {
        actra_slot pair[2];
        pair[0] = slot_with(odd[at], 0, 0);
        pair[1] = text_slot("value");
        argument(f.labels, actra_slot_map(pair, 1), "a key that is no string");
    }
    for (uint32_t pairs = 2; pairs <= 40; pairs++) {
        for (uint32_t of = 0; of + 1 < pairs; of++) {
            duplicate(pairs, of);
        }
    }
    duplicate(5000, 1);
}

/* Memory of any alignment may be given. */
static void alignments(void) {
    actra_slot items[3], pairs[4];
    unsigned char arena[7 * sizeof(actra_slot) + 6];
    memcpy(arena, "refund", 6);
    items[0] = text_slot("watched");
    items[1] = text_slot("b");
    items[2] = text_slot("c");
    pairs[0] = text_slot("env");
    pairs[1] = text_slot("production");
    pairs[2] = text_slot("other");
    pairs[3] = text_slot("value");
    for (size_t shift = 0; shift < 16; shift++) {
        copy list = copy_of(items, sizeof items, shift), map = copy_of(pairs, sizeof pairs, shift);
        input in = with(f.tags, actra_slot_list(NULL, 3));
        actra_decision decision;
        in.slots[f.tags].v.p = (const char *)list.bytes;
        in.slots[f.labels] = actra_slot_map(NULL, 2);
        in.slots[f.labels].v.p = (const char *)map.bytes;
        CHECK_STATUS(evaluate(&in, shift, &decision), ACTRA_STATUS_OK);
        CHECK(decision.effect == ACTRA_EFFECT_REQUIRE_APPROVAL);
        CHECK(decision.flags & ACTRA_DECISION_SEVERAL_RULES);
        /* The same in the arena, where nothing stands at a multiple of anything. */
        memcpy(arena + 6, items, sizeof items);
        memcpy(arena + 6 + sizeof items, pairs, sizeof pairs);
        in = with_arena(f.action_type, actra_slot_string_at(0, 6), arena, sizeof arena);
        in.slots[f.tags] = slot_with(ACTRA_TAG_LIST_AT, 3, 6);
        in.slots[f.labels] = slot_with(ACTRA_TAG_MAP_AT, 2, 6 + sizeof items);
        CHECK_STATUS(evaluate(&in, shift, &decision), ACTRA_STATUS_OK);
        CHECK(decision.effect == ACTRA_EFFECT_REQUIRE_APPROVAL);
        CHECK(decision.flags & ACTRA_DECISION_SEVERAL_RULES);
        free(list.block);
        free(map.block);
    }
}

/* What is wrong with the arguments leads what is wrong with the input, wherever it stands. */
static void precedence(void) {
    input in = with(f.action_type, text_slot("no such action"));
    in.slots[f.now] = slot_with(999, 0, 0);
    refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, "a bad tag after an unknown action");
    in = with(f.note, actra_slot_string("\xff", 1));
    in.slots[f.fraud] = slot_with(ACTRA_TAG_BOOLEAN, 0, 7);
    refused(&in, ACTRA_STATUS_INVALID_ARGUMENT, "a bad boolean after bad text");
}

int main(int count, char **arguments) {
    input in;
    f = fixture_open(count > 1 ? arguments[1] : "bindings/c/tests");
    in = allowed();
    decided(&in, ACTRA_EFFECT_ALLOW, "small", "nothing is wrong");
    tags();
    booleans();
    numbers();
    instants();
    strings();
    encodings();
    arenas();
    lists();
    maps();
    alignments();
    precedence();
    decided(&in, ACTRA_EFFECT_ALLOW, "small", "nothing is wrong, after all that");
    fixture_close(&f);
    return checks_end("hostile_slots", 100000);
}
