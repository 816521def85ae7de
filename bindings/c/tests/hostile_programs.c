/* Artifacts by someone who knows the format: a program is changed, and its digest made right again,
 * so that nothing but the verifier stands before it. What it lets through may decide anything; it
 * may not crash, hang, or fail otherwise than inputs can. */
#include "fixture.h"
#include "sha256.h"

static unsigned long loaded, refused, decided;

/* Where the sections stand: docs/artifact-format.md. */
typedef struct {
    size_t start, len;
} section;

static section section_of(const uint8_t *file, uint32_t kind) {
    section found = {0, 0};
    for (size_t at = 24; at < 72; at += 12) {
        uint32_t words[3];
        memcpy(words, file + at, sizeof words);
        if (words[0] == kind) {
            found.start = words[1];
            found.len = words[2];
        }
    }
    return found;
}

static void check_status_of(actra_status status, const actra_decision *decision) {
    int is_decided = status == ACTRA_STATUS_OK;
    CHECK(is_decided || status == ACTRA_STATUS_INPUT_ERROR);
    CHECK(is_decided == (decision->effect != ACTRA_EFFECT_INVALID));
    CHECK(decision->effect <= ACTRA_EFFECT_BLOCK);
    decided += is_decided;
}

/* Runs whatever the program is: its slots may be of any number and meaning. */
static void run(const actra_policy *policy) {
    static const char *const texts[] = {
        ALLOWED_JSON,
        "{\"action\":{\"type\":\"refund\",\"amount\":5000,\"tags\":[\"a\",\"watched\"],\"sizes\":[1,"
        "200],\"labels\":{\"env\":\"production\"},\"weights\":{\"total\":11.5},\"note\":\"x\"}}",
        "{\"action\":{\"type\":\"payout\",\"amount\":1,\"reason\":\"r\",\"customer\":{\"tier\":"
        "\"gold\"},\"due\":\"2026-01-01T00:00:00Z\"},\"snapshot\":{\"now\":\"2026-01-02T00:00:00Z\","
        "\"fraud\":false},\"actor\":{\"role\":\"x\",\"level\":2}}"};
    size_t count = actra_policy_slot_count(policy), rules = 0, fields = 0;
    actra_slot *slots = (actra_slot *)room_for(count * sizeof *slots), item = text_slot("refund");
    uint32_t *room = (uint32_t *)room_for((count + actra_policy_rule_count(policy)) * sizeof *room);
    actra_buffer *buffer = NULL;
    actra_decision decision = poisoned();
    for (int kind = 0; kind < 6; kind++) {
        for (size_t at = 0; at < count; at++) {
            slots[at] = kind == 0   ? actra_slot_missing()
                        : kind == 1 ? text_slot("refund")
                        : kind == 2 ? actra_slot_integer(20)
                        : kind == 3 ? actra_slot_list(&item, 1)
                        : kind == 4 ? actra_slot_boolean(1)
                                    : text_slot(at % 2 ? "payout" : "gold");
        }
        check_status_of(actra_policy_evaluate_all(policy, slots, count, NULL, 0, &decision, room,
                                                  actra_policy_rule_count(policy), &rules,
                                                  room + actra_policy_rule_count(policy), count,
                                                  &fields),
                        &decision);
    }
    for (size_t at = 0; at < sizeof texts / sizeof *texts; at++) {
        check_status_of(actra_policy_evaluate_text(policy, texts[at], strlen(texts[at]), 0, &decision,
                                                   &buffer, NULL),
                        &decision);
        actra_buffer_free(buffer);
        buffer = NULL;
        CHECK_STATUS(actra_policy_explain_text(policy, texts[at], strlen(texts[at]),
                                               ACTRA_EXPLAIN_RENDERED | ACTRA_EXPLAIN_ALL, &buffer),
                     ACTRA_STATUS_OK);
        actra_buffer_free(buffer);
        buffer = NULL;
    }
    CHECK_STATUS(actra_policy_schema_json(policy, &buffer), ACTRA_STATUS_OK);
    actra_buffer_free(buffer);
    free(room);
    free(slots);
}

static void try_program(uint8_t *file, size_t len, section program, section identity) {
    actra_policy *policy = NULL;
    actra_status status;
    sha256(file + program.start, program.len, file + identity.start);
    status = actra_policy_load(file, len, &policy, NULL);
    if (status == ACTRA_STATUS_OK) {
        loaded++;
        run(policy);
        actra_policy_free(policy);
    } else {
        refused++;
        CHECK_STATUS(status, ACTRA_STATUS_ARTIFACT_ERROR);
    }
}

static uint64_t state = 20260101;

static size_t below(size_t end) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(state >> 33) % end;
}

int main(int count, char **words) {
    static const uint8_t patterns[] = {0x01, 0x02, 0x03, 0x04, 0x10, 0x80, 0xff};
    size_t step = count > 3 ? 41 : 1, len;
    actra_buffer *artifact = NULL;
    uint8_t *file;
    const uint8_t *bytes;
    section program, identity;
    fixture f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    CHECK_STATUS(actra_policy_to_artifact(f.policy, &artifact), ACTRA_STATUS_OK);
    bytes = actra_buffer_data(artifact);
    len = actra_buffer_len(artifact);
    file = (uint8_t *)room_for(len);
    memcpy(file, bytes, len);
    program = section_of(file, 1);
    identity = section_of(file, 2);
    if (program.len == 0 || identity.len == 0) {
        give_up("the artifact has no such sections");
    }
    try_program(file, len, program, identity);
    /* The digest is what the compiler computes, or nothing below is tested. */
    CHECK(loaded == 1 && memcmp(file, bytes, len) == 0);
    for (size_t at = program.start; at < program.start + program.len; at += step) {
        for (size_t which = 0; which < sizeof patterns; which++) {
            memcpy(file, bytes, len);
            file[at] = (uint8_t)(file[at] ^ patterns[which]);
            try_program(file, len, program, identity);
        }
    }
    for (size_t time = 0; time < 6000 / step; time++) {
        memcpy(file, bytes, len);
        for (size_t changes = 1 + below(3); changes > 0; changes--) {
            size_t from = program.start + below(program.len);
            size_t to = program.start + below(program.len);
            if (below(2) == 0) {
                file[to] = (uint8_t)below(16);
            } else {
                file[to] = file[from];
            }
        }
        try_program(file, len, program, identity);
    }
    printf("a program of %lu bytes: %lu loaded, %lu refused, %lu decisions\n",
           (unsigned long)program.len, loaded, refused, decided);
    CHECK(loaded > 10 && refused > 10 && decided > 30);
    free(file);
    actra_buffer_free(artifact);
    fixture_close(&f);
    return checks_end("hostile_programs", 500);
}
