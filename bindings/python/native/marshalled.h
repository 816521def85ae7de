#ifndef ACTRA_PYTHON_MARSHALLED_H
#define ACTRA_PYTHON_MARSHALLED_H

#include "walker.h"

/* Decides an evaluation context as `marshal.dumps(context, 4)` writes it (versions 2 to 4 are
 * read). Gives the rule's index; -1 where the default decided; -2 where `outcome` has more to say:
 * it is then to be freed with walker_outcome_free. */
int64_t marshalled_decide(const walker *names, const char *bytes, size_t len, int is_trusted,
                          walker_outcome *outcome);

#endif
