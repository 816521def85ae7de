#ifndef ACTRA_PYTHON_MARSHALLED_H
#define ACTRA_PYTHON_MARSHALLED_H

#include "walker.h"

/* Decides an evaluation context as `marshal.dumps(context, 4)` writes it (versions 2 to 4 are
 * read). Gives the rule's index; -1 where the default decided; -2 where there is more to say: in
 * `outcome`, which is then to be freed with walker_outcome_free, unless it is NULL. */
int64_t marshalled_decide(const walker *names, const char *bytes, size_t len, int is_trusted,
                          walker_outcome *outcome);

/* The same of values that nobody has made plain, where a rule says all: with as few arguments as
 * there can be, since each costs its conversion. */
int64_t marshalled_try(const walker *names, const char *bytes, size_t len);

#endif
