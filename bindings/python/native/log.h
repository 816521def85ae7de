#ifndef ACTRA_PYTHON_LOG_H
#define ACTRA_PYTHON_LOG_H

#include <Python.h>

/* `_native`'s functions for decision logs: `decision_log.py` says what for. */
extern PyMethodDef log_methods[];

#endif
