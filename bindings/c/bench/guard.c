/* The guard of benches/src/guard through the C door, for counting what a decision costs.
 *
 *   guard compile DIRECTORY FILE    compiles the policy to an artifact
 *   guard slots FILE TURNS          decides that many inputs given as slots, with pointers
 *   guard arena FILE TURNS          the same, with strings in an arena
 *   guard json FILE TURNS           the same, given as JSON text
 *
 * Inputs are taken in turn. Before anything is counted on, every input is decided once and held
 * against the decision that the Rust door gave. */

#include "actra.h"
#include "guard_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
    fprintf(stderr, "guard: %s\n", what);
    exit(1);
}

/* What an application works out once per policy. */
struct places {
    size_t count;
    uint32_t action_type, amount, currency, target, express;
    uint32_t actor_type, role, level, on_call;
    uint32_t fraud_flag, daily_total, region;
};

static uint32_t place(const actra_policy *policy, uint32_t domain, const char *path) {
    uint32_t slot = 0;
    if (actra_policy_slot(policy, domain, path, strlen(path), &slot) != ACTRA_STATUS_OK) {
        fail("the policy lacks a field");
    }
    return slot;
}

static struct places places_of(const actra_policy *policy) {
    struct places at;
    at.count = actra_policy_slot_count(policy);
    at.action_type = place(policy, ACTRA_DOMAIN_ACTION, "type");
    at.amount = place(policy, ACTRA_DOMAIN_ACTION, "amount");
    at.currency = place(policy, ACTRA_DOMAIN_ACTION, "currency");
    at.target = place(policy, ACTRA_DOMAIN_ACTION, "target");
    at.express = place(policy, ACTRA_DOMAIN_ACTION, "express");
    at.actor_type = place(policy, ACTRA_DOMAIN_ACTOR, "type");
    at.role = place(policy, ACTRA_DOMAIN_ACTOR, "role");
    at.level = place(policy, ACTRA_DOMAIN_ACTOR, "level");
    at.on_call = place(policy, ACTRA_DOMAIN_ACTOR, "on_call");
    at.fraud_flag = place(policy, ACTRA_DOMAIN_SNAPSHOT, "fraud_flag");
    at.daily_total = place(policy, ACTRA_DOMAIN_SNAPSHOT, "daily_total");
    at.region = place(policy, ACTRA_DOMAIN_SNAPSHOT, "region");
    return at;
}

#define MOST_SLOTS 64

/* One decision in the making. */
struct door {
    const actra_policy *policy;
    struct places at;
    actra_decision decision;
    actra_slot slots[MOST_SLOTS];
    uint8_t arena[1024];
    size_t arena_len;
};

static actra_slot flag(int value) {
    return value < 0 ? actra_slot_missing() : actra_slot_boolean(value);
}

static void fill_scalars(struct door *door, const struct guard_input *input) {
    door->slots[door->at.amount] = actra_slot_integer(input->amount);
    door->slots[door->at.express] = flag(input->express);
    door->slots[door->at.level] = actra_slot_integer(input->level);
    door->slots[door->at.on_call] = flag(input->on_call);
    door->slots[door->at.fraud_flag] = flag(input->fraud_flag);
    door->slots[door->at.daily_total] = actra_slot_double(input->daily_total);
}

static actra_slot pointed(const char *text, uint32_t len) {
    return text == NULL ? actra_slot_missing() : actra_slot_string(text, len);
}

static actra_status by_slots(struct door *door, const struct guard_input *input) {
    fill_scalars(door, input);
    door->slots[door->at.action_type] = pointed(input->action_type, input->action_type_len);
    door->slots[door->at.currency] = pointed(input->currency, input->currency_len);
    door->slots[door->at.target] = pointed(input->target, input->target_len);
    door->slots[door->at.actor_type] = pointed(input->actor_type, input->actor_type_len);
    door->slots[door->at.role] = pointed(input->role, input->role_len);
    door->slots[door->at.region] = pointed(input->region, input->region_len);
    return actra_policy_evaluate(door->policy, door->slots, door->at.count, NULL, 0,
                                 &door->decision);
}

static actra_slot copied(struct door *door, const char *text, uint32_t len) {
    uint64_t offset = door->arena_len;
    if (text == NULL) {
        return actra_slot_missing();
    }
    memcpy(door->arena + door->arena_len, text, len);
    door->arena_len += len;
    return actra_slot_string_at(offset, len);
}

static actra_status by_arena(struct door *door, const struct guard_input *input) {
    door->arena_len = 0;
    fill_scalars(door, input);
    door->slots[door->at.action_type] = copied(door, input->action_type, input->action_type_len);
    door->slots[door->at.currency] = copied(door, input->currency, input->currency_len);
    door->slots[door->at.target] = copied(door, input->target, input->target_len);
    door->slots[door->at.actor_type] = copied(door, input->actor_type, input->actor_type_len);
    door->slots[door->at.role] = copied(door, input->role, input->role_len);
    door->slots[door->at.region] = copied(door, input->region, input->region_len);
    return actra_policy_evaluate(door->policy, door->slots, door->at.count, door->arena,
                                 door->arena_len, &door->decision);
}

static actra_status by_json(struct door *door, const struct guard_input *input) {
    return actra_policy_evaluate_text(door->policy, input->json, input->json_len, 0,
                                      &door->decision, NULL, NULL);
}

typedef actra_status (*way)(struct door *, const struct guard_input *);

static int is_text(const char *text, size_t len, const char *expected, size_t expected_len) {
    if (text == NULL || expected == NULL) {
        return text == NULL && expected == NULL;
    }
    return len == expected_len && memcmp(text, expected, len) == 0;
}

static void check(struct door *door, way decide) {
    for (size_t at = 0; at < GUARD_INPUTS; at++) {
        const struct guard_input *input = &guard_inputs[at];
        const char *effect;
        if (decide(door, input) != ACTRA_STATUS_OK) {
            fail("an input is not decided");
        }
        effect = actra_effect_name(door->decision.effect);
        if (!is_text(effect, strlen(effect), input->effect, input->effect_len) ||
            !is_text(door->decision.rule_id, door->decision.rule_id_len, input->rule,
                     input->rule_len)) {
            fail("an input is decided otherwise than in Rust");
        }
    }
}

/* Decides that many inputs, and nothing else: scripts/callgrind.sh counts this function by its
 * name. */
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static unsigned long
counted(struct door *door, way decide, unsigned long turns) {
    unsigned long allowed = 0;
    size_t at = 0;
    for (unsigned long turn = 0; turn < turns; turn++) {
        actra_status status = decide(door, &guard_inputs[at]);
        allowed += status == ACTRA_STATUS_OK && door->decision.effect == ACTRA_EFFECT_ALLOW;
        at = at + 1 == GUARD_INPUTS ? 0 : at + 1;
    }
    return allowed;
}

static void run(const char *file, way decide, unsigned long turns) {
    static struct door door;
    actra_policy *policy = NULL;
    if (actra_policy_open(file, strlen(file), &policy, NULL) != ACTRA_STATUS_OK) {
        fail("the artifact does not load");
    }
    door.policy = policy;
    door.at = places_of(policy);
    door.decision = actra_decision_empty();
    if (door.at.count > MOST_SLOTS) {
        fail("the policy has more slots than there is room for");
    }
    check(&door, decide);
    printf("%lu turns, %lu allowed\n", turns, counted(&door, decide, turns));
    actra_policy_free(policy);
}

static void compile(const char *directory, const char *file) {
    actra_policy *policy = NULL;
    if (actra_policy_compile_directory(directory, strlen(directory), &policy, NULL) !=
        ACTRA_STATUS_OK) {
        fail("the policy does not compile");
    }
    if (actra_policy_save(policy, file, strlen(file), NULL) != ACTRA_STATUS_OK) {
        fail("the artifact cannot be written");
    }
    actra_policy_free(policy);
}

int main(int count, char **arguments) {
    if (count != 4) {
        fail("usage: guard compile DIRECTORY FILE | guard slots|arena|json FILE TURNS");
    }
    if (strcmp(arguments[1], "compile") == 0) {
        compile(arguments[2], arguments[3]);
    } else if (strcmp(arguments[1], "slots") == 0) {
        run(arguments[2], by_slots, strtoul(arguments[3], NULL, 10));
    } else if (strcmp(arguments[1], "arena") == 0) {
        run(arguments[2], by_arena, strtoul(arguments[3], NULL, 10));
    } else if (strcmp(arguments[1], "json") == 0) {
        run(arguments[2], by_json, strtoul(arguments[3], NULL, 10));
    } else {
        fail("there is no such door");
    }
    return 0;
}
