/* W1 and W3 to W5 through the C ABI, as benches/src/door.rs asks of a door.
 *
 * `slots` fills an array of slots from a struct, as a service would, and evaluates it; `json` hands
 * over the text. */
#define _POSIX_C_SOURCE 200809L
#include "actra.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_INPUTS 4096
#define MAX_SLOTS 64

/* Text of the input; NULL where the field is missing. */
typedef struct { const char *data; size_t len; } text;
typedef struct { bool there; int64_t value; } integer;
typedef struct { bool there; double value; } number;

/* An input as the application has it: of each workload some of the fields. */
typedef struct {
    text tenant, command, host, path;
    number risk;
    text type, currency, target;
    integer amount, express;
    text actor_type, role;
    integer level, on_call;
    integer fraud_flag;
    number daily_total;
    text region;
    const char *json;
    size_t json_len;
} input;

static input inputs[MAX_INPUTS];
static size_t input_count;
static actra_policy *policy;
static uint32_t slot_type, slot_amount, slot_currency, slot_target, slot_express, slot_actor_type,
    slot_role, slot_level, slot_on_call, slot_fraud_flag, slot_daily_total, slot_region, slot_tenant,
    slot_risk, slot_command, slot_host, slot_path;
static size_t slot_count;

static void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static char *read_file(const char *folder, const char *name, size_t *len) {
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) die("path too long");
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    if (fseek(file, 0, SEEK_END) != 0) die("fseek");
    long size = ftell(file);
    rewind(file);
    char *data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) die("fread");
    data[size] = 0;
    fclose(file);
    *len = (size_t)size;
    return data;
}

/* The value of a key in one line of the workload's JSON, in which no key stands twice at the same
 * depth and no string holds an escape. `from` and `to` bound the domain's object. */
static const char *value_of(const char *from, const char *to, const char *key) {
    char pattern[64];
    snprintf(pattern, sizeof pattern, "\"%s\":", key);
    const char *at = strstr(from, pattern);
    return at && at < to ? at + strlen(pattern) : NULL;
}

static text text_of(const char *from, const char *to, const char *key) {
    const char *at = value_of(from, to, key);
    text found = {NULL, 0};
    if (at) {
        found.data = at + 1;
        found.len = (size_t)(strchr(at + 1, '"') - (at + 1));
    }
    return found;
}

static integer integer_of(const char *from, const char *to, const char *key) {
    const char *at = value_of(from, to, key);
    integer found = {at != NULL, 0};
    if (at) found.value = *at == 't' ? 1 : *at == 'f' ? 0 : strtoll(at, NULL, 10);
    return found;
}

static number number_of(const char *from, const char *to, const char *key) {
    const char *at = value_of(from, to, key);
    number found = {at != NULL, at ? strtod(at, NULL) : 0.0};
    return found;
}

static void read_input(char *line, size_t len) {
    if (input_count == MAX_INPUTS) die("too many inputs");
    input *in = &inputs[input_count++];
    const char *end = line + len;
    const char *action = strstr(line, "\"action\":{"), *actor = strstr(line, "\"actor\":{"),
               *snapshot = strstr(line, "\"snapshot\":{");
    if (!action || !actor || !snapshot) die("an input without its domains");
    const char *action_end = strchr(action, '}'), *actor_end = strchr(actor, '}');
    in->type = text_of(action, action_end, "type");
    in->amount = integer_of(action, action_end, "amount");
    in->currency = text_of(action, action_end, "currency");
    in->target = text_of(action, action_end, "target");
    in->express = integer_of(action, action_end, "express");
    in->actor_type = text_of(actor, actor_end, "type");
    in->role = text_of(actor, actor_end, "role");
    in->level = integer_of(actor, actor_end, "level");
    in->on_call = integer_of(actor, actor_end, "on_call");
    in->fraud_flag = integer_of(snapshot, end, "fraud_flag");
    in->daily_total = number_of(snapshot, end, "daily_total");
    in->region = text_of(snapshot, end, "region");
    in->tenant = text_of(actor, actor_end, "tenant");
    in->risk = number_of(action, action_end, "risk");
    in->command = text_of(action, action_end, "command");
    in->host = text_of(action, action_end, "host");
    in->path = text_of(action, action_end, "path");
    in->json = line;
    in->json_len = len;
}

static uint32_t slot(uint32_t domain, const char *path) {
    uint32_t found = 0;
    if (actra_policy_slot(policy, domain, path, strlen(path), &found) != ACTRA_STATUS_OK) die(path);
    return found;
}

static inline void set_text(actra_slot *to, text from) {
    if (from.data) *to = actra_slot_string(from.data, from.len);
}

static inline void set_integer(actra_slot *to, integer from) {
    if (from.there) *to = actra_slot_integer(from.value);
}

static inline void set_boolean(actra_slot *to, integer from) {
    if (from.there) *to = actra_slot_boolean((int)from.value);
}

static actra_status decide_guard(const input *in, actra_decision *decision) {
    actra_slot slots[MAX_SLOTS];
    memset(slots, 0, slot_count * sizeof *slots);
    set_text(&slots[slot_type], in->type);
    set_integer(&slots[slot_amount], in->amount);
    set_text(&slots[slot_currency], in->currency);
    set_text(&slots[slot_target], in->target);
    set_boolean(&slots[slot_express], in->express);
    set_text(&slots[slot_actor_type], in->actor_type);
    set_text(&slots[slot_role], in->role);
    set_integer(&slots[slot_level], in->level);
    set_boolean(&slots[slot_on_call], in->on_call);
    set_boolean(&slots[slot_fraud_flag], in->fraud_flag);
    if (in->daily_total.there) slots[slot_daily_total] = actra_slot_double(in->daily_total.value);
    set_text(&slots[slot_region], in->region);
    return actra_policy_evaluate(policy, slots, slot_count, NULL, 0, decision);
}

static actra_status decide_tenants(const input *in, actra_decision *decision) {
    actra_slot slots[MAX_SLOTS];
    memset(slots, 0, slot_count * sizeof *slots);
    set_text(&slots[slot_type], in->type);
    set_integer(&slots[slot_amount], in->amount);
    set_text(&slots[slot_tenant], in->tenant);
    return actra_policy_evaluate(policy, slots, slot_count, NULL, 0, decision);
}

static actra_status decide_thresholds(const input *in, actra_decision *decision) {
    actra_slot slots[MAX_SLOTS];
    memset(slots, 0, slot_count * sizeof *slots);
    set_text(&slots[slot_type], in->type);
    if (in->risk.there) slots[slot_risk] = actra_slot_double(in->risk.value);
    return actra_policy_evaluate(policy, slots, slot_count, NULL, 0, decision);
}

static actra_status decide_strings(const input *in, actra_decision *decision) {
    actra_slot slots[MAX_SLOTS];
    memset(slots, 0, slot_count * sizeof *slots);
    set_text(&slots[slot_type], in->type);
    set_text(&slots[slot_command], in->command);
    set_text(&slots[slot_host], in->host);
    set_text(&slots[slot_path], in->path);
    return actra_policy_evaluate(policy, slots, slot_count, NULL, 0, decision);
}

static actra_status decide_json(const input *in, actra_decision *decision) {
    return actra_policy_evaluate_text(policy, in->json, in->json_len, 0, decision, NULL, NULL);
}

typedef actra_status operation(const input *, actra_decision *);

static operation *decide_slots;

static operation *operation_of(const char *name) {
    if (strcmp(name, "slots") == 0) return decide_slots;
    if (strcmp(name, "json") == 0) return decide_json;
    die("there is no such operation");
    return NULL;
}

static void decide(operation *operation) {
    actra_decision decision = actra_decision_empty();
    for (size_t i = 0; i < input_count; i++) {
        if (operation(&inputs[i], &decision) != ACTRA_STATUS_OK) die("an input error");
        printf("%s\t%.*s\n", actra_effect_name(decision.effect),
               decision.rule_id ? (int)decision.rule_id_len : 1,
               decision.rule_id ? decision.rule_id : "-");
    }
}

static double run(operation *operation, unsigned long turns) {
    static size_t at;
    struct timespec start, end;
    actra_decision decision = actra_decision_empty();
    volatile uint32_t sink = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned long turn = 0; turn < turns; turn++) {
        operation(&inputs[at], &decision);
        sink += decision.effect;
        if (++at == input_count) at = 0;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
}

/* The slots of a workload, by its name, and how they are filled. */
static void find_slots(const char *workload) {
    slot_type = slot(ACTRA_DOMAIN_ACTION, "type");
    if (strncmp(workload, "W1 ", 3) == 0) {
        decide_slots = decide_guard;
        slot_amount = slot(ACTRA_DOMAIN_ACTION, "amount");
        slot_currency = slot(ACTRA_DOMAIN_ACTION, "currency");
        slot_target = slot(ACTRA_DOMAIN_ACTION, "target");
        slot_express = slot(ACTRA_DOMAIN_ACTION, "express");
        slot_actor_type = slot(ACTRA_DOMAIN_ACTOR, "type");
        slot_role = slot(ACTRA_DOMAIN_ACTOR, "role");
        slot_level = slot(ACTRA_DOMAIN_ACTOR, "level");
        slot_on_call = slot(ACTRA_DOMAIN_ACTOR, "on_call");
        slot_fraud_flag = slot(ACTRA_DOMAIN_SNAPSHOT, "fraud_flag");
        slot_daily_total = slot(ACTRA_DOMAIN_SNAPSHOT, "daily_total");
        slot_region = slot(ACTRA_DOMAIN_SNAPSHOT, "region");
    } else if (strncmp(workload, "W3 ", 3) == 0) {
        decide_slots = decide_tenants;
        slot_amount = slot(ACTRA_DOMAIN_ACTION, "amount");
        slot_tenant = slot(ACTRA_DOMAIN_ACTOR, "tenant");
    } else if (strncmp(workload, "W4 ", 3) == 0) {
        decide_slots = decide_thresholds;
        slot_risk = slot(ACTRA_DOMAIN_ACTION, "risk");
    } else if (strncmp(workload, "W5 ", 3) == 0) {
        decide_slots = decide_strings;
        slot_command = slot(ACTRA_DOMAIN_ACTION, "command");
        slot_host = slot(ACTRA_DOMAIN_ACTION, "host");
        slot_path = slot(ACTRA_DOMAIN_ACTION, "path");
    } else {
        die("a workload that is not known here");
    }
}

int main(int argc, char **argv) {
    if (argc != 2) die("usage: door FOLDER");
    size_t len;
    char *artifact = read_file(argv[1], "policy.actra", &len);
    if (actra_policy_load((const uint8_t *)artifact, len, &policy, NULL) != ACTRA_STATUS_OK)
        die("the artifact does not load");
    free(artifact);
    slot_count = actra_policy_slot_count(policy);
    if (slot_count > MAX_SLOTS) die("too many slots");
    char *workload = read_file(argv[1], "name", &len);
    find_slots(workload);
    free(workload);
    char *texts = read_file(argv[1], "inputs.jsonl", &len);
    for (char *line = strtok(texts, "\n"); line; line = strtok(NULL, "\n"))
        read_input(line, strlen(line));

    char command[128], name[64];
    while (fgets(command, sizeof command, stdin)) {
        unsigned long turns;
        if (strcmp(command, "operations\n") == 0) {
            puts("slots json");
        } else if (sscanf(command, "decide %63s", name) == 1) {
            decide(operation_of(name));
        } else if (sscanf(command, "run %63s %lu", name, &turns) == 2) {
            printf("%.0f\n", run(operation_of(name), turns));
        } else {
            die("there is no such command");
        }
        fflush(stdout);
    }
    free(texts);
    actra_policy_free(policy);
    return 0;
}
