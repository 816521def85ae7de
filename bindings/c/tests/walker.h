/* From trees to slots: what a binding needs that takes its language's own values. The walker is made
 * once per policy, from `actra_policy_schema_json`. */
#ifndef ACTRA_TESTS_WALKER_H
#define ACTRA_TESTS_WALKER_H

#include "actra.h"
#include "json.h"

/* A slot, as the schema tells it. */
struct walked_slot {
    uint32_t domain; /* ACTRA_DOMAIN_* */
    int64_t parent;  /* a slot, or -1: the domain itself */
    struct text key; /* its name in the parent */
    bool is_field;   /* else it is an entry of a map, which the map fills */
    bool is_map;     /* some action, or the state, declares it a map */
};

struct walker {
    struct walked_slot *slots;
    size_t slot_count;
    struct pool pool;
};

/* `false` where the schema is not what it should be. */
bool walker_open(struct walker *walker, const actra_policy *policy);
void walker_close(struct walker *walker);

/* Where strings, lists and maps of an input are. */
enum placement {
    PLACED_BY_POINTER,
    PLACED_IN_ARENA /* at odd offsets: nothing needs an alignment */
};

/* Why slots cannot say what an input says. */
enum unsaid {
    SAID,
    UNSAID_DOMAIN, /* the input or a domain of it is no object */
    UNSAID_TWICE,  /* an object has a key twice */
    UNSAID_DEEP,   /* nested deeper than texts may be */
    UNSAID_LARGE,  /* over a limit, in a field that has no slot */
};

struct filled {
    actra_slot *slots; /* of the walker's slot count */
    struct writer arena;
    struct pool pool;
};

/* Fills slots from a tree, whose strings it borrows where they are placed by pointer. */
enum unsaid walker_fill(const struct walker *walker, const struct json *context,
                        enum placement placement, struct filled *filled);
void filled_free(struct filled *filled);

#endif
