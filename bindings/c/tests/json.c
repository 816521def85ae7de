#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void) {
    fputs("out of memory\n", stderr);
    exit(2);
}

/* Pools. */

struct pool_block {
    struct pool_block *next;
    size_t used;
    size_t size;
};

enum { BLOCK = 64 * 1024, ALIGNMENT = 16 };

void *pool_take(struct pool *pool, size_t size) {
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct pool_block *block = pool->blocks;
    if (block == NULL || block->size - block->used < size) {
        const size_t room = size > BLOCK ? size : BLOCK;
        const size_t head = (sizeof *block + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        block = malloc(head + room);
        if (block == NULL) {
            out_of_memory();
        }
        block->next = pool->blocks;
        block->used = head;
        block->size = head + room;
        pool->blocks = block;
    }
    void *taken = (char *)block + block->used;
    block->used += size;
    return taken;
}

void pool_free(struct pool *pool) {
    while (pool->blocks != NULL) {
        struct pool_block *next = pool->blocks->next;
        free(pool->blocks);
        pool->blocks = next;
    }
}

/* Texts. */

struct text text_of(const char *c_string) {
    return (struct text){c_string, c_string == NULL ? 0 : strlen(c_string)};
}

bool text_same(struct text a, struct text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.start, b.start, a.len) == 0);
}

bool text_is(struct text text, const char *c_string) { return text_same(text, text_of(c_string)); }

bool text_holds(struct text text, struct text part) {
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (part.len == 0 || memcmp(text.start + at, part.start, part.len) == 0) {
            return true;
        }
    }
    return false;
}

/* Reading. */

struct reader {
    struct pool *pool;
    const char *at;
    const char *end;
    unsigned depth_left;
};

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) != NULL && *reader->at != '\0') {
        reader->at++;
    }
}

static bool takes(struct reader *reader, const char *word) {
    const size_t len = strlen(word);
    if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0) {
        return false;
    }
    reader->at += len;
    return true;
}

static bool read_hex(struct reader *reader, unsigned *unit) {
    *unit = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        if (reader->at == reader->end) {
            return false;
        }
        const char c = *reader->at;
        const char *digits = "0123456789abcdef";
        const char *digit = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
        if (digit == NULL) {
            return false;
        }
        *unit = *unit * 16 + (unsigned)(digit - digits);
    }
    return true;
}

static char *put_utf8(char *out, unsigned point) {
    if (point < 0x80) {
        *out++ = (char)point;
    } else if (point < 0x800) {
        *out++ = (char)(0xc0 | point >> 6);
        *out++ = (char)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *out++ = (char)(0xe0 | point >> 12);
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    } else {
        *out++ = (char)(0xf0 | point >> 18);
        *out++ = (char)(0x80 | (point >> 12 & 0x3f));
        *out++ = (char)(0x80 | (point >> 6 & 0x3f));
        *out++ = (char)(0x80 | (point & 0x3f));
    }
    return out;
}

static bool read_escape(struct reader *reader, char **out) {
    if (reader->at == reader->end) {
        return false;
    }
    const char c = *reader->at++;
    const char *names = "\"\\/bfnrt", *values = "\"\\/\b\f\n\r\t";
    const char *name = c == '\0' ? NULL : strchr(names, c);
    if (name != NULL) {
        *(*out)++ = values[name - names];
        return true;
    }
    unsigned unit, low;
    if (c != 'u' || !read_hex(reader, &unit) || (unit >= 0xdc00 && unit < 0xe000)) {
        return false;
    }
    if (unit >= 0xd800 && unit < 0xdc00) {
        if (!takes(reader, "\\u") || !read_hex(reader, &low) || low < 0xdc00 || low >= 0xe000) {
            return false;
        }
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    *out = put_utf8(*out, unit);
    return true;
}

static bool read_string(struct reader *reader, struct text *text) {
    if (!takes(reader, "\"")) {
        return false;
    }
    /* No string is longer than it is written. */
    const char *close = reader->at;
    while (close < reader->end && *close != '"') {
        close += *close == '\\' && close + 1 < reader->end ? 2 : 1;
    }
    char *start = pool_take(reader->pool, (size_t)(close - reader->at) + 1);
    char *out = start;
    while (reader->at < reader->end && *reader->at != '"') {
        const char c = *reader->at++;
        if ((unsigned char)c < 0x20 || (c == '\\' && !read_escape(reader, &out))) {
            return false;
        }
        if (c != '\\') {
            *out++ = c;
        }
    }
    *text = (struct text){start, (size_t)(out - start)};
    return takes(reader, "\"");
}

static size_t digits(struct reader *reader) {
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return (size_t)(reader->at - start);
}

static bool read_number(struct reader *reader, struct json *value) {
    const char *start = reader->at;
    (void)takes(reader, "-");
    const char *first = reader->at;
    const size_t whole = digits(reader);
    bool is_float = false;
    if (whole == 0 || (whole > 1 && *first == '0')) {
        return false;
    }
    if (takes(reader, ".")) {
        is_float = true;
        if (digits(reader) == 0) {
            return false;
        }
    }
    if (takes(reader, "e") || takes(reader, "E")) {
        is_float = true;
        if (!takes(reader, "+")) {
            (void)takes(reader, "-");
        }
        if (digits(reader) == 0) {
            return false;
        }
    }
    const size_t len = (size_t)(reader->at - start);
    char *copy = pool_take(reader->pool, len + 1);
    memcpy(copy, start, len);
    copy[len] = '\0';
    errno = 0;
    if (is_float) {
        value->kind = JSON_FLOAT;
        value->as.number = strtod(copy, NULL);
        return true;
    }
    value->kind = JSON_INTEGER;
    value->as.integer = strtoll(copy, NULL, 10);
    if (errno == ERANGE) {
        value->kind = JSON_BIG_INTEGER;
        value->as.text = (struct text){copy, len};
    }
    return true;
}

static bool read_value(struct reader *reader, struct json *value);

/* One more place in arrays that grow by doubling. */
static void grow(struct pool *pool, struct json *list) {
    const size_t count = list->as.list.count;
    if ((count & (count - 1)) != 0 && count != 0) {
        return;
    }
    const size_t capacity = count == 0 ? 1 : 2 * count;
    struct json *items = pool_take(pool, capacity * sizeof *items);
    if (count != 0) {
        memcpy(items, list->as.list.items, count * sizeof *items);
    }
    list->as.list.items = items;
    if (list->kind == JSON_OBJECT) {
        struct text *keys = pool_take(pool, capacity * sizeof *keys);
        if (count != 0) {
            memcpy(keys, list->as.list.keys, count * sizeof *keys);
        }
        list->as.list.keys = keys;
    }
}

static bool read_list(struct reader *reader, struct json *value, const char *close) {
    value->as.list.items = NULL;
    value->as.list.keys = NULL;
    value->as.list.count = 0;
    if (reader->depth_left == 0) {
        return false;
    }
    reader->depth_left--;
    skip_space(reader);
    for (bool is_first = true; !takes(reader, close); is_first = false) {
        if (!is_first && !takes(reader, ",")) {
            return false;
        }
        grow(reader->pool, value);
        const size_t index = value->as.list.count;
        if (value->kind == JSON_OBJECT) {
            skip_space(reader);
            if (!read_string(reader, &value->as.list.keys[index])) {
                return false;
            }
            skip_space(reader);
            if (!takes(reader, ":")) {
                return false;
            }
        }
        if (!read_value(reader, &value->as.list.items[index])) {
            return false;
        }
        value->as.list.count++;
        skip_space(reader);
    }
    reader->depth_left++;
    return true;
}

static bool read_value(struct reader *reader, struct json *value) {
    skip_space(reader);
    if (reader->at == reader->end) {
        return false;
    }
    switch (*reader->at) {
        case 'n':
            value->kind = JSON_NULL;
            return takes(reader, "null");
        case 't':
        case 'f':
            value->kind = JSON_BOOLEAN;
            value->as.boolean = *reader->at == 't';
            return takes(reader, value->as.boolean ? "true" : "false");
        case '"':
            value->kind = JSON_STRING;
            return read_string(reader, &value->as.text);
        case '[':
            reader->at++;
            value->kind = JSON_ARRAY;
            return read_list(reader, value, "]");
        case '{':
            reader->at++;
            value->kind = JSON_OBJECT;
            return read_list(reader, value, "}");
        default:
            return read_number(reader, value);
    }
}

struct json *json_read(struct pool *pool, struct text text, unsigned max_depth) {
    if (text.len == 0) {
        return NULL;
    }
    struct reader reader = {pool, text.start, text.start + text.len, max_depth};
    struct json *value = pool_take(pool, sizeof *value);
    if (!read_value(&reader, value)) {
        return NULL;
    }
    skip_space(&reader);
    return reader.at == reader.end ? value : NULL;
}

/* Looking at values. */

const struct json *json_get(const struct json *object, const char *key) {
    for (size_t i = 0; object != NULL && object->kind == JSON_OBJECT && i < object->as.list.count; i++) {
        if (text_is(object->as.list.keys[i], key)) {
            return &object->as.list.items[i];
        }
    }
    return NULL;
}

struct text json_text(const struct json *value) {
    return value != NULL && value->kind == JSON_STRING ? value->as.text : (struct text){NULL, 0};
}

size_t json_count(const struct json *value) {
    const bool is_list = value != NULL && (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT);
    return is_list ? value->as.list.count : 0;
}

const struct json *json_at(const struct json *list, size_t index) {
    return index < json_count(list) ? &list->as.list.items[index] : NULL;
}

static bool objects_same(const struct json *a, const struct json *b) {
    for (size_t i = 0; i < a->as.list.count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < b->as.list.count && !is_there; j++) {
            is_there = text_same(a->as.list.keys[i], b->as.list.keys[j]) &&
                       json_same(&a->as.list.items[i], &b->as.list.items[j]);
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

bool json_same(const struct json *a, const struct json *b) {
    if (a == NULL || b == NULL || a->kind != b->kind || json_count(a) != json_count(b)) {
        return false;
    }
    switch (a->kind) {
        case JSON_NULL:
            return true;
        case JSON_BOOLEAN:
            return a->as.boolean == b->as.boolean;
        case JSON_INTEGER:
            return a->as.integer == b->as.integer;
        case JSON_FLOAT:
            return memcmp(&a->as.number, &b->as.number, sizeof a->as.number) == 0;
        case JSON_BIG_INTEGER:
        case JSON_STRING:
            return text_same(a->as.text, b->as.text);
        case JSON_ARRAY:
            for (size_t i = 0; i < a->as.list.count; i++) {
                if (!json_same(&a->as.list.items[i], &b->as.list.items[i])) {
                    return false;
                }
            }
            return true;
        case JSON_OBJECT:
            return objects_same(a, b);
    }
    return false;
}

/* Writing. */

void write_bytes(struct writer *writer, const char *bytes, size_t len) {
    if (writer->capacity - writer->len < len) {
        writer->capacity = 2 * (writer->len + len) + 64;
        writer->start = realloc(writer->start, writer->capacity);
        if (writer->start == NULL) {
            out_of_memory();
        }
    }
    if (len != 0) {
        memcpy(writer->start + writer->len, bytes, len);
    }
    writer->len += len;
}

void write_text(struct writer *writer, const char *c_string) {
    write_bytes(writer, c_string, strlen(c_string));
}

void writer_free(struct writer *writer) {
    free(writer->start);
    *writer = (struct writer){NULL, 0, 0};
}

/* A double that reads as one: with a point or an exponent. */
static bool write_double(struct writer *writer, double number, enum notation notation) {
    if (!isfinite(number)) {
        write_text(writer, isnan(number) ? ".nan" : number > 0 ? ".inf" : "-.inf");
        return notation == NOTATION_YAML;
    }
    char spelled[40];
    snprintf(spelled, sizeof spelled, "%.17g", number);
    write_text(writer, spelled);
    if (strpbrk(spelled, ".e") == NULL) {
        write_text(writer, ".0");
    }
    return true;
}

/* The length of the character at the start, where it has to be escaped in YAML, and its number. */
static size_t special(const char *at, size_t left, unsigned *point) {
    const unsigned char *bytes = (const unsigned char *)at;
    if (bytes[0] < 0x20 || bytes[0] == 0x7f) {
        *point = bytes[0];
        return 1;
    }
    if (left >= 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0) {
        *point = bytes[1];
        return 2;
    }
    if (left >= 3 && bytes[0] >= 0xe2) {
        *point = (bytes[0] & 0xfu) << 12 | (bytes[1] & 0x3fu) << 6 | (bytes[2] & 0x3fu);
        const bool is_special = bytes[0] < 0xf0 && (*point == 0x2028 || *point == 0x2029 ||
                                                    *point == 0xfeff || *point >= 0xfffe);
        return is_special ? 3 : 0;
    }
    return 0;
}

static void write_string(struct writer *writer, struct text text) {
    write_text(writer, "\"");
    for (size_t i = 0; i < text.len;) {
        unsigned point;
        const size_t len = special(text.start + i, text.len - i, &point);
        if (len != 0) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", point & 0xffffu);
            write_text(writer, escape);
            i += len;
            continue;
        }
        if (text.start[i] == '"' || text.start[i] == '\\') {
            write_text(writer, "\\");
        }
        write_bytes(writer, text.start + i, 1);
        i++;
    }
    write_text(writer, "\"");
}

bool json_write(struct writer *writer, const struct json *value, enum notation notation) {
    char digits_of[24];
    bool is_said = true;
    switch (value->kind) {
        case JSON_NULL:
            write_text(writer, "null");
            return true;
        case JSON_BOOLEAN:
            write_text(writer, value->as.boolean ? "true" : "false");
            return true;
        case JSON_INTEGER:
            snprintf(digits_of, sizeof digits_of, "%lld", (long long)value->as.integer);
            write_text(writer, digits_of);
            return true;
        case JSON_BIG_INTEGER:
            write_bytes(writer, value->as.text.start, value->as.text.len);
            return true;
        case JSON_FLOAT:
            return write_double(writer, value->as.number, notation);
        case JSON_STRING:
            write_string(writer, value->as.text);
            return true;
        case JSON_ARRAY:
        case JSON_OBJECT:
            write_text(writer, value->kind == JSON_ARRAY ? "[" : "{");
            for (size_t i = 0; i < value->as.list.count; i++) {
                write_text(writer, i == 0 ? "" : ", ");
                if (value->kind == JSON_OBJECT) {
                    write_string(writer, value->as.list.keys[i]);
                    write_text(writer, ": ");
                }
                is_said &= json_write(writer, &value->as.list.items[i], notation);
            }
            write_text(writer, value->kind == JSON_ARRAY ? "]" : "}");
            return is_said;
    }
    return false;
}
