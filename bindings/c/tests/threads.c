/* Threads that decide, by slots and by text, and that explain, while another thread replaces the
 * policy by one that decides otherwise (see holder.h). Each decision is wholly that of one of the two
 * policies, strings included. Policies that have been replaced are freed meanwhile, so that whoever
 * keeps hold of something of theirs is found out by the sanitizers. */
#include "fixture.h"
#include "holder.h"

#include <sched.h>
#ifdef __cplusplus
using std::atomic_store_explicit;
using std::memory_order_relaxed;
#endif

enum { THREADS = 8 };

/* The two policies: what decides, and how. Their slots are in another order, and so are their
 * rules. */
static const struct {
    const char *schema, *policy, *rule, *message;
    uint32_t effect;
} kinds[2] = {
    {"version: 1\nactions: {a: {fields: {z: integer, tags: {type: list, items: string}}}}\n",
     "version: 2\nrules:\n"
     "  - {id: allowed_by_one, scope: {action: a}, when: action.z < 100, effect: allow,"
     " message: \"one: fine\"}\n",
     "allowed_by_one", "one: fine", ACTRA_EFFECT_ALLOW},
    {"version: 1\nactions: {a: {fields: {b: string, tags: {type: list, items: string},"
     " y: integer, z: integer}}}\n",
     "version: 2\nrules:\n"
     "  - {id: other, scope: {action: a}, when: action.y > 7, effect: block}\n"
     "  - {id: blocked_by_two, scope: {action: a}, when: action.z < 100, effect: block,"
     " message: \"two: no\"}\n",
     "blocked_by_two", "two: no", ACTRA_EFFECT_BLOCK},
};

static policy_holder holder;
static holder_number is_over;
static unsigned long rounds_at_least;
static actra_buffer *artifacts[2];

typedef struct {
    pthread_t thread;
    int number;
    unsigned long decisions[2], wrong, rounds;
    /* The rounds, for the thread that swaps. */
    holder_number told;
} worker;

/* Which of the policies it is, by what it has; -1: something in between. */
static int kind_of(const actra_decision *decision) {
    for (int kind = 0; kind < 2; kind++) {
        if (decision->effect == kinds[kind].effect &&
            is_text(decision->rule_id, decision->rule_id_len, kinds[kind].rule) &&
            is_text(decision->message, decision->message_len, kinds[kind].message)) {
            return kind;
        }
    }
    return -1;
}

static void count(worker *w, actra_status status, const actra_decision *decision, int expected) {
    int kind = kind_of(decision);
    if (status != ACTRA_STATUS_OK || kind < 0 || (expected >= 0 && kind != expected)) {
        w->wrong++;
    } else {
        w->decisions[kind]++;
    }
}

static int by_slots(worker *w, const actra_policy *policy) {
    /* Slots are looked up in the policy that decides: another one has others. A host that decides
     * often keeps them beside its reference. */
    actra_slot slots[16], tag = text_slot("x");
    actra_decision decision = poisoned();
    size_t slot_count = actra_policy_slot_count(policy);
    actra_status status;
    memset(slots, 0, sizeof slots);
    if (slot_count > 16) {
        give_up("too many slots");
    }
    slots[slot_of(policy, ACTRA_DOMAIN_ACTION, "type")] = text_slot("a");
    slots[slot_of(policy, ACTRA_DOMAIN_ACTION, "z")] = actra_slot_integer(w->number);
    slots[slot_of(policy, ACTRA_DOMAIN_ACTION, "tags")] = actra_slot_list(&tag, 1);
    if (slot_count > 4) {
        slots[slot_of(policy, ACTRA_DOMAIN_ACTION, "y")] = actra_slot_integer(0);
    }
    status = actra_policy_evaluate(policy, slots, slot_count, NULL, 0, &decision);
    count(w, status, &decision, -1);
    return kind_of(&decision);
}

static void by_text(worker *w, const actra_policy *policy, int expected) {
    static const char text[] = "{\"action\":{\"type\":\"a\",\"z\":5,\"y\":0,\"tags\":[\"\\u0041\"]}}";
    static const char bad[] = "{\"action\":{\"type\":\"a\",\"z\":\"5\"}}";
    actra_decision decision = poisoned();
    actra_buffer *json = NULL;
    actra_error *error = NULL;
    actra_status status = actra_policy_evaluate_text(policy, text, sizeof text - 1, 0, &decision,
                                                     w->rounds % 4 == 0 ? &json : NULL, NULL);
    count(w, status, &decision, expected);
    if (json != NULL && strstr((const char *)actra_buffer_data(json), kinds[expected].rule) == NULL) {
        w->wrong++;
    }
    actra_buffer_free(json);
    decision = poisoned();
    status = actra_policy_evaluate_text(policy, bad, sizeof bad - 1, 0, &decision, NULL, &error);
    if (status != ACTRA_STATUS_INPUT_ERROR || !is_invalid(&decision) || error == NULL ||
        actra_error_message(error, NULL) == NULL) {
        w->wrong++;
    }
    actra_error_free(error);
}

static void explain(worker *w, const actra_policy *policy, int expected) {
    static const char text[] = "{\"action\":{\"type\":\"a\",\"z\":5,\"y\":0}}";
    actra_buffer *explanation = NULL;
    if (actra_policy_explain_text(policy, text, sizeof text - 1, ACTRA_EXPLAIN_RENDERED,
                                  &explanation) != ACTRA_STATUS_OK ||
        strstr((const char *)actra_buffer_data(explanation), kinds[expected].rule) == NULL) {
        w->wrong++;
    }
    actra_buffer_free(explanation);
}

static void *work(void *given) {
    worker *w = (worker *)given;
    policy_reader reader = {NULL, 0};
    while (w->rounds < rounds_at_least || !atomic_load_explicit(&is_over, memory_order_acquire)) {
        int kind;
        /* Half of the threads keep a reference of their own, half of them take one each time. */
        if (w->number % 2 == 0) {
            const actra_policy *policy = reader_current(&reader, &holder);
            kind = by_slots(w, policy);
            if (kind >= 0) {
                by_text(w, policy, kind);
            }
        } else {
            actra_policy *policy = holder_acquire(&holder);
            kind = by_slots(w, policy);
            if (kind >= 0 && w->rounds % 8 == 0) {
                explain(w, policy, kind);
            }
            if (kind >= 0) {
                by_text(w, policy, kind);
            }
            actra_policy_free(policy);
        }
        w->rounds++;
        /* Relaxed: it must not order what the threads do, or it would hide what it should show. */
        atomic_store_explicit(&w->told, w->rounds, memory_order_relaxed);
        if (w->rounds % 8 == 0) {
            /* There may be more threads than cores, and the one that swaps is to have its turns. */
            sched_yield();
        }
    }
    reader_end(&reader);
    return NULL;
}

static actra_policy *made(int kind) {
    actra_policy *policy = NULL;
    if (actra_policy_load(actra_buffer_data(artifacts[kind]), actra_buffer_len(artifacts[kind]),
                          &policy, NULL) != ACTRA_STATUS_OK) {
        give_up("an artifact does not load");
    }
    return policy;
}

static void prepare(void) {
    for (int kind = 0; kind < 2; kind++) {
        actra_policy *policy = NULL;
        if (actra_policy_compile(kinds[kind].schema, strlen(kinds[kind].schema), kinds[kind].policy,
                                 strlen(kinds[kind].policy), NULL, 0, &policy,
                                 NULL) != ACTRA_STATUS_OK ||
            actra_policy_to_artifact(policy, &artifacts[kind]) != ACTRA_STATUS_OK) {
            give_up("a policy does not compile");
        }
        actra_policy_free(policy);
    }
}

/* Lets the readers decide some more: otherwise one thread could swap for all of its time slice. */
static unsigned long rounds_of(worker *workers) {
    unsigned long sum = 0;
    for (int at = 0; at < THREADS; at++) {
        sum += (unsigned long)atomic_load_explicit(&workers[at].told, memory_order_relaxed);
    }
    return sum;
}

static void wait_for_rounds(worker *workers, unsigned long more) {
    unsigned long start = rounds_of(workers);
    while (rounds_of(workers) < start + more) {
        sched_yield();
    }
}

int main(int count, char **words) {
    static worker workers[THREADS];
    unsigned long swaps = count > 3 ? 100 : 3000, decisions[2] = {0, 0};
    (void)words;
    rounds_at_least = swaps / 4;
    prepare();
    holder_begin(&holder, made(0));
    for (int at = 0; at < THREADS; at++) {
        workers[at].number = at;
        if (pthread_create(&workers[at].thread, NULL, work, &workers[at]) != 0) {
            give_up("a thread does not start");
        }
    }
    for (unsigned long swap = 1; swap <= swaps; swap++) {
        holder_publish(&holder, made((int)(swap % 2)));
        wait_for_rounds(workers, 2);
    }
    atomic_fetch_add_explicit(&is_over, 1, memory_order_release);
    for (int at = 0; at < THREADS; at++) {
        pthread_join(workers[at].thread, NULL);
        CHECK(workers[at].wrong == 0);
        CHECK(workers[at].rounds >= rounds_at_least);
        CHECK(workers[at].decisions[0] + workers[at].decisions[1] == 2 * workers[at].rounds);
        decisions[0] += workers[at].decisions[0];
        decisions[1] += workers[at].decisions[1];
    }
    /* Both have decided, or nothing was swapped under anybody. */
    CHECK(decisions[0] > 0 && decisions[1] > 0);
    printf("%lu swaps, %lu decisions by one policy, %lu by the other\n", swaps, decisions[0],
           decisions[1]);
    holder_end(&holder);
    actra_buffer_free(artifacts[0]);
    actra_buffer_free(artifacts[1]);
    return checks_end("threads", 3 * THREADS + 1);
}
