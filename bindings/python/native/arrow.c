#include "arrow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

arrow_batch *arrow_batch_new(void) {
    arrow_batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL)
        batch->references = 1;
    return batch;
}

static arrow_batch *held(arrow_batch *batch) {
    __atomic_add_fetch(&batch->references, 1, __ATOMIC_RELAXED);
    return batch;
}

void arrow_batch_drop(arrow_batch *batch) {
    if (__atomic_sub_fetch(&batch->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (batch->array.release != NULL)
        batch->array.release(&batch->array);
    if (batch->schema.release != NULL)
        batch->schema.release(&batch->schema);
    free(batch);
}

/* --- a batch without rows --- */

/* Schemas nest no deeper than inputs do. */
#define MOST_LEVELS 64

static void release_rowless(struct ArrowArray *array) {
    for (int64_t at = 0; at < array->n_children; at++) {
        struct ArrowArray *child = array->children[at];
        if (child != NULL && child->release != NULL)
            child->release(child);
        free(child);
    }
    free(array->children);
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    free(array->dictionary);
    array->release = NULL;
}

/* How many buffers an array of that format has. */
static int64_t buffers_of(const struct ArrowSchema *schema) {
    const char *format = schema->format;
    if (schema->dictionary != NULL)
        return 2;
    if (strcmp(format, "n") == 0 || strncmp(format, "+r", 2) == 0)
        return 0;
    if (strcmp(format, "+s") == 0 || strncmp(format, "+w", 2) == 0 || strncmp(format, "+us", 3) == 0)
        return 1;
    if (format[0] == 'u' || format[0] == 'U' || format[0] == 'z' || format[0] == 'Z' ||
        format[0] == 'v' || strncmp(format, "+vl", 3) == 0 || strncmp(format, "+vL", 3) == 0)
        return 3;
    return 2;
}

static int rowless(const struct ArrowSchema *schema, struct ArrowArray *out, int levels) {
    /* An offset is zero, and nothing else is read. */
    static const int64_t zeros[8];
    static const void *buffers[] = {NULL, zeros, zeros};
    memset(out, 0, sizeof *out);
    if (levels == 0 || schema->format == NULL || schema->n_children < 0 ||
        (schema->n_children > 0 && schema->children == NULL))
        return EINVAL;
    out->release = release_rowless;
    out->n_buffers = buffers_of(schema);
    out->buffers = buffers;
    int status = 0;
    if (schema->n_children > 0) {
        out->children = calloc((size_t)schema->n_children, sizeof *out->children);
        status = out->children == NULL ? ENOMEM : 0;
        out->n_children = status == 0 ? schema->n_children : 0;
    }
    for (int64_t at = 0; at < out->n_children && status == 0; at++) {
        out->children[at] = calloc(1, sizeof **out->children);
        if (out->children[at] == NULL)
            status = ENOMEM;
        else
            status = schema->children[at] == NULL
                         ? EINVAL
                         : rowless(schema->children[at], out->children[at], levels - 1);
    }
    if (schema->dictionary != NULL && status == 0) {
        out->dictionary = calloc(1, sizeof *out->dictionary);
        status = out->dictionary == NULL ? ENOMEM
                                         : rowless(schema->dictionary, out->dictionary, levels - 1);
    }
    if (status != 0)
        release_rowless(out);
    return status;
}

int arrow_rowless(arrow_batch *batch) {
    return rowless(&batch->schema, &batch->array, MOST_LEVELS);
}

/* --- sharing --- */

/* What an array or a schema that is shared owns: each has a reference of its own, since it may be
 * moved away from its parent. */
typedef struct {
    arrow_batch *batch;
    void *children[];
} share;

static share *share_new(arrow_batch *batch, int64_t children) {
    share *owner = calloc(1, sizeof *owner + (size_t)children * sizeof(void *));
    if (owner != NULL)
        owner->batch = held(batch);
    return owner;
}

static void release_shared_array(struct ArrowArray *array) {
    share *owner = array->private_data;
    for (int64_t at = 0; at < array->n_children; at++) {
        struct ArrowArray *child = owner->children[at];
        if (child != NULL && child->release != NULL)
            child->release(child);
        free(child);
    }
    if (array->dictionary != NULL && array->dictionary->release != NULL)
        array->dictionary->release(array->dictionary);
    free(array->dictionary);
    arrow_batch_drop(owner->batch);
    free(owner);
    array->release = NULL;
}

static int share_array(arrow_batch *batch, const struct ArrowArray *from, struct ArrowArray *out) {
    share *owner = share_new(batch, from->n_children);
    int failed = owner == NULL;
    out->release = NULL;
    if (failed)
        return ENOMEM;
    *out = *from;
    out->private_data = owner;
    out->release = release_shared_array;
    out->children = (struct ArrowArray **)owner->children;
    out->dictionary = NULL;
    for (int64_t at = 0; at < from->n_children && !failed; at++) {
        struct ArrowArray *child = calloc(1, sizeof *child);
        owner->children[at] = child;
        failed = child == NULL || share_array(batch, from->children[at], child) != 0;
    }
    if (!failed && from->dictionary != NULL) {
        out->dictionary = calloc(1, sizeof *out->dictionary);
        failed = out->dictionary == NULL || share_array(batch, from->dictionary, out->dictionary) != 0;
    }
    if (failed)
        release_shared_array(out);
    return failed ? ENOMEM : 0;
}

static void release_shared_schema(struct ArrowSchema *schema) {
    share *owner = schema->private_data;
    for (int64_t at = 0; at < schema->n_children; at++) {
        struct ArrowSchema *child = owner->children[at];
        if (child != NULL && child->release != NULL)
            child->release(child);
        free(child);
    }
    if (schema->dictionary != NULL && schema->dictionary->release != NULL)
        schema->dictionary->release(schema->dictionary);
    free(schema->dictionary);
    arrow_batch_drop(owner->batch);
    free(owner);
    schema->release = NULL;
}

static int share_schema(arrow_batch *batch, const struct ArrowSchema *from,
                        struct ArrowSchema *out) {
    share *owner = share_new(batch, from->n_children);
    int failed = owner == NULL;
    out->release = NULL;
    if (failed)
        return ENOMEM;
    *out = *from;
    out->private_data = owner;
    out->release = release_shared_schema;
    out->children = (struct ArrowSchema **)owner->children;
    out->dictionary = NULL;
    for (int64_t at = 0; at < from->n_children && !failed; at++) {
        struct ArrowSchema *child = calloc(1, sizeof *child);
        owner->children[at] = child;
        failed = child == NULL || share_schema(batch, from->children[at], child) != 0;
    }
    if (!failed && from->dictionary != NULL) {
        out->dictionary = calloc(1, sizeof *out->dictionary);
        failed =
            out->dictionary == NULL || share_schema(batch, from->dictionary, out->dictionary) != 0;
    }
    if (failed)
        release_shared_schema(out);
    return failed ? ENOMEM : 0;
}

int arrow_share_schema(arrow_batch *batch, struct ArrowSchema *out) {
    return share_schema(batch, &batch->schema, out);
}

/* --- streams --- */

typedef struct {
    size_t count;
    size_t next;
    arrow_batch *batches[];
} stream;

static int stream_schema(struct ArrowArrayStream *of, struct ArrowSchema *out) {
    stream *self = of->private_data;
    return arrow_share_schema(self->batches[0], out);
}

static int stream_next(struct ArrowArrayStream *of, struct ArrowArray *out) {
    stream *self = of->private_data;
    if (self->next == self->count) {
        memset(out, 0, sizeof *out);
        return 0;
    }
    int status = share_array(self->batches[self->next], &self->batches[self->next]->array, out);
    if (status == 0)
        self->next++;
    return status;
}

static const char *stream_error(struct ArrowArrayStream *of) {
    (void)of;
    return "out of memory";
}

static void stream_release(struct ArrowArrayStream *of) {
    stream *self = of->private_data;
    for (size_t at = 0; at < self->count; at++)
        arrow_batch_drop(self->batches[at]);
    free(self);
    of->release = NULL;
}

int arrow_stream(arrow_batch *const *batches, size_t count, struct ArrowArrayStream *out) {
    stream *self = malloc(sizeof *self + count * sizeof(arrow_batch *));
    if (self == NULL)
        return ENOMEM;
    self->count = count;
    self->next = 0;
    for (size_t at = 0; at < count; at++)
        self->batches[at] = held(batches[at]);
    *out = (struct ArrowArrayStream){.get_schema = stream_schema,
                                     .get_next = stream_next,
                                     .get_last_error = stream_error,
                                     .release = stream_release,
                                     .private_data = self};
    return 0;
}
