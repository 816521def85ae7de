/* Slots from Python objects, without running any Python code. */

#include "objects.h"

#include <stdlib.h>
#include <string.h>

static int gather(object_walker *objects, const walker *names) {
    for (uint32_t at = 0; at <= names->table_mask; at++) {
        const walker_name *name = &names->table[at];
        if (name->text == NULL)
            continue;
        object_names *node = &objects->nodes[name->node];
        object_name *more = realloc(node->names, (node->count + 1) * sizeof *more);
        if (more == NULL) {
            PyErr_NoMemory();
            return 0;
        }
        node->names = more;
        PyObject *key = PyUnicode_FromStringAndSize(name->text, name->len);
        if (key == NULL)
            return 0;
        PyUnicode_InternInPlace(&key);
        object_name found = {key, name->text, name->len, name->slot};
        more[node->count++] = found;
    }
    return 1;
}

int object_walker_begin(object_walker *objects, const walker *names) {
    static const char *const domains[] = {"action", "actor", "snapshot"};
    memset(objects, 0, sizeof *objects);
    objects->names = names;
    objects->node_count = WALKER_FIRST_SLOT + (size_t)names->slot_count;
    objects->nodes = calloc(objects->node_count, sizeof(object_names));
    if (objects->nodes == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    for (int domain = 0; domain < 3; domain++) {
        objects->domains[domain] = PyUnicode_InternFromString(domains[domain]);
        if (objects->domains[domain] == NULL)
            return 0;
    }
    return gather(objects, names);
}

void object_walker_end(object_walker *objects) {
    for (size_t node = 0; objects->nodes != NULL && node < objects->node_count; node++) {
        for (uint32_t at = 0; at < objects->nodes[node].count; at++)
            Py_DECREF(objects->nodes[node].names[at].key);
        free(objects->nodes[node].names);
    }
    free(objects->nodes);
    for (int domain = 0; domain < 3; domain++)
        Py_XDECREF(objects->domains[domain]);
    memset(objects, 0, sizeof *objects);
}

typedef enum { DONE, NOT_PLAIN, NO_MEMORY } result;

#define TRY(call)                     \
    do {                              \
        result tried = (call);        \
        if (tried != DONE)            \
            return tried;             \
    } while (0)

/* Of more names than that, the table finds the slot. */
#define FEW_NAMES 16

/* As memcmp says, of texts of a length: names are short, and a call costs more than they do. */
static inline int is_equal(const char *text, const char *other, size_t len) {
    uint64_t first, last, other_first, other_last;
    if (len > 16)
        return memcmp(text, other, len) == 0;
    if (len >= 8) {
        memcpy(&first, text, 8);
        memcpy(&other_first, other, 8);
        memcpy(&last, text + len - 8, 8);
        memcpy(&other_last, other + len - 8, 8);
        return ((first ^ other_first) | (last ^ other_last)) == 0;
    }
    if (len >= 4) {
        uint32_t head, tail, other_head, other_tail;
        memcpy(&head, text, 4);
        memcpy(&other_head, other, 4);
        memcpy(&tail, text + len - 4, 4);
        memcpy(&other_tail, other + len - 4, 4);
        return ((head ^ other_head) | (tail ^ other_tail)) == 0;
    }
    for (size_t at = 0; at < len; at++)
        if (text[at] != other[at])
            return 0;
    return 1;
}

static inline int is_text(const object_name *name, const char *text, size_t len) {
    return name->len == len && is_equal(name->text, text, len);
}

/* The slot of a name that is not met at its turn. Callers mostly write keys in the same order each
 * time: it changes places, so that it is next time. */
static NEVER_INLINE uint32_t search(object_walker *objects, uint32_t node, const char *text,
                                    size_t len, uint32_t at) {
    object_names *known = &objects->nodes[node];
    if (known->count > FEW_NAMES)
        return walker_find(objects->names, node, text, len);
    for (uint32_t other = 0; other < known->count; other++) {
        if (!is_text(&known->names[other], text, len))
            continue;
        object_name found = known->names[other];
        if (at < other) {
            known->names[other] = known->names[at];
            known->names[at] = found;
        }
        return found.slot;
    }
    return WALKER_NO_SLOT;
}

/* The slot of a key that is not, itself, the one whose turn it is. */
static result find(object_walker *objects, uint32_t node, PyObject *key, uint32_t at,
                   uint32_t *slot) {
    const object_names *known = &objects->nodes[node];
    Py_ssize_t len;
    if (Py_TYPE(key) != &PyUnicode_Type)
        return NOT_PLAIN;
    const char *text = PyUnicode_AsUTF8AndSize(key, &len);
    if (text == NULL) {
        PyErr_Clear();
        return NOT_PLAIN;
    }
    if (at < known->count && is_text(&known->names[at], text, (size_t)len))
        *slot = known->names[at].slot;
    else
        *slot = search(objects, node, text, (size_t)len, at);
    return DONE;
}

/* Each member is stored where it belongs: what is put together first is copied. */
static inline void fill_string(actra_slot *slot, PyObject *value) {
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(value, &len);
    if (text == NULL) {
        /* Half of a surrogate pair, or no memory: neither is text that the library takes. */
        PyErr_Clear();
        text = "\xff";
        len = 1;
    }
    slot->tag = ACTRA_TAG_STRING;
    slot->len = (size_t)len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
    slot->v.p = text;
}

static result trusted_slot(PyObject *value, actra_slot *slot) {
    char *bytes;
    Py_ssize_t len;
    if (PyBytes_AsStringAndSize(value, &bytes, &len) < 0 || len != 9) {
        PyErr_Clear();
        return NOT_PLAIN;
    }
    uint64_t bits = 0;
    for (int at = 8; at > 0; at--)
        bits = bits << 8 | (uint8_t)bytes[at];
    *slot = walker_tagged(bytes[0] == 'T' ? ACTRA_TAG_TIMESTAMP : ACTRA_TAG_BIG_INTEGER);
    memcpy(&slot->v, &bits, sizeof bits);
    return bytes[0] == 'T' || bytes[0] == 'B' ? DONE : NOT_PLAIN;
}

/* What a value is, once its slot is filled or left alone. */
typedef enum { SCALAR, HOLDER, ODD, OUTSIDE } shape;

/* Fills a zeroed slot if the value is a scalar. Holders are lists, tuples and dicts; odd is what may
 * stand in values made plain only; outside are integers of more than 64 bits. */
static ALWAYS_INLINE shape fill_scalar(actra_slot *slot, PyObject *value) {
    PyTypeObject *type = Py_TYPE(value);
    if (type == &PyUnicode_Type) {
        fill_string(slot, value);
    } else if (type == &PyLong_Type) {
        int overflow;
        slot->v.i = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow != 0)
            return OUTSIDE;
        slot->tag = ACTRA_TAG_INTEGER;
    } else if (type == &PyBool_Type) {
        slot->tag = ACTRA_TAG_BOOLEAN;
        slot->v.i = value == Py_True;
    } else if (type == &PyFloat_Type) {
        slot->tag = ACTRA_TAG_DOUBLE;
        slot->v.f = PyFloat_AsDouble(value);
    } else if (value == Py_None) {
        slot->tag = ACTRA_TAG_NULL;
    } else {
        int holds = type == &PyDict_Type || type == &PyList_Type || type == &PyTuple_Type;
        return holds ? HOLDER : ODD;
    }
    return SCALAR;
}

/* What is odd, in values made plain: bytes, or `...` for what no field takes. */
static result fill_odd(const walker_input *input, actra_slot *slot, PyObject *value,
                       actra_slot unfit) {
    if (!input->is_trusted)
        return NOT_PLAIN;
    if (value == Py_Ellipsis) {
        *slot = unfit;
        return DONE;
    }
    return Py_TYPE(value) == &PyBytes_Type ? trusted_slot(value, slot) : NOT_PLAIN;
}

/* A value where only a scalar fits: what is none stands there as an object, once Python has seen
 * that nothing in it is over its limit. */
static result item_slot(const walker_input *input, PyObject *value, actra_slot *slot) {
    switch (fill_scalar(slot, value)) {
    case SCALAR:
        return DONE;
    case HOLDER:
        *slot = walker_tagged(ACTRA_TAG_OBJECT);
        return input->is_trusted ? DONE : NOT_PLAIN;
    case ODD:
        return fill_odd(input, slot, value, walker_tagged(ACTRA_TAG_OBJECT));
    default:
        return NOT_PLAIN;
    }
}

static result fill_list(walker_input *input, PyObject *list, actra_slot *slot) {
    int is_list = Py_TYPE(list) == &PyList_Type;
    Py_ssize_t size = is_list ? PyList_Size(list) : PyTuple_Size(list);
    size_t count = size < WALKER_MAX_ITEMS ? (size_t)size : WALKER_MAX_ITEMS;
    size_t start = walker_reserve(input, count);
    if (start == SIZE_MAX)
        return NO_MEMORY;
    for (size_t at = 0; at < count; at++) {
        Py_ssize_t index = (Py_ssize_t)at;
        PyObject *item = is_list ? PyList_GetItem(list, index) : PyTuple_GetItem(list, index);
        if (item == NULL) {
            PyErr_Clear();
            return NOT_PLAIN;
        }
        TRY(item_slot(input, item, &input->items[start + at]));
    }
    *slot = walker_run(ACTRA_TAG_LIST_AT, start, count);
    return DONE;
}

static result fill_map(walker_input *input, PyObject *dict, actra_slot *slot) {
    size_t start = input->items_len;
    uint32_t pairs = 0;
    Py_ssize_t position = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &position, &key, &value)) {
        actra_slot entry = actra_slot_missing();
        if (Py_TYPE(key) != &PyUnicode_Type)
            return NOT_PLAIN;
        if (!input->is_trusted && PyUnicode_GetLength(key) > WALKER_SHORT_TEXT)
            return NOT_PLAIN;
        TRY(item_slot(input, value, &entry));
        size_t at = walker_reserve(input, 2);
        if (at == SIZE_MAX)
            return NO_MEMORY;
        fill_string(&input->items[at], key);
        input->items[at + 1] = entry;
        pairs++;
    }
    *slot = walker_run(ACTRA_TAG_MAP_AT, start, pairs);
    return DONE;
}

/* Limits bind what the schema does not name, too: what may be over one is for Python to see. */
static result pass_over(walker_input *input, PyObject *value, int depth) {
    PyTypeObject *type = Py_TYPE(value);
    Py_ssize_t len;
    if (input->passed++ == WALKER_FEW_PASSED)
        return NOT_PLAIN;
    if (type == &PyUnicode_Type) {
        if (PyUnicode_AsUTF8AndSize(value, &len) == NULL) {
            PyErr_Clear();
            return NOT_PLAIN;
        }
        return len > WALKER_MAX_TEXT ? NOT_PLAIN : DONE;
    }
    int is_list = type == &PyList_Type;
    if (is_list || type == &PyTuple_Type) {
        Py_ssize_t size = is_list ? PyList_Size(value) : PyTuple_Size(value);
        if (size >= WALKER_MAX_ITEMS || depth == WALKER_NEAR)
            return NOT_PLAIN;
        for (Py_ssize_t at = 0; at < size; at++) {
            PyObject *item = is_list ? PyList_GetItem(value, at) : PyTuple_GetItem(value, at);
            if (item == NULL) {
                PyErr_Clear();
                return NOT_PLAIN;
            }
            TRY(pass_over(input, item, depth + 1));
        }
        return DONE;
    }
    if (type == &PyDict_Type) {
        Py_ssize_t position = 0;
        PyObject *key, *member;
        if (depth == WALKER_NEAR)
            return NOT_PLAIN;
        while (PyDict_Next(value, &position, &key, &member)) {
            TRY(pass_over(input, key, depth + 1));
            TRY(pass_over(input, member, depth + 1));
        }
        return DONE;
    }
    int is_known = type == &PyLong_Type || type == &PyFloat_Type || type == &PyBool_Type ||
                   value == Py_None;
    return is_known ? DONE : NOT_PLAIN;
}

static result fill_members(object_walker *objects, walker_input *input, PyObject *dict,
                           uint32_t node);

static result fill_object(object_walker *objects, walker_input *input, PyObject *dict,
                          uint32_t slot) {
    uint8_t kinds = objects->names->kinds[slot];
    input->slots[slot] = walker_tagged(ACTRA_TAG_OBJECT);
    if (kinds == 0)
        return input->is_trusted ? DONE : NOT_PLAIN;
    if ((kinds & WALKER_MAP) != 0)
        TRY(fill_map(input, dict, &input->slots[slot]));
    if ((kinds & WALKER_OBJECT) != 0)
        TRY(fill_members(objects, input, dict, WALKER_FIRST_SLOT + slot));
    return DONE;
}

/* A value that is no scalar. */
static result fill_other(object_walker *objects, walker_input *input, PyObject *value,
                         uint32_t slot, shape found) {
    actra_slot *filled = &input->slots[slot];
    if (found == ODD)
        return fill_odd(input, filled, value, walker_unfit(objects->names, slot));
    if (found != HOLDER)
        return NOT_PLAIN;
    if (Py_TYPE(value) == &PyDict_Type)
        return fill_object(objects, input, value, slot);
    return fill_list(input, value, filled);
}

/* A value whose key the schema does not name. */
static result pass_member(walker_input *input, PyObject *key, PyObject *value) {
    if (input->is_trusted)
        return DONE;
    if (PyUnicode_GetLength(key) > WALKER_SHORT_TEXT)
        return NOT_PLAIN;
    return pass_over(input, value, 0);
}

static result fill_members(object_walker *objects, walker_input *input, PyObject *dict,
                           uint32_t node) {
    const object_names *known = &objects->nodes[node];
    const object_name *names = known->names;
    const uint32_t count = known->count;
    Py_ssize_t position = 0;
    uint32_t turn = 0;
    PyObject *key, *value;
    /* Counted, since to ask whether there is one more costs as much as to get it. */
    for (Py_ssize_t left = PyDict_Size(dict); left > 0; left--) {
        if (!PyDict_Next(dict, &position, &key, &value))
            break;
        uint32_t slot;
        if (turn < count && names[turn].key == key) {
            slot = names[turn].slot;
            turn++;
        } else {
            TRY(find(objects, node, key, turn, &slot));
            if (slot == WALKER_NO_SLOT) {
                /* The turn is still that of the name which is expected. */
                TRY(pass_member(input, key, value));
                continue;
            }
            turn++;
        }
        shape found = fill_scalar(&input->slots[slot], value);
        if (found != SCALAR)
            TRY(fill_other(objects, input, value, slot, found));
    }
    return DONE;
}

static result domain_of(const object_walker *objects, PyObject *key, uint32_t *domain) {
    static const struct {
        const char *text;
        size_t len;
    } names[] = {{"action", 6}, {"actor", 5}, {"snapshot", 8}};
    Py_ssize_t len;
    for (*domain = 0; *domain < 3; ++*domain)
        if (objects->domains[*domain] == key)
            return DONE;
    if (Py_TYPE(key) != &PyUnicode_Type)
        return NOT_PLAIN;
    const char *text = PyUnicode_AsUTF8AndSize(key, &len);
    if (text == NULL) {
        PyErr_Clear();
        return NOT_PLAIN;
    }
    for (*domain = 0; *domain < 3; ++*domain)
        if (names[*domain].len == (size_t)len && is_equal(names[*domain].text, text, (size_t)len))
            return DONE;
    *domain = WALKER_CONTEXT;
    return DONE;
}

static result fill_context(object_walker *objects, walker_input *input, PyObject *context) {
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (Py_TYPE(context) != &PyDict_Type)
        return NOT_PLAIN;
    for (Py_ssize_t left = PyDict_Size(context); left > 0; left--) {
        uint32_t domain;
        if (!PyDict_Next(context, &position, &key, &value))
            break;
        TRY(domain_of(objects, key, &domain));
        if (domain == WALKER_CONTEXT) {
            TRY(pass_member(input, key, value));
            continue;
        }
        if (Py_TYPE(value) != &PyDict_Type)
            return NOT_PLAIN;
        TRY(fill_members(objects, input, value, domain));
    }
    return DONE;
}

void object_decide(object_walker *objects, PyObject *context, int is_trusted,
                   walker_outcome *outcome) {
    walker_input input;
    result filled = NO_MEMORY;
    if (walker_begin(&input, objects->names, is_trusted))
        filled = fill_context(objects, &input, context);
    if (filled == DONE) {
        walker_decide(&input, outcome);
    } else {
        memset(outcome, 0, sizeof *outcome);
        outcome->kind = filled == NOT_PLAIN ? OUTCOME_NOT_PLAIN : OUTCOME_NO_MEMORY;
    }
    walker_end(&input);
}
