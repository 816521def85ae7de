/* Decisions as Python objects. */

#include "accelerator.h"

static PyObject *numbers(const uint32_t *array, size_t count) {
    PyObject *tuple = PyTuple_New((Py_ssize_t)count);
    for (size_t at = 0; tuple != NULL && at < count; at++) {
        PyObject *number = PyLong_FromUnsignedLong(array[at]);
        if (number == NULL || PyTuple_SetItem(tuple, (Py_ssize_t)at, number) < 0)
            Py_CLEAR(tuple);
    }
    return tuple;
}

/* finish(rule, shadow_effect, shadow_rule, matched, missing) of Python's makes the decision. */
static PyObject *decision_at_length(handle *self, const walker_outcome *outcome) {
    PyObject *matched = numbers(outcome->matched, outcome->matched_count);
    PyObject *missing = numbers(outcome->missing, outcome->missing_count);
    PyObject *decision = NULL;
    if (matched != NULL && missing != NULL) {
        long long rule = outcome->rule == ACTRA_NO_RULE ? -1 : (long long)outcome->rule;
        long long shadow =
            outcome->shadow_rule == ACTRA_NO_RULE ? -1 : (long long)outcome->shadow_rule;
        PyObject *args =
            Py_BuildValue("(LILOO)", rule, outcome->shadow_effect, shadow, matched, missing);
        if (args != NULL) {
            decision = PyObject_CallObject(self->finish, args);
            Py_DECREF(args);
        }
    }
    Py_XDECREF(matched);
    Py_XDECREF(missing);
    return decision;
}

/* Puts the names of the missing slots into a decision, in order. */
static int add_missing(handle *self, const walker_outcome *outcome, PyObject *decision) {
    PyObject *names = PyList_New(0);
    int added = names == NULL ? -1 : 0;
    for (size_t at = 0; added == 0 && at < outcome->missing_count; at++) {
        PyObject *name = PyTuple_GetItem(self->slot_names, (Py_ssize_t)outcome->missing[at]);
        added = name == NULL ? -1 : PyList_Append(names, name);
    }
    if (added == 0)
        added = PyList_Sort(names);
    if (added == 0)
        added = PyDict_SetItem(decision, self->missing, names);
    Py_XDECREF(names);
    return added;
}

PyObject *decision_of(handle *self, const walker_outcome *outcome) {
    Py_ssize_t rule = outcome->rule == ACTRA_NO_RULE ? (Py_ssize_t)self->names->rule_count
                                                     : (Py_ssize_t)outcome->rule;
    /* Several rules, and what shadow rules would say, are told by Python. */
    const uint32_t at_length = ACTRA_DECISION_SEVERAL_RULES | ACTRA_DECISION_SHADOW_DIFFERS;
    if ((outcome->flags & at_length) != 0)
        return decision_at_length(self, outcome);
    PyObject *template = PyTuple_GetItem(self->templates, rule);
    if (template == NULL)
        return NULL;
    if (template == Py_None)
        return decision_at_length(self, outcome);
    /* What calling the type would come to, which has no `__init__` of its own. */
    PyObject *decision = self->make((PyTypeObject *)self->decision_type, self->nothing, NULL);
    if (decision != NULL &&
        (PyDict_Merge(decision, template, 1) < 0 ||
         (outcome->missing_count > 0 && add_missing(self, outcome, decision) < 0)))
        Py_CLEAR(decision);
    return decision;
}
