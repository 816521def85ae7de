/* `actra._native`'s functions for decision logs. A log is a capsule: `decision_log.py` says what for. */

#include "accelerator.h"
#include "log.h"

#define LOG "actra_decision_log"

static void log_end(PyObject *capsule) {
    actra_decision_log_free(PyCapsule_GetPointer(capsule, LOG));
}

/* log_open(path, options): a log, or a failure. */
static PyObject *log_open(PyObject *module, PyObject *args) {
    const char *path, *options;
    Py_ssize_t path_len, options_len;
    actra_decision_log *log = NULL;
    actra_error *error = NULL;
    actra_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "y#y#", &path, &path_len, &options, &options_len))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_decision_log_open(path, (size_t)path_len, options, (size_t)options_len, &log, &error);
    Py_END_ALLOW_THREADS
    if (status != ACTRA_STATUS_OK)
        return failure(status, error);
    PyObject *capsule = PyCapsule_New(log, LOG, log_end);
    if (capsule == NULL)
        actra_decision_log_free(log);
    return capsule;
}

/* log_record(log, entry): the decision's id, or a failure. */
static PyObject *log_record(PyObject *module, PyObject *args) {
    PyObject *capsule;
    const char *entry;
    Py_ssize_t len;
    actra_buffer *id = NULL;
    actra_error *error = NULL;
    actra_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "Oy#", &capsule, &entry, &len))
        return NULL;
    actra_decision_log *log = PyCapsule_GetPointer(capsule, LOG);
    if (log == NULL)
        return NULL;
    /* It may wait for room. */
    Py_BEGIN_ALLOW_THREADS
    status = actra_decision_log_record_json(log, entry, (size_t)len, &id, &error);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? bytes_of(id) : failure(status, error);
}

typedef actra_status (*log_function)(const actra_decision_log *, actra_error **);

static PyObject *asked(PyObject *capsule, log_function ask) {
    actra_decision_log *log = PyCapsule_GetPointer(capsule, LOG);
    actra_error *error = NULL;
    actra_status status;
    if (log == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = ask(log, &error);
    Py_END_ALLOW_THREADS
    if (status != ACTRA_STATUS_OK)
        return failure(status, error);
    Py_RETURN_NONE;
}

static PyObject *log_flush(PyObject *module, PyObject *capsule) {
    (void)module;
    return asked(capsule, actra_decision_log_flush);
}

static PyObject *log_rotate(PyObject *module, PyObject *capsule) {
    (void)module;
    return asked(capsule, actra_decision_log_rotate);
}

static PyObject *log_close(PyObject *module, PyObject *capsule) {
    (void)module;
    return asked(capsule, actra_decision_log_close);
}

static PyObject *log_status_json(PyObject *module, PyObject *capsule) {
    actra_decision_log *log = PyCapsule_GetPointer(capsule, LOG);
    actra_buffer *json = NULL;
    (void)module;
    if (log == NULL)
        return NULL;
    actra_status status = actra_decision_log_status_json(log, &json);
    return status == ACTRA_STATUS_OK ? bytes_of(json) : failure(status, NULL);
}

PyMethodDef log_methods[] = {
    {"log_open", log_open, METH_VARARGS, NULL},
    {"log_record", log_record, METH_VARARGS, NULL},
    {"log_flush", log_flush, METH_O, NULL},
    {"log_rotate", log_rotate, METH_O, NULL},
    {"log_close", log_close, METH_O, NULL},
    {"log_status_json", log_status_json, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
