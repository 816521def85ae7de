package actra

// Loading artifacts. As in abi.go, Go memory that crosses holds no pointers: keys cross as one run of
// bytes with their ends.

/*
#include <stdlib.h>

#include "actra.h"

// What is asked of an artifact. `ends` tells where each key ends in `keys`.
typedef struct {
	uint32_t flags;
	uint64_t min_revision;
	size_t count;
} actra_go_asked;

// Fills the options, with a list that is to be freed.
static inline actra_status actra_go_options(actra_go_asked asked, const uint8_t *keys, const size_t *ends,
                                            actra_load_options *options, actra_bytes **list) {
	size_t start = 0;
	// Room for one more, so that no list of none is NULL.
	*list = (actra_bytes *)calloc(asked.count + 1, sizeof(actra_bytes));
	if (*list == NULL) {
		return ACTRA_STATUS_INTERNAL;
	}
	for (size_t index = 0; index < asked.count; index++) {
		(*list)[index].data = keys + start;
		(*list)[index].len = ends[index] - start;
		start = ends[index];
	}
	options->struct_size = sizeof(*options);
	options->flags = asked.flags;
	options->min_revision = asked.min_revision;
	options->trusted_keys = asked.flags & ACTRA_LOAD_TRUSTED_KEYS ? *list : NULL;
	options->trusted_key_count = asked.count;
	return ACTRA_STATUS_OK;
}

static inline actra_status actra_go_load_with(const uint8_t *artifact, size_t len, actra_go_asked asked,
                                              const uint8_t *keys, const size_t *ends,
                                              actra_policy **policy, actra_error **error) {
	actra_load_options options = {0};
	actra_bytes *list = NULL;
	actra_status status = actra_go_options(asked, keys, ends, &options, &list);
	if (status == ACTRA_STATUS_OK) {
		status = actra_policy_load_with(artifact, len, &options, policy, error);
	}
	free(list);
	return status;
}

static inline actra_status actra_go_open_with(const char *path, size_t len, actra_go_asked asked,
                                              const uint8_t *keys, const size_t *ends,
                                              actra_policy **policy, actra_error **error) {
	actra_load_options options = {0};
	actra_bytes *list = NULL;
	actra_status status = actra_go_options(asked, keys, ends, &options, &list);
	if (status == ACTRA_STATUS_OK) {
		status = actra_policy_open_with(path, len, &options, policy, error);
	}
	free(list);
	return status;
}
*/
import "C"

import "unsafe"

// asked is what is asked of an artifact, as it crosses.
type asked struct {
	settings C.actra_go_asked
	// keys are all of them, one behind the other.
	keys []byte
	ends []C.size_t
}

func (o *loadOptions) asked() asked {
	found := asked{settings: C.actra_go_asked{
		min_revision: C.uint64_t(o.minRevision),
		count:        C.size_t(len(o.trustedKeys)),
	}}
	if o.asksForSignature {
		found.settings.flags = C.ACTRA_LOAD_TRUSTED_KEYS
	}
	for _, key := range o.trustedKeys {
		found.keys = append(found.keys, key...)
		found.ends = append(found.ends, C.size_t(len(found.keys)))
	}
	return found
}

func (a *asked) pointers() (*C.uint8_t, *C.size_t) {
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(a.keys))), unsafe.SliceData(a.ends)
}

func loadArtifact(artifact []byte, options *loadOptions) (policyPointer, error) {
	var made *C.actra_policy
	var failure *C.actra_error
	asked := options.asked()
	keys, ends := asked.pointers()
	bytes := (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(artifact)))
	status := C.actra_go_load_with(bytes, C.size_t(len(artifact)), asked.settings, keys, ends, &made, &failure)
	return madePolicy(status, made, failure)
}

func openPath(path string, options *loadOptions) (policyPointer, error) {
	var made *C.actra_policy
	var failure *C.actra_error
	asked := options.asked()
	keys, ends := asked.pointers()
	text, len := charsOf(path)
	status := C.actra_go_open_with(text, len, asked.settings, keys, ends, &made, &failure)
	return madePolicy(status, made, failure)
}
