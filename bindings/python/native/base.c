/* `_native.Base`, which `Policy` inherits from: `evaluate` without a frame of Python's. `_base.py` is
 * the same for the other way into the library. */

#include "accelerator.h"

typedef struct {
    PyObject_HEAD
    PyObject *handle;
    int is_ours; /* of this module: the other way's decides through Python */
} base;

/* A method of one argument. Not by a format: one of "O" would take a tuple for the arguments. */
static PyObject *call(PyObject *object, const char *name, PyObject *argument) {
    PyObject *method = PyObject_GetAttrString(object, name);
    PyObject *answer =
        method == NULL ? NULL : PyObject_CallFunctionObjArgs(method, argument, NULL);
    Py_XDECREF(method);
    return answer;
}

static void base_dealloc(base *self) {
    PyTypeObject *type = Py_TYPE(self);
    Py_CLEAR(self->handle);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *use(base *self, PyObject *handle) {
    if (self->handle != NULL) {
        PyErr_SetString(PyExc_TypeError, "a policy has one handle of the library's");
        return NULL;
    }
    self->handle = Py_NewRef(handle);
    self->is_ours = handle_check(handle);
    Py_RETURN_NONE;
}

/* The one argument, which may be named. */
static PyObject *only_argument(PyObject *const *args, Py_ssize_t count, PyObject *names) {
    Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
    if (count + named != 1 ||
        (named == 1 &&
         PyUnicode_CompareWithASCIIString(PyTuple_GetItem(names, 0), "context") != 0)) {
        PyErr_SetString(PyExc_TypeError, "evaluate() takes one argument, `context`");
        return NULL;
    }
    return args[0];
}

static PyObject *evaluate(base *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    PyObject *context = only_argument(args, count, names);
    if (context == NULL)
        return NULL;
    if (self->handle == NULL) {
        PyErr_SetString(PyExc_AttributeError, "the policy was not opened: see `Actra`");
        return NULL;
    }
    PyObject *decision = self->is_ours ? handle_decide(self->handle, context)
                                       : call(self->handle, "decide", context);
    if (decision != Py_None)
        return decision;
    /* The context is in error, or holds what only Python can make plain. */
    Py_DECREF(decision);
    return call((PyObject *)self, "_evaluate_plain", context);
}

PyDoc_STRVAR(evaluate_doc,
             "evaluate($self, /, context)\n--\n\n"
             "Decides.\n\n"
             "Args:\n"
             "    context: `{\"action\": {...}, \"actor\": {...}, \"snapshot\": {...}}`. A domain "
             "that is absent\n"
             "        is empty. Fields that the schema does not name are ignored.\n\n"
             "Raises:\n"
             "    ActraInputError: The context cannot be decided: block.");

static PyMethodDef methods[] = {
    {"evaluate", (PyCFunction)(void (*)(void))evaluate, METH_FASTCALL | METH_KEYWORDS,
     evaluate_doc},
    {"_use", (PyCFunction)(void (*)(void))use, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_dealloc, (void *)base_dealloc},
    {Py_tp_methods, methods},
    {Py_tp_doc, "What a policy is made of."},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "actra._native.Base",
    .basicsize = sizeof(base),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

PyObject *base_type(PyObject *module) { return PyType_FromModuleAndSpec(module, &spec, NULL); }
