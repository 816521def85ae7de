#ifndef ACTRA_PYTHON_STORE_H
#define ACTRA_PYTHON_STORE_H

#include <Python.h>

/* `_native`'s functions for stores: `_store.py` says what for. */
extern PyMethodDef store_methods[];

#endif
