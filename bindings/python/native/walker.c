#include "walker.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash_of(uint32_t node, const char *text, size_t len) {
    uint32_t hash = 2166136261u ^ node;
    for (size_t at = 0; at < len; at++)
        hash = (hash ^ (uint8_t)text[at]) * 16777619u;
    return hash ^ (hash >> 15);
}

static int is_consistent(const walker_slot *slots, size_t slot_count, size_t texts_len) {
    size_t texts = 0;
    for (size_t at = 0; at < slot_count; at++) {
        if (slots[at].node >= WALKER_FIRST_SLOT + slot_count)
            return 0;
        texts += slots[at].text_len;
    }
    return texts == texts_len;
}

walker *walker_new(const actra_policy *policy, const walker_slot *slots, size_t slot_count,
                   const char *texts, size_t texts_len, const uint8_t *effects, size_t rule_count,
                   uint32_t default_effect) {
    if (policy == NULL || slot_count != actra_policy_slot_count(policy) ||
        rule_count != actra_policy_rule_count(policy) || slot_count > UINT16_MAX + 1u ||
        !is_consistent(slots, slot_count, texts_len))
        return NULL;
    walker *names = calloc(1, sizeof(walker));
    if (names == NULL)
        return NULL;
    size_t size = 8;
    while (size < 2 * slot_count)
        size *= 2;
    names->policy = actra_policy_retain(policy);
    names->slot_count = (uint32_t)slot_count;
    names->rule_count = (uint32_t)rule_count;
    names->default_effect = default_effect;
    names->kinds = calloc(slot_count + 1, 1);
    names->effects = calloc(rule_count + 1, 1);
    names->texts = malloc(texts_len + 1);
    names->table = calloc(size, sizeof(walker_name));
    names->table_mask = (uint32_t)(size - 1);
    if (names->kinds == NULL || names->effects == NULL || names->texts == NULL ||
        names->table == NULL) {
        walker_free(names);
        return NULL;
    }
    memcpy(names->texts, texts, texts_len);
    memcpy(names->effects, effects, rule_count);
    const char *text = names->texts;
    for (size_t at = 0; at < slot_count; text += slots[at].text_len, at++) {
        names->kinds[at] = slots[at].kinds;
        if (slots[at].is_entry)
            continue;
        uint32_t place = hash_of(slots[at].node, text, slots[at].text_len) & names->table_mask;
        while (names->table[place].text != NULL)
            place = (place + 1) & names->table_mask;
        walker_name name = {text, slots[at].text_len, slots[at].node, (uint32_t)at};
        names->table[place] = name;
    }
    return names;
}

void walker_free(walker *names) {
    if (names == NULL)
        return;
    actra_policy_free(names->policy);
    free(names->kinds);
    free(names->effects);
    free(names->texts);
    free(names->table);
    free(names);
}

uint32_t walker_find(const walker *names, uint32_t node, const char *text, size_t len) {
    uint32_t place = hash_of(node, text, len) & names->table_mask;
    for (;;) {
        const walker_name *name = &names->table[place];
        if (name->text == NULL)
            return WALKER_NO_SLOT;
        if (name->node == node && name->len == len && memcmp(name->text, text, len) == 0)
            return name->slot;
        place = (place + 1) & names->table_mask;
    }
}

int walker_begin(walker_input *input, const walker *names, int is_trusted) {
    input->names = names;
    input->is_trusted = is_trusted;
    input->passed = 0;
    input->items = input->few_items;
    input->items_len = 0;
    input->items_capacity = WALKER_FEW_SLOTS;
    input->slots = input->few_slots;
    if (names->slot_count <= WALKER_FEW_SLOTS) {
        memset(input->slots, 0, names->slot_count * sizeof(actra_slot));
        return 1;
    }
    input->slots = calloc(names->slot_count, sizeof(actra_slot));
    return input->slots != NULL;
}

size_t walker_reserve(walker_input *input, size_t count) {
    size_t start = input->items_len;
    if (count > input->items_capacity - start) {
        size_t capacity = input->items_capacity * 2;
        while (capacity < start + count)
            capacity *= 2;
        int is_first = input->items == input->few_items;
        actra_slot *items = realloc(is_first ? NULL : input->items, capacity * sizeof(actra_slot));
        if (items == NULL)
            return SIZE_MAX;
        if (is_first)
            memcpy(items, input->few_items, start * sizeof(actra_slot));
        input->items = items;
        input->items_capacity = capacity;
    }
    input->items_len = start + count;
    memset(input->items + start, 0, count * sizeof(actra_slot));
    return start;
}

void walker_end(walker_input *input) {
    if (input->slots != input->few_slots)
        free(input->slots);
    if (input->items != input->few_items)
        free(input->items);
}

/* The same input again, with the lists that a decision only counts. */
static int decide_at_length(walker_input *input, walker_outcome *outcome,
                            actra_decision *decision) {
    const walker *names = input->names;
    outcome->matched = calloc(names->rule_count + 1u, sizeof(uint32_t));
    outcome->missing = calloc(names->slot_count + 1u, sizeof(uint32_t));
    if (outcome->matched == NULL || outcome->missing == NULL)
        return 0;
    outcome->status = actra_policy_evaluate_all(
        names->policy, input->slots, names->slot_count, (const uint8_t *)input->items,
        input->items_len * sizeof(actra_slot), decision, outcome->matched, names->rule_count,
        &outcome->matched_count, outcome->missing, names->slot_count, &outcome->missing_count);
    return 1;
}

void walker_decide(walker_input *input, walker_outcome *outcome) {
    const walker *names = input->names;
    actra_decision decision = actra_decision_empty();
    memset(outcome, 0, sizeof *outcome);
    outcome->kind = OUTCOME_ERROR;
    outcome->status = actra_policy_evaluate(names->policy, input->slots, names->slot_count,
                                            (const uint8_t *)input->items,
                                            input->items_len * sizeof(actra_slot), &decision);
    const uint32_t listed = ACTRA_DECISION_UNKNOWN | ACTRA_DECISION_SEVERAL_RULES;
    if (outcome->status == ACTRA_STATUS_OK && (decision.flags & listed) != 0 &&
        !decide_at_length(input, outcome, &decision)) {
        outcome->kind = OUTCOME_NO_MEMORY;
        return;
    }
    outcome->input_error = decision.input_error;
    outcome->field = decision.field;
    outcome->field_len = decision.field_len;
    if (outcome->status != ACTRA_STATUS_OK)
        return;
    outcome->effect = decision.effect;
    outcome->flags = decision.flags;
    outcome->rule = decision.rule;
    outcome->shadow_effect = decision.shadow_effect;
    outcome->shadow_rule = decision.shadow_rule;
    /* What Python says of a rule must be what the library decided. */
    uint32_t expected =
        decision.rule == ACTRA_NO_RULE
            ? names->default_effect
            : (decision.rule < names->rule_count ? names->effects[decision.rule] : 0);
    if (expected == ACTRA_EFFECT_INVALID || expected != decision.effect) {
        outcome->status = ACTRA_STATUS_INTERNAL;
        return;
    }
    outcome->kind = decision.flags == 0 ? OUTCOME_SIMPLE : OUTCOME_FULL;
}

void walker_outcome_free(walker_outcome *outcome) {
    free(outcome->matched);
    free(outcome->missing);
    outcome->matched = NULL;
    outcome->missing = NULL;
}
