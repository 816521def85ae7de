/* Arguments that no honest caller gives, for every function of the header: NULL, lengths that no
 * memory has, arrays that are too short, structs of other sizes, out-parameters where none can be
 * written, unknown flags and numbers. */
#include "fixture.h"

static fixture f;
static actra_slot slots[MOST_SLOTS];

/* An out-parameter that nobody has written to. */
static void *const UNTOUCHED = (void *)(uintptr_t)0x5555555555555555;

/* Room for anything, and an address in it that is no multiple of anything. */
static unsigned char room[256];
static void *unaligned(void) {
    return room + 1;
}

static const uint8_t NO_MEMORY[1] = {0};
static const size_t TOO_MANY[] = {SIZE_MAX,          SIZE_MAX - 1,       SIZE_MAX / 2 + 1,
                                  SIZE_MAX / 16 + 1, SIZE_MAX / 16,      SIZE_MAX / 16 - 1,
                                  SIZE_MAX / 32 + 1, (size_t)PTRDIFF_MAX / 16};

typedef struct {
    actra_decision decision;
    unsigned char beyond[64];
} future;

static void refused(actra_status status, const actra_decision *decision, actra_status expected,
                    const char *what) {
    CHECK_STATUS_CASE(status, expected, what);
    CHECK_CASE(is_invalid(decision) && decision->input_error == 0, what);
    CHECK_CASE(decision->struct_size >= sizeof *decision, what);
}

static void evaluate_arguments(void) {
    actra_decision decision = poisoned();
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    CHECK_STATUS(actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, NULL), invalid);
    CHECK_STATUS(actra_policy_evaluate(NULL, NULL, 0, NULL, 0, NULL), invalid);
    refused(actra_policy_evaluate(NULL, slots, f.slot_count, NULL, 0, &decision), &decision, invalid,
            "no policy");
    decision = poisoned();
    refused(actra_policy_evaluate(f.policy, NULL, 1, NULL, 0, &decision), &decision, invalid,
            "slots at NULL");
    decision = poisoned();
    refused(actra_policy_evaluate(f.policy, slots, f.slot_count + 1, NULL, 0, &decision), &decision,
            invalid, "a slot too many");
    decision = poisoned();
    refused(actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 1, &decision), &decision,
            invalid, "an arena at NULL");
    for (size_t at = 0; at < sizeof TOO_MANY / sizeof *TOO_MANY; at++) {
        decision = poisoned();
        refused(actra_policy_evaluate(f.policy, slots, TOO_MANY[at], NULL, 0, &decision), &decision,
                invalid, "more slots than memory has");
        decision = poisoned();
        refused(actra_policy_evaluate(f.policy, NULL, TOO_MANY[at], NULL, 0, &decision), &decision,
                invalid, "more slots than memory has, at NULL");
        if (TOO_MANY[at] > (size_t)PTRDIFF_MAX) {
            decision = poisoned();
            refused(actra_policy_evaluate(f.policy, slots, f.slot_count, NO_MEMORY, TOO_MANY[at],
                                          &decision),
                    &decision, invalid, "an arena larger than memory");
        }
    }
    decision = poisoned();
    CHECK_STATUS(actra_policy_evaluate(f.policy, NULL, 0, NULL, 0, &decision),
                 ACTRA_STATUS_INPUT_ERROR);
    CHECK(is_invalid(&decision));
    CHECK(decision.input_error == ACTRA_INPUT_ERROR_MISSING_REQUIRED);
    CHECK(is_text(decision.field, decision.field_len, "action.type"));
}

/* An array that is too short leaves the rest missing: that is never a reason to allow. */
static void short_arrays(void) {
    uint32_t last = f.fraud > f.amount ? f.fraud : f.amount;
    last = last > f.action_type ? last : f.action_type;
    for (size_t count = 0; count <= f.slot_count; count++) {
        actra_slot *copy = (actra_slot *)room_for(count * sizeof *copy);
        actra_decision decision = poisoned();
        actra_status status;
        if (count > 0) {
            memcpy(copy, slots, count * sizeof *copy);
        }
        status = actra_policy_evaluate(f.policy, copy, count, NULL, 0, &decision);
        CHECK((decision.effect == ACTRA_EFFECT_ALLOW) == (count > last));
        CHECK((status == ACTRA_STATUS_OK) || decision.effect == ACTRA_EFFECT_INVALID);
        free(copy);
    }
}

static void decision_sizes(void) {
    for (size_t size = 0; size < sizeof(actra_decision) + 64; size++) {
        future out;
        actra_status by_slots, by_text;
        size_t effect_end = offsetof(actra_decision, effect) + sizeof out.decision.effect;
        for (int text = 0; text < 2; text++) {
            memset(&out, 0xa5, sizeof out);
            out.decision.struct_size = size;
            if (text) {
                by_text = actra_policy_evaluate_text(f.policy, ALLOWED_JSON, strlen(ALLOWED_JSON), 0,
                                                     &out.decision, NULL, NULL);
                CHECK(by_text == by_slots);
            } else {
                by_slots =
                    actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &out.decision);
            }
            CHECK(out.decision.struct_size == size);
            for (size_t at = 0; at < sizeof out.beyond; at++) {
                CHECK(out.beyond[at] == 0xa5);
            }
            if (size >= sizeof(actra_decision)) {
                CHECK_STATUS(by_slots, ACTRA_STATUS_OK);
                CHECK(out.decision.effect == ACTRA_EFFECT_ALLOW);
                continue;
            }
            CHECK_STATUS(by_slots, ACTRA_STATUS_INVALID_ARGUMENT);
            /* What the struct does not reach to is not written. */
            CHECK(out.decision.effect == (size < effect_end ? 0xa5a5a5a5u : ACTRA_EFFECT_INVALID));
            for (size_t at = effect_end; at < sizeof out.decision; at++) {
                CHECK(((unsigned char *)&out.decision)[at] == 0xa5);
            }
        }
    }
}

/* Nobody may write a decision there; it is made invalid all the same. */
static void unaligned_decisions(void) {
    for (size_t shift = 1; shift < 16; shift++) {
        actra_decision inside = poisoned();
        unsigned char *at = room + shift;
        actra_status status;
        void *out = at;
        if ((uintptr_t)at % sizeof(void *) == 0) {
            continue;
        }
        memset(room, 0xff, sizeof room);
        memcpy(at, &inside, sizeof inside);
        status = actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0,
                                       (actra_decision *)out);
        memcpy(&inside, at, sizeof inside);
        refused(status, &inside, ACTRA_STATUS_INVALID_ARGUMENT, "unaligned");
        CHECK(room[shift - 1] == 0xff && at[sizeof inside] == 0xff);
    }
}

/* Several approvals and a field that is missing, so that both arrays have something to hold. */
static void several(actra_slot *input, actra_slot *tag) {
    fill_allowed(&f, input);
    *tag = text_slot("watched");
    input[f.amount] = actra_slot_integer(5000);
    input[f.tags] = actra_slot_list(tag, 1);
}

static void evaluate_all_arrays(void) {
    actra_slot input[MOST_SLOTS], tag;
    several(input, &tag);
    for (size_t first = 0; first < 4; first++) {
        uint32_t rules[4] = {77, 77, 77, 77};
        size_t rule_count = 77, field_count = 77;
        actra_decision decision = poisoned();
        actra_status status =
            actra_policy_evaluate_all(f.policy, input, f.slot_count, NULL, 0, &decision,
                                      first == 0 ? NULL : rules, first, &rule_count, NULL, 0,
                                      &field_count);
        CHECK(rule_count == 2 && field_count == 0);
        CHECK(rules[2] == 77 && rules[3] == 77);
        if (first < 2) {
            refused(status, &decision, ACTRA_STATUS_TOO_SHORT, "room for fewer rules");
            CHECK(rules[0] == 77 && rules[1] == 77);
            continue;
        }
        CHECK_STATUS(status, ACTRA_STATUS_OK);
        CHECK(decision.effect == ACTRA_EFFECT_REQUIRE_APPROVAL && decision.rule == rules[0]);
        CHECK(rules[0] < rules[1] && rules[1] < actra_policy_rule_count(f.policy));
    }
    input[f.fraud] = actra_slot_missing();
    for (size_t second = 0; second < 3; second++) {
        uint32_t rules[2] = {77, 77}, fields[3] = {77, 77, 77};
        size_t rule_count = 77, field_count = 77;
        actra_decision decision = poisoned();
        actra_status status =
            actra_policy_evaluate_all(f.policy, input, f.slot_count, NULL, 0, &decision, rules,
                                      SIZE_MAX, &rule_count, fields, second, &field_count);
        CHECK(rule_count == 1 && field_count == 1 && fields[1] == 77 && rules[1] == 77);
        if (second == 0) {
            refused(status, &decision, ACTRA_STATUS_TOO_SHORT, "room for fewer fields");
            CHECK(fields[0] == 77 && rules[0] == 77);
            continue;
        }
        CHECK_STATUS(status, ACTRA_STATUS_OK);
        CHECK(decision.effect == ACTRA_EFFECT_BLOCK && (decision.flags & ACTRA_DECISION_UNKNOWN));
        CHECK(fields[0] == f.fraud && rules[0] == decision.rule);
    }
}

/* The arguments are wrong whether the input would have been decided or not. */
static void evaluate_all_arguments(void) {
    actra_slot broken[MOST_SLOTS];
    uint32_t numbers[8];
    size_t count = 77, other = 77;
    uint32_t *odd = (uint32_t *)unaligned();
    size_t *odd_count = (size_t *)unaligned();
    memcpy(broken, slots, sizeof broken);
    broken[f.amount] = actra_slot_integer(-1);
    for (int is_broken = 0; is_broken < 2; is_broken++) {
        const actra_slot *given = is_broken ? broken : slots;
        const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
        const struct {
            uint32_t *rules;
            size_t rules_room;
            size_t *rules_count;
            uint32_t *fields;
            size_t fields_room;
            size_t *fields_count;
        } cases[] = {
            {numbers, 8, NULL, numbers, 8, &other},  {numbers, 8, &count, numbers, 8, NULL},
            {numbers, 8, NULL, numbers, 8, NULL},    {NULL, 8, &count, numbers, 8, &other},
            {numbers, 8, &count, NULL, 8, &other},   {NULL, SIZE_MAX, &count, NULL, 0, &other},
            {odd, 8, &count, numbers, 8, &other},    {numbers, 8, &count, odd, 8, &other},
            {numbers, 8, odd_count, NULL, 0, &other}, {NULL, 0, &count, NULL, 0, odd_count},
        };
        memset(room, 0xa5, sizeof room);
        for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
            actra_decision decision = poisoned();
            refused(actra_policy_evaluate_all(f.policy, given, f.slot_count, NULL, 0, &decision,
                                              cases[at].rules, cases[at].rules_room,
                                              cases[at].rules_count, cases[at].fields,
                                              cases[at].fields_room, cases[at].fields_count),
                    &decision, invalid, "an array or a count where none can be");
            CHECK(count == 77 && other == 77);
        }
        for (size_t at = 0; at < sizeof room; at++) {
            CHECK(room[at] == 0xa5);
        }
    }
}

typedef actra_status (*giver)(const actra_policy *, actra_buffer **);

static void givers(void) {
    static const giver all[] = {actra_policy_to_artifact, actra_policy_schema_json,
                                actra_policy_rules_json, actra_policy_warnings_json};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
        actra_buffer *buffer = (actra_buffer *)UNTOUCHED;
        CHECK_STATUS(all[at](NULL, &buffer), ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK(buffer == UNTOUCHED);
        CHECK_STATUS(all[at](f.policy, NULL), ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(all[at](NULL, NULL), ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(all[at](f.policy, (actra_buffer **)unaligned()),
                     ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(all[at](f.policy, &buffer), ACTRA_STATUS_OK);
        CHECK(actra_buffer_len(buffer) > 0);
        CHECK(actra_buffer_data(buffer)[actra_buffer_len(buffer)] == 0);
        actra_buffer_free(buffer);
    }
    actra_buffer_free(NULL);
    CHECK(actra_buffer_data(NULL) == NULL);
    CHECK(actra_buffer_len(NULL) == 0);
}

static void required_actions(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    const uint32_t count = (uint32_t)actra_policy_rule_count(f.policy);
    const uint32_t beyond[] = {count, 65536, 1u << 31, UINT32_MAX - 1};
    uint32_t all[64], none[2] = {ACTRA_NO_RULE, ACTRA_NO_RULE};
    enum { MANY = 1000000 };
    uint32_t *many = (uint32_t *)room_for(MANY * sizeof *many);
    actra_buffer *json = (actra_buffer *)UNTOUCHED;
    for (uint32_t at = 0; at < 64; at++) {
        all[at] = at % count;
    }
    CHECK_STATUS(actra_policy_required_actions(NULL, all, 1, &json), invalid);
    CHECK_STATUS(actra_policy_required_actions(f.policy, NULL, 1, &json), invalid);
    CHECK_STATUS(actra_policy_required_actions(f.policy, all, 1, NULL), invalid);
    CHECK_STATUS(actra_policy_required_actions(f.policy, all, 1, (actra_buffer **)unaligned()),
                 invalid);
    CHECK_STATUS(actra_policy_required_actions(f.policy, (const uint32_t *)unaligned(), 1, &json),
                 invalid);
    for (size_t at = 0; at < sizeof TOO_MANY / sizeof *TOO_MANY; at++) {
        if (TOO_MANY[at] > (size_t)PTRDIFF_MAX / sizeof *all) {
            CHECK_STATUS(actra_policy_required_actions(f.policy, all, TOO_MANY[at], &json), invalid);
        }
        CHECK_STATUS(actra_policy_required_actions(f.policy, NULL, TOO_MANY[at], &json), invalid);
    }
    for (size_t at = 0; at < sizeof beyond / sizeof *beyond; at++) {
        all[3] = beyond[at];
        CHECK_STATUS(actra_policy_required_actions(f.policy, all, 4, &json), ACTRA_STATUS_NOT_FOUND);
    }
    CHECK(json == UNTOUCHED);
    CHECK_STATUS(actra_policy_required_actions(f.policy, NULL, 0, &json), ACTRA_STATUS_OK);
    CHECK(strcmp((const char *)actra_buffer_data(json), "[]") == 0);
    actra_buffer_free(json);
    CHECK_STATUS(actra_policy_required_actions(f.policy, none, 2, &json), ACTRA_STATUS_OK);
    actra_buffer_free(json);
    for (size_t at = 0; at < MANY; at++) {
        many[at] = (uint32_t)at % count;
    }
    CHECK_STATUS(actra_policy_required_actions(f.policy, many, MANY, &json), ACTRA_STATUS_OK);
    actra_buffer_free(json);
    free(many);
}

static void tests_run(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    const char *const absent[] = {"/no/such/place", "", "a\nb"};
    actra_buffer *report = (actra_buffer *)UNTOUCHED;
    actra_error *error = (actra_error *)UNTOUCHED;
    CHECK_STATUS(actra_tests_run(NULL, 1, NULL, 0, &report, &error), invalid);
    CHECK_STATUS(actra_tests_run("/", SIZE_MAX, NULL, 0, &report, &error), invalid);
    CHECK_STATUS(actra_tests_run("\xff", 1, NULL, 0, &report, &error), invalid);
    CHECK_STATUS(actra_tests_run("/none", 5, NULL, 1, &report, &error), invalid);
    CHECK_STATUS(actra_tests_run("/none", 5, "\xff", 1, &report, &error), invalid);
    CHECK_STATUS(actra_tests_run("/none", 5, NULL, 0, NULL, &error), invalid);
    CHECK_STATUS(actra_tests_run("/none", 5, NULL, 0, (actra_buffer **)unaligned(), &error), invalid);
    CHECK_STATUS(actra_tests_run("/none", 5, NULL, 0, &report, (actra_error **)unaligned()), invalid);
    CHECK(report == UNTOUCHED && error == UNTOUCHED);
    for (size_t at = 0; at < sizeof absent / sizeof *absent; at++) {
        actra_status status = actra_tests_run(absent[at], strlen(absent[at]), NULL, 0, &report, &error);
        CHECK_CASE(status == ACTRA_STATUS_IO_ERROR || status == ACTRA_STATUS_NOT_FOUND, absent[at]);
        CHECK_CASE(report == UNTOUCHED && error != UNTOUCHED && error != NULL, absent[at]);
        if (error != UNTOUCHED) {
            actra_error_free(error);
        }
        error = (actra_error *)UNTOUCHED;
        CHECK_STATUS_CASE(actra_tests_run(absent[at], strlen(absent[at]), NULL, 0, &report, NULL),
                          status, absent[at]);
    }
    /* A document that cannot be read is a failure in the report. */
    CHECK_STATUS(actra_tests_run("/dev/zero", 9, NULL, 0, &report, &error), ACTRA_STATUS_OK);
    CHECK(strstr((const char *)actra_buffer_data(report), "\"ok\":false") != NULL);
    actra_buffer_free(report);
}

static void digests(void) {
    uint8_t hash[34], digest[34];
    memset(hash, 0xa5, sizeof hash);
    memset(digest, 0xa5, sizeof digest);
    CHECK_STATUS(actra_policy_hash(NULL, (uint8_t(*)[32])(hash + 1)), ACTRA_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(actra_policy_digest(NULL, (uint8_t(*)[32])(digest + 1)),
                 ACTRA_STATUS_INVALID_ARGUMENT);
    CHECK(hash[1] == 0xa5 && digest[1] == 0xa5);
    CHECK_STATUS(actra_policy_hash(f.policy, NULL), ACTRA_STATUS_INVALID_ARGUMENT);
    CHECK_STATUS(actra_policy_digest(f.policy, NULL), ACTRA_STATUS_INVALID_ARGUMENT);
    /* Bytes may stand anywhere. */
    CHECK_STATUS(actra_policy_hash(f.policy, (uint8_t(*)[32])(hash + 1)), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_digest(f.policy, (uint8_t(*)[32])(digest + 1)), ACTRA_STATUS_OK);
    CHECK(hash[0] == 0xa5 && hash[33] == 0xa5 && digest[0] == 0xa5 && digest[33] == 0xa5);
    CHECK(memcmp(hash, digest, sizeof hash) != 0);
}

static void slot_lookup(void) {
    static const char *const unknown[] = {
        "",        "amoun",  "amount ",           "amount.x", "action.amount", "labels[",
        "labels]", "labels[\"", "labels[\"none\"]", ".",        "..",            "customer.",
        "\n",      "labels[\"env\"]\"", "labels[env]", "[\"env\"]"};
    uint32_t slot = 77;
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    for (uint32_t domain = 0; domain < 70; domain++) {
        int is_one = domain >= 1 && domain <= 3;
        CHECK_STATUS(actra_policy_slot(f.policy, domain, "none", 4, &slot),
                     is_one ? ACTRA_STATUS_NOT_FOUND : invalid);
    }
    CHECK_STATUS(actra_policy_slot(f.policy, UINT32_MAX, "none", 4, &slot), invalid);
    for (size_t at = 0; at < sizeof unknown / sizeof *unknown; at++) {
        CHECK_STATUS_CASE(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, unknown[at],
                                            strlen(unknown[at]), &slot),
                          ACTRA_STATUS_NOT_FOUND, unknown[at]);
    }
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "amount\0", 7, &slot),
                 ACTRA_STATUS_NOT_FOUND);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, NULL, 0, &slot),
                 ACTRA_STATUS_NOT_FOUND);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, NULL, 6, &slot), invalid);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "a", SIZE_MAX, &slot), invalid);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "\xff", 1, &slot), invalid);
    CHECK_STATUS(actra_policy_slot(NULL, ACTRA_DOMAIN_ACTION, "amount", 6, &slot), invalid);
    CHECK(slot == 77);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "amount", 6, NULL), invalid);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "none", 4, NULL), invalid);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "amount", 6,
                                   (uint32_t *)unaligned()),
                 invalid);
    CHECK_STATUS(actra_policy_slot(f.policy, ACTRA_DOMAIN_ACTION, "labels[\"env\"]", 13, &slot),
                 ACTRA_STATUS_OK);
    CHECK(slot < f.slot_count);
}

typedef const char *(*namer)(const actra_policy *, uint32_t, size_t *);

static void names(void) {
    static const namer all[] = {actra_policy_slot_name, actra_policy_rule_id};
    for (size_t kind = 0; kind < 2; kind++) {
        uint32_t count = (uint32_t)(kind == 0 ? actra_policy_slot_count(f.policy)
                                              : actra_policy_rule_count(f.policy));
        const uint32_t beyond[] = {count, count + 1, 65535, 65536, 1u << 31, UINT32_MAX};
        size_t len = 77;
        CHECK(count > 0);
        for (uint32_t at = 0; at < count; at++) {
            const char *name = all[kind](f.policy, at, &len);
            CHECK(name != NULL && len > 0);
            CHECK(all[kind](f.policy, at, NULL) == name);
            CHECK(all[kind](f.policy, at, (size_t *)unaligned()) == NULL);
        }
        for (size_t at = 0; at < sizeof beyond / sizeof *beyond; at++) {
            len = 77;
            CHECK(all[kind](f.policy, beyond[at], &len) == NULL && len == 0);
            CHECK(all[kind](f.policy, beyond[at], NULL) == NULL);
        }
        len = 77;
        CHECK(all[kind](NULL, 0, &len) == NULL && len == 0);
        CHECK(all[kind](NULL, 0, NULL) == NULL);
    }
    CHECK(actra_policy_slot_count(NULL) == 0);
    CHECK(actra_policy_rule_count(NULL) == 0);
}

typedef const char *(*word)(uint32_t);

static void words(void) {
    static const word all[] = {actra_status_name, actra_effect_name, actra_input_error_name};
    static const uint32_t counts[] = {ACTRA_STATUS_NO_ANSWER + 1, ACTRA_EFFECT_BLOCK + 1,
                                      ACTRA_INPUT_ERROR_MALFORMED + 1};
    for (size_t kind = 0; kind < 3; kind++) {
        for (uint32_t number = 0; number < 300; number++) {
            CHECK((all[kind](number) != NULL) == (number < counts[kind]));
        }
        CHECK(all[kind](UINT32_MAX) == NULL && all[kind](1u << 31) == NULL);
    }
    CHECK(actra_abi_version() == ACTRA_ABI_VERSION);
    CHECK(strlen(actra_version()) >= 5);
    CHECK(actra_has_compiler() == 1);
    actra_abi_version_1();
}

static void references(void) {
    enum { MANY = 1000 };
    actra_decision decision = poisoned();
    CHECK(actra_policy_retain(NULL) == NULL);
    actra_policy_free(NULL);
    for (int at = 0; at < MANY; at++) {
        CHECK(actra_policy_retain(f.policy) == f.policy);
    }
    for (int at = 0; at < MANY; at++) {
        actra_policy_free(f.policy);
    }
    CHECK_STATUS(actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &decision),
                 ACTRA_STATUS_OK);
    CHECK(decision.effect == ACTRA_EFFECT_ALLOW);
}

int main(int count, char **arguments) {
    f = fixture_open(count > 1 ? arguments[1] : "bindings/c/tests");
    fill_allowed(&f, slots);
    evaluate_arguments();
    short_arrays();
    decision_sizes();
    unaligned_decisions();
    evaluate_all_arrays();
    evaluate_all_arguments();
    givers();
    required_actions();
    tests_run();
    digests();
    slot_lookup();
    names();
    words();
    references();
    fixture_close(&f);
    return checks_end("hostile_calls", 20000);
}
