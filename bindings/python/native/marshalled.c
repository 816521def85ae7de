/* Slots from what Python's `marshal` writes.
 *
 * `marshal.dumps` is the one call by which Python writes a tree of built-in values, with their
 * types, at the cost of looking at each once; it takes nothing but exact built-in types (and what
 * offers a buffer), so no code of the values' runs. What is not understood here is not plain, and
 * Python looks at it.
 *
 * Bytes in trusted input stand for what Python's built-in types lack: `T` and an instant in
 * microseconds, `B` and the double nearest to an integer outside 64 bits; `...` for something that
 * no field takes. */

#include "marshalled.h"

#include <stdlib.h>
#include <string.h>

#define FEW_REFS 256
/* Keys that several inputs have in common, by the references to them: a power of two. */
#define KNOWN_KEYS 64
/* Deeper values have no field that could hold them. */
#define MAX_DEPTH 100

/* What a reference to a key comes to under a node. */
typedef struct {
    uint32_t ref;
    uint32_t node;
    uint32_t slot;
} known_key;

typedef struct {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    walker_input *input;
    uint32_t *refs;
    size_t refs_len;
    size_t refs_capacity;
    int replays; /* reading again what has been read: references are known already */
    int passes;  /* over what is not decided: limits do not matter */
    known_key *known; /* NULL: there is one input, which has each key once */
    uint32_t few_refs[FEW_REFS];
} reader;

/* What reading says; everything else than DONE ends it. */
typedef enum { DONE, NOT_PLAIN, NO_MEMORY } result;

#define TRY(call)                     \
    do {                              \
        result tried = (call);        \
        if (tried != DONE)            \
            return tried;             \
    } while (0)

typedef enum { SCALAR, LIST, DICT, END, ODD } shape;

typedef struct {
    shape shape;
    actra_slot slot;  /* of a scalar */
    uint32_t count;   /* of a list's items */
    const uint8_t *back; /* where to go on after a reference; NULL: it was none */
} value;

static int has(const reader *in, size_t count) { return (size_t)(in->end - in->at) >= count; }

static inline uint32_t u32_at(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static result read_u32(reader *in, uint32_t *number) {
    if (!has(in, 4))
        return NOT_PLAIN;
    *number = u32_at(in->at);
    in->at += 4;
    return DONE;
}

static result read_u64(reader *in, uint64_t *number) {
    uint32_t low, high;
    TRY(read_u32(in, &low));
    TRY(read_u32(in, &high));
    *number = (uint64_t)high << 32 | low;
    return DONE;
}

static double double_of(uint64_t bits) {
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* Digits of 15 bits, the lowest first; the count's sign is the number's. */
static result read_long(reader *in, actra_slot *slot) {
    uint32_t raw;
    TRY(read_u32(in, &raw));
    int32_t count = (int32_t)raw;
    if (count > 5 || count < -5)
        return NOT_PLAIN;
    unsigned __int128 magnitude = 0;
    uint32_t digits = (uint32_t)(count < 0 ? -count : count);
    if (!has(in, digits * 2))
        return NOT_PLAIN;
    for (uint32_t digit = 0; digit < digits; digit++, in->at += 2)
        magnitude |= (unsigned __int128)(in->at[0] | in->at[1] << 8) << (15 * digit);
    unsigned __int128 most = (unsigned __int128)INT64_MAX + (count < 0);
    if (magnitude > most)
        return NOT_PLAIN;
    *slot = actra_slot_integer(count < 0 ? (int64_t)(0 - (uint64_t)magnitude)
                                         : (int64_t)magnitude);
    return DONE;
}

static result read_string(reader *in, size_t len, actra_slot *slot) {
    if (!has(in, len))
        return NOT_PLAIN;
    *slot = actra_slot_string((const char *)in->at, len);
    in->at += len;
    return DONE;
}

static result read_trusted(reader *in, actra_slot *slot) {
    uint32_t len;
    uint64_t bits;
    TRY(read_u32(in, &len));
    if (len != 9 || !has(in, len))
        return NOT_PLAIN;
    uint8_t what = *in->at++;
    TRY(read_u64(in, &bits));
    if (what == 'T') {
        *slot = actra_slot_timestamp((int64_t)bits);
    } else if (what == 'B') {
        *slot = walker_tagged(ACTRA_TAG_BIG_INTEGER);
        slot->v.f = double_of(bits);
    } else {
        return NOT_PLAIN;
    }
    return DONE;
}

static result note_ref(reader *in) {
    if (in->refs_len == in->refs_capacity) {
        int is_first = in->refs == in->few_refs;
        size_t capacity = in->refs_capacity * 4;
        uint32_t *refs = realloc(is_first ? NULL : in->refs, capacity * sizeof *refs);
        if (refs == NULL)
            return NO_MEMORY;
        if (is_first)
            memcpy(refs, in->few_refs, sizeof in->few_refs);
        in->refs = refs;
        in->refs_capacity = capacity;
    }
    in->refs[in->refs_len++] = (uint32_t)(in->at - in->start);
    return DONE;
}

/* The start of a value: all of a scalar, the head of a list or dict. After a reference that leads
 * back to a list or dict, `leave` goes on behind the reference. */
static result read_value(reader *in, value *found) {
    found->shape = SCALAR;
    found->back = NULL;
    if (!has(in, 1))
        return NOT_PLAIN;
    uint8_t type = *in->at;
    if (type == 'r') {
        uint32_t ref;
        in->at++;
        TRY(read_u32(in, &ref));
        if (ref >= in->refs_len)
            return NOT_PLAIN;
        const uint8_t *back = in->at;
        in->at = in->start + in->refs[ref];
        in->replays++;
        if (*in->at == 'r')
            return NOT_PLAIN;
        TRY(read_value(in, found));
        if (found->shape == LIST || found->shape == DICT) {
            found->back = back;
        } else {
            in->at = back;
            in->replays--;
        }
        return DONE;
    }
    if ((type & 0x80) != 0 && in->replays == 0)
        TRY(note_ref(in));
    in->at++;
    uint32_t number;
    uint64_t bits;
    switch (type & 0x7f) {
    case 'N':
        found->slot = actra_slot_null();
        return DONE;
    case 'T':
    case 'F':
        found->slot = actra_slot_boolean((type & 0x7f) == 'T');
        return DONE;
    case 'i':
        TRY(read_u32(in, &number));
        found->slot = actra_slot_integer((int32_t)number);
        return DONE;
    case 'I':
        TRY(read_u64(in, &bits));
        found->slot = actra_slot_integer((int64_t)bits);
        return DONE;
    case 'l':
        return read_long(in, &found->slot);
    case 'g':
        TRY(read_u64(in, &bits));
        found->slot = actra_slot_double(double_of(bits));
        return DONE;
    case 'z':
    case 'Z':
        if (!has(in, 1))
            return NOT_PLAIN;
        number = *in->at++;
        return read_string(in, number, &found->slot);
    case 'a':
    case 'A':
    case 't':
    case 'u':
        TRY(read_u32(in, &number));
        return read_string(in, number, &found->slot);
    case 's':
        if (in->input->is_trusted)
            return read_trusted(in, &found->slot);
        TRY(read_u32(in, &number));
        if (!has(in, number))
            return NOT_PLAIN;
        in->at += number;
        found->shape = ODD;
        return DONE;
    case '.':
        found->shape = ODD;
        return DONE;
    case ')':
        if (!has(in, 1))
            return NOT_PLAIN;
        found->count = *in->at++;
        found->shape = LIST;
        return DONE;
    case '(':
    case '[':
    case '<':
    case '>':
        TRY(read_u32(in, &found->count));
        found->shape = LIST;
        return DONE;
    case '{':
        found->shape = DICT;
        return DONE;
    case '0':
        found->shape = END;
        return DONE;
    default:
        return NOT_PLAIN;
    }
}

/* A scalar of the shapes that are met most, into its slot: 1. Anything else, and what is wrong, is
 * for read_value, which starts where this did. */
static ALWAYS_INLINE int read_simple(reader *in, actra_slot *slot) {
    const uint8_t *at = in->at;
    const uint8_t *back = NULL;
    uint32_t number;
    uint64_t bits;
    /* As long as any of them but for a string's text. */
    const ptrdiff_t most = 9;
    if (in->end - at < most)
        return 0;
    if (*at == 'r') {
        uint32_t ref = u32_at(at + 1);
        if (ref >= in->refs_len)
            return 0;
        back = at + 5;
        at = in->start + in->refs[ref];
        if (in->end - at < most)
            return 0;
    }
    uint8_t type = *at;
    switch (type & 0x7f) {
    case 'z':
    case 'Z':
        number = at[1];
        if (in->end - at < (ptrdiff_t)number + 2)
            return 0;
        slot->tag = ACTRA_TAG_STRING;
        slot->len = number;
        slot->v.p = (const char *)at + 2;
        at += 2 + number;
        break;
    case 'i':
        slot->tag = ACTRA_TAG_INTEGER;
        slot->len = 0;
        slot->v.i = (int32_t)u32_at(at + 1);
        at += 5;
        break;
    case 'g':
        bits = (uint64_t)u32_at(at + 5) << 32 | u32_at(at + 1);
        slot->tag = ACTRA_TAG_DOUBLE;
        slot->len = 0;
        slot->v.f = double_of(bits);
        at += 9;
        break;
    case 'T':
    case 'F':
        slot->tag = ACTRA_TAG_BOOLEAN;
        slot->len = 0;
        slot->v.i = (type & 0x7f) == 'T';
        at++;
        break;
    default:
        return 0;
    }
    if (back == NULL && (type & 0x80) != 0 && in->replays == 0 && note_ref(in) != DONE)
        return 0;
    in->at = back != NULL ? back : at;
    return 1;
}

static void leave(reader *in, const value *entered) {
    if (entered->back != NULL) {
        in->at = entered->back;
        in->replays--;
    }
}

/* Whether a text that `marshal` wrote holds half of a surrogate pair: Python says what is wrong. */
static int has_surrogate(const actra_slot *text) {
    const char *at = text->v.p;
    const char *end = at + text->len;
    while (at < end && (at = memchr(at, '\xed', (size_t)(end - at))) != NULL) {
        if (end - at > 1 && (uint8_t)at[1] >= 0xa0)
            return 1;
        at++;
    }
    return 0;
}

/* Whether a key is too long, which Python says. */
static int is_long_key(const reader *in, const actra_slot *key) {
    return !in->input->is_trusted && key->len > WALKER_MAX_TEXT;
}

/* Limits bind what nobody asks for, too: what may be over one is for Python to see. */
static int is_within_limits(const value *found, int depth) {
    if (found->shape == SCALAR && found->slot.tag == ACTRA_TAG_STRING)
        return found->slot.len <= WALKER_MAX_TEXT && !has_surrogate(&found->slot);
    /* What stands elsewhere, too, may hold itself. */
    int is_again = (found->shape == LIST || found->shape == DICT) && found->back != NULL;
    return !is_again && (found->shape != LIST || found->count < WALKER_MAX_ITEMS) &&
           depth < WALKER_NEAR;
}

static result skip(reader *in, int depth);

/* What is left of a list or dict. */
static result skip_rest(reader *in, const value *entered, uint32_t count, int depth) {
    if (depth > MAX_DEPTH)
        return NOT_PLAIN;
    if (entered->back != NULL) {
        leave(in, entered);
        return DONE;
    }
    if (entered->shape == LIST) {
        for (uint32_t item = 0; item < count; item++)
            TRY(skip(in, depth + 1));
        return DONE;
    }
    for (;;) {
        if (!has(in, 1))
            return NOT_PLAIN;
        if (*in->at == '0') {
            in->at++;
            return DONE;
        }
        TRY(skip(in, depth + 1));
        TRY(skip(in, depth + 1));
    }
}

static result skip(reader *in, int depth) {
    value found;
    TRY(read_value(in, &found));
    if (!in->input->is_trusted && !in->passes && !is_within_limits(&found, depth))
        return NOT_PLAIN;
    switch (found.shape) {
    case SCALAR:
    case ODD:
        return DONE;
    case LIST:
    case DICT:
        return skip_rest(in, &found, found.count, depth);
    default:
        return NOT_PLAIN;
    }
}

/* A value where only a scalar fits: what is none stands there as an object, once Python has seen
 * that nothing in it is over its limit. */
static result read_item(reader *in, actra_slot *slot) {
    value found;
    if (read_simple(in, slot))
        return DONE;
    TRY(read_value(in, &found));
    if (found.shape == SCALAR) {
        *slot = found.slot;
        return DONE;
    }
    *slot = walker_tagged(ACTRA_TAG_OBJECT);
    if (!in->input->is_trusted || found.shape == END)
        return NOT_PLAIN;
    return found.shape == ODD ? DONE : skip_rest(in, &found, found.count, 0);
}

static result read_list(reader *in, const value *list, actra_slot *slot) {
    uint32_t count = list->count < WALKER_MAX_ITEMS ? list->count : WALKER_MAX_ITEMS;
    /* Each item takes a byte: a count that is not true reserves nothing. */
    if (!has(in, count))
        return NOT_PLAIN;
    size_t start = walker_reserve(in->input, count);
    if (start == SIZE_MAX)
        return NO_MEMORY;
    for (uint32_t item = 0; item < count; item++)
        TRY(read_item(in, &in->input->items[start + item]));
    *slot = walker_run(ACTRA_TAG_LIST_AT, start, count);
    return skip_rest(in, list, list->count - count, 0);
}

static int is_string(const value *found) {
    return found->shape == SCALAR && found->slot.tag == ACTRA_TAG_STRING;
}

/* The key of an entry: 1, or 0 at the dict's end. */
static result read_key(reader *in, actra_slot *key, int *is_there) {
    value found;
    *is_there = 1;
    if (read_simple(in, key))
        return key->tag == ACTRA_TAG_STRING ? DONE : NOT_PLAIN;
    TRY(read_value(in, &found));
    *is_there = found.shape != END;
    if (*is_there && !is_string(&found))
        return NOT_PLAIN;
    *key = found.slot;
    return DONE;
}

static result read_members(reader *in, uint32_t node);

static result read_map(reader *in, actra_slot *slot) {
    size_t start = in->input->items_len;
    uint32_t pairs = 0;
    for (;;) {
        actra_slot key, entry;
        int is_there;
        TRY(read_key(in, &key, &is_there));
        if (!is_there)
            break;
        if (is_long_key(in, &key))
            return NOT_PLAIN;
        TRY(read_item(in, &entry));
        size_t at = walker_reserve(in->input, 2);
        if (at == SIZE_MAX)
            return NO_MEMORY;
        in->input->items[at] = key;
        in->input->items[at + 1] = entry;
        pairs++;
    }
    *slot = walker_run(ACTRA_TAG_MAP_AT, start, pairs);
    return DONE;
}

static result read_object(reader *in, const value *object, uint32_t slot) {
    actra_slot *filled = &in->input->slots[slot];
    uint8_t kinds = in->input->names->kinds[slot];
    *filled = walker_tagged(ACTRA_TAG_OBJECT);
    if (kinds == 0)
        return in->input->is_trusted ? skip_rest(in, object, 0, 0) : NOT_PLAIN;
    const uint8_t *start = in->at;
    if ((kinds & WALKER_MAP) != 0)
        TRY(read_map(in, filled));
    if ((kinds & WALKER_OBJECT) != 0) {
        int is_second = (kinds & WALKER_MAP) != 0;
        if (is_second)
            in->at = start;
        in->replays += is_second;
        TRY(read_members(in, WALKER_FIRST_SLOT + slot));
        in->replays -= is_second;
    }
    leave(in, object);
    return DONE;
}

static ALWAYS_INLINE result read_field(reader *in, uint32_t slot) {
    value found;
    actra_slot *filled = &in->input->slots[slot];
    if (read_simple(in, filled))
        return DONE;
    TRY(read_value(in, &found));
    switch (found.shape) {
    case SCALAR:
        *filled = found.slot;
        return DONE;
    case LIST:
        return read_list(in, &found, filled);
    case DICT:
        return read_object(in, &found, slot);
    case ODD:
        *filled = walker_unfit(in->input->names, slot);
        return in->input->is_trusted ? DONE : NOT_PLAIN;
    default:
        return NOT_PLAIN;
    }
}

/* The slot of a key, and whether there is one: what the schema does not name is passed over. */
static ALWAYS_INLINE result read_name(reader *in, uint32_t node, uint32_t *slot, int *is_there) {
    actra_slot key;
    TRY(read_key(in, &key, is_there));
    if (!*is_there)
        return DONE;
    *slot = walker_find(in->input->names, node, key.v.p, key.len);
    if (*slot != WALKER_NO_SLOT)
        return DONE;
    if (has_surrogate(&key) || is_long_key(in, &key))
        return NOT_PLAIN;
    return skip(in, 0);
}

/* The same, where the key may be a reference to one that has been met before. */
static NEVER_INLINE result read_known_name(reader *in, uint32_t node, uint32_t *slot,
                                           int *is_there) {
    uint32_t ref;
    if (!has(in, 5) || *in->at != 'r')
        return read_name(in, node, slot, is_there);
    memcpy(&ref, in->at + 1, sizeof ref);
    known_key *known = &in->known[(ref * 3 + node) % KNOWN_KEYS];
    if (known->ref == ref && known->node == node) {
        in->at += 5;
        *slot = known->slot;
        *is_there = 1;
        return DONE;
    }
    TRY(read_name(in, node, slot, is_there));
    if (*is_there && *slot != WALKER_NO_SLOT) {
        known_key now = {ref, node, *slot};
        *known = now;
    }
    return DONE;
}

static result read_members(reader *in, uint32_t node) {
    for (;;) {
        uint32_t slot;
        int is_there;
        if (in->known != NULL)
            TRY(read_known_name(in, node, &slot, &is_there));
        else
            TRY(read_name(in, node, &slot, &is_there));
        if (!is_there)
            return DONE;
        if (slot != WALKER_NO_SLOT)
            TRY(read_field(in, slot));
    }
}

static uint32_t domain_of(const actra_slot *key) {
    static const char *const names[] = {"action", "actor", "snapshot"};
    for (uint32_t domain = 0; domain < 3; domain++)
        if (key->len == strlen(names[domain]) && memcmp(key->v.p, names[domain], key->len) == 0)
            return domain;
    return WALKER_CONTEXT;
}

static ALWAYS_INLINE result read_context(reader *in) {
    value context, found;
    TRY(read_value(in, &context));
    if (context.shape != DICT)
        return NOT_PLAIN;
    for (;;) {
        actra_slot key;
        int is_there;
        TRY(read_key(in, &key, &is_there));
        if (!is_there)
            break;
        uint32_t domain = domain_of(&key);
        if (domain == WALKER_CONTEXT) {
            if (has_surrogate(&key) || is_long_key(in, &key))
                return NOT_PLAIN;
            TRY(skip(in, 0));
            continue;
        }
        TRY(read_value(in, &found));
        if (found.shape != DICT)
            return NOT_PLAIN;
        TRY(read_members(in, domain));
        leave(in, &found);
    }
    leave(in, &context);
    return DONE;
}

/* NOT_PLAIN: there is more than references reach. */
static result begin(reader *in, const char *bytes, size_t len, walker_input *input) {
    in->start = in->at = (const uint8_t *)bytes;
    in->end = in->start + len;
    in->input = input;
    in->refs = in->few_refs;
    in->refs_len = 0;
    in->refs_capacity = FEW_REFS;
    in->replays = 0;
    in->passes = 0;
    in->known = NULL;
    /* References are kept as 32 bits. */
    return len > UINT32_MAX ? NOT_PLAIN : DONE;
}

static void end(reader *in) {
    if (in->refs != in->few_refs)
        free(in->refs);
}

/* Decides the next value, which is one of several, or all there is. */
static result decide_next(reader *in, const walker *names, int is_trusted, int is_one_of_several,
                          walker_outcome *outcome) {
    if (!walker_begin(in->input, names, is_trusted))
        return NO_MEMORY;
    result read = read_context(in);
    if (read == DONE && !is_one_of_several && in->at != in->end)
        read = NOT_PLAIN;
    if (read == DONE)
        walker_decide(in->input, outcome);
    walker_end(in->input);
    return read;
}

/* What the rule says all about: its index, or -1 of the default; else -2. */
static int64_t rule_of(const walker_outcome *outcome) {
    if (outcome->kind != OUTCOME_SIMPLE)
        return MARSHALLED_MORE;
    return outcome->rule == ACTRA_NO_RULE ? -1 : (int64_t)outcome->rule;
}

int64_t marshalled_decide(const walker *names, const char *bytes, size_t len, int is_trusted,
                          walker_outcome *outcome) {
    walker_outcome own;
    walker_outcome *found = outcome != NULL ? outcome : &own;
    walker_input input;
    reader in;
    memset(found, 0, sizeof *found);
    result read = begin(&in, bytes, len, &input);
    if (read == DONE)
        read = decide_next(&in, names, is_trusted, 0, found);
    end(&in);
    if (read != DONE)
        found->kind = read == NOT_PLAIN ? OUTCOME_NOT_PLAIN : OUTCOME_NO_MEMORY;
    if (found == &own)
        walker_outcome_free(&own);
    return rule_of(found);
}

int64_t marshalled_try(const walker *names, const char *bytes, size_t len) {
    return marshalled_decide(names, bytes, len, 0, NULL);
}

/* Goes back to where a value began, and passes over it. */
static result pass(reader *in, const uint8_t *start, size_t refs_len) {
    in->at = start;
    in->refs_len = refs_len;
    in->replays = 0;
    in->passes = 1;
    result passed = skip(in, 0);
    in->passes = 0;
    return passed;
}

void marshalled_decide_many(const walker *names, const char *bytes, size_t len, int64_t *rules,
                            walker_outcome *outcomes, size_t count) {
    walker_input input;
    reader in;
    value list;
    known_key known[KNOWN_KEYS];
    for (size_t at = 0; at < count; at++) {
        rules[at] = MARSHALLED_MORE;
        outcomes[at].kind = OUTCOME_NOT_PLAIN;
    }
    /* Before any input begins, values are read as if nobody had made them plain. */
    input.is_trusted = 0;
    result read = begin(&in, bytes, len, &input);
    /* No reference is as large: there are fewer than bytes. */
    memset(known, 0xff, sizeof known);
    in.known = known;
    if (read == DONE)
        read = read_value(&in, &list);
    if (read == DONE && (list.shape != LIST || list.count != count))
        read = NOT_PLAIN;
    for (size_t at = 0; at < count && read == DONE; at++) {
        const uint8_t *start = in.at;
        size_t refs_len = in.refs_len;
        read = decide_next(&in, names, 0, 1, &outcomes[at]);
        if (read == DONE)
            rules[at] = rule_of(&outcomes[at]);
        else if (read == NOT_PLAIN)
            read = pass(&in, start, refs_len);
    }
    end(&in);
}
