/* How to put a new policy in the place of an old one while threads decide by it. Copy this.
 *
 * What does not work is an atomic pointer to the policy, and nothing else:
 *
 *     const actra_policy *policy = atomic_load(&current);
 *     ... here another thread may replace the policy and free the old one, and with it the last
 *     reference ...
 *     actra_policy_retain(policy);                  // of memory that is gone
 *
 * Loading the pointer and taking the reference must be one step. Here a mutex makes them one; it is
 * held for as long as it takes to count a reference, never while anything is decided.
 *
 *   holder_acquire      gives a reference to the current policy. Free it after the decision, and
 *                       after the decision's strings have been read, which belong to the policy.
 *   holder_publish      makes a policy the current one. It takes over the caller's reference, and
 *                       gives back the one to the policy before; that lives on for as long as
 *                       somebody holds it.
 *
 * Threads that decide often need not take the mutex each time. A reader keeps a reference of its
 * own, and asks by one atomic load whether there is a newer policy:
 *
 *   reader_current      the current policy, good until the reader's next call or its end. Nothing is
 *                       counted and no memory is written that other threads read, unless a policy
 *                       has been published since.
 *   reader_end          gives the reader's reference back.
 *
 * A reader that does not decide for a long time keeps an old policy's memory for that long; nothing
 * else comes of it. */
#ifndef HOLDER_H
#define HOLDER_H

#include "actra.h"

#include <pthread.h>
#ifdef __cplusplus
#include <atomic>
typedef std::atomic<uint64_t> holder_number;
using std::atomic_fetch_add_explicit;
using std::atomic_load_explicit;
using std::memory_order_acquire;
using std::memory_order_release;
#else
#include <stdatomic.h>
typedef _Atomic uint64_t holder_number;
#endif

typedef struct {
    pthread_mutex_t mutex;
    actra_policy *current; /* under the mutex */
    holder_number version; /* how many policies have been published */
} policy_holder;

/* Takes over the caller's reference. */
static inline void holder_begin(policy_holder *holder, actra_policy *first) {
    pthread_mutex_init(&holder->mutex, NULL);
    holder->current = first;
    holder->version = 1;
}

/* When no thread uses the holder any more. */
static inline void holder_end(policy_holder *holder) {
    actra_policy_free(holder->current);
    pthread_mutex_destroy(&holder->mutex);
}

static inline actra_policy *holder_acquire(policy_holder *holder) {
    actra_policy *policy;
    pthread_mutex_lock(&holder->mutex);
    policy = actra_policy_retain(holder->current);
    pthread_mutex_unlock(&holder->mutex);
    return policy;
}

static inline void holder_publish(policy_holder *holder, actra_policy *next) {
    actra_policy *before;
    pthread_mutex_lock(&holder->mutex);
    before = holder->current;
    holder->current = next;
    atomic_fetch_add_explicit(&holder->version, 1, memory_order_release);
    pthread_mutex_unlock(&holder->mutex);
    /* Freeing a policy takes a while: not under the mutex. */
    actra_policy_free(before);
}

/* One for each thread. Zeroed memory is a reader that has not read yet. */
typedef struct {
    actra_policy *policy;
    uint64_t version;
} policy_reader;

static inline const actra_policy *reader_current(policy_reader *reader, policy_holder *holder) {
    uint64_t version = atomic_load_explicit(&holder->version, memory_order_acquire);
    if (version != reader->version) {
        actra_policy *before = reader->policy;
        /* This may be a still newer policy than the version says: then the next call looks again. */
        reader->policy = holder_acquire(holder);
        reader->version = version;
        actra_policy_free(before);
    }
    return reader->policy;
}

static inline void reader_end(policy_reader *reader) {
    actra_policy_free(reader->policy);
    reader->policy = NULL;
    reader->version = 0;
}

#endif
