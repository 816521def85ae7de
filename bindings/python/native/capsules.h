#ifndef ACTRA_PYTHON_CAPSULES_H
#define ACTRA_PYTHON_CAPSULES_H

#include <Python.h>

/* `_native`'s functions for Arrow's capsules: `_table.py` says what for. */
extern PyMethodDef capsule_methods[];

#endif
