/* A panic inside the library, which a test build raises where it looks at tag 0xffffffff, or at
 * the Arrow format `panic`: it is a status, the decision is invalid, nothing is leaked or held, and the library goes on, on this
 * thread and on others. */
#include "fixture.h"

#include <pthread.h>

static fixture f;

/* Where the panic strikes. */
enum place { FIRST_SLOT, LAST_SLOT, LIST_ITEM, MAP_KEY, MAP_VALUE, PLACES };

typedef struct {
    actra_slot slots[MOST_SLOTS];
    actra_slot inside[6];
} input;

static void fill_panicking(input *in, enum place place) {
    actra_slot last;
    fill_allowed(&f, in->slots);
    last.tag = UINT32_MAX;
    last.len = 0;
    last.v.off = 0;
    for (size_t at = 0; at < 6; at++) {
        in->inside[at] = text_slot(at == 2 ? "b" : at == 4 ? "c" : "a");
    }
    switch (place) {
    case FIRST_SLOT:
        in->slots[0] = last;
        break;
    case LAST_SLOT:
        in->slots[f.slot_count - 1] = last;
        break;
    case LIST_ITEM:
        in->inside[5] = last;
        in->slots[f.tags] = actra_slot_list(in->inside, 6);
        break;
    case MAP_KEY:
        in->inside[4] = last;
        in->slots[f.labels] = actra_slot_map(in->inside, 3);
        break;
    case MAP_VALUE:
    case PLACES:
        in->inside[5] = last;
        in->slots[f.labels] = actra_slot_map(in->inside, 3);
        break;
    }
}

static int still_works(void) {
    actra_slot slots[MOST_SLOTS];
    actra_decision decision = poisoned();
    fill_allowed(&f, slots);
    if (actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &decision) !=
            ACTRA_STATUS_OK ||
        decision.effect != ACTRA_EFFECT_ALLOW) {
        return 0;
    }
    decision = poisoned();
    return actra_policy_evaluate_text(f.policy, ALLOWED_JSON, strlen(ALLOWED_JSON), 0, &decision,
                                      NULL, NULL) == ACTRA_STATUS_OK &&
           decision.effect == ACTRA_EFFECT_ALLOW;
}

/* How many of the checks of one round hold; all of them are 3 for each place. */
static unsigned long panic_everywhere(void) {
    unsigned long held = 0;
    for (int place = 0; place < PLACES; place++) {
        input in;
        uint32_t rules[16], fields[64];
        size_t rule_count = 77, field_count = 77;
        actra_decision decision = poisoned();
        fill_panicking(&in, (enum place)place);
        held += actra_policy_evaluate(f.policy, in.slots, f.slot_count, NULL, 0, &decision) ==
                    ACTRA_STATUS_INTERNAL &&
                is_invalid(&decision);
        decision = poisoned();
        held += actra_policy_evaluate_all(f.policy, in.slots, f.slot_count, NULL, 0, &decision, rules,
                                          16, &rule_count, fields, 64,
                                          &field_count) == ACTRA_STATUS_INTERNAL &&
                is_invalid(&decision) && rule_count == 77 && field_count == 77;
        held += still_works() != 0;
    }
    return held;
}

enum { THREADS = 8, ROUNDS = 20 };

static void *many_rounds(void *held) {
    unsigned long *sum = (unsigned long *)held;
    for (int round = 0; round < ROUNDS; round++) {
        *sum += panic_everywhere();
    }
    return NULL;
}

static void from_threads(void) {
    pthread_t threads[THREADS];
    unsigned long held[THREADS] = {0};
    for (int at = 0; at < THREADS; at++) {
        if (pthread_create(&threads[at], NULL, many_rounds, &held[at]) != 0) {
            give_up("a thread does not start");
        }
    }
    for (int at = 0; at < THREADS; at++) {
        pthread_join(threads[at], NULL);
        CHECK(held[at] == (unsigned long)ROUNDS * PLACES * 3);
    }
}

static void keep_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void keep_array(struct ArrowArray *array) { array->release = NULL; }

/* A batch with a column of the format that a test build panics at. */
static void panic_in_a_batch(void) {
    struct ArrowSchema column, schema, decided_schema;
    struct ArrowArray values, batch, decided;
    struct ArrowSchema *columns[1];
    struct ArrowArray *arrays[1];
    const void *buffers[2] = {NULL, NULL};
    actra_error *error = NULL;
    memset(&column, 0, sizeof column);
    memset(&values, 0, sizeof values);
    column.format = "panic";
    column.name = "action.type";
    column.release = keep_schema;
    values.release = keep_array;
    values.n_buffers = 2;
    values.buffers = buffers;
    columns[0] = &column;
    arrays[0] = &values;
    schema = column;
    schema.format = "+s";
    schema.n_children = 1;
    schema.children = columns;
    batch = values;
    batch.n_buffers = 1;
    batch.n_children = 1;
    batch.children = arrays;
    memset(&decided_schema, 0xff, sizeof decided_schema);
    memset(&decided, 0xff, sizeof decided);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, &schema, &batch, 0, &decided_schema, &decided,
                                             &error),
                 ACTRA_STATUS_INTERNAL);
    CHECK(decided_schema.release == NULL && decided.release == NULL && error == NULL);
}

int main(int count, char **words) {
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    CHECK(still_works());
    for (int round = 0; round < 100; round++) {
        CHECK(panic_everywhere() == PLACES * 3);
    }
    from_threads();
    panic_in_a_batch();
    CHECK(still_works());
    fixture_close(&f);
    return checks_end("panics", 100);
}
