#ifndef ACTRA_PYTHON_ACCELERATOR_H
#define ACTRA_PYTHON_ACCELERATOR_H

#include "objects.h"

/* A policy of the library's. */
typedef struct {
    PyObject_HEAD
    actra_policy *policy;
    walker *names;
    object_walker objects;
    PyObject *decision_type;
    newfunc make; /* the type's `__new__` */
    PyObject *nothing; /* () */
    PyObject *templates; /* a tuple: by rule, and last for the default, a dict or None */
    PyObject *slot_names; /* a tuple */
    PyObject *missing; /* "missing" */
    PyObject *finish;
} handle;

/* (status, code, message, rendered, JSON) of an error, which is taken over and may be NULL. */
PyObject *failure(actra_status status, actra_error *error);
/* A buffer's bytes; the buffer is taken over. */
PyObject *bytes_of(actra_buffer *buffer);
/* A policy that is taken over, or a failure where there is none. */
PyObject *opened(PyObject *module, actra_status status, actra_policy *policy, actra_error *error);
/* Options from `keys` (None, or a tuple of bytes) and a revision: 0 with an exception. `*list` is to be
 * freed with PyMem_Free, after the options were used. */
int load_options_of(PyObject *keys, PyObject *revision, actra_load_options *options,
                    actra_bytes **list);

/* What an outcome that is a decision comes to. NULL with an exception. */
PyObject *decision_of(handle *self, const walker_outcome *outcome);

int handle_check(PyObject *object);
/* ask(question, other): the answer, or a failure (`ask.c`). */
PyObject *handle_ask(PyObject *self, PyObject *args);
/* A decision; or None where there is none; or NULL with an exception. */
PyObject *handle_decide(PyObject *handle, PyObject *context);

/* `_native.Base`: what `Policy` is made of. NULL with an exception. */
PyObject *base_type(PyObject *module);

#endif
