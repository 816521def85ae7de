/* What came of an input, from whichever door, in one form that is compared as a whole. */
#ifndef ACTRA_TESTS_OUTCOME_H
#define ACTRA_TESTS_OUTCOME_H

#include "actra.h"
#include "json.h"

struct names {
    struct text *items;
    size_t count;
};

struct outcome {
    bool is_error;
    /* An error: its code, and its field where it has one. */
    struct text code;
    struct text field;
    /* A decision. Texts that it has not are NULL. */
    struct text effect;
    struct text matched_rule;
    struct text message;
    struct names matched_rules;
    struct names missing;
    struct text shadow_effect;
    struct text shadow_rule;
    const struct json *required_actions; /* NULL: none */
    /* What is wrong with how the door told it; NULL where nothing is. */
    const char *fault;
};

/* A decision as JSON, of a case or of the library. */
struct outcome outcome_of_json(struct pool *pool, const struct json *json);

/* What `actra_policy_evaluate_text` gives. Takes the buffer and the error over. */
struct outcome outcome_of_text(struct pool *pool, const actra_policy *policy, actra_status status,
                               const actra_decision *decision, actra_buffer *json,
                               actra_error *error);

/* What `actra_policy_evaluate` and `actra_policy_evaluate_all` give for slots. */
struct outcome outcome_of_slots(struct pool *pool, const actra_policy *policy,
                                const actra_slot *slots, size_t slot_count, const uint8_t *arena,
                                size_t arena_len);

/* Whether it is what a case expects. Of an entry of a map slots tell the map: `tells_maps`. */
bool outcome_holds(const struct outcome *expected, const struct outcome *found, bool tells_maps);

/* For people. */
void outcome_write(struct writer *writer, const struct outcome *outcome);

#endif
