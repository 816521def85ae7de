#include "walker.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_STRING = 1 << 20, MAX_ITEMS = 65536 };

/* The schema. */

static uint32_t domain_of(struct text name) {
    return text_is(name, "action")     ? ACTRA_DOMAIN_ACTION
           : text_is(name, "actor")    ? ACTRA_DOMAIN_ACTOR
           : text_is(name, "snapshot") ? ACTRA_DOMAIN_SNAPSHOT
                                       : 0;
}

static bool begins_with_map(struct text type) {
    return type.len >= 3 && memcmp(type.start, "map", 3) == 0;
}

/* Fields as one part of the schema declares them: the same slot may be something else elsewhere. */
static bool note_maps(struct walker *walker, const struct json *fields) {
    for (size_t i = 0; i < json_count(fields); i++) {
        const struct json *field = json_at(fields, i);
        const struct json *slot = json_get(field, "slot");
        if (slot == NULL || slot->kind != JSON_INTEGER ||
            (uint64_t)slot->as.integer >= walker->slot_count) {
            return false;
        }
        walker->slots[slot->as.integer].is_map |= begins_with_map(json_text(json_get(field, "type")));
    }
    return fields != NULL;
}

static bool read_slot(struct walked_slot *slot, const struct json *json) {
    const struct json *parent = json_get(json, "parent");
    slot->domain = domain_of(json_text(json_get(json, "domain")));
    slot->key = json_text(json_get(json, "key"));
    slot->is_field = text_is(json_text(json_get(json, "kind")), "field");
    slot->is_map = false;
    slot->parent = parent != NULL && parent->kind == JSON_INTEGER ? parent->as.integer : -1;
    return slot->domain != 0 && json_get(json, "key") != NULL;
}

bool walker_open(struct walker *walker, const actra_policy *policy) {
    *walker = (struct walker){0};
    actra_buffer *buffer = NULL;
    if (actra_policy_schema_json(policy, &buffer) != ACTRA_STATUS_OK) {
        return false;
    }
    const size_t len = actra_buffer_len(buffer);
    char *text = pool_take(&walker->pool, len + 1);
    memcpy(text, actra_buffer_data(buffer), len);
    actra_buffer_free(buffer);
    const struct json *schema = json_read(&walker->pool, (struct text){text, len}, 16);
    const struct json *slots = json_get(schema, "slots");
    walker->slot_count = json_count(slots);
    bool is_good = slots != NULL && walker->slot_count == actra_policy_slot_count(policy);
    walker->slots = pool_take(&walker->pool, walker->slot_count * sizeof *walker->slots);
    for (size_t i = 0; i < walker->slot_count && is_good; i++) {
        is_good = read_slot(&walker->slots[i], json_at(slots, i));
    }
    const struct json *actions = json_get(schema, "actions");
    is_good = is_good && actions != NULL && note_maps(walker, json_get(schema, "common")) &&
              note_maps(walker, json_get(schema, "state"));
    for (size_t i = 0; i < json_count(actions) && is_good; i++) {
        is_good = note_maps(walker, json_at(actions, i));
    }
    return is_good;
}

void walker_close(struct walker *walker) { pool_free(&walker->pool); }

/* Inputs. */

struct fill {
    const struct walker *walker;
    struct filled *filled;
    enum placement placement;
};

static actra_slot string_slot(struct fill *fill, struct text text) {
    if (fill->placement == PLACED_BY_POINTER) {
        return actra_slot_string(text.len == 0 ? "" : text.start, text.len);
    }
    const size_t offset = fill->filled->arena.len;
    write_bytes(&fill->filled->arena, text.start, text.len);
    return actra_slot_string_at(offset, (uint32_t)text.len);
}

/* A scalar; what is none, inside of a list or a map, is told as an object, and is of a wrong type. */
static actra_slot scalar_slot(struct fill *fill, const struct json *value) {
    actra_slot slot = actra_slot_missing();
    switch (value->kind) {
        case JSON_NULL:
            return actra_slot_null();
        case JSON_BOOLEAN:
            return actra_slot_boolean(value->as.boolean);
        case JSON_INTEGER:
            return actra_slot_integer(value->as.integer);
        case JSON_FLOAT:
            return actra_slot_double(value->as.number);
        case JSON_BIG_INTEGER:
            slot = actra_slot_double(strtod(value->as.text.start, NULL));
            slot.tag = ACTRA_TAG_BIG_INTEGER;
            return slot;
        case JSON_STRING:
            return string_slot(fill, value->as.text);
        case JSON_ARRAY:
        case JSON_OBJECT:
            slot.tag = ACTRA_TAG_OBJECT;
            return slot;
    }
    return slot;
}

/* Slots of a list or a map, behind one another. */
static actra_slot run_slot(struct fill *fill, const struct json *value) {
    const bool is_map = value->kind == JSON_OBJECT;
    const size_t count = value->as.list.count;
    const size_t width = is_map ? 2 : 1;
    actra_slot *run = pool_take(&fill->filled->pool, (width * count + 1) * sizeof *run);
    for (size_t i = 0; i < count; i++) {
        if (is_map) {
            run[2 * i] = string_slot(fill, value->as.list.keys[i]);
        }
        run[width * i + width - 1] = scalar_slot(fill, &value->as.list.items[i]);
    }
    if (fill->placement == PLACED_BY_POINTER) {
        return is_map ? actra_slot_map(run, (uint32_t)count) : actra_slot_list(run, (uint32_t)count);
    }
    if (fill->filled->arena.len % 2 == 0) {
        write_text(&fill->filled->arena, "-");
    }
    actra_slot slot = actra_slot_string_at(fill->filled->arena.len, (uint32_t)count);
    slot.tag = is_map ? ACTRA_TAG_MAP_AT : ACTRA_TAG_LIST_AT;
    write_bytes(&fill->filled->arena, (const char *)run, width * count * sizeof *run);
    return slot;
}

/* The field of that name in a domain (parent -1) or an object; -1 where there is none. */
static int64_t child(const struct walker *walker, uint32_t domain, int64_t parent, struct text key) {
    for (size_t i = 0; i < walker->slot_count; i++) {
        const struct walked_slot *slot = &walker->slots[i];
        if (slot->is_field && slot->domain == domain && slot->parent == parent &&
            text_same(slot->key, key)) {
            return (int64_t)i;
        }
    }
    return -1;
}

static bool has_twice(const struct json *object) {
    for (size_t i = 1; i < object->as.list.count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (text_same(object->as.list.keys[i], object->as.list.keys[j])) {
                return true;
            }
        }
    }
    return false;
}

/* What has no slot is read by texts only, and so are its limits. */
static enum unsaid unknown(const struct json *value) {
    if (value->kind == JSON_STRING) {
        return value->as.text.len > MAX_STRING ? UNSAID_LARGE : SAID;
    }
    if (value->kind == JSON_ARRAY && value->as.list.count > MAX_ITEMS) {
        return UNSAID_LARGE;
    }
    if (value->kind == JSON_OBJECT && has_twice(value)) {
        return UNSAID_TWICE;
    }
    for (size_t i = 0; i < json_count(value); i++) {
        const enum unsaid inside = unknown(json_at(value, i));
        if (inside != SAID) {
            return inside;
        }
    }
    return SAID;
}

static enum unsaid fill_members(struct fill *fill, uint32_t domain, int64_t parent,
                                const struct json *object) {
    /* A map tells of its keys itself. */
    const bool is_map = parent >= 0 && fill->walker->slots[parent].is_map;
    if (!is_map && has_twice(object)) {
        return UNSAID_TWICE;
    }
    for (size_t i = 0; i < object->as.list.count; i++) {
        const struct json *value = &object->as.list.items[i];
        const int64_t slot = child(fill->walker, domain, parent, object->as.list.keys[i]);
        enum unsaid inside = SAID;
        if (slot < 0) {
            inside = is_map && json_count(value) == 0 ? SAID : unknown(value);
        } else if (value->kind == JSON_OBJECT) {
            fill->filled->slots[slot] =
                fill->walker->slots[slot].is_map ? run_slot(fill, value) : scalar_slot(fill, value);
            inside = fill_members(fill, domain, slot, value);
        } else {
            fill->filled->slots[slot] =
                value->kind == JSON_ARRAY ? run_slot(fill, value) : scalar_slot(fill, value);
        }
        if (inside != SAID) {
            return inside;
        }
    }
    return SAID;
}

static unsigned depth_of(const struct json *value) {
    unsigned deepest = 0;
    for (size_t i = 0; i < json_count(value); i++) {
        const unsigned depth = depth_of(json_at(value, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + (value->kind == JSON_ARRAY || value->kind == JSON_OBJECT ? 1 : 0);
}

enum unsaid walker_fill(const struct walker *walker, const struct json *context,
                        enum placement placement, struct filled *filled) {
    *filled = (struct filled){0};
    filled->slots = pool_take(&filled->pool, (walker->slot_count + 1) * sizeof *filled->slots);
    memset(filled->slots, 0, (walker->slot_count + 1) * sizeof *filled->slots);
    if (context->kind != JSON_OBJECT) {
        return UNSAID_DOMAIN;
    }
    if (depth_of(context) > MAX_DEPTH) {
        return UNSAID_DEEP;
    }
    if (has_twice(context)) {
        return UNSAID_TWICE;
    }
    struct fill fill = {walker, filled, placement};
    for (size_t i = 0; i < context->as.list.count; i++) {
        const uint32_t domain = domain_of(context->as.list.keys[i]);
        const struct json *members = &context->as.list.items[i];
        if (domain != 0 && members->kind != JSON_OBJECT) {
            return UNSAID_DOMAIN;
        }
        const enum unsaid inside =
            domain == 0 ? unknown(members) : fill_members(&fill, domain, -1, members);
        if (inside != SAID) {
            return inside;
        }
    }
    return SAID;
}

void filled_free(struct filled *filled) {
    writer_free(&filled->arena);
    pool_free(&filled->pool);
}
