/* A small JSON reader for tests: it tells integers from floats, keeps the order of keys and keys that
 * stand twice. Also writes trees as JSON and YAML. Everything it makes lives in a pool that is freed at
 * once. */
#ifndef ACTRA_TESTS_JSON_H
#define ACTRA_TESTS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory that is freed at once. */
struct pool {
    struct pool_block *blocks;
};

void *pool_take(struct pool *pool, size_t size);
void pool_free(struct pool *pool);

/* Text of a length; not ended by NUL. */
struct text {
    const char *start;
    size_t len;
};

struct text text_of(const char *c_string);
bool text_is(struct text text, const char *c_string);
bool text_same(struct text a, struct text b);
bool text_holds(struct text text, struct text part);

enum json_kind {
    JSON_NULL,
    JSON_BOOLEAN,
    JSON_INTEGER,
    JSON_BIG_INTEGER, /* outside of 64 bits: its digits */
    JSON_FLOAT,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    enum json_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct text text; /* of strings and big integers */
        struct {
            struct json *items; /* of objects: the values */
            struct text *keys;  /* of objects, else NULL */
            size_t count;
        } list;
    } as;
};

/* Reads a text; NULL where it is not JSON, or deeper than `max_depth`. */
struct json *json_read(struct pool *pool, struct text text, unsigned max_depth);

/* The value of an object's key: the first such, NULL where there is none. */
const struct json *json_get(const struct json *object, const char *key);
/* A string's text; empty for anything else. */
struct text json_text(const struct json *value);
size_t json_count(const struct json *value);
const struct json *json_at(const struct json *list, size_t index);
/* The same value; keys of objects in any order. Integers and floats differ. */
bool json_same(const struct json *a, const struct json *b);

/* Text that grows. */
struct writer {
    char *start;
    size_t len;
    size_t capacity;
};

void write_bytes(struct writer *writer, const char *bytes, size_t len);
void write_text(struct writer *writer, const char *c_string);
void writer_free(struct writer *writer);

enum notation { NOTATION_JSON, NOTATION_YAML };

/* Writes a tree; `false` where JSON cannot say it: NaN and infinities. */
bool json_write(struct writer *writer, const struct json *value, enum notation notation);

#endif
