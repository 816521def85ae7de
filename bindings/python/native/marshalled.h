#ifndef ACTRA_PYTHON_MARSHALLED_H
#define ACTRA_PYTHON_MARSHALLED_H

#include "walker.h"

/* In the place of a rule's index: there is more to say, or no decision. */
#define MARSHALLED_MORE (-2)

/* Decides an evaluation context as `marshal.dumps(context, 4)` writes it (versions 2 to 4 are
 * read). Gives the rule's index; -1 where the default decided; MARSHALLED_MORE: see `outcome`, which
 * is then to be freed with walker_outcome_free, unless it is NULL. */
int64_t marshalled_decide(const walker *names, const char *bytes, size_t len, int is_trusted,
                          walker_outcome *outcome);

/* The same of values that nobody has made plain, where a rule says all: with as few arguments as
 * there can be, since each costs its conversion. */
int64_t marshalled_try(const walker *names, const char *bytes, size_t len);

/* The same of a list of `count` contexts: `rules[at]` is what marshalled_decide would give for each,
 * and `outcomes[at]` what it would say, to be freed. An outcome that is OUTCOME_NOT_PLAIN says nothing
 * of its context, which is to be tried alone. */
void marshalled_decide_many(const walker *names, const char *bytes, size_t len, int64_t *rules,
                            walker_outcome *outcomes, size_t count);

#endif
