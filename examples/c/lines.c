#define _POSIX_C_SOURCE 200809L
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 64 * 1024 };

void lines_open(struct lines *lines, int descriptor, size_t limit) {
    memset(lines, 0, sizeof *lines);
    lines->descriptor = descriptor;
    lines->limit = limit;
}

void lines_close(struct lines *lines) {
    free(lines->buffer);
    lines->buffer = NULL;
}

bool lines_ready(const struct lines *lines) {
    const size_t pending = lines->end - lines->start;
    return pending != 0 && memchr(lines->buffer + lines->start, '\n', pending) != NULL;
}

/* Gives out what stands before the newline at `at`, or before the end. */
static enum line_kind give(struct lines *lines, size_t at, struct line *line) {
    const bool is_whole = !lines->is_skipping && at - lines->start <= lines->limit;
    line->text = lines->buffer + lines->start;
    line->len = at - lines->start;
    lines->start = at < lines->end ? at + 1 : at;
    lines->searched = lines->start;
    lines->is_skipping = false;
    return is_whole ? LINE_READ : LINE_TOO_LONG;
}

/* Makes room for more of a line that is not whole yet. */
static bool make_room(struct lines *lines) {
    if (lines->end - lines->start > lines->limit) {
        /* It is too long already: what is there is of no use. */
        lines->is_skipping = true;
        lines->start = lines->searched = lines->end = 0;
    }
    if (lines->start != 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->searched -= lines->start;
        lines->start = 0;
    }
    if (lines->end == lines->capacity) {
        const size_t capacity = lines->capacity == 0 ? FIRST_CAPACITY : 2 * lines->capacity;
        char *buffer = realloc(lines->buffer, capacity);
        if (buffer == NULL) {
            return false;
        }
        lines->buffer = buffer;
        lines->capacity = capacity;
    }
    return true;
}

/* Whether a signal came that is let through while waiting. */
static bool is_signal_pending(const sigset_t *while_waiting) {
    sigset_t pending;
    if (sigpending(&pending) != 0) {
        return false;
    }
    for (int number = 1; number < 32; number++) {
        if (sigismember(&pending, number) == 1 && sigismember(while_waiting, number) == 0) {
            return true;
        }
    }
    return false;
}

/* Waits until there is something to read: `LINE_READ`, or what came instead. */
static enum line_kind wait_for_input(const struct lines *lines, const sigset_t *while_waiting) {
    /* Where there always is something to read, `pselect` lets no signal through. */
    if (is_signal_pending(while_waiting)) {
        sigsuspend(while_waiting);
        return LINE_SIGNAL;
    }
    fd_set set;
    FD_ZERO(&set);
    FD_SET(lines->descriptor, &set);
    if (pselect(lines->descriptor + 1, &set, NULL, NULL, NULL, while_waiting) >= 0) {
        return LINE_READ;
    }
    return errno == EINTR ? LINE_SIGNAL : LINE_FAILED;
}

enum line_kind lines_next(struct lines *lines, const sigset_t *while_waiting, struct line *line) {
    for (;;) {
        const size_t unseen = lines->end - lines->searched;
        const char *newline =
            unseen == 0 ? NULL : memchr(lines->buffer + lines->searched, '\n', unseen);
        if (newline != NULL) {
            return give(lines, (size_t)(newline - lines->buffer), line);
        }
        lines->searched = lines->end;
        if (lines->is_at_end) {
            const bool is_rest = lines->end != lines->start || lines->is_skipping;
            return is_rest ? give(lines, lines->end, line) : LINE_END;
        }
        if (!make_room(lines)) {
            return LINE_OUT_OF_MEMORY;
        }
        const enum line_kind waited = wait_for_input(lines, while_waiting);
        if (waited != LINE_READ) {
            return waited;
        }
        const ssize_t count =
            read(lines->descriptor, lines->buffer + lines->end, lines->capacity - lines->end);
        if (count == 0) {
            lines->is_at_end = true;
        } else if (count > 0) {
            lines->end += (size_t)count;
        } else if (errno != EINTR && errno != EAGAIN) {
            return LINE_FAILED;
        }
    }
}
