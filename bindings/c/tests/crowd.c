/* More threads than the library keeps evaluators for, and threads that live for one decision: each is
 * given the decision of its own input, and none that of another thread. */
#include "fixture.h"

#include <pthread.h>

enum { CROWD = 96, TAGS = 1000 };

static fixture f;
static char names[TAGS][12];
static int rounds;

typedef struct {
    pthread_t thread;
    unsigned number;
    unsigned long wrong;
} member;

/* What decides differs from thread to thread. */
static const char *fill(actra_slot *slots, actra_slot *tags, unsigned number) {
    fill_allowed(&f, slots);
    for (size_t at = 0; at < TAGS; at++) {
        tags[at] = text_slot(names[at]);
    }
    slots[f.tags] = actra_slot_list(tags, TAGS);
    switch (number % 4) {
    case 0:
        return "small";
    case 1:
        tags[number] = text_slot("watched");
        return "tagged";
    case 2:
        slots[f.amount] = actra_slot_integer(5000 + number);
        return "large";
    default:
        slots[f.fraud] = actra_slot_boolean(1);
        return "fraud";
    }
}

static void *decide(void *given) {
    member *m = (member *)given;
    actra_slot slots[MOST_SLOTS], tags[TAGS];
    const char *expected = fill(slots, tags, m->number);
    char text[200];
    int len = snprintf(text, sizeof text,
                       "{\"action\":{\"type\":\"refund\",\"amount\":%u,\"note\":\"\\u0041%u\"},"
                       "\"snapshot\":{\"fraud\":%s}}",
                       m->number % 4 == 2 ? 5000 : 20, m->number, m->number % 4 == 3 ? "true" : "false");
    const char *by_text = m->number % 4 == 1 ? "small" : expected;
    for (int round = 0; round < rounds; round++) {
        actra_decision decision = poisoned();
        actra_status status =
            actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &decision);
        m->wrong += status != ACTRA_STATUS_OK ||
                    !is_text(decision.rule_id, decision.rule_id_len, expected);
        status = actra_policy_evaluate_text(f.policy, text, (size_t)len, 0, &decision, NULL, NULL);
        m->wrong += status != ACTRA_STATUS_OK ||
                    !is_text(decision.rule_id, decision.rule_id_len, by_text);
    }
    return NULL;
}

static void start(member *m, unsigned number) {
    m->number = number;
    m->wrong = 0;
    if (pthread_create(&m->thread, NULL, decide, m) != 0) {
        give_up("a thread does not start");
    }
}

static void join(member *m) {
    pthread_join(m->thread, NULL);
    CHECK(m->wrong == 0);
}

int main(int count, char **words) {
    static member members[CROWD];
    unsigned waves = count > 3 ? 20 : 200;
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    for (size_t at = 0; at < TAGS; at++) {
        snprintf(names[at], sizeof names[at], "tag %lu", (unsigned long)at);
    }
    rounds = count > 3 ? 4 : 100;
    for (unsigned at = 0; at < CROWD; at++) {
        start(&members[at], at);
    }
    for (unsigned at = 0; at < CROWD; at++) {
        join(&members[at]);
    }
    rounds = 1;
    for (unsigned wave = 0; wave < waves; wave++) {
        for (unsigned at = 0; at < 4; at++) {
            start(&members[at], wave + at);
        }
        for (unsigned at = 0; at < 4; at++) {
            join(&members[at]);
        }
    }
    fixture_close(&f);
    return checks_end("crowd", CROWD + 80);
}
