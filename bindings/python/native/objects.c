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

static int is_text(const object_name *name, const char *text, size_t len) {
    return name->len == len && memcmp(name->text, text, len) == 0;
}

/* The slot of a key. Callers mostly write keys in the same order each time: where a name was not
 * met at its turn, it changes places, so that it is next time. */
static result find(object_walker *objects, uint32_t node, PyObject *key, uint32_t *turn,
                   uint32_t *slot) {
    object_names *known = &objects->nodes[node];
    uint32_t at = *turn;
    *turn = at + 1;
    if (at < known->count && known->names[at].key == key) {
        *slot = known->names[at].slot;
        return DONE;
    }
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(key, &len);
    if (text == NULL) {
        PyErr_Clear();
        return NOT_PLAIN;
    }
    if (at < known->count && is_text(&known->names[at], text, (size_t)len)) {
        *slot = known->names[at].slot;
        return DONE;
    }
    if (known->count > FEW_NAMES) {
        *slot = walker_find(objects->names, node, text, (size_t)len);
        return DONE;
    }
    *slot = WALKER_NO_SLOT;
    for (uint32_t other = 0; other < known->count; other++) {
        if (!is_text(&known->names[other], text, (size_t)len))
            continue;
        object_name found = known->names[other];
        *slot = found.slot;
        if (at < other) {
            known->names[other] = known->names[at];
            known->names[at] = found;
        }
        return DONE;
    }
    /* Nobody's: the turn is still that of the name which is expected. */
    *turn = at;
    return DONE;
}

static actra_slot string_slot(PyObject *value) {
    Py_ssize_t len;
    const char *text = PyUnicode_AsUTF8AndSize(value, &len);
    if (text != NULL)
        return actra_slot_string(text, (size_t)len);
    /* Half of a surrogate pair, or no memory: neither is text that the library takes. */
    PyErr_Clear();
    return actra_slot_string("\xff", 1);
}

static result integer_slot(PyObject *value, actra_slot *slot) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow != 0)
        return NOT_PLAIN;
    *slot = actra_slot_integer(number);
    return DONE;
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

/* A scalar: 1. Lists and dicts: 0. */
static result scalar_slot(const walker_input *input, PyObject *value, actra_slot *slot,
                          int *is_scalar) {
    PyTypeObject *type = Py_TYPE(value);
    *is_scalar = 1;
    if (type == &PyUnicode_Type) {
        *slot = string_slot(value);
    } else if (type == &PyLong_Type) {
        return integer_slot(value, slot);
    } else if (value == Py_True || value == Py_False) {
        *slot = actra_slot_boolean(value == Py_True);
    } else if (type == &PyFloat_Type) {
        *slot = actra_slot_double(PyFloat_AsDouble(value));
    } else if (value == Py_None) {
        *slot = actra_slot_null();
    } else if (type == &PyDict_Type || type == &PyList_Type || type == &PyTuple_Type) {
        *is_scalar = 0;
    } else if (input->is_trusted && type == &PyBytes_Type) {
        return trusted_slot(value, slot);
    } else {
        return NOT_PLAIN;
    }
    return DONE;
}

/* A value where only a scalar fits: what is none stands there as an object, once Python has seen
 * that nothing in it is over its limit. */
static result item_slot(const walker_input *input, PyObject *value, actra_slot *slot) {
    int is_scalar;
    if (input->is_trusted && value == Py_Ellipsis) {
        *slot = walker_tagged(ACTRA_TAG_OBJECT);
        return DONE;
    }
    TRY(scalar_slot(input, value, slot, &is_scalar));
    if (!is_scalar)
        *slot = walker_tagged(ACTRA_TAG_OBJECT);
    return is_scalar || input->is_trusted ? DONE : NOT_PLAIN;
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
        actra_slot entry;
        if (Py_TYPE(key) != &PyUnicode_Type)
            return NOT_PLAIN;
        if (!input->is_trusted && PyUnicode_GetLength(key) > WALKER_SHORT_TEXT)
            return NOT_PLAIN;
        TRY(item_slot(input, value, &entry));
        size_t at = walker_reserve(input, 2);
        if (at == SIZE_MAX)
            return NO_MEMORY;
        input->items[at] = string_slot(key);
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

static result fill_field(object_walker *objects, walker_input *input, PyObject *value,
                         uint32_t slot) {
    int is_scalar;
    actra_slot *filled = &input->slots[slot];
    if (input->is_trusted && value == Py_Ellipsis) {
        *filled = walker_unfit(objects->names, slot);
        return DONE;
    }
    TRY(scalar_slot(input, value, filled, &is_scalar));
    if (is_scalar)
        return DONE;
    if (Py_TYPE(value) == &PyDict_Type)
        return fill_object(objects, input, value, slot);
    return fill_list(input, value, filled);
}

static result fill_members(object_walker *objects, walker_input *input, PyObject *dict,
                           uint32_t node) {
    Py_ssize_t position = 0;
    uint32_t turn = 0;
    PyObject *key, *value;
    while (PyDict_Next(dict, &position, &key, &value)) {
        uint32_t slot;
        if (Py_TYPE(key) != &PyUnicode_Type)
            return NOT_PLAIN;
        TRY(find(objects, node, key, &turn, &slot));
        if (slot != WALKER_NO_SLOT) {
            TRY(fill_field(objects, input, value, slot));
        } else if (!input->is_trusted) {
            if (PyUnicode_GetLength(key) > WALKER_SHORT_TEXT)
                return NOT_PLAIN;
            TRY(pass_over(input, value, 0));
        }
    }
    return DONE;
}

static uint32_t domain_of(const object_walker *objects, PyObject *key) {
    for (uint32_t domain = 0; domain < 3; domain++)
        if (objects->domains[domain] == key)
            return domain;
    for (uint32_t domain = 0; domain < 3; domain++)
        if (PyUnicode_Compare(objects->domains[domain], key) == 0)
            return domain;
    return WALKER_CONTEXT;
}

static result fill_context(object_walker *objects, walker_input *input, PyObject *context) {
    Py_ssize_t position = 0;
    PyObject *key, *value;
    if (Py_TYPE(context) != &PyDict_Type)
        return NOT_PLAIN;
    while (PyDict_Next(context, &position, &key, &value)) {
        Py_ssize_t len;
        if (Py_TYPE(key) != &PyUnicode_Type)
            return NOT_PLAIN;
        uint32_t domain = domain_of(objects, key);
        if (domain != WALKER_CONTEXT) {
            if (Py_TYPE(value) != &PyDict_Type)
                return NOT_PLAIN;
            TRY(fill_members(objects, input, value, domain));
        } else if (PyUnicode_AsUTF8AndSize(key, &len) == NULL) {
            PyErr_Clear();
            return NOT_PLAIN;
        } else if (!input->is_trusted) {
            if (len > WALKER_MAX_TEXT)
                return NOT_PLAIN;
            TRY(pass_over(input, value, 0));
        }
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
