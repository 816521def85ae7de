/* What the test programs share: checks that are counted, and told where they fail. The programs are
 * C11 and C++17 at once. */
#ifndef CHECK_H
#define CHECK_H

#include "actra.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long checks_passed, checks_failed;

/* Tells of the first failures; one mistake fails many checks. */
static inline int check_that(int holds, const char *what, const char *detail, int line) {
    if (holds) {
        checks_passed++;
    } else if (++checks_failed <= 40) {
        fprintf(stderr, "line %d: %s: %s\n", line, detail, what);
    }
    return holds;
}

#define CHECK(condition) check_that((condition) != 0, #condition, __func__, __LINE__)
/* With a word on which case of a loop or a table it is. */
#define CHECK_CASE(condition, detail) check_that((condition) != 0, #condition, detail, __LINE__)

static inline int check_status(actra_status found, actra_status expected, const char *call,
                               const char *detail, int line) {
    char what[512];
    const char *name = actra_status_name(found);
    snprintf(what, sizeof what, "%s gives %s, not %s", call, name == NULL ? "no status" : name,
             actra_status_name(expected));
    return check_that(found == expected, what, detail, line);
}

#define CHECK_STATUS(call, expected) check_status((call), (expected), #call, __func__, __LINE__)
#define CHECK_STATUS_CASE(call, expected, detail) \
    check_status((call), (expected), #call, detail, __LINE__)

/* What cannot go on: a fixture that is not there, memory that runs out. */
static inline void give_up(const char *what) {
    fprintf(stderr, "cannot go on: %s\n", what);
    exit(2);
}

static inline void *room_for(size_t bytes) {
    void *room = malloc(bytes == 0 ? 1 : bytes);
    if (room == NULL) {
        give_up("out of memory");
    }
    return room;
}

/* The last line, and the program's status. A program that checked less than it should has failed:
 * it skipped something. */
static inline int checks_end(const char *program, unsigned long at_least) {
    if (checks_passed + checks_failed < at_least) {
        fprintf(stderr, "%s: %lu checks, and there should be %lu or more\n", program,
                checks_passed + checks_failed, at_least);
        return 1;
    }
    printf("%s: %lu passed, %lu failed\n", program, checks_passed, checks_failed);
    return checks_failed == 0 ? 0 : 1;
}

#endif
