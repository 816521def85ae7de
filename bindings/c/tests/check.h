/* What tests in C and C++ say when something does not hold: the place and the text. */
#ifndef ACTRA_TESTS_CHECK_H
#define ACTRA_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

static int checks_made = 0;

#define CHECK(condition)                                                              \
    do {                                                                              \
        checks_made++;                                                                \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

#endif
