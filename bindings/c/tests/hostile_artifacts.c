/* Artifacts that are cut, changed and made up. Each is refused with an error; or what was changed
 * are names for people, or what the file claims of itself: then the program is the same, and decides
 * the same. */
#include "fixture.h"

static fixture f;
static uint8_t digest[32];
static unsigned long loaded, refused;

static actra_policy *const UNTOUCHED = (actra_policy *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;

static void check_loaded(actra_policy *policy, const uint8_t *bytes, size_t len, const char *what) {
    fixture other = fixture_of(policy);
    actra_slot slots[MOST_SLOTS];
    actra_decision decision = poisoned();
    actra_buffer *artifact = NULL, *json = NULL;
    uint8_t found[32];
    CHECK_STATUS_CASE(actra_policy_digest(policy, &found), ACTRA_STATUS_OK, what);
    CHECK_CASE(memcmp(found, digest, sizeof found) == 0, what);
    fill_allowed(&other, slots);
    CHECK_STATUS_CASE(actra_policy_evaluate(policy, slots, other.slot_count, NULL, 0, &decision),
                      ACTRA_STATUS_OK, what);
    CHECK_CASE(decision.effect == ACTRA_EFFECT_ALLOW, what);
    slots[other.fraud] = actra_slot_boolean(1);
    CHECK_STATUS_CASE(actra_policy_evaluate(policy, slots, other.slot_count, NULL, 0, &decision),
                      ACTRA_STATUS_OK, what);
    CHECK_CASE(decision.effect == ACTRA_EFFECT_BLOCK, what);
    /* What loads is spelled in one way only. */
    CHECK_STATUS_CASE(actra_policy_to_artifact(policy, &artifact), ACTRA_STATUS_OK, what);
    CHECK_CASE(actra_buffer_len(artifact) == len &&
                   memcmp(actra_buffer_data(artifact), bytes, len) == 0,
               what);
    CHECK_STATUS_CASE(actra_policy_rules_json(policy, &json), ACTRA_STATUS_OK, what);
    actra_buffer_free(artifact);
    actra_buffer_free(json);
}

/* Loads a copy that ends where its memory ends. */
static void try_loading(const uint8_t *bytes, size_t len, const char *what) {
    uint8_t *copy = (uint8_t *)room_for(len);
    actra_policy *policy = UNTOUCHED;
    actra_error *error = NO_ERROR;
    actra_status status;
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    status = actra_policy_load(copy, len, &policy, &error);
    if (status == ACTRA_STATUS_OK) {
        loaded++;
        CHECK_CASE(error == NO_ERROR && policy != UNTOUCHED && policy != NULL, what);
        check_loaded(policy, copy, len, what);
        actra_policy_free(policy);
    } else {
        refused++;
        CHECK_STATUS_CASE(status, ACTRA_STATUS_ARTIFACT_ERROR, what);
        CHECK_CASE(policy == UNTOUCHED && error != NO_ERROR && error != NULL, what);
        actra_error_free(error);
    }
    free(copy);
}

static void arguments(const uint8_t *bytes, size_t len) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    static unsigned char room[64];
    actra_policy *policy = UNTOUCHED;
    actra_error *error = NO_ERROR;
    CHECK_STATUS(actra_policy_load(NULL, len, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_load(bytes, SIZE_MAX, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_load(bytes, len, NULL, &error), invalid);
    CHECK_STATUS(actra_policy_load(bytes, len, (actra_policy **)(void *)(room + 1), &error), invalid);
    CHECK_STATUS(actra_policy_load(bytes, len, &policy, (actra_error **)(void *)(room + 1)), invalid);
    CHECK(policy == UNTOUCHED && error == NO_ERROR);
    CHECK_STATUS(actra_policy_load(NULL, 0, &policy, NULL), ACTRA_STATUS_ARTIFACT_ERROR);
    CHECK_STATUS(actra_policy_load(bytes, len - 1, &policy, NULL), ACTRA_STATUS_ARTIFACT_ERROR);
    CHECK(policy == UNTOUCHED);
}

static uint64_t state = 20260101;

/* A number below `end`. */
static size_t below(size_t end) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (size_t)(state >> 33) % end;
}

static void changed(const uint8_t *bytes, size_t len, size_t step) {
    static const uint8_t patterns[] = {0x01, 0x80, 0xff};
    uint8_t *copy = (uint8_t *)room_for(2 * len + 64);
    for (size_t at = 0; at < len; at += step) {
        try_loading(bytes, at, "a prefix");
        try_loading(bytes + at, len - at, at == 0 ? "all of it" : "a suffix");
        memcpy(copy, bytes, len);
        for (size_t which = 0; which < sizeof patterns; which++) {
            copy[at] = (uint8_t)(bytes[at] ^ patterns[which]);
            try_loading(copy, len, "a byte changed");
        }
        memcpy(copy, bytes, at);
        memcpy(copy + at, bytes + at + 1, len - at - 1);
        try_loading(copy, len - 1, "a byte taken out");
        memcpy(copy + at + 1, bytes + at, len - at);
        copy[at] = (uint8_t)below(256);
        try_loading(copy, len + 1, "a byte put in");
    }
    memcpy(copy, bytes, len);
    memcpy(copy + len, bytes, len);
    try_loading(copy, 2 * len, "twice");
    memset(copy + len, 0, 64);
    try_loading(copy, len + 64, "with zeros behind it");
    free(copy);
}

/* Lengths and counts that promise much: the header stays, and words behind it are filled. */
static void filled(const uint8_t *bytes, size_t len, size_t step) {
    static const uint8_t fills[] = {0x00, 0x7f, 0x80, 0xff, 0xfb, 0xfc, 0xfd};
    static const size_t widths[] = {2, 4, 8, 16};
    uint8_t *copy = (uint8_t *)room_for(len);
    for (size_t at = 0; at + 16 < len; at += step) {
        for (size_t which = 0; which < sizeof fills; which++) {
            for (size_t width = 0; width < 4; width++) {
                memcpy(copy, bytes, len);
                memset(copy + at, fills[which], widths[width]);
                try_loading(copy, len, "bytes filled");
            }
        }
    }
    free(copy);
}

static void made_up(const uint8_t *bytes, size_t times) {
    uint8_t noise[512];
    for (size_t time = 0; time < times; time++) {
        size_t len = below(sizeof noise), head = below(64);
        for (size_t at = 0; at < len; at++) {
            noise[at] = (uint8_t)below(256);
        }
        memcpy(noise, bytes, head);
        try_loading(noise, len, "noise");
    }
}

int main(int count, char **words) {
    size_t step = count > 3 ? 37 : 1, len;
    actra_buffer *artifact = NULL;
    const uint8_t *bytes;
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    CHECK_STATUS(actra_policy_digest(f.policy, &digest), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_to_artifact(f.policy, &artifact), ACTRA_STATUS_OK);
    bytes = actra_buffer_data(artifact);
    len = actra_buffer_len(artifact);
    arguments(bytes, len);
    changed(bytes, len, step);
    filled(bytes, len, 3 * step);
    made_up(bytes, 4000 / step);
    /* Some are refused, and some are not, or this has not tested much. */
    CHECK(loaded > 1 && refused > len / step);
    printf("an artifact of %lu bytes: %lu loaded, %lu refused\n", (unsigned long)len, loaded,
           refused);
    actra_buffer_free(artifact);
    fixture_close(&f);
    return checks_end("hostile_artifacts", 1000);
}
