/* Arrow's structs in capsules, as its PyCapsule interface names them; and batches of ours, which
 * streams and schemas that are handed on refer to. A capsule's struct is released where nobody has
 * taken it. */

#define PY_SSIZE_T_CLEAN
#include "capsules.h"

#include "arrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BATCH "actra.arrow_batch"
#define SCHEMA "arrow_schema"
#define ARRAY "arrow_array"
#define STREAM "arrow_array_stream"

static void drop_batch(PyObject *capsule) {
    arrow_batch *batch = PyCapsule_GetPointer(capsule, BATCH);
    if (batch != NULL)
        arrow_batch_drop(batch);
}

static void drop_schema(PyObject *capsule) {
    struct ArrowSchema *schema = PyCapsule_GetPointer(capsule, SCHEMA);
    if (schema != NULL && schema->release != NULL)
        schema->release(schema);
    free(schema);
}

static void drop_stream(PyObject *capsule) {
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM);
    if (stream != NULL && stream->release != NULL)
        stream->release(stream);
    free(stream);
}

static PyObject *new_batch(PyObject *module, PyObject *nothing) {
    (void)module;
    (void)nothing;
    arrow_batch *batch = arrow_batch_new();
    if (batch == NULL)
        return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(batch, BATCH, drop_batch);
    if (capsule == NULL)
        arrow_batch_drop(batch);
    return capsule;
}

/* Gives a batch that has a schema only an array without rows; False: the schema is none. */
static PyObject *make_rowless(PyObject *module, PyObject *capsule) {
    (void)module;
    arrow_batch *batch = PyCapsule_GetPointer(capsule, BATCH);
    if (batch == NULL)
        return NULL;
    if (batch->schema.release == NULL || batch->array.release != NULL)
        return PyBool_FromLong(0);
    switch (arrow_rowless(batch)) {
    case 0:
        return PyBool_FromLong(1);
    case ENOMEM:
        return PyErr_NoMemory();
    default:
        return PyBool_FromLong(0);
    }
}

/* The addresses of a batch's schema and array. */
static PyObject *batch_addresses(PyObject *module, PyObject *capsule) {
    (void)module;
    arrow_batch *batch = PyCapsule_GetPointer(capsule, BATCH);
    if (batch == NULL)
        return NULL;
    return Py_BuildValue("(KK)", (unsigned long long)(uintptr_t)&batch->schema,
                         (unsigned long long)(uintptr_t)&batch->array);
}

static PyObject *batch_rows(PyObject *module, PyObject *capsule) {
    (void)module;
    arrow_batch *batch = PyCapsule_GetPointer(capsule, BATCH);
    return batch == NULL ? NULL : PyLong_FromLongLong(batch->array.length);
}

/* The addresses of a schema and an array in capsules of somebody's. */
static PyObject *array_addresses(PyObject *module, PyObject *args) {
    PyObject *schema, *array;
    (void)module;
    if (!PyArg_ParseTuple(args, "OO", &schema, &array))
        return NULL;
    void *of_schema = PyCapsule_GetPointer(schema, SCHEMA);
    void *of_array = of_schema == NULL ? NULL : PyCapsule_GetPointer(array, ARRAY);
    if (of_array == NULL)
        return NULL;
    return Py_BuildValue("(KK)", (unsigned long long)(uintptr_t)of_schema,
                         (unsigned long long)(uintptr_t)of_array);
}

/* Reads a stream's schema (0) or next array (1) into a batch. None; or what is wrong, as text. */
static PyObject *stream_read(PyObject *module, PyObject *args) {
    PyObject *of, *into;
    int what, status;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOi", &of, &into, &what))
        return NULL;
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(of, STREAM);
    arrow_batch *batch = stream == NULL ? NULL : PyCapsule_GetPointer(into, BATCH);
    if (batch == NULL)
        return NULL;
    if (stream->release == NULL)
        return PyUnicode_FromString("somebody has taken it already");
    /* Whoever makes the stream may wait for other threads. `args` holds both capsules. */
    Py_BEGIN_ALLOW_THREADS
    status = what == 0 ? stream->get_schema(stream, &batch->schema)
                       : stream->get_next(stream, &batch->array);
    Py_END_ALLOW_THREADS
    if (status == 0)
        Py_RETURN_NONE;
    const char *why = stream->get_last_error(stream);
    if (why == NULL)
        return PyUnicode_FromFormat("error %d", status);
    return PyUnicode_DecodeUTF8(why, (Py_ssize_t)strlen(why), "replace");
}

/* Whether there is an array in the batch: at the end of a stream there is none. */
static PyObject *batch_is_there(PyObject *module, PyObject *capsule) {
    (void)module;
    arrow_batch *batch = PyCapsule_GetPointer(capsule, BATCH);
    return batch == NULL ? NULL : PyBool_FromLong(batch->array.release != NULL);
}

/* --- out --- */

static PyObject *new_schema(PyObject *module, PyObject *of) {
    (void)module;
    arrow_batch *batch = PyCapsule_GetPointer(of, BATCH);
    if (batch == NULL)
        return NULL;
    struct ArrowSchema *schema = calloc(1, sizeof *schema);
    if (schema == NULL || arrow_share_schema(batch, schema) != 0) {
        free(schema);
        return PyErr_NoMemory();
    }
    PyObject *capsule = PyCapsule_New(schema, SCHEMA, drop_schema);
    if (capsule == NULL) {
        schema->release(schema);
        free(schema);
    }
    return capsule;
}

/* A stream of a tuple of batches. */
static PyObject *new_stream(PyObject *module, PyObject *of) {
    (void)module;
    Py_ssize_t count = PyTuple_Size(of);
    if (count < 1)
        return count < 0 ? NULL : PyErr_Format(PyExc_ValueError, "a stream has a batch at least");
    arrow_batch **batches = calloc((size_t)count, sizeof *batches);
    struct ArrowArrayStream *stream = calloc(1, sizeof *stream);
    PyObject *capsule = NULL;
    if (batches == NULL || stream == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t at = 0; at < count; at++) {
        batches[at] = PyCapsule_GetPointer(PyTuple_GetItem(of, at), BATCH);
        if (batches[at] == NULL)
            goto done;
    }
    if (arrow_stream(batches, (size_t)count, stream) != 0) {
        PyErr_NoMemory();
        goto done;
    }
    capsule = PyCapsule_New(stream, STREAM, drop_stream);
    if (capsule == NULL)
        stream->release(stream);
    else
        stream = NULL;
done:
    free(batches);
    free(stream);
    return capsule;
}

/* A column of an answer: strings and None. Codes are 8 or 32 bits wide, as libactra makes them. */
static PyObject *batch_texts(PyObject *module, PyObject *args) {
    PyObject *of;
    Py_ssize_t index;
    (void)module;
    if (!PyArg_ParseTuple(args, "On", &of, &index))
        return NULL;
    arrow_batch *batch = PyCapsule_GetPointer(of, BATCH);
    if (batch == NULL)
        return NULL;
    if (index < 0 || index >= batch->array.n_children)
        return PyErr_Format(PyExc_IndexError, "there is no such column");
    const struct ArrowArray *column = batch->array.children[index];
    int is_small = batch->schema.children[index]->format[0] == 'c';
    const uint8_t *valid = column->buffers[0];
    const int32_t *ends = column->dictionary->buffers[1];
    const char *bytes = column->dictionary->buffers[2];
    /* Of the values, those that occur. */
    PyObject **values = calloc((size_t)column->dictionary->length + 1, sizeof *values);
    PyObject *list = values == NULL ? PyErr_NoMemory() : PyList_New((Py_ssize_t)column->length);
    for (int64_t row = 0; list != NULL && row < column->length; row++) {
        PyObject *value = Py_None;
        if (valid == NULL || (valid[row / 8] >> (row % 8) & 1)) {
            int32_t code = is_small ? ((const int8_t *)column->buffers[1])[row]
                                    : ((const int32_t *)column->buffers[1])[row];
            if (values[code] == NULL)
                values[code] = PyUnicode_DecodeUTF8(bytes + ends[code],
                                                    ends[code + 1] - ends[code], NULL);
            value = values[code];
        }
        if (value == NULL) {
            Py_CLEAR(list);
            break;
        }
        Py_INCREF(value);
        PyList_SetItem(list, (Py_ssize_t)row, value);
    }
    for (int64_t code = 0; values != NULL && code < column->dictionary->length; code++)
        Py_XDECREF(values[code]);
    free(values);
    return list;
}

PyMethodDef capsule_methods[] = {
    {"arrow_new_batch", new_batch, METH_NOARGS, NULL},
    {"arrow_make_rowless", make_rowless, METH_O, NULL},
    {"arrow_batch_addresses", batch_addresses, METH_O, NULL},
    {"arrow_batch_is_there", batch_is_there, METH_O, NULL},
    {"arrow_batch_rows", batch_rows, METH_O, NULL},
    {"arrow_batch_texts", batch_texts, METH_VARARGS, NULL},
    {"arrow_array_addresses", array_addresses, METH_VARARGS, NULL},
    {"arrow_stream_read", stream_read, METH_VARARGS, NULL},
    {"arrow_new_schema", new_schema, METH_O, NULL},
    {"arrow_new_stream", new_stream, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
