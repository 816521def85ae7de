/* Options of loading that are cut, unaligned, made up or of a later version, keys that are none, and a
 * signed file with each of its bytes changed. What is refused leaves the out-parameters alone; nothing is
 * loaded that was asked for and not understood. */
#include "check.h"

#include <stdbool.h>

static actra_policy *const UNTOUCHED = (actra_policy *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;

typedef struct {
    uint8_t *bytes;
    size_t len;
} content;

static content signed_file, unsigned_file, key_a, key_b, key_weak;

static content read_file(const char *folder, const char *name) {
    char path[4096];
    content found = {NULL, 0};
    FILE *file;
    snprintf(path, sizeof path, "%s/../../../conformance/signing/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL) {
        give_up(path);
    }
    found.bytes = (uint8_t *)room_for(65536);
    found.len = fread(found.bytes, 1, 65536, file);
    fclose(file);
    return found;
}

static actra_load_options asking(const actra_bytes *keys, size_t count) {
    actra_load_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.trusted_keys = keys;
    options.trusted_key_count = count;
    return options;
}

/* Loads, and holds status and code against what they must be; no code: there is no error. */
static void load(content file, const actra_load_options *options, actra_status expected,
                 const char *code, const char *what) {
    actra_policy *policy = UNTOUCHED;
    actra_error *error = NO_ERROR;
    size_t len = 0;
    const char *found;
    actra_status status = actra_policy_load_with(file.bytes, file.len, options, &policy, &error);
    CHECK_STATUS_CASE(status, expected, what);
    if (status == ACTRA_STATUS_OK) {
        CHECK_CASE(policy != UNTOUCHED && policy != NULL && error == NO_ERROR, what);
        actra_policy_free(policy);
        return;
    }
    CHECK_CASE(policy == UNTOUCHED, what);
    if (code == NULL) {
        CHECK_CASE(error == NO_ERROR, what);
        return;
    }
    if (CHECK_CASE(error != NO_ERROR && error != NULL, what)) {
        found = actra_error_code(error, &len);
        CHECK_CASE(len == strlen(code) && memcmp(found, code, len) == 0, what);
        actra_error_free(error);
    }
}

/* The same bytes where nothing stands behind them. */
static void load_cut(const void *options, size_t len, actra_status expected, const char *what) {
    void *copy = room_for(len);
    memcpy(copy, options, len);
    load(signed_file, (const actra_load_options *)copy, expected, NULL, what);
    free(copy);
}

static void structs(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    const actra_bytes keys[] = {{key_a.bytes, key_a.len}};
    actra_load_options options = asking(keys, 1);
    unsigned char room[sizeof(actra_load_options) + 64];
    load(signed_file, &options, ACTRA_STATUS_OK, NULL, "as it should be");
    load(signed_file, NULL, invalid, NULL, "no options");
    for (size_t size = sizeof size; size < sizeof options; size++) {
        options.struct_size = size;
        load_cut(&options, size < sizeof options.struct_size ? sizeof options.struct_size : size, invalid,
                 "a struct that is too small");
    }
    for (size_t size = 0; size < sizeof size; size++) {
        options.struct_size = size;
        load_cut(&options, sizeof options, invalid, "a struct that has no room for its size");
    }
    options.struct_size = SIZE_MAX;
    load(signed_file, &options, invalid, NULL, "a struct that is too large for memory");
    options = asking(keys, 1);
    memset(room, 0, sizeof room);
    memcpy(room + 1, &options, sizeof options);
    load(signed_file, (const actra_load_options *)(void *)(room + 1), invalid, NULL, "unaligned");
    /* Of a later version: what it adds and does not ask for is passed over, and else refused. */
    {
        struct {
            actra_load_options known;
            uint64_t added[4];
        } later;
        memset(&later, 0, sizeof later);
        later.known = asking(keys, 1);
        later.known.struct_size = sizeof later;
        load(signed_file, &later.known, ACTRA_STATUS_OK, NULL, "a later struct that asks for nothing more");
        for (size_t at = 0; at < sizeof later.added; at++) {
            memset(later.added, 0, sizeof later.added);
            ((unsigned char *)later.added)[at] = 1;
            load(signed_file, &later.known, invalid, NULL, "a later struct that asks for more");
        }
    }
    for (unsigned bit = 1; bit < 32; bit++) {
        options = asking(keys, 1);
        options.flags = 1u << bit;
        load(signed_file, &options, invalid, NULL, "an unknown flag");
    }
    options = asking(keys, 1);
    options.reserved = 1;
    load(signed_file, &options, invalid, NULL, "what is to be 0");
}

static void keys(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    actra_bytes list[3] = {{key_b.bytes, key_b.len}, {key_a.bytes, key_a.len}, {key_b.bytes, key_b.len}};
    actra_load_options options = asking(NULL, 0);
    load(signed_file, &options, ACTRA_STATUS_OK, NULL, "nothing is asked for");
    load(unsigned_file, &options, ACTRA_STATUS_OK, NULL, "nothing is asked for");
    options.flags = ACTRA_LOAD_TRUSTED_KEYS;
    load(signed_file, &options, ACTRA_STATUS_ARTIFACT_ERROR, "unknown_key", "nobody is trusted");
    load(unsigned_file, &options, ACTRA_STATUS_ARTIFACT_ERROR, "not_signed", "nobody is trusted");
    options = asking(list, 0);
    load(signed_file, &options, ACTRA_STATUS_ARTIFACT_ERROR, "unknown_key", "an empty list");
    options = asking(list, 3);
    load(signed_file, &options, ACTRA_STATUS_OK, NULL, "a key twice");
    options.flags = ACTRA_LOAD_TRUSTED_KEYS;
    load(signed_file, &options, ACTRA_STATUS_OK, NULL, "with the flag, too");
    options = asking(NULL, 1);
    load(signed_file, &options, invalid, NULL, "a count without a list");
    options = asking(list, SIZE_MAX);
    load(signed_file, &options, invalid, NULL, "a list that is too large for memory");
    {
        unsigned char room[sizeof list + 1];
        memcpy(room + 1, list, sizeof list);
        options = asking((const actra_bytes *)(void *)(room + 1), 3);
        load(signed_file, &options, invalid, NULL, "an unaligned list");
    }
    options = asking(list, 3);
    list[2].data = NULL;
    load(signed_file, &options, invalid, NULL, "a key that is NULL");
    list[2].len = 0;
    load(signed_file, &options, invalid, "bad_key", "a key of no bytes");
    list[2].data = key_a.bytes;
    list[2].len = SIZE_MAX;
    load(signed_file, &options, invalid, NULL, "a key that is too large for memory");
    list[2].data = key_weak.bytes;
    list[2].len = key_weak.len;
    load(signed_file, &options, invalid, "bad_key", "a key with which anybody can sign");
    for (size_t len = 1; len < key_a.len; len++) {
        uint8_t *copy = (uint8_t *)room_for(len);
        memcpy(copy, key_a.bytes, len);
        list[2].data = copy;
        list[2].len = len;
        /* But for its last line's end, which may be missing. */
        load(signed_file, &options, len + 1 == key_a.len ? ACTRA_STATUS_OK : invalid,
             len + 1 == key_a.len ? NULL : "bad_key", "a key that is cut off");
        free(copy);
    }
}

static void revisions(void) {
    const actra_bytes list[] = {{key_a.bytes, key_a.len}};
    for (int with_key = 0; with_key < 2; with_key++) {
        static const uint64_t asked[] = {0, 1, 7, 8, UINT64_MAX};
        for (size_t which = 0; which < 5; which++) {
            actra_load_options options = asking(with_key ? list : NULL, with_key ? 1 : 0);
            bool fits = asked[which] <= 7;
            options.min_revision = asked[which];
            load(signed_file, &options, fits ? ACTRA_STATUS_OK : ACTRA_STATUS_ARTIFACT_ERROR,
                 fits ? NULL : "old_revision", "a revision");
        }
    }
    {
        actra_policy *policy = NULL;
        uint64_t revision = 99;
        static unsigned char room[16];
        CHECK_STATUS(actra_policy_load(signed_file.bytes, signed_file.len, &policy, NULL), ACTRA_STATUS_OK);
        CHECK_STATUS(actra_policy_revision(policy, &revision), ACTRA_STATUS_OK);
        CHECK(revision == 7);
        CHECK_STATUS(actra_policy_revision(NULL, &revision), ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(actra_policy_revision(policy, NULL), ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK_STATUS(actra_policy_revision(policy, (uint64_t *)(void *)(room + 1)),
                     ACTRA_STATUS_INVALID_ARGUMENT);
        CHECK(revision == 7);
        actra_policy_free(policy);
    }
}

static void changed(size_t step) {
    const actra_bytes list[] = {{key_a.bytes, key_a.len}};
    actra_load_options options = asking(list, 1);
    content copy = {(uint8_t *)room_for(signed_file.len), signed_file.len};
    for (size_t at = 0; at < signed_file.len; at += step) {
        actra_policy *policy = UNTOUCHED;
        memcpy(copy.bytes, signed_file.bytes, copy.len);
        copy.bytes[at] ^= 0x10;
        CHECK_STATUS_CASE(actra_policy_load_with(copy.bytes, copy.len, &options, &policy, NULL),
                          ACTRA_STATUS_ARTIFACT_ERROR, "a byte changed");
        CHECK_STATUS_CASE(actra_policy_load_with(copy.bytes, at, &options, &policy, NULL),
                          ACTRA_STATUS_ARTIFACT_ERROR, "cut off");
        CHECK(policy == UNTOUCHED);
    }
    free(copy.bytes);
}

static void arguments(const char *folder) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    const actra_bytes list[] = {{key_a.bytes, key_a.len}};
    const actra_load_options options = asking(list, 1);
    const uint8_t *bytes = signed_file.bytes;
    const size_t len = signed_file.len;
    static unsigned char room[64];
    actra_policy **const odd_policy = (actra_policy **)(void *)(room + 1);
    actra_error **const odd_error = (actra_error **)(void *)(room + 1);
    actra_policy *policy = UNTOUCHED;
    actra_error *error = NO_ERROR;
    char path[4096];
    CHECK_STATUS(actra_policy_load_with(NULL, len, &options, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_load_with(bytes, SIZE_MAX, &options, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_load_with(bytes, len, &options, NULL, &error), invalid);
    CHECK_STATUS(actra_policy_load_with(bytes, len, &options, odd_policy, &error), invalid);
    CHECK_STATUS(actra_policy_load_with(bytes, len, &options, &policy, odd_error), invalid);
    CHECK_STATUS(actra_policy_open_with(NULL, 1, &options, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_open_with("\xff", 1, &options, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_open_with("x", 1, NULL, &policy, &error), invalid);
    CHECK_STATUS(actra_policy_open_with("x", 1, &options, NULL, &error), invalid);
    CHECK_STATUS(actra_policy_open_with("x", 1, &options, &policy, odd_error), invalid);
    CHECK(policy == UNTOUCHED && error == NO_ERROR);
    CHECK_STATUS(actra_policy_load_with(NULL, 0, &options, &policy, NULL), ACTRA_STATUS_ARTIFACT_ERROR);
    CHECK_STATUS(actra_policy_open_with("no such file", 12, &options, &policy, NULL), ACTRA_STATUS_IO_ERROR);
    /* Documents are signed by nobody. */
    snprintf(path, sizeof path, "%s/policy", folder);
    CHECK_STATUS(actra_policy_open_with(path, strlen(path), &options, &policy, NULL),
                 ACTRA_STATUS_ARTIFACT_ERROR);
    CHECK(policy == UNTOUCHED);
    snprintf(path, sizeof path, "%s/../../../conformance/signing/signed.actra", folder);
    CHECK_STATUS(actra_policy_open_with(path, strlen(path), &options, &policy, NULL), ACTRA_STATUS_OK);
    actra_policy_free(policy);
}

int main(int count, char **words) {
    const char *folder = count > 1 ? words[1] : "bindings/c/tests";
    signed_file = read_file(folder, "signed.actra");
    unsigned_file = read_file(folder, "unsigned.actra");
    key_a = read_file(folder, "a.pub");
    key_b = read_file(folder, "b.pub");
    key_weak = read_file(folder, "weak.pub");
    structs();
    keys();
    revisions();
    changed(count > 3 ? 37 : 1);
    arguments(folder);
    free(signed_file.bytes);
    free(unsigned_file.bytes);
    free(key_a.bytes);
    free(key_b.bytes);
    free(key_weak.bytes);
    return checks_end("hostile_signing", 700);
}
