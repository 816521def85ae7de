/* Questions about policies, for `actra._native`: `_analysis.py` says what for. */

#include "accelerator.h"

/* ask(question, other): the question is JSON in bytes; `other` is a policy, or None. */
PyObject *handle_ask(PyObject *self, PyObject *args) {
    const actra_policy *policy = ((handle *)self)->policy, *with = NULL;
    const char *question;
    Py_ssize_t len;
    PyObject *other;
    actra_buffer *answer = NULL;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#O", &question, &len, &other))
        return NULL;
    if (other != Py_None) {
        if (!handle_check(other)) {
            PyErr_SetString(PyExc_TypeError, "ask takes a policy, or None");
            return NULL;
        }
        with = ((handle *)other)->policy;
    }
    /* It may take minutes. The caller holds on to both policies, and to the bytes. */
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_ask(policy, with, question, (size_t)len, &answer, &error);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? bytes_of(answer) : failure(status, error);
}
