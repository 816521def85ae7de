package actra

// Stores of libactra's, and what waits for their changes. As in abi_load.go, keys cross as one run of bytes
// with their ends.

/*
#include <stdlib.h>

#include "actra.h"

static inline actra_status actra_go_store_open(const char *path, size_t len, uint32_t load_flags, uint64_t min_revision,
                                               size_t count, const uint8_t *keys, const size_t *ends, uint32_t flags,
                                               actra_policy_store **store, actra_error **error) {
	actra_load_options load = {0};
	actra_store_options options = {0};
	size_t start = 0;
	// Room for one more, so that no list of none is NULL.
	actra_bytes *list = (actra_bytes *)calloc(count + 1, sizeof(actra_bytes));
	if (list == NULL) {
		return ACTRA_STATUS_INTERNAL;
	}
	for (size_t index = 0; index < count; index++) {
		list[index].data = keys + start;
		list[index].len = ends[index] - start;
		start = ends[index];
	}
	load.struct_size = sizeof(load);
	load.flags = load_flags;
	load.min_revision = min_revision;
	load.trusted_keys = load_flags & ACTRA_LOAD_TRUSTED_KEYS ? list : NULL;
	load.trusted_key_count = count;
	options.struct_size = sizeof(options);
	options.flags = flags;
	options.load = &load;
	actra_status status = actra_policy_store_open(path, len, &options, store, error);
	free(list);
	return status;
}

static inline uintptr_t actra_go_store_policy(const actra_policy_store *store) {
	return (uintptr_t)actra_policy_store_policy(store);
}
*/
import "C"

import (
	"runtime"
	"time"
)

// store reads a policy's files: each policy from one state of them, whose tests have passed. What it has in
// force itself is of no matter.
type store struct{ pointer *C.actra_policy_store }

func openStore(path string, options *loadOptions, runsTests bool) (*store, error) {
	var made *C.actra_policy_store
	var failure *C.actra_error
	asked := options.asked()
	keys, ends := asked.pointers()
	text, len := charsOf(path)
	flags := C.uint32_t(0)
	if !runsTests {
		flags = C.ACTRA_STORE_WITHOUT_TESTS
	}
	status := C.actra_go_store_open(text, len, asked.settings.flags, asked.settings.min_revision,
		asked.settings.count, keys, ends, flags, &made, &failure)
	if status != statusOK {
		return nil, failed(status, takeError(failure))
	}
	found := &store{pointer: made}
	runtime.AddCleanup(found, func(pointer *C.actra_policy_store) { C.actra_policy_store_free(pointer) }, made)
	return found, nil
}

// policy gives a reference to what was read last.
func (s *store) policy() policyPointer {
	defer runtime.KeepAlive(s)
	return policyPointer(C.actra_go_store_policy(s.pointer))
}

// reload reads the files again.
func (s *store) reload() error {
	defer runtime.KeepAlive(s)
	var failure *C.actra_error
	if status := C.actra_policy_store_reload(s.pointer, nil, &failure); status != statusOK {
		return failed(status, takeError(failure))
	}
	return nil
}

// reloadIfChanged reads them where they have changed since the last attempt, and reports whether they have.
func (s *store) reloadIfChanged() (bool, error) {
	defer runtime.KeepAlive(s)
	var failure *C.actra_error
	var outcome C.uint32_t
	if status := C.actra_policy_store_reload_if_changed(s.pointer, &outcome, &failure); status != statusOK {
		return true, failed(status, takeError(failure))
	}
	return outcome != C.ACTRA_RELOAD_NONE, nil
}

// changes tells when files may have changed.
type changes struct{ pointer *C.actra_policy_changes }

func (s *store) changes() (changes, error) {
	defer runtime.KeepAlive(s)
	var made *C.actra_policy_changes
	if status := C.actra_policy_changes_open(s.pointer, &made); status != statusOK {
		return changes{}, statusError(uint32(status))
	}
	return changes{pointer: made}, nil
}

// wait reports whether to look; one goroutine waits at a time.
func (c changes) wait(timeout time.Duration) bool {
	var look C.uint32_t
	status := C.actra_policy_changes_wait(c.pointer, C.uint64_t(timeout.Milliseconds()), &look)
	return status == statusOK && look != 0
}

func (c changes) wake() { C.actra_policy_changes_wake(c.pointer) }

func (c changes) free() { C.actra_policy_changes_free(c.pointer) }
