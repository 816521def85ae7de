#ifndef ACTRA_PYTHON_ACCELERATOR_H
#define ACTRA_PYTHON_ACCELERATOR_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

int handle_check(PyObject *object);
/* A decision; or None where there is none; or NULL with an exception. */
PyObject *handle_decide(PyObject *handle, PyObject *context);

/* `_native.Base`: what `Policy` is made of. NULL with an exception. */
PyObject *base_type(PyObject *module);

#endif
