/* Arrow's arrays and streams, held and handed on: plain C. */
#ifndef ACTRA_PYTHON_ARROW_H
#define ACTRA_PYTHON_ARROW_H

#include "actra.h"

/* As the specification has it, unless it is there already. */
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* A batch, which may be handed on any number of times: it is released when the last one is. */
typedef struct {
    long references;
    struct ArrowSchema schema;
    struct ArrowArray array;
} arrow_batch;

/* An empty one, with one reference; NULL: there is no memory. */
arrow_batch *arrow_batch_new(void);
void arrow_batch_drop(arrow_batch *batch);

/* Makes an array without rows of the batch's schema. 0, ENOMEM, or EINVAL: the schema is none. */
int arrow_rowless(arrow_batch *batch);

/* What is shared with a batch, which it holds on to. 0, or ENOMEM. */
int arrow_share_schema(arrow_batch *batch, struct ArrowSchema *out);

/* A stream of batches of one schema, of which there is at least one. 0, or ENOMEM. */
int arrow_stream(arrow_batch *const *batches, size_t count, struct ArrowArrayStream *out);

#endif
