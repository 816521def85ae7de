/* What the two ways from Python values to slots have in common: the names that the schema knows,
 * the slots of one input, and what comes of deciding it. */

#ifndef ACTRA_PYTHON_WALKER_H
#define ACTRA_PYTHON_WALKER_H

#include <stddef.h>
#include <stdint.h>

#include "actra.h"

/* Where the compiler's guess costs a part of a decision that can be measured. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NEVER_INLINE __attribute__((noinline))

/* Nodes of the tree of names: a domain, or a slot that holds an object or a map. */
#define WALKER_ACTION 0
#define WALKER_ACTOR 1
#define WALKER_SNAPSHOT 2
#define WALKER_FIRST_SLOT 3
#define WALKER_CONTEXT 0xffffffffu

/* What a slot holds under some action. */
#define WALKER_OBJECT 1
#define WALKER_MAP 2

/* Not in the tree. */
#define WALKER_NO_SLOT 0xffffffffu

typedef struct {
    const char *text;
    uint32_t len;
    uint32_t node;
    uint32_t slot;
} walker_name;

/* The names of a policy's schema; it holds a reference to the policy. It never changes once it is
 * made, so any number of threads may use it. */
typedef struct {
    actra_policy *policy;
    uint32_t slot_count;
    uint32_t rule_count;
    uint32_t default_effect;
    uint8_t *kinds;   /* by slot: WALKER_OBJECT, WALKER_MAP */
    uint8_t *effects; /* by rule: ACTRA_EFFECT_* */
    walker_name *table;
    uint32_t table_mask;
    char *texts;
} walker;

/* Describes a name to walker_new: its parent is one of the nodes, and the slot is its own number
 * in the array. Entries of maps are filled in by the library, and are no names. */
typedef struct {
    uint32_t node;
    uint32_t text_len;
    uint8_t is_entry;
    uint8_t kinds;
} walker_slot;

/* What came of an input. */
#define OUTCOME_SIMPLE 0   /* a decision that the rule says everything about */
#define OUTCOME_FULL 1     /* a decision with something beside it */
#define OUTCOME_NOT_PLAIN 2 /* the input holds values that only Python can make something of */
#define OUTCOME_ERROR 3    /* see status */
#define OUTCOME_NO_MEMORY 4

typedef struct {
    uint32_t kind;
    uint32_t status;
    uint32_t effect;
    uint32_t flags;
    uint32_t rule;
    uint32_t shadow_effect;
    uint32_t shadow_rule;
    uint32_t input_error;
    const char *field;
    size_t field_len;
    uint32_t *matched; /* of the heap, with OUTCOME_FULL */
    size_t matched_count;
    uint32_t *missing;
    size_t missing_count;
} walker_outcome;

/* Inputs of at most so many slots need no memory of the heap. */
#define WALKER_FEW_SLOTS 128

/* One more item than a list may have is enough to know. */
#define WALKER_MAX_ITEMS (65536 + 1)
/* Most bytes of a string, and of a key. */
#define WALKER_MAX_TEXT (1 << 20)
/* So many characters are no more bytes than that, whichever they are. */
#define WALKER_SHORT_TEXT (WALKER_MAX_TEXT / 4)
/* What the schema does not name and nests deeper than so is for Python to look at. */
#define WALKER_NEAR 8
/* And so are more values than this: one that stands in many places is looked at in each. */
#define WALKER_FEW_PASSED 4096

/* Slots of one input. Lists and maps stand in `items`, and slots point there by offsets, since
 * `items` moves as it grows. */
typedef struct {
    const walker *names;
    actra_slot *slots;
    actra_slot *items;
    size_t items_len;
    size_t items_capacity;
    int is_trusted;
    /* How many values were looked at that the schema does not name. */
    uint32_t passed; /* the values were made plain by Python: see docs of `_values.py` */
    actra_slot few_slots[WALKER_FEW_SLOTS];
    actra_slot few_items[WALKER_FEW_SLOTS];
} walker_input;

/* NULL without memory, or where the array is not what the policy has. `texts` are the names, one
 * after the other; `effects` are those of the rules. */
walker *walker_new(const actra_policy *policy, const walker_slot *slots, size_t slot_count,
                   const char *texts, size_t texts_len, const uint8_t *effects, size_t rule_count,
                   uint32_t default_effect);
void walker_free(walker *names);

/* The slot of a name under a node, or WALKER_NO_SLOT. */
uint32_t walker_find(const walker *names, uint32_t node, const char *text, size_t len);

/* 0 without memory. */
int walker_begin(walker_input *input, const walker *names, int is_trusted);
/* Room for `count` items; where they start, or SIZE_MAX without memory. */
size_t walker_reserve(walker_input *input, size_t count);
void walker_end(walker_input *input);

/* Decides. */
void walker_decide(walker_input *input, walker_outcome *outcome);
void walker_outcome_free(walker_outcome *outcome);

/* What Python's `...` stands for in values made plain: something that no field takes. */
static inline actra_slot walker_unfit(const walker *names, uint32_t slot) {
    actra_slot unfit = {ACTRA_TAG_OBJECT, 0, {0}};
    if (slot < names->slot_count && names->kinds[slot] != 0)
        unfit.tag = ACTRA_TAG_LIST;
    return unfit;
}

static inline actra_slot walker_tagged(uint32_t tag) {
    actra_slot slot = {tag, 0, {0}};
    return slot;
}

/* A list or a map at items[start..], which are `pairs_or_items` pairs or items. */
static inline actra_slot walker_run(uint32_t tag, size_t start, size_t pairs_or_items) {
    actra_slot slot = {tag, (uint32_t)pairs_or_items, {0}};
    slot.v.off = (uint64_t)(start * sizeof(actra_slot));
    return slot;
}

#endif
