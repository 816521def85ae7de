/* Batches through Arrow's C data interface, each of which is in order but for one thing. Buffers are
 * as long as they have to be, and no longer, so that AddressSanitizer sees who reads further. */
#include "fixture.h"

enum { ROWS = 3, COLUMNS = 8, MOST_BUFFERS = 4 };
enum { TYPE, AMOUNT, FRAUD, CUSTOMER, TAGS, NOTE, ROLE, REASON };

static fixture f;
static unsigned long inputs_released;

static void release_schema(struct ArrowSchema *schema) {
    inputs_released++;
    schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    inputs_released++;
    array->release = NULL;
}

/* An array with its type. What it points to is the heap's. */
typedef struct node {
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[MOST_BUFFERS];
    struct ArrowSchema *schemas[COLUMNS];
    struct ArrowArray *arrays[COLUMNS];
    struct node *children[COLUMNS];
    struct node *dictionary;
} node;

static void *copy(const void *bytes, size_t len) {
    void *memory = room_for(len);
    memcpy(memory, bytes, len);
    return memory;
}

static node *node_new(const char *name, const char *format, int64_t len, int64_t buffers) {
    node *made = (node *)room_for(sizeof *made);
    memset(made, 0, sizeof *made);
    made->schema.name = (const char *)copy(name, strlen(name) + 1);
    made->schema.format = (const char *)copy(format, strlen(format) + 1);
    made->schema.children = made->schemas;
    made->schema.release = release_schema;
    made->array.length = len;
    made->array.n_buffers = buffers;
    made->array.buffers = made->buffers;
    made->array.children = made->arrays;
    made->array.release = release_array;
    return made;
}

static void node_free(node *gone) {
    if (gone == NULL) {
        return;
    }
    for (size_t at = 0; at < COLUMNS; at++) {
        node_free(gone->children[at]);
    }
    node_free(gone->dictionary);
    for (size_t at = 0; at < MOST_BUFFERS; at++) {
        free((void *)(uintptr_t)gone->buffers[at]);
    }
    free((void *)(uintptr_t)gone->schema.name);
    free((void *)(uintptr_t)gone->schema.format);
    free(gone);
}

static void add_child(node *parent, node *child) {
    int64_t at = parent->schema.n_children++;
    parent->array.n_children++;
    parent->children[at] = child;
    parent->schemas[at] = &child->schema;
    parent->arrays[at] = &child->array;
}

static void set_dictionary(node *of, node *values) {
    of->dictionary = values;
    of->schema.dictionary = &values->schema;
    of->array.dictionary = &values->array;
}

static void set_format(node *of, const char *format) {
    free((void *)(uintptr_t)of->schema.format);
    of->schema.format = (const char *)copy(format, strlen(format) + 1);
}

static void set_name(node *of, const char *name) {
    free((void *)(uintptr_t)of->schema.name);
    of->schema.name = (const char *)copy(name, strlen(name) + 1);
}

static void set_buffer(node *of, size_t at, const void *bytes, size_t len) {
    free((void *)(uintptr_t)of->buffers[at]);
    of->buffers[at] = bytes == NULL ? NULL : copy(bytes, len);
}

/* Strings, of which there are three. */
static node *texts(const char *name, const char *first, const char *second, const char *third) {
    node *made = node_new(name, "u", ROWS, 3);
    int32_t ends[ROWS + 1] = {0, 0, 0, 0};
    char *bytes = (char *)room_for(strlen(first) + strlen(second) + strlen(third) + 1);
    ends[1] = (int32_t)strlen(first);
    ends[2] = ends[1] + (int32_t)strlen(second);
    ends[3] = ends[2] + (int32_t)strlen(third);
    memcpy(bytes, first, strlen(first));
    memcpy(bytes + ends[1], second, strlen(second));
    memcpy(bytes + ends[2], third, strlen(third));
    set_buffer(made, 1, ends, sizeof ends);
    set_buffer(made, 2, bytes, (size_t)ends[3]);
    free(bytes);
    return made;
}

/* Three refunds: a small one, a large one, and one with a tag that is watched. */
static node *batch_new(void) {
    static const int64_t amounts[ROWS] = {20, 5000, 20};
    static const uint8_t frauds[1] = {0}, codes[ROWS] = {0, 1, 0};
    static const int32_t ends[ROWS + 1] = {0, 1, 1, 2};
    node *batch = node_new("", "+s", ROWS, 1), *customer, *tags, *note, *fraud, *amount;
    add_child(batch, texts("action.type", "refund", "refund", "refund"));
    amount = node_new("action.amount", "l", ROWS, 2);
    set_buffer(amount, 1, amounts, sizeof amounts);
    add_child(batch, amount);
    fraud = node_new("snapshot.fraud", "b", ROWS, 2);
    set_buffer(fraud, 1, frauds, sizeof frauds);
    add_child(batch, fraud);
    customer = node_new("action.customer", "+s", ROWS, 1);
    add_child(customer, texts("tier", "gold", "", "iron"));
    add_child(batch, customer);
    tags = node_new("action.tags", "+l", ROWS, 2);
    set_buffer(tags, 1, ends, sizeof ends);
    add_child(tags, texts("item", "a", "watched", "unused"));
    add_child(batch, tags);
    note = node_new("action.note", "C", ROWS, 2);
    set_buffer(note, 1, codes, sizeof codes);
    set_dictionary(note, texts("", "first", "second", "third"));
    add_child(batch, note);
    add_child(batch, texts("actor.role", "a", "b", "c"));
    add_child(batch, texts("action.reason", "a", "b", "c"));
    return batch;
}

/* Whether a row of a column of the answer's is this text; NULL: it is null. */
static int says(const struct ArrowArray *column, size_t row, const char *text) {
    const uint8_t *valid = (const uint8_t *)column->buffers[0];
    const struct ArrowArray *strings = column->dictionary;
    const int32_t *ends = (const int32_t *)strings->buffers[1];
    const char *bytes = (const char *)strings->buffers[2];
    int is_null = valid != NULL && (valid[row / 8] >> (row % 8) & 1) == 0;
    int32_t code;
    if (is_null || text == NULL) {
        return is_null && text == NULL;
    }
    code = ((const int8_t *)column->buffers[1])[row];
    return (size_t)(ends[code + 1] - ends[code]) == strlen(text) &&
           memcmp(bytes + ends[code], text, strlen(text)) == 0;
}

static actra_status evaluate(const node *batch, struct ArrowSchema *schema,
                             struct ArrowArray *decisions, actra_error **error) {
    memset(schema, 0xff, sizeof *schema);
    memset(decisions, 0xff, sizeof *decisions);
    return actra_policy_evaluate_arrow(f.policy, &batch->schema, &batch->array, 0, schema, decisions,
                                       error);
}

/* Frees the batch; it is decided as it should be, and never released by the library. */
static void decided(node *batch, const char *first, const char *error, const char *what) {
    struct ArrowSchema schema;
    struct ArrowArray decisions;
    actra_error *told = NULL;
    if (!CHECK_STATUS_CASE(evaluate(batch, &schema, &decisions, &told), ACTRA_STATUS_OK, what)) {
        size_t len = 0;
        const char *message = actra_error_message(told, &len);
        fprintf(stderr, "%.*s\n", (int)len, message);
        actra_error_free(told);
        node_free(batch);
        return;
    }
    node_free(batch);
    CHECK_CASE(decisions.length == ROWS && decisions.n_children == 4, what);
    CHECK_CASE(says(decisions.children[0], 0, first), what);
    CHECK_CASE(says(decisions.children[2], 0, error), what);
    decisions.release(&decisions);
    schema.release(&schema);
    CHECK_CASE(decisions.release == NULL && schema.release == NULL && told == NULL, what);
}

/* Frees the batch, which is refused with an error that names the column. */
static void refused(node *batch, const char *column, const char *says_so, const char *what) {
    struct ArrowSchema schema;
    struct ArrowArray decisions;
    actra_error *error = NULL;
    size_t len = 0, message_len = 0;
    const char *field, *message;
    char *copied;
    CHECK_STATUS_CASE(evaluate(batch, &schema, &decisions, &error), ACTRA_STATUS_INPUT_ERROR, what);
    CHECK_CASE(schema.release == NULL && decisions.release == NULL, what);
    field = actra_error_field(error, &len);
    CHECK_CASE(is_text(field, len, column), what);
    message = actra_error_message(error, &message_len);
    copied = (char *)room_for(message_len + 1);
    memcpy(copied, message, message_len);
    copied[message_len] = 0;
    if (!CHECK_CASE(strstr(copied, says_so) != NULL, what)) {
        fprintf(stderr, "%s\n", copied);
    }
    free(copied);
    actra_error_free(error);
    /* Without an error to be told, it is the same. */
    CHECK_STATUS_CASE(evaluate(batch, &schema, &decisions, NULL), ACTRA_STATUS_INPUT_ERROR, what);
    CHECK_CASE(schema.release == NULL && decisions.release == NULL, what);
    node_free(batch);
}

static void in_order(void) {
    node *batch = batch_new();
    struct ArrowSchema schema, moved_schema;
    struct ArrowArray decisions, moved;
    CHECK_STATUS(evaluate(batch, &schema, &decisions, NULL), ACTRA_STATUS_OK);
    node_free(batch);
    CHECK(strcmp(schema.format, "+s") == 0 && strcmp(schema.children[1]->name, "matched_rule") == 0);
    CHECK(says(decisions.children[0], 0, "allow"));
    CHECK(says(decisions.children[0], 1, "require_approval"));
    CHECK(says(decisions.children[0], 2, "require_approval"));
    CHECK(says(decisions.children[2], 0, NULL));
    /* What is moved out outlives what it was moved out of. */
    moved = *decisions.children[0];
    decisions.children[0]->release = NULL;
    moved_schema = *schema.children[0];
    schema.children[0]->release = NULL;
    decisions.release(&decisions);
    schema.release(&schema);
    CHECK(says(&moved, 1, "require_approval") && strcmp(moved_schema.name, "effect") == 0);
    moved.release(&moved);
    moved_schema.release(&moved_schema);
    CHECK(inputs_released == 0);
}

static void arguments(void) {
    node *batch = batch_new();
    const struct ArrowSchema *of = &batch->schema;
    const struct ArrowArray *values = &batch->array;
    struct ArrowSchema schema;
    struct ArrowArray decisions;
    actra_error *const none = (actra_error *)(uintptr_t)0x5555555555555555;
    actra_error *error = none;
    unsigned char room[2 * sizeof schema];
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    memset(&schema, 0xff, sizeof schema);
    memset(&decisions, 0xff, sizeof decisions);
    CHECK_STATUS(actra_policy_evaluate_arrow(NULL, of, values, 0, &schema, &decisions, &error),
                 invalid);
    CHECK(schema.release == NULL && decisions.release == NULL);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, NULL, values, 0, &schema, &decisions, &error),
                 invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, NULL, 0, &schema, &decisions, &error),
                 invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, values, 2, &schema, &decisions, &error),
                 invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, values, 0, NULL, &decisions, &error),
                 invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, values, 0, &schema, NULL, &error), invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, values, 0,
                                             (struct ArrowSchema *)(void *)(room + 1), &decisions,
                                             &error),
                 invalid);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, of, values, 0, &schema, &decisions,
                                             (actra_error **)(void *)(room + 1)),
                 invalid);
    CHECK(error == none && schema.release == NULL && decisions.release == NULL);
    node_free(batch);
    /* A struct at an odd address is an error of the batch. */
    batch = batch_new();
    memcpy(room + 1, &batch->schema, sizeof batch->schema);
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, (const struct ArrowSchema *)(void *)(room + 1),
                                             &batch->array, 0, &schema, &decisions, NULL),
                 ACTRA_STATUS_INPUT_ERROR);
    set_name(batch->children[REASON], "action.unheard");
    CHECK_STATUS(actra_policy_evaluate_arrow(f.policy, &batch->schema, &batch->array,
                                             ACTRA_INPUT_REFUSE_UNKNOWN, &schema, &decisions, &error),
                 ACTRA_STATUS_INPUT_ERROR);
    CHECK(error != none);
    actra_error_free(error);
    decided(batch, "allow", NULL, "a field that the schema does not name");
}

/* Numbers of each array that cannot be. */
static void numbers(void) {
    static const char *const names[] = {"action.type",     "action.amount", "snapshot.fraud",
                                        "action.customer", "action.tags",   "action.note",
                                        "actor.role",      NULL};
    static const int64_t lengths[] = {-1, INT64_MIN, INT64_MAX, ROWS - 1, 0};
    for (size_t at = 0; at < 7; at++) {
        for (size_t which = 0; which < sizeof lengths / sizeof *lengths; which++) {
            node *batch = batch_new();
            batch->children[at]->array.length = lengths[which];
            if (lengths[which] == INT64_MAX) {
                batch->children[at]->array.offset = 1;
            }
            refused(batch, names[at], "", "a length");
        }
        for (int64_t buffers = -1; buffers < 6; buffers++) {
            node *batch = batch_new();
            if (batch->children[at]->array.n_buffers != buffers) {
                batch->children[at]->array.n_buffers = buffers;
                refused(batch, names[at], "buffers", "a number of buffers");
            } else {
                batch->children[at]->array.buffers = NULL;
                refused(batch, names[at], "buffers", "no buffers");
            }
        }
        for (int64_t count = -2; count < 6; count += 2) {
            node *batch = batch_new();
            batch->children[at]->array.n_children += count == 0 ? 1 : count;
            refused(batch, names[at], "children", "a number of children");
        }
        {
            node *batch = batch_new();
            batch->children[at]->array.offset = -1;
            refused(batch, names[at], "offset", "an offset");
            batch = batch_new();
            batch->children[at]->array.offset = INT64_MAX;
            refused(batch, names[at], "", "a large offset");
            batch = batch_new();
            batch->children[at]->array.null_count = -2;
            refused(batch, names[at], "nulls", "a number of nulls");
            batch = batch_new();
            batch->children[at]->array.null_count = ROWS + 1;
            refused(batch, names[at], "nulls", "more nulls than values");
            batch = batch_new();
            batch->children[at]->array.null_count = 1;
            refused(batch, names[at], "does not say which", "nulls that are nowhere");
            batch = batch_new();
            batch->children[at]->array.release = NULL;
            refused(batch, names[at], "released", "an array that has been released");
            batch = batch_new();
            batch->children[at]->schema.release = NULL;
            refused(batch, names[at], "released", "a type that has been released");
            batch = batch_new();
            set_format(batch->children[at], "tdD");
            refused(batch, names[at], at == NOTE ? "codes" : at == CUSTOMER ? "dates" : "",
                    "another type");
            batch = batch_new();
            batch->arrays[at] = NULL;
            refused(batch, names[at], "NULL", "no array");
        }
        if (at != CUSTOMER) {
            node *batch = batch_new();
            set_buffer(batch->children[at], 1, NULL, 0);
            refused(batch, names[at], "NULL", "no values");
        }
    }
}

/* The batch itself. */
static void batches(void) {
    static const uint8_t some[1] = {5};
    static const char bad_name[] = {'a', 'c', 't', 'i', 'o', 'n', '.', (char)0xff, 0};
    node *batch = batch_new(), *deep;
    char *long_text;
    set_format(batch, "u");
    refused(batch, NULL, "", "no struct");
    batch = batch_new();
    batch->array.length = -1;
    refused(batch, NULL, "length", "a length");
    batch = batch_new();
    batch->array.length = INT64_MAX;
    refused(batch, NULL, "room", "a length that nobody has");
    batch = batch_new();
    batch->array.release = NULL;
    refused(batch, NULL, "released", "released");
    batch = batch_new();
    set_buffer(batch, 0, some, sizeof some);
    batch->array.null_count = 1;
    refused(batch, NULL, "null as a whole", "a row that is null");
    batch = batch_new();
    batch->schemas[AMOUNT] = NULL;
    refused(batch, NULL, "NULL", "no type");
    batch = batch_new();
    batch->schema.children = NULL;
    refused(batch, NULL, "NULL", "no children");
    batch = batch_new();
    set_name(batch->children[AMOUNT], bad_name);
    refused(batch, NULL, "UTF-8", "a name");
    batch = batch_new();
    set_format(batch->children[AMOUNT], bad_name);
    refused(batch, "action.amount", "UTF-8", "a format");
    batch = batch_new();
    long_text = (char *)room_for(70001);
    memset(long_text, 'a', 70000);
    long_text[70000] = 0;
    set_name(batch->children[AMOUNT], long_text);
    refused(batch, NULL, "65536 bytes", "a long name");
    free(long_text);
    batch = batch_new();
    free((void *)(uintptr_t)batch->children[AMOUNT]->schema.format);
    batch->children[AMOUNT]->schema.format = NULL;
    refused(batch, "action.amount", "format", "no format");
    batch = batch_new();
    free((void *)(uintptr_t)batch->children[ROLE]->schema.name);
    batch->children[ROLE]->schema.name = NULL;
    decided(batch, "allow", NULL, "a column without a name");
    batch = batch_new();
    set_name(batch->children[REASON], "action.amount");
    refused(batch, "action.amount", "not the only one", "two columns of one field");
    /* Structs within themselves. */
    batch = batch_new();
    deep = batch->children[CUSTOMER];
    set_name(deep, "action");
    deep->schemas[0] = &deep->schema;
    deep->arrays[0] = &deep->array;
    batch->schema.n_children = batch->array.n_children = CUSTOMER + 1;
    set_name(batch->children[TYPE], "x");
    set_name(batch->children[AMOUNT], "x");
    {
        struct ArrowSchema schema;
        struct ArrowArray decisions;
        CHECK_STATUS(evaluate(batch, &schema, &decisions, NULL), ACTRA_STATUS_INPUT_ERROR);
        /* Twice at each level: there is an end to that, too. */
        deep->schemas[1] = &deep->schema;
        deep->arrays[1] = &deep->array;
        deep->schema.n_children = deep->array.n_children = 2;
        CHECK_STATUS(evaluate(batch, &schema, &decisions, NULL), ACTRA_STATUS_INPUT_ERROR);
    }
    node_free(batch);
}

/* What buffers say. */
static void contents(void) {
    static const int32_t descending[] = {0, 12, 6, 18}, negative[] = {-1, 6, 12, 18};
    static const int32_t below[] = {0, 6, 12, -18}, items[] = {0, 1, 1, 4};
    static const uint8_t codes[] = {0, 3, 0}, signed_codes[] = {0, 255, 0}, some[] = {5};
    static const char broken[] = "\xff" "oldiron";
    node *batch = batch_new(), *values;
    set_buffer(batch->children[TYPE], 1, descending, sizeof descending);
    refused(batch, "action.type", "offsets", "offsets that descend");
    batch = batch_new();
    set_buffer(batch->children[TYPE], 1, negative, sizeof negative);
    refused(batch, "action.type", "offsets", "an offset below 0");
    batch = batch_new();
    set_buffer(batch->children[TAGS], 1, below, sizeof below);
    refused(batch, "action.tags", "offsets", "a last offset below 0");
    batch = batch_new();
    set_buffer(batch->children[TAGS], 1, items, sizeof items);
    refused(batch, "action.tags", "past their items", "lists longer than their items");
    batch = batch_new();
    batch->children[TAGS]->schema.n_children = batch->children[TAGS]->array.n_children = 0;
    refused(batch, "action.tags", "children", "lists of nothing");
    batch = batch_new();
    set_format(batch->children[TAGS], "+w:9000000000000000000");
    batch->children[TAGS]->array.n_buffers = 1;
    refused(batch, "action.tags", "past their items", "lists of a size");
    batch = batch_new();
    set_format(batch->children[TAGS]->children[0], "+s");
    refused(batch, "action.tags", "", "lists of structs");
    batch = batch_new();
    set_buffer(batch->children[NOTE], 1, codes, sizeof codes);
    refused(batch, "action.note", "row 1", "a code past the dictionary");
    /* Where nothing is, a code means nothing. */
    batch = batch_new();
    set_buffer(batch->children[NOTE], 1, codes, sizeof codes);
    set_buffer(batch->children[NOTE], 0, some, sizeof some);
    decided(batch, "allow", NULL, "a code past the dictionary, of a null");
    batch = batch_new();
    set_format(batch->children[NOTE], "c");
    set_buffer(batch->children[NOTE], 1, signed_codes, sizeof signed_codes);
    refused(batch, "action.note", "row 1", "a code below 0");
    batch = batch_new();
    set_format(batch->children[NOTE], "g");
    refused(batch, "action.note", "codes", "codes that are no integers");
    batch = batch_new();
    batch->children[NOTE]->schema.dictionary = NULL;
    refused(batch, "action.note", "dictionary", "a dictionary in the array only");
    batch = batch_new();
    set_dictionary(batch->children[NOTE]->dictionary, texts("", "a", "b", "c"));
    refused(batch, "action.note", "", "a dictionary of a dictionary");
    batch = batch_new();
    set_format(batch->children[NOTE]->dictionary, "+s");
    refused(batch, "action.note", "", "a dictionary of structs");
    /* A text that is none is its row's fault. */
    batch = batch_new();
    values = batch->children[CUSTOMER]->children[0];
    set_buffer(values, 2, broken, 8);
    decided(batch, NULL, "not_utf8", "a text that is not UTF-8");
    batch = batch_new();
    set_name(batch->children[TYPE], "action.kind");
    decided(batch, NULL, "missing_required", "no action");
}

/* Strings as views. */
static void views(void) {
    static const int64_t len[] = {16}, negative[] = {-1};
    static const char data[] = "refundrefundrefu";
    static const int32_t good[ROWS * 4] = {6, 0, 0, 0, 6, 0, 0, 0, 6, 0, 0, 0};
    int32_t made[ROWS * 4];
    struct {
        size_t at;
        int32_t value;
    } wrong[] = {{0, -1}, {0, INT32_MIN}, {0, INT32_MAX}, {0, 17}, {2, 1}, {2, -1}, {3, -1}, {3, 1}};
    for (size_t at = 0; at <= sizeof wrong / sizeof *wrong; at++) {
        node *batch = batch_new(), *type = batch->children[TYPE];
        memcpy(made, good, sizeof made);
        for (size_t row = 0; row < ROWS; row++) {
            memcpy(&made[row * 4 + 1], "refund", 6);
        }
        set_format(type, "vu");
        type->array.n_buffers = 4;
        set_buffer(type, 2, data, 16);
        set_buffer(type, 3, len, sizeof len);
        if (at < sizeof wrong / sizeof *wrong) {
            made[0] = 16;
            made[2] = made[3] = 0;
            made[wrong[at].at] = wrong[at].value;
            set_buffer(type, 1, made, sizeof made);
            refused(batch, "action.type", "row 0", "a view that leads nowhere");
        } else {
            set_buffer(type, 1, made, sizeof made);
            decided(batch, "allow", NULL, "views");
        }
    }
    {
        node *batch = batch_new(), *type = batch->children[TYPE];
        set_format(type, "vu");
        type->array.n_buffers = 4;
        set_buffer(type, 1, good, sizeof good);
        set_buffer(type, 3, negative, sizeof negative);
        refused(batch, "action.type", "negative", "a buffer of a length below 0");
    }
}

int main(int count, char **words) {
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    in_order();
    arguments();
    numbers();
    batches();
    contents();
    views();
    in_order();
    CHECK(inputs_released == 0);
    fixture_close(&f);
    return checks_end("hostile_arrow", 1000);
}
