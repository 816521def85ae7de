#ifndef ACTRA_PYTHON_OBJECTS_H
#define ACTRA_PYTHON_OBJECTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "walker.h"

/* A name: as text, and as an interned object, which is what keys mostly are that somebody wrote. */
typedef struct {
    PyObject *key;
    const char *text;
    uint32_t len;
    uint32_t slot;
} object_name;

/* The names under one node, in the order in which they were last met. */
typedef struct {
    uint32_t count;
    object_name *names;
} object_names;

/* The walker's names as Python objects. Whoever uses it holds the GIL. */
typedef struct {
    const walker *names;
    object_names *nodes; /* by node */
    size_t node_count;
    PyObject *domains[3]; /* "action", "actor", "snapshot" */
} object_walker;

/* 0 with an exception set. */
int object_walker_begin(object_walker *objects, const walker *names);
void object_walker_end(object_walker *objects);

/* Decides an evaluation context. No Python code runs, so that nothing of the context can change
 * or go away meanwhile: what is not of an exact built-in type is OUTCOME_NOT_PLAIN. */
void object_decide(object_walker *objects, PyObject *context, int is_trusted,
                   walker_outcome *outcome);

#endif
