/* `actra._native`'s functions for policies that are replaced while others decide. Stores and what waits
 * for their changes are capsules: `_store.py` says what for. */

#include "accelerator.h"
#include "store.h"

#define STORE "actra_policy_store"
#define CHANGES "actra_policy_changes"

static void store_end(PyObject *capsule) {
    actra_policy_store_free(PyCapsule_GetPointer(capsule, STORE));
}

static void changes_end(PyObject *capsule) {
    actra_policy_changes_free(PyCapsule_GetPointer(capsule, CHANGES));
}

/* store_open(path, keys, min_revision, flags): a store, or a failure. */
static PyObject *store_open(PyObject *module, PyObject *args) {
    const char *path;
    Py_ssize_t len;
    PyObject *keys, *revision;
    unsigned int flags;
    actra_bytes *list = NULL;
    actra_load_options load = {0};
    actra_store_options options = {0};
    actra_policy_store *store = NULL;
    actra_error *error = NULL;
    actra_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "y#OOI", &path, &len, &keys, &revision, &flags))
        return NULL;
    if (!load_options_of(keys, revision, &load, &list))
        return NULL;
    options.struct_size = sizeof options;
    options.flags = flags;
    options.load = &load;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_store_open(path, (size_t)len, &options, &store, &error);
    Py_END_ALLOW_THREADS
    PyMem_Free(list);
    if (status != ACTRA_STATUS_OK)
        return failure(status, error);
    PyObject *capsule = PyCapsule_New(store, STORE, store_end);
    if (capsule == NULL)
        actra_policy_store_free(store);
    return capsule;
}

static PyObject *store_policy(PyObject *module, PyObject *capsule) {
    actra_policy_store *store = PyCapsule_GetPointer(capsule, STORE);
    if (store == NULL)
        return NULL;
    actra_policy *policy = actra_policy_store_policy(store);
    return opened(module, policy == NULL ? ACTRA_STATUS_INTERNAL : ACTRA_STATUS_OK, policy, NULL);
}

static PyObject *store_generation(PyObject *module, PyObject *capsule) {
    actra_policy_store *store = PyCapsule_GetPointer(capsule, STORE);
    (void)module;
    return store == NULL ? NULL : PyLong_FromUnsignedLongLong(actra_policy_store_generation(store));
}

typedef actra_status (*reload_function)(const actra_policy_store *, uint32_t *, actra_error **);

static PyObject *reload_by(PyObject *capsule, reload_function reload) {
    actra_policy_store *store = PyCapsule_GetPointer(capsule, STORE);
    uint32_t outcome = ACTRA_RELOAD_NONE;
    actra_error *error = NULL;
    actra_status status;
    if (store == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = reload(store, &outcome, &error);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? PyLong_FromUnsignedLong(outcome) : failure(status, error);
}

static PyObject *store_reload(PyObject *module, PyObject *capsule) {
    (void)module;
    return reload_by(capsule, actra_policy_store_reload);
}

static PyObject *store_reload_if_changed(PyObject *module, PyObject *capsule) {
    (void)module;
    return reload_by(capsule, actra_policy_store_reload_if_changed);
}

static PyObject *store_status_json(PyObject *module, PyObject *capsule) {
    actra_policy_store *store = PyCapsule_GetPointer(capsule, STORE);
    actra_buffer *json = NULL;
    (void)module;
    if (store == NULL)
        return NULL;
    actra_status status = actra_policy_store_status_json(store, &json);
    return status == ACTRA_STATUS_OK ? bytes_of(json) : failure(status, NULL);
}

static PyObject *changes_open(PyObject *module, PyObject *capsule) {
    actra_policy_store *store = PyCapsule_GetPointer(capsule, STORE);
    actra_policy_changes *changes = NULL;
    (void)module;
    if (store == NULL)
        return NULL;
    actra_status status = actra_policy_changes_open(store, &changes);
    if (status != ACTRA_STATUS_OK)
        return failure(status, NULL);
    PyObject *made = PyCapsule_New(changes, CHANGES, changes_end);
    if (made == NULL)
        actra_policy_changes_free(changes);
    return made;
}

/* changes_wait(changes, milliseconds): whether to look. */
static PyObject *changes_wait(PyObject *module, PyObject *args) {
    PyObject *capsule;
    unsigned long long milliseconds;
    uint32_t look = 0;
    actra_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "OK", &capsule, &milliseconds))
        return NULL;
    actra_policy_changes *changes = PyCapsule_GetPointer(capsule, CHANGES);
    if (changes == NULL)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_changes_wait(changes, milliseconds, &look);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? PyBool_FromLong(look != 0) : failure(status, NULL);
}

static PyObject *changes_wake(PyObject *module, PyObject *capsule) {
    actra_policy_changes *changes = PyCapsule_GetPointer(capsule, CHANGES);
    (void)module;
    if (changes == NULL)
        return NULL;
    actra_policy_changes_wake(changes);
    Py_RETURN_NONE;
}

PyMethodDef store_methods[] = {
    {"store_open", store_open, METH_VARARGS, NULL},
    {"store_policy", store_policy, METH_O, NULL},
    {"store_generation", store_generation, METH_O, NULL},
    {"store_reload", store_reload, METH_O, NULL},
    {"store_reload_if_changed", store_reload_if_changed, METH_O, NULL},
    {"store_status_json", store_status_json, METH_O, NULL},
    {"changes_open", changes_open, METH_O, NULL},
    {"changes_wait", changes_wait, METH_VARARGS, NULL},
    {"changes_wake", changes_wake, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
