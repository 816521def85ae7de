/* Many rules of which one may match (benches/src/roles) through the C door, for counting what a
 * decision costs.
 *
 *   roles FILE RULES TURNS    decides that many inputs, given as slots, by an artifact of that many
 *                             rules
 *
 * Inputs match the last rule, the one in the middle and none, in turn. Before anything is counted,
 * each is decided once and held against what it should be. */

#include "actra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUTS 3
#define MOST_SLOTS 16

/* More than any rule's threshold. */
#define AMOUNT 20000

static void fail(const char *what) {
    fprintf(stderr, "roles: %s\n", what);
    exit(1);
}

struct door {
    const actra_policy *policy;
    size_t count;
    uint32_t action_type, amount, role;
    actra_decision decision;
    actra_slot slots[MOST_SLOTS];
    char roles[INPUTS][32];
    size_t role_lens[INPUTS];
};

static uint32_t place(const actra_policy *policy, uint32_t domain, const char *path) {
    uint32_t slot = 0;
    if (actra_policy_slot(policy, domain, path, strlen(path), &slot) != ACTRA_STATUS_OK) {
        fail("the policy lacks a field");
    }
    return slot;
}

static actra_status decide(struct door *door, size_t input) {
    door->slots[door->action_type] = actra_slot_string("spend", 5);
    door->slots[door->amount] = actra_slot_integer(AMOUNT);
    door->slots[door->role] =
        actra_slot_string(door->roles[input], (uint32_t)door->role_lens[input]);
    return actra_policy_evaluate(door->policy, door->slots, door->count, NULL, 0, &door->decision);
}

static void check(struct door *door, size_t input, const char *rule) {
    const actra_decision *decision = &door->decision;
    if (decide(door, input) != ACTRA_STATUS_OK) {
        fail("an input is not decided");
    }
    if (rule == NULL ? decision->rule_id != NULL || decision->effect != ACTRA_EFFECT_ALLOW
                     : decision->rule_id == NULL || decision->effect != ACTRA_EFFECT_BLOCK ||
                           decision->rule_id_len != strlen(rule) ||
                           memcmp(decision->rule_id, rule, strlen(rule)) != 0) {
        fail("an input is decided otherwise than it should be");
    }
}

/* Decides that many inputs, and nothing else: scripts/callgrind.sh counts this function by its
 * name. */
#if defined(__GNUC__)
__attribute__((noinline))
#endif
static unsigned long
counted(struct door *door, unsigned long turns) {
    unsigned long allowed = 0;
    for (unsigned long turn = 0; turn < turns; turn++) {
        actra_status status = decide(door, turn % INPUTS);
        allowed += status == ACTRA_STATUS_OK && door->decision.effect == ACTRA_EFFECT_ALLOW;
    }
    return allowed;
}

int main(int count, char **arguments) {
    static struct door door;
    actra_policy *policy = NULL;
    unsigned long rules, turns;
    char rule[32];
    if (count != 4) {
        fail("usage: roles FILE RULES TURNS");
    }
    rules = strtoul(arguments[2], NULL, 10);
    turns = strtoul(arguments[3], NULL, 10);
    if (actra_policy_open(arguments[1], strlen(arguments[1]), &policy, NULL) != ACTRA_STATUS_OK) {
        fail("the artifact does not load");
    }
    door.policy = policy;
    door.decision = actra_decision_empty();
    door.count = actra_policy_slot_count(policy);
    if (door.count > MOST_SLOTS) {
        fail("the policy has more slots than there is room for");
    }
    door.action_type = place(policy, ACTRA_DOMAIN_ACTION, "type");
    door.amount = place(policy, ACTRA_DOMAIN_ACTION, "amount");
    door.role = place(policy, ACTRA_DOMAIN_ACTOR, "role");
    snprintf(door.roles[0], sizeof door.roles[0], "role_%05lu", rules - 1);
    snprintf(door.roles[1], sizeof door.roles[1], "role_%05lu", rules / 2);
    snprintf(door.roles[2], sizeof door.roles[2], "role_of_nobody");
    for (size_t input = 0; input < INPUTS; input++) {
        door.role_lens[input] = strlen(door.roles[input]);
    }
    snprintf(rule, sizeof rule, "limit_%05lu", rules - 1);
    check(&door, 0, rule);
    snprintf(rule, sizeof rule, "limit_%05lu", rules / 2);
    check(&door, 1, rule);
    check(&door, 2, NULL);
    printf("%lu turns, %lu allowed\n", turns, counted(&door, turns));
    actra_policy_free(policy);
    return 0;
}
