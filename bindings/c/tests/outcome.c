#include "outcome.h"

#include <string.h>

static struct names names_of(struct pool *pool, const struct json *list) {
    struct names names = {pool_take(pool, (json_count(list) + 1) * sizeof *names.items), 0};
    for (; names.count < json_count(list); names.count++) {
        names.items[names.count] = json_text(json_at(list, names.count));
    }
    return names;
}

struct outcome outcome_of_json(struct pool *pool, const struct json *json) {
    struct outcome outcome = {0};
    outcome.is_error = json_get(json, "error") != NULL;
    outcome.code = json_text(json_get(json, "error"));
    outcome.field = json_text(json_get(json, "field"));
    outcome.effect = json_text(json_get(json, "effect"));
    outcome.matched_rule = json_text(json_get(json, "matched_rule"));
    outcome.message = json_text(json_get(json, "message"));
    outcome.matched_rules = names_of(pool, json_get(json, "matched_rules"));
    outcome.missing = names_of(pool, json_get(json, "missing"));
    const struct json *shadow = json_get(json, "shadow");
    outcome.shadow_effect = json_text(json_get(shadow, "effect"));
    outcome.shadow_rule = json_text(json_get(shadow, "matched_rule"));
    const struct json *required = json_get(json, "required_actions");
    outcome.required_actions = json_count(required) == 0 ? NULL : required;
    return outcome;
}

static struct text copy(struct pool *pool, const char *start, size_t len) {
    if (start == NULL) {
        return (struct text){NULL, 0};
    }
    char *copied = pool_take(pool, len + 1);
    memcpy(copied, start, len);
    return (struct text){copied, len};
}

static struct json *read_buffer(struct pool *pool, actra_buffer *buffer) {
    const struct text text =
        copy(pool, (const char *)actra_buffer_data(buffer), actra_buffer_len(buffer));
    actra_buffer_free(buffer);
    return json_read(pool, text, 128);
}

/* What an input error leaves in a decision, and what it must not. */
static void read_refusal(struct outcome *outcome, const actra_decision *decision) {
    const actra_decision empty = actra_decision_empty();
    outcome->is_error = true;
    outcome->code = text_of(actra_input_error_name(decision->input_error));
    if (decision->effect != ACTRA_EFFECT_INVALID || decision->flags != 0 ||
        decision->rule != ACTRA_NO_RULE || decision->rule_id != NULL || decision->message != NULL ||
        decision->shadow_rule != ACTRA_NO_RULE || decision->shadow_effect != 0 ||
        decision->struct_size != empty.struct_size || decision->input_error == 0) {
        outcome->fault = "the decision is not invalid after an input error";
    }
}

/* A plain decision. */
static void read_decision(struct outcome *outcome, const actra_policy *policy,
                          const actra_decision *decision) {
    size_t len = 0;
    outcome->effect = text_of(actra_effect_name(decision->effect));
    outcome->matched_rule = (struct text){decision->rule_id, decision->rule_id_len};
    outcome->message = (struct text){decision->message, decision->message_len};
    if (decision->flags & ACTRA_DECISION_SHADOW_DIFFERS) {
        outcome->shadow_effect = text_of(actra_effect_name(decision->shadow_effect));
        const char *id = actra_policy_rule_id(policy, decision->shadow_rule, &len);
        outcome->shadow_rule = (struct text){id, len};
    } else if (decision->shadow_effect != 0 || decision->shadow_rule != ACTRA_NO_RULE) {
        outcome->fault = "a shadow decision that does not differ";
    }
    const char *id = actra_policy_rule_id(policy, decision->rule, &len);
    if (!text_same(outcome->matched_rule, (struct text){id, len}) ||
        (decision->rule == ACTRA_NO_RULE) != (decision->rule_id == NULL)) {
        outcome->fault = "the rule's index and its id are of two rules";
    }
    if (decision->input_error != 0 || decision->field != NULL || decision->field_len != 0) {
        outcome->fault = "an input error in a decision";
    }
}

/* Flags that count what lists have. */
static void check_flags(struct outcome *outcome, const actra_decision *decision) {
    const bool has_several = (decision->flags & ACTRA_DECISION_SEVERAL_RULES) != 0;
    const bool is_unknown = (decision->flags & ACTRA_DECISION_UNKNOWN) != 0;
    if (has_several != (outcome->matched_rules.count > 1)) {
        outcome->fault = "the flag for several rules";
    } else if (is_unknown != (outcome->missing.count > 0)) {
        outcome->fault = "the flag for unknown conditions";
    }
}

static bool same_decision(const actra_decision *a, const actra_decision *b) {
    return a->effect == b->effect && a->flags == b->flags && a->rule == b->rule &&
           a->shadow_effect == b->shadow_effect && a->shadow_rule == b->shadow_rule &&
           a->input_error == b->input_error && a->rule_id == b->rule_id &&
           a->rule_id_len == b->rule_id_len && a->message == b->message &&
           a->message_len == b->message_len && a->field == b->field && a->field_len == b->field_len;
}

struct outcome outcome_of_text(struct pool *pool, const actra_policy *policy, actra_status status,
                               const actra_decision *decision, actra_buffer *json,
                               actra_error *error) {
    struct outcome outcome = {0};
    if (status == ACTRA_STATUS_OK) {
        outcome = outcome_of_json(pool, read_buffer(pool, json));
        struct outcome plain = {0};
        read_decision(&plain, policy, decision);
        if (plain.fault == NULL &&
            (!text_same(plain.effect, outcome.effect) ||
             !text_same(plain.matched_rule, outcome.matched_rule) ||
             !text_same(plain.message, outcome.message) ||
             !text_same(plain.shadow_effect, outcome.shadow_effect) ||
             !text_same(plain.shadow_rule, outcome.shadow_rule))) {
            plain.fault = "the struct and the JSON are two decisions";
        }
        outcome.fault = plain.fault;
        check_flags(&outcome, decision);
        if (error != NULL) {
            outcome.fault = "an error with a decision";
        }
    } else if (status == ACTRA_STATUS_INPUT_ERROR) {
        read_refusal(&outcome, decision);
        size_t len = 0;
        const char *field = actra_error_field(error, &len);
        outcome.field = copy(pool, field, len);
        const char *code = actra_error_code(error, &len);
        const struct text told = {code, len};
        const char *spelled = actra_error_json(error, &len);
        const struct json *as_json = json_read(pool, copy(pool, spelled, len), 16);
        if (!text_same(told, outcome.code) ||
            !text_same(json_text(json_get(as_json, "code")), told) ||
            !text_same(json_text(json_get(as_json, "field")), outcome.field)) {
            outcome.fault = "the decision and the error tell two errors";
        } else if (json != NULL) {
            outcome.fault = "a decision as JSON with an input error";
        }
    } else {
        outcome.fault = actra_status_name(status);
    }
    actra_error_free(error);
    return outcome;
}

/* Names by their indexes. A single matched rule is no list of several. */
static struct names named(struct pool *pool, const actra_policy *policy, const uint32_t *numbers,
                          size_t count,
                          const char *(*name)(const actra_policy *, uint32_t, size_t *)) {
    struct names names = {pool_take(pool, (count + 1) * sizeof *names.items), count};
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        const char *text = name(policy, numbers[i], &len);
        names.items[i] = (struct text){text, len};
    }
    return names;
}

struct outcome outcome_of_slots(struct pool *pool, const actra_policy *policy,
                                const actra_slot *slots, size_t slot_count, const uint8_t *arena,
                                size_t arena_len) {
    struct outcome outcome = {0};
    const size_t rule_count = actra_policy_rule_count(policy);
    uint32_t *rules = pool_take(pool, (rule_count + 1) * sizeof *rules);
    uint32_t *missing = pool_take(pool, (slot_count + 1) * sizeof *missing);
    size_t matched = 0, unknown = 0;
    actra_decision decision = actra_decision_empty(), all = actra_decision_empty();
    const actra_status status = actra_policy_evaluate(policy, slots, slot_count, arena, arena_len, &decision);
    const actra_status all_status =
        actra_policy_evaluate_all(policy, slots, slot_count, arena, arena_len, &all, rules, rule_count,
                                  &matched, missing, slot_count, &unknown);
    if (status == ACTRA_STATUS_OK) {
        read_decision(&outcome, policy, &decision);
        outcome.missing = named(pool, policy, missing, unknown, actra_policy_slot_name);
        if (matched > 1) {
            outcome.matched_rules = named(pool, policy, rules, matched, actra_policy_rule_id);
        } else if (matched != (decision.rule == ACTRA_NO_RULE ? 0 : 1) ||
                   (matched == 1 && rules[0] != decision.rule)) {
            outcome.fault = "the matched rule is not the one that decided";
        }
        actra_buffer *required = NULL;
        if (actra_policy_required_actions(policy, rules, matched, &required) == ACTRA_STATUS_OK) {
            const struct json *actions = read_buffer(pool, required);
            outcome.required_actions = json_count(actions) == 0 ? NULL : actions;
        } else {
            outcome.fault = "required actions of matched rules";
        }
        check_flags(&outcome, &decision);
    } else if (status == ACTRA_STATUS_INPUT_ERROR) {
        read_refusal(&outcome, &decision);
        outcome.field = (struct text){decision.field, decision.field_len};
    } else {
        outcome.fault = actra_status_name(status);
    }
    if (status != all_status || !same_decision(&decision, &all)) {
        outcome.fault = "evaluate and evaluate_all decide differently";
    }
    return outcome;
}

static bool names_same(struct names a, struct names b) {
    if (a.count != b.count) {
        return false;
    }
    for (size_t i = 0; i < a.count; i++) {
        if (!text_same(a.items[i], b.items[i])) {
            return false;
        }
    }
    return true;
}

/* Whether the field is the map whose entry was expected. */
static bool is_map_of(struct text map, struct text entry) {
    return map.len != 0 && map.len < entry.len && memcmp(map.start, entry.start, map.len) == 0 &&
           entry.start[map.len] == '[';
}

bool outcome_holds(const struct outcome *expected, const struct outcome *found, bool tells_maps) {
    if (found->fault != NULL || expected->is_error != found->is_error) {
        return false;
    }
    if (expected->is_error) {
        return text_same(expected->code, found->code) &&
               (expected->field.start == NULL || text_same(expected->field, found->field) ||
                (tells_maps && is_map_of(found->field, expected->field)));
    }
    const bool has_none = expected->required_actions == NULL && found->required_actions == NULL;
    return text_same(expected->effect, found->effect) &&
           text_same(expected->matched_rule, found->matched_rule) &&
           (expected->matched_rule.start == NULL) == (found->matched_rule.start == NULL) &&
           text_same(expected->message, found->message) &&
           (expected->message.start == NULL) == (found->message.start == NULL) &&
           names_same(expected->matched_rules, found->matched_rules) &&
           names_same(expected->missing, found->missing) &&
           text_same(expected->shadow_effect, found->shadow_effect) &&
           text_same(expected->shadow_rule, found->shadow_rule) &&
           (has_none || json_same(expected->required_actions, found->required_actions));
}

static void write_one(struct writer *writer, const char *name, struct text text) {
    if (text.start != NULL) {
        write_text(writer, name);
        write_bytes(writer, text.start, text.len);
    }
}

static void write_names(struct writer *writer, const char *name, struct names names) {
    for (size_t i = 0; i < names.count; i++) {
        write_one(writer, i == 0 ? name : ", ", names.items[i]);
    }
}

void outcome_write(struct writer *writer, const struct outcome *outcome) {
    if (outcome->fault != NULL) {
        write_one(writer, "fault: ", text_of(outcome->fault));
        write_text(writer, "; ");
    }
    if (outcome->is_error) {
        write_one(writer, "error ", outcome->code);
        write_one(writer, " of ", outcome->field);
        return;
    }
    write_one(writer, "", outcome->effect);
    write_one(writer, " by ", outcome->matched_rule);
    write_one(writer, ", message ", outcome->message);
    write_names(writer, ", matched rules ", outcome->matched_rules);
    write_names(writer, ", missing ", outcome->missing);
    write_one(writer, ", shadow ", outcome->shadow_effect);
    write_one(writer, " by ", outcome->shadow_rule);
    if (outcome->required_actions != NULL) {
        write_text(writer, ", required ");
        json_write(writer, outcome->required_actions, NOTATION_JSON);
    }
}
