/* `actra._native`: policies as Python objects, for CPython. What it offers is what `_cffi_door.py`
 * offers over cffi. */

#include "accelerator.h"
#include "capsules.h"
#include "log.h"
#include "store.h"

typedef struct {
    PyObject *handle_type;
} module_state;

/* --- texts and errors --- */

PyObject *bytes_of(actra_buffer *buffer) {
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)actra_buffer_data(buffer),
                                                (Py_ssize_t)actra_buffer_len(buffer));
    actra_buffer_free(buffer);
    return bytes;
}

PyObject *failure(actra_status status, actra_error *error) {
    size_t code_len, message_len, rendered_len, json_len;
    const char *code = actra_error_code(error, &code_len);
    const char *message = actra_error_message(error, &message_len);
    const char *rendered = actra_error_rendered(error, &rendered_len);
    const char *json = actra_error_json(error, &json_len);
    PyObject *told =
        Py_BuildValue("(Is#s#s#s#)", status, code ? code : "", (Py_ssize_t)code_len,
                      message ? message : "", (Py_ssize_t)message_len, rendered ? rendered : "",
                      (Py_ssize_t)rendered_len, json ? json : "", (Py_ssize_t)json_len);
    actra_error_free(error);
    return told;
}

/* --- policies --- */

PyObject *opened(PyObject *module, actra_status status, actra_policy *policy, actra_error *error) {
    if (status != ACTRA_STATUS_OK)
        return failure(status, error);
    module_state *state = PyModule_GetState(module);
    PyTypeObject *type = (PyTypeObject *)state->handle_type;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    handle *self = (handle *)alloc(type, 0);
    if (self == NULL) {
        actra_policy_free(policy);
        return NULL;
    }
    self->policy = policy;
    return (PyObject *)self;
}

typedef actra_status (*compile_function)(const char *, size_t, const char *, size_t, const char *,
                                         size_t, actra_policy **, actra_error **);

static PyObject *compile_three(PyObject *module, PyObject *args, compile_function compile) {
    const char *texts[3];
    Py_ssize_t lens[3];
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    actra_status status;
    /* Bytes never change, and `args` holds them: the GIL is not needed to read them. */
    if (!PyArg_ParseTuple(args, "y#y#y#", &texts[0], &lens[0], &texts[1], &lens[1], &texts[2],
                          &lens[2]))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = compile(texts[0], (size_t)lens[0], texts[1], (size_t)lens[1], texts[2],
                     (size_t)lens[2], &policy, &error);
    Py_END_ALLOW_THREADS
    return opened(module, status, policy, error);
}

static PyObject *compile_strings(PyObject *module, PyObject *args) {
    return compile_three(module, args, actra_policy_compile);
}

static PyObject *compile_files(PyObject *module, PyObject *args) {
    return compile_three(module, args, actra_policy_compile_files);
}

static PyObject *compile_directory(PyObject *module, PyObject *args) {
    const char *path;
    Py_ssize_t len;
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#", &path, &len))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_compile_directory(path, (size_t)len, &policy, &error);
    Py_END_ALLOW_THREADS
    return opened(module, status, policy, error);
}

static PyObject *load(PyObject *module, PyObject *args) {
    const char *bytes;
    Py_ssize_t len;
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#", &bytes, &len))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_load((const uint8_t *)bytes, (size_t)len, &policy, &error);
    Py_END_ALLOW_THREADS
    return opened(module, status, policy, error);
}

/* The bytes of a tuple of keys, which stay as long as it does. */
static actra_bytes *keys_of(PyObject *keys, size_t *count) {
    Py_ssize_t size = PyTuple_Size(keys);
    /* Room for one more, so that no list of none is NULL. */
    actra_bytes *list = size < 0 ? NULL : PyMem_Calloc((size_t)size + 1, sizeof *list);
    if (list == NULL)
        return size < 0 ? NULL : (actra_bytes *)PyErr_NoMemory();
    for (Py_ssize_t index = 0; index < size; index++) {
        char *bytes;
        Py_ssize_t len;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(keys, index), &bytes, &len) < 0) {
            PyMem_Free(list);
            return NULL;
        }
        list[index].data = (const uint8_t *)bytes;
        list[index].len = (size_t)len;
    }
    *count = (size_t)size;
    return list;
}

int load_options_of(PyObject *keys, PyObject *revision, actra_load_options *options,
                    actra_bytes **list) {
    *list = NULL;
    options->struct_size = sizeof *options;
    options->min_revision = PyLong_AsUnsignedLongLong(revision);
    if (PyErr_Occurred())
        return 0;
    if (keys != Py_None) {
        *list = keys_of(keys, &options->trusted_key_count);
        if (*list == NULL)
            return 0;
        options->trusted_keys = *list;
        options->flags = ACTRA_LOAD_TRUSTED_KEYS;
    }
    return 1;
}

static PyObject *load_with(PyObject *module, PyObject *args) {
    const char *bytes;
    Py_ssize_t len;
    PyObject *keys, *revision;
    actra_bytes *list = NULL;
    actra_load_options options = {0};
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#OO", &bytes, &len, &keys, &revision))
        return NULL;
    if (!load_options_of(keys, revision, &options, &list))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_load_with((const uint8_t *)bytes, (size_t)len, &options, &policy, &error);
    Py_END_ALLOW_THREADS
    PyMem_Free(list);
    return opened(module, status, policy, error);
}

static PyObject *run_tests(PyObject *module, PyObject *args) {
    const char *path, *filter;
    Py_ssize_t path_len, filter_len;
    actra_buffer *report = NULL;
    actra_error *error = NULL;
    actra_status status;
    (void)module;
    if (!PyArg_ParseTuple(args, "y#y#", &path, &path_len, &filter, &filter_len))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_tests_run(path, (size_t)path_len, filter, (size_t)filter_len, &report, &error);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? bytes_of(report) : failure(status, error);
}

static PyObject *version(PyObject *module, PyObject *nothing) {
    (void)module, (void)nothing;
    return PyUnicode_FromString(actra_version());
}

static void handle_dealloc(handle *self) {
    PyTypeObject *type = Py_TYPE(self);
    object_walker_end(&self->objects);
    walker_free(self->names);
    actra_policy_free(self->policy);
    Py_XDECREF(self->decision_type);
    Py_XDECREF(self->nothing);
    Py_XDECREF(self->templates);
    Py_XDECREF(self->slot_names);
    Py_XDECREF(self->missing);
    Py_XDECREF(self->finish);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* --- what a policy is --- */

typedef actra_status (*describe_function)(const actra_policy *, actra_buffer **);

static PyObject *describe(handle *self, describe_function function) {
    actra_buffer *buffer = NULL;
    actra_status status = function(self->policy, &buffer);
    return status == ACTRA_STATUS_OK ? bytes_of(buffer) : failure(status, NULL);
}

static PyObject *schema_json(handle *self, PyObject *nothing) {
    (void)nothing;
    return describe(self, actra_policy_schema_json);
}

static PyObject *rules_json(handle *self, PyObject *nothing) {
    (void)nothing;
    return describe(self, actra_policy_rules_json);
}

static PyObject *warnings_json(handle *self, PyObject *nothing) {
    (void)nothing;
    return describe(self, actra_policy_warnings_json);
}

static PyObject *artifact(handle *self, PyObject *nothing) {
    (void)nothing;
    return describe(self, actra_policy_to_artifact);
}

static PyObject *digest_of(handle *self,
                           actra_status (*function)(const actra_policy *, uint8_t (*)[32])) {
    uint8_t digest[32];
    actra_status status = function(self->policy, &digest);
    return status == ACTRA_STATUS_OK ? PyBytes_FromStringAndSize((const char *)digest, 32)
                                     : failure(status, NULL);
}

static PyObject *policy_hash(handle *self, PyObject *nothing) {
    (void)nothing;
    return digest_of(self, actra_policy_hash);
}

static PyObject *revision(handle *self, PyObject *nothing) {
    uint64_t number = 0;
    actra_status status = actra_policy_revision(self->policy, &number);
    (void)nothing;
    return status == ACTRA_STATUS_OK ? PyLong_FromUnsignedLongLong(number) : failure(status, NULL);
}

static PyObject *program_digest(handle *self, PyObject *nothing) {
    (void)nothing;
    return digest_of(self, actra_policy_digest);
}

/* --- texts in --- */

static PyObject *evaluate_text(handle *self, PyObject *args) {
    const char *text;
    Py_ssize_t len;
    unsigned int flags;
    actra_decision decision = actra_decision_empty();
    actra_buffer *json = NULL;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#I", &text, &len, &flags))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_evaluate_text(self->policy, text, (size_t)len, flags, &decision, &json,
                                        &error);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? bytes_of(json) : failure(status, error);
}

static PyObject *explain_text(handle *self, PyObject *args) {
    const char *text;
    Py_ssize_t len;
    unsigned int flags;
    actra_buffer *explanation = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "y#I", &text, &len, &flags))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_explain_text(self->policy, text, (size_t)len, flags, &explanation);
    Py_END_ALLOW_THREADS
    return status == ACTRA_STATUS_OK ? bytes_of(explanation) : failure(status, NULL);
}

/* evaluate_arrow(schema, array, flags, decisions_schema, decisions): addresses of Arrow's structs,
 * which the caller holds on to. None, or a failure. */
static PyObject *evaluate_arrow(handle *self, PyObject *args) {
    unsigned long long schema, array, decisions_schema, decisions;
    unsigned int flags;
    actra_error *error = NULL;
    actra_status status;
    if (!PyArg_ParseTuple(args, "KKIKK", &schema, &array, &flags, &decisions_schema, &decisions))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = actra_policy_evaluate_arrow(self->policy, (const struct ArrowSchema *)(uintptr_t)schema,
                                         (const struct ArrowArray *)(uintptr_t)array, flags,
                                         (struct ArrowSchema *)(uintptr_t)decisions_schema,
                                         (struct ArrowArray *)(uintptr_t)decisions, &error);
    Py_END_ALLOW_THREADS
    if (status != ACTRA_STATUS_OK)
        return failure(status, error);
    Py_RETURN_NONE;
}

/* --- deciding --- */

/* prepare(slots, texts, effects, default_effect, decision_type, templates, slot_names, finish):
 * once. */
static PyObject *prepare(handle *self, PyObject *args) {
    const char *slots, *texts, *effects;
    Py_ssize_t slots_len, texts_len, effects_len;
    unsigned int default_effect;
    PyObject *decision_type, *templates, *slot_names, *finish;
    const Py_ssize_t slot_len = (Py_ssize_t)sizeof(walker_slot);
    if (!PyArg_ParseTuple(args, "y#y#y#IOOOO", &slots, &slots_len, &texts, &texts_len, &effects,
                          &effects_len, &default_effect, &decision_type, &templates, &slot_names,
                          &finish))
        return NULL;
    if (self->names != NULL || slots_len % slot_len != 0 || !PyType_Check(decision_type) ||
        !PyTuple_Check(templates) || PyTuple_Size(templates) != effects_len + 1 ||
        !PyTuple_Check(slot_names) || PyTuple_Size(slot_names) != slots_len / slot_len) {
        PyErr_SetString(PyExc_ValueError, "prepare takes what the policy has, once");
        return NULL;
    }
    size_t slot_count = (size_t)(slots_len / slot_len);
    walker *names =
        walker_new(self->policy, (const walker_slot *)slots, slot_count, texts, (size_t)texts_len,
                   (const uint8_t *)effects, (size_t)effects_len, default_effect);
    if (names == NULL) {
        PyErr_SetString(PyExc_ValueError, "the schema does not describe the policy's slots");
        return NULL;
    }
    if (!object_walker_begin(&self->objects, names)) {
        object_walker_end(&self->objects);
        walker_free(names);
        return NULL;
    }
    self->nothing = PyTuple_New(0);
    self->missing = PyUnicode_InternFromString("missing");
    if (self->nothing == NULL || self->missing == NULL) {
        Py_CLEAR(self->nothing);
        Py_CLEAR(self->missing);
        object_walker_end(&self->objects);
        walker_free(names);
        return NULL;
    }
    self->names = names;
    self->decision_type = Py_NewRef(decision_type);
    self->make = (newfunc)PyType_GetSlot((PyTypeObject *)decision_type, Py_tp_new);
    self->templates = Py_NewRef(templates);
    self->slot_names = Py_NewRef(slot_names);
    self->finish = Py_NewRef(finish);
    Py_RETURN_NONE;
}

static int is_prepared(handle *self) {
    if (self->names == NULL)
        PyErr_SetString(PyExc_ValueError, "prepare comes first");
    return self->names != NULL;
}

/* A decision, or NULL with an exception, or None where there is none. */
static inline PyObject *decide_one(handle *self, PyObject *context) {
    walker_outcome outcome;
    PyObject *answer;
    object_decide(&self->objects, context, 0, &outcome);
    /* The rule says all, so that there is nothing to free. */
    if (outcome.kind == OUTCOME_SIMPLE)
        return decision_of(self, &outcome);
    if (outcome.kind == OUTCOME_FULL)
        answer = decision_of(self, &outcome);
    else if (outcome.kind == OUTCOME_NO_MEMORY)
        answer = PyErr_NoMemory();
    else
        answer = Py_NewRef(Py_None);
    walker_outcome_free(&outcome);
    return answer;
}

static PyObject *decide(handle *self, PyObject *context) {
    return is_prepared(self) ? decide_one(self, context) : NULL;
}

int handle_check(PyObject *object) {
    /* No other type has this, since nothing can inherit from it. */
    return PyType_GetSlot(Py_TYPE(object), Py_tp_dealloc) == (void *)handle_dealloc;
}

PyObject *handle_decide(PyObject *self, PyObject *context) {
    return decide((handle *)self, context);
}

/* (answers, how many of them are None). */
static PyObject *decide_many(handle *self, PyObject *contexts) {
    if (!is_prepared(self))
        return NULL;
    if (!PyList_Check(contexts)) {
        PyErr_SetString(PyExc_TypeError, "decide_many takes a list");
        return NULL;
    }
    PyObject *answers = PyList_New(0);
    Py_ssize_t undecided = 0;
    /* Making a decision may run code that changes the list: its length is asked each time. */
    for (Py_ssize_t at = 0; answers != NULL && at < PyList_Size(contexts); at++) {
        PyObject *context = Py_XNewRef(PyList_GetItem(contexts, at));
        PyObject *answer = context == NULL ? NULL : decide_one(self, context);
        undecided += answer == Py_None;
        if (answer == NULL || PyList_Append(answers, answer) < 0)
            Py_CLEAR(answers);
        Py_XDECREF(answer);
        Py_XDECREF(context);
    }
    return answers == NULL ? NULL : Py_BuildValue("(Nn)", answers, undecided);
}

/* Of what Python made plain: a decision, or (status, input error, field). */
static PyObject *decide_plain(handle *self, PyObject *context) {
    walker_outcome outcome;
    PyObject *answer;
    if (!is_prepared(self))
        return NULL;
    object_decide(&self->objects, context, 1, &outcome);
    switch (outcome.kind) {
    case OUTCOME_SIMPLE:
    case OUTCOME_FULL:
        answer = decision_of(self, &outcome);
        break;
    case OUTCOME_NO_MEMORY:
        answer = PyErr_NoMemory();
        break;
    case OUTCOME_NOT_PLAIN:
        answer = Py_BuildValue("(IIz)", ACTRA_STATUS_INVALID_ARGUMENT, 0, NULL);
        break;
    default:
        answer = Py_BuildValue("(IIz#)", outcome.status, outcome.input_error, outcome.field,
                               (Py_ssize_t)outcome.field_len);
    }
    walker_outcome_free(&outcome);
    return answer;
}

/* --- the module --- */

#define METHOD(name, flags) {#name, (PyCFunction)(void (*)(void))name, flags, NULL}

static PyMethodDef handle_methods[] = {
    METHOD(schema_json, METH_NOARGS),
    METHOD(rules_json, METH_NOARGS),
    METHOD(warnings_json, METH_NOARGS),
    METHOD(artifact, METH_NOARGS),
    METHOD(policy_hash, METH_NOARGS),
    METHOD(program_digest, METH_NOARGS),
    METHOD(revision, METH_NOARGS),
    METHOD(evaluate_text, METH_VARARGS),
    METHOD(explain_text, METH_VARARGS),
    METHOD(evaluate_arrow, METH_VARARGS),
    {"ask", handle_ask, METH_VARARGS, NULL},
    METHOD(prepare, METH_VARARGS),
    METHOD(decide, METH_O),
    METHOD(decide_many, METH_O),
    METHOD(decide_plain, METH_O),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot handle_slots[] = {
    {Py_tp_dealloc, (void *)handle_dealloc},
    {Py_tp_methods, handle_methods},
    {Py_tp_doc, "A policy of the library's."},
    {0, NULL},
};

static PyType_Spec handle_spec = {
    .name = "actra._native.Handle",
    .basicsize = sizeof(handle),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = handle_slots,
};

static PyMethodDef module_methods[] = {
    METHOD(compile_strings, METH_VARARGS),
    METHOD(compile_files, METH_VARARGS),
    METHOD(compile_directory, METH_VARARGS),
    METHOD(load, METH_VARARGS),
    METHOD(load_with, METH_VARARGS),
    METHOD(run_tests, METH_VARARGS),
    METHOD(version, METH_NOARGS),
    {NULL, NULL, 0, NULL},
};

static int module_exec(PyObject *module) {
    module_state *state = PyModule_GetState(module);
    if (actra_abi_version() != ACTRA_ABI_VERSION) {
        PyErr_Format(PyExc_ImportError, "libactra has ABI version %u, and this extension wants %u",
                     actra_abi_version(), (unsigned int)ACTRA_ABI_VERSION);
        return -1;
    }
    state->handle_type = PyType_FromModuleAndSpec(module, &handle_spec, NULL);
    if (state->handle_type == NULL)
        return -1;
    if (PyModule_AddFunctions(module, capsule_methods) < 0 ||
        PyModule_AddFunctions(module, store_methods) < 0 ||
        PyModule_AddFunctions(module, log_methods) < 0)
        return -1;
    PyObject *base = base_type(module);
    int added = base == NULL ? -1 : PyModule_AddObjectRef(module, "Base", base);
    Py_XDECREF(base);
    return added;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    module_state *state = PyModule_GetState(module);
    Py_VISIT(state->handle_type);
    return 0;
}

static int module_clear(PyObject *module) {
    module_state *state = PyModule_GetState(module);
    Py_CLEAR(state->handle_type);
    return 0;
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, (void *)module_exec},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "actra._native",
    .m_size = sizeof(module_state),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModuleDef_Init(&module_definition); }
