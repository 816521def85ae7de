/* Slots: the way for a service that decides on every request. Slots are looked up once; a decision
 * is one call that allocates nothing.
 *
 *     hotpath refund.actra
 */
#include <actra.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A request as the service has it. */
struct request {
    const char *actor_type, *role;
    double amount;
    const char *tier;    /* NULL: not known */
    int is_fraud;        /* -1: nobody looked */
    const char *channel; /* goes into the map of labels */
};

/* Where the fields of a request go: made once per policy, and again after a reload. */
struct layout {
    size_t slot_count;
    uint32_t action_type, tenant, amount, currency, tier, labels;
    uint32_t actor_type, role, fraud, refunded_today;
};

static void give_up(const char *what, const char *detail) {
    fprintf(stderr, "hotpath: %s: %s\n", what, detail);
    exit(1);
}

static uint32_t slot(const actra_policy *policy, uint32_t domain, const char *path) {
    uint32_t found = 0;
    if (actra_policy_slot(policy, domain, path, strlen(path), &found) != ACTRA_STATUS_OK) {
        give_up("the policy has no field", path);
    }
    return found;
}

static struct layout layout_of(const actra_policy *policy) {
    struct layout at;
    at.slot_count = actra_policy_slot_count(policy);
    at.action_type = slot(policy, ACTRA_DOMAIN_ACTION, "type");
    at.tenant = slot(policy, ACTRA_DOMAIN_ACTION, "tenant");
    at.amount = slot(policy, ACTRA_DOMAIN_ACTION, "amount");
    at.currency = slot(policy, ACTRA_DOMAIN_ACTION, "currency");
    at.tier = slot(policy, ACTRA_DOMAIN_ACTION, "customer.tier");
    at.labels = slot(policy, ACTRA_DOMAIN_ACTION, "labels");
    at.actor_type = slot(policy, ACTRA_DOMAIN_ACTOR, "type");
    at.role = slot(policy, ACTRA_DOMAIN_ACTOR, "role");
    at.fraud = slot(policy, ACTRA_DOMAIN_SNAPSHOT, "fraud_flag");
    at.refunded_today = slot(policy, ACTRA_DOMAIN_SNAPSHOT, "refunded_today");
    return at;
}

static actra_slot text(const char *value) {
    return value == NULL ? actra_slot_missing() : actra_slot_string(value, strlen(value));
}

/* Fills slots. The pairs of the map are the caller's, and live as long as the slots. */
static void fill(const struct layout *at, const struct request *request, actra_slot *slots,
                 actra_slot pairs[2]) {
    memset(slots, 0, at->slot_count * sizeof *slots); /* all missing */
    pairs[0] = text("channel");
    pairs[1] = text(request->channel);
    slots[at->action_type] = text("refund");
    slots[at->tenant] = text("acme");
    slots[at->currency] = text("EUR");
    slots[at->amount] = actra_slot_double(request->amount);
    slots[at->tier] = text(request->tier);
    slots[at->labels] = actra_slot_map(pairs, 1);
    slots[at->actor_type] = text(request->actor_type);
    slots[at->role] = text(request->role);
    slots[at->refunded_today] = actra_slot_integer(300);
    if (request->is_fraud >= 0) {
        slots[at->fraud] = actra_slot_boolean(request->is_fraud);
    }
}

/* What a decision only counts takes a second call: which fields were missing, which rules matched,
 * and what they require. */
static void print_more(const actra_policy *policy, const actra_slot *slots, size_t slot_count) {
    const size_t rule_count = actra_policy_rule_count(policy);
    uint32_t *rules = calloc(rule_count + 1, sizeof *rules);
    uint32_t *missing = calloc(slot_count + 1, sizeof *missing);
    if (rules == NULL || missing == NULL) {
        give_up("more of a decision", "out of memory");
    }
    size_t matched = 0, unknown = 0;
    actra_decision decision = actra_decision_empty();
    actra_buffer *required = NULL;
    if (actra_policy_evaluate_all(policy, slots, slot_count, NULL, 0, &decision, rules, rule_count,
                                  &matched, missing, slot_count, &unknown) != ACTRA_STATUS_OK ||
        actra_policy_required_actions(policy, rules, matched, &required) != ACTRA_STATUS_OK) {
        give_up("more of a decision", "the library refuses the call");
    }
    for (size_t i = 0; i < matched && matched > 1; i++) {
        size_t len = 0;
        const char *id = actra_policy_rule_id(policy, rules[i], &len);
        printf("  approval by %.*s\n", (int)len, id);
    }
    for (size_t i = 0; i < unknown; i++) {
        size_t len = 0;
        const char *name = actra_policy_slot_name(policy, missing[i], &len);
        printf("  missing %.*s\n", (int)len, name);
    }
    if (actra_buffer_len(required) > 2) {
        printf("  required %s\n", (const char *)actra_buffer_data(required));
    }
    actra_buffer_free(required);
    free(rules);
    free(missing);
}

static void decide(const actra_policy *policy, const struct layout *at, actra_slot *slots,
                   const struct request *request) {
    actra_slot pairs[2];
    fill(at, request, slots, pairs);
    actra_decision decision = actra_decision_empty();
    const actra_status status =
        actra_policy_evaluate(policy, slots, at->slot_count, NULL, 0, &decision);
    /* An allow is status OK and effect ALLOW, and nothing else is. */
    if (status == ACTRA_STATUS_INPUT_ERROR) {
        printf("input error %s of %.*s: block\n", actra_input_error_name(decision.input_error),
               (int)decision.field_len, decision.field_len == 0 ? "" : decision.field);
        return;
    }
    if (status != ACTRA_STATUS_OK) {
        give_up("deciding", actra_status_name(status));
    }
    printf("%s by %.*s\n", actra_effect_name(decision.effect),
           decision.rule_id == NULL ? 11 : (int)decision.rule_id_len,
           decision.rule_id == NULL ? "the default" : decision.rule_id);
    if (decision.flags & (ACTRA_DECISION_UNKNOWN | ACTRA_DECISION_SEVERAL_RULES)) {
        print_more(policy, slots, at->slot_count);
    }
}

int main(int count, char **arguments) {
    if (count != 2) {
        give_up("usage", "hotpath POLICY.actra");
    }
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    if (actra_policy_open(arguments[1], strlen(arguments[1]), &policy, &error) != ACTRA_STATUS_OK) {
        size_t len = 0;
        const char *rendered = actra_error_rendered(error, &len);
        fprintf(stderr, "%.*s", (int)len, rendered == NULL ? "" : rendered);
        actra_error_free(error);
        return 1;
    }
    const struct layout at = layout_of(policy);
    actra_slot *slots = calloc(at.slot_count + 1, sizeof *slots); /* one array per thread */
    if (slots == NULL) {
        give_up("slots", "out of memory");
    }
    const struct request requests[] = {
        {"human", "support", 20, "basic", 0, "phone"},
        {"ai_agent", "assistant", 5000, "vip", 0, "chat"},
        {"human", "support", 20, NULL, 1, "phone"},
        {"human", "support", 20, "basic", -1, "phone"},
        {"human", "visitor", 20, "basic", 0, "web"},
        {"human", "support", -20, "basic", 0, "phone"},
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        decide(policy, &at, slots, &requests[i]);
    }
    free(slots);
    actra_policy_free(policy);
    return 0;
}
