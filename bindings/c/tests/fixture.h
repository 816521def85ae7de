/* The policy in policy/, the slots of its fields, and an input that it allows: each hostile input is
 * that one with one thing wrong, so that nothing but the mistake stands between it and an allow. */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "check.h"

enum { MOST_SLOTS = 64 };

typedef struct {
    actra_policy *policy;
    size_t slot_count;
    uint32_t action_type, amount, ratio, express, note, due, tags, sizes, labels, weights, customer,
        tier, reason;
    uint32_t actor_type, role, level;
    uint32_t fraud, now;
} fixture;

static inline uint32_t slot_of(const actra_policy *policy, uint32_t domain, const char *path) {
    uint32_t slot = UINT32_MAX;
    if (actra_policy_slot(policy, domain, path, strlen(path), &slot) != ACTRA_STATUS_OK) {
        give_up(path);
    }
    return slot;
}

static inline fixture fixture_of(actra_policy *policy) {
    fixture f;
    memset(&f, 0, sizeof f);
    f.policy = policy;
    f.slot_count = actra_policy_slot_count(policy);
    if (f.slot_count == 0 || f.slot_count > MOST_SLOTS) {
        give_up("the policy has no slots, or too many");
    }
    f.action_type = slot_of(policy, ACTRA_DOMAIN_ACTION, "type");
    f.amount = slot_of(policy, ACTRA_DOMAIN_ACTION, "amount");
    f.ratio = slot_of(policy, ACTRA_DOMAIN_ACTION, "ratio");
    f.express = slot_of(policy, ACTRA_DOMAIN_ACTION, "express");
    f.note = slot_of(policy, ACTRA_DOMAIN_ACTION, "note");
    f.due = slot_of(policy, ACTRA_DOMAIN_ACTION, "due");
    f.tags = slot_of(policy, ACTRA_DOMAIN_ACTION, "tags");
    f.sizes = slot_of(policy, ACTRA_DOMAIN_ACTION, "sizes");
    f.labels = slot_of(policy, ACTRA_DOMAIN_ACTION, "labels");
    f.weights = slot_of(policy, ACTRA_DOMAIN_ACTION, "weights");
    f.customer = slot_of(policy, ACTRA_DOMAIN_ACTION, "customer");
    f.tier = slot_of(policy, ACTRA_DOMAIN_ACTION, "customer.tier");
    f.reason = slot_of(policy, ACTRA_DOMAIN_ACTION, "reason");
    f.actor_type = slot_of(policy, ACTRA_DOMAIN_ACTOR, "type");
    f.role = slot_of(policy, ACTRA_DOMAIN_ACTOR, "role");
    f.level = slot_of(policy, ACTRA_DOMAIN_ACTOR, "level");
    f.fraud = slot_of(policy, ACTRA_DOMAIN_SNAPSHOT, "fraud");
    f.now = slot_of(policy, ACTRA_DOMAIN_SNAPSHOT, "now");
    return f;
}

/* `folder` holds policy/. */
static inline fixture fixture_open(const char *folder) {
    char path[4096];
    actra_policy *policy = NULL;
    int len = snprintf(path, sizeof path, "%s/policy", folder);
    if (len < 0 || (size_t)len >= sizeof path) {
        give_up("the path is too long");
    }
    if (actra_policy_compile_directory(path, (size_t)len, &policy, NULL) != ACTRA_STATUS_OK) {
        give_up(path);
    }
    return fixture_of(policy);
}

static inline void fixture_close(fixture *f) {
    actra_policy_free(f->policy);
    f->policy = NULL;
}

static inline actra_slot text_slot(const char *text) {
    return actra_slot_string(text, strlen(text));
}

/* A small refund, which is allowed. */
static inline void fill_allowed(const fixture *f, actra_slot *slots) {
    memset(slots, 0, MOST_SLOTS * sizeof *slots);
    slots[f->action_type] = text_slot("refund");
    slots[f->amount] = actra_slot_integer(20);
    slots[f->fraud] = actra_slot_boolean(0);
}

#define ALLOWED_JSON \
    "{\"action\":{\"type\":\"refund\",\"amount\":20},\"snapshot\":{\"fraud\":false}}"

/* A decision as no library leaves one: whatever is not written stays visible. */
static inline actra_decision poisoned(void) {
    actra_decision decision;
    memset(&decision, 0xff, sizeof decision);
    decision.struct_size = sizeof decision;
    return decision;
}

/* What every failure leaves behind. */
static inline int is_invalid(const actra_decision *decision) {
    return decision->effect == ACTRA_EFFECT_INVALID && decision->flags == 0 &&
           decision->rule == ACTRA_NO_RULE && decision->shadow_effect == ACTRA_EFFECT_INVALID &&
           decision->shadow_rule == ACTRA_NO_RULE && decision->rule_id == NULL &&
           decision->rule_id_len == 0 && decision->message == NULL && decision->message_len == 0;
}

/* Whether a string of the library's, which is not ended by NUL, is this text. */
static inline int is_text(const char *text, size_t len, const char *expected) {
    if (text == NULL) {
        return expected == NULL && len == 0;
    }
    return expected != NULL && len == strlen(expected) && memcmp(text, expected, len) == 0;
}

#endif
