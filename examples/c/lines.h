/* Lines from a file descriptor, of any length and up to a limit, without missing a signal. */
#ifndef LINES_H
#define LINES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum line_kind {
    LINE_READ,        /* a line, without its newline; the last one need not have one */
    LINE_TOO_LONG,    /* a line over the limit, which was skipped */
    LINE_SIGNAL,      /* a signal came, and no line has been taken */
    LINE_END,         /* there are no more lines */
    LINE_FAILED,      /* errno says why */
    LINE_OUT_OF_MEMORY
};

struct lines {
    int descriptor;
    size_t limit;
    char *buffer;
    size_t capacity;
    size_t start; /* of what has not been given out yet */
    size_t searched;
    size_t end;
    bool is_skipping;
    bool is_at_end;
};

struct line {
    const char *text; /* good until the next call */
    size_t len;
};

void lines_open(struct lines *lines, int descriptor, size_t limit);
void lines_close(struct lines *lines);

/* Whether the next line is there already, so that nothing has to be waited for. */
bool lines_ready(const struct lines *lines);

/* The next line. Signals that are blocked, and that `while_waiting` lets through, come here only: so
 * none is missed between asking whether one came and waiting for input. */
enum line_kind lines_next(struct lines *lines, const sigset_t *while_waiting, struct line *line);

#endif
