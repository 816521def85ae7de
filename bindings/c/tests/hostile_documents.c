/* Compiling, loading and saving with arguments, paths, documents and errors that are not what they
 * should be. */
#include "fixture.h"

static const char SCHEMA[] = "version: 1\nactions: {refund: {fields: {amount: integer}}}\n";
static const char POLICY[] =
    "version: 2\nrules: [{id: a, scope: {action: refund}, when: action.amount < 5, effect: allow}]\n";

static actra_policy *const UNTOUCHED = (actra_policy *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;
static unsigned char room[64];

/* What an error tells; frees it. */
static void check_error(actra_error *error, const char *what) {
    size_t len = 77;
    CHECK_CASE(error != NULL && error != NO_ERROR, what);
    if (error == NULL || error == NO_ERROR) {
        return;
    }
    CHECK_CASE(actra_error_code(error, &len) != NULL && len > 0, what);
    CHECK_CASE(actra_error_message(error, &len) != NULL && len > 0, what);
    CHECK_CASE(actra_error_rendered(error, &len) != NULL && len > 0, what);
    CHECK_CASE(actra_error_json(error, &len) != NULL && len > 0, what);
    CHECK_CASE(actra_error_code(error, NULL) != NULL, what);
    CHECK_CASE(actra_error_message(error, (size_t *)(void *)(room + 1)) == NULL, what);
    len = 77;
    CHECK_CASE((actra_error_file(error, &len) == NULL) == (len == 0), what);
    /* Documents and files have no field of an input. */
    CHECK_CASE(actra_error_field(error, &len) == NULL && len == 0, what);
    CHECK_CASE((actra_error_line(error) == 0) == (actra_error_column(error) == 0), what);
    actra_error_free(error);
}

static void no_error(void) {
    size_t len = 77;
    CHECK(actra_error_code(NULL, &len) == NULL && len == 0);
    len = 77;
    CHECK(actra_error_message(NULL, &len) == NULL && len == 0);
    len = 77;
    CHECK(actra_error_file(NULL, &len) == NULL && len == 0);
    len = 77;
    CHECK(actra_error_field(NULL, &len) == NULL && len == 0);
    len = 77;
    CHECK(actra_error_rendered(NULL, &len) == NULL && len == 0);
    len = 77;
    CHECK(actra_error_json(NULL, &len) == NULL && len == 0);
    CHECK(actra_error_code(NULL, NULL) == NULL);
    CHECK(actra_error_line(NULL) == 0 && actra_error_column(NULL) == 0);
    actra_error_free(NULL);
}

typedef struct {
    const char *text;
    size_t len;
} text;

static text text_of(const char *bytes) {
    text made;
    made.text = bytes;
    made.len = strlen(bytes);
    return made;
}

/* Compiles; where that is no success nothing is handed over but an error. */
static actra_status compile(text schema, text policy, text governance, const char *what) {
    actra_policy *compiled = UNTOUCHED;
    actra_error *error = NO_ERROR;
    actra_status status =
        actra_policy_compile(schema.text, schema.len, policy.text, policy.len, governance.text,
                             governance.len, &compiled, &error);
    if (status == ACTRA_STATUS_OK) {
        CHECK_CASE(compiled != UNTOUCHED && compiled != NULL && error == NO_ERROR, what);
        actra_policy_free(compiled);
        return status;
    }
    CHECK_CASE(compiled == UNTOUCHED, what);
    if (status == ACTRA_STATUS_INVALID_ARGUMENT) {
        CHECK_CASE(error == NO_ERROR, what);
    } else {
        check_error(error, what);
    }
    CHECK_STATUS_CASE(actra_policy_compile(schema.text, schema.len, policy.text, policy.len,
                                           governance.text, governance.len, &compiled, NULL),
                      status, what);
    return status;
}

static void compile_arguments(void) {
    const text schema = text_of(SCHEMA), policy = text_of(POLICY), none = {NULL, 0};
    const text bad[] = {{NULL, 1}, {NULL, SIZE_MAX}, {SCHEMA, SIZE_MAX}, {"\xff", 1}, {"a\xc3", 2}};
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    actra_policy *compiled = UNTOUCHED;
    actra_error *error = NO_ERROR;
    CHECK_STATUS(compile(schema, policy, none, "in order"), ACTRA_STATUS_OK);
    CHECK_STATUS(compile(none, policy, none, "no schema"), ACTRA_STATUS_COMPILE_ERROR);
    CHECK_STATUS(compile(schema, none, none, "no policy"), ACTRA_STATUS_COMPILE_ERROR);
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        CHECK_STATUS(compile(bad[at], policy, none, "a bad schema"), invalid);
        CHECK_STATUS(compile(schema, bad[at], none, "a bad policy"), invalid);
        CHECK_STATUS(compile(schema, policy, bad[at], "bad governance"), invalid);
    }
    CHECK_STATUS(actra_policy_compile(SCHEMA, schema.len, POLICY, policy.len, NULL, 0, NULL, &error),
                 invalid);
    CHECK_STATUS(actra_policy_compile(SCHEMA, schema.len, POLICY, policy.len, NULL, 0,
                                      (actra_policy **)(void *)(room + 1), &error),
                 invalid);
    CHECK_STATUS(actra_policy_compile(SCHEMA, schema.len, POLICY, policy.len, NULL, 0, &compiled,
                                      (actra_error **)(void *)(room + 1)),
                 invalid);
    CHECK(error == NO_ERROR && compiled == UNTOUCHED);
}

/* A document made of many copies of a piece. */
static text repeated(const char *head, const char *piece, size_t times, const char *tail) {
    size_t head_len = strlen(head), len = strlen(piece), tail_len = strlen(tail);
    char *made = (char *)room_for(head_len + times * len + tail_len);
    text given;
    memcpy(made, head, head_len);
    for (size_t at = 0; at < times; at++) {
        memcpy(made + head_len + at * len, piece, len);
    }
    memcpy(made + head_len + times * len, tail, tail_len);
    given.text = made;
    given.len = head_len + times * len + tail_len;
    return given;
}

static void refused_document(text document, const char *what) {
    const text none = {NULL, 0};
    CHECK_STATUS_CASE(compile(document, text_of(POLICY), none, what), ACTRA_STATUS_COMPILE_ERROR,
                      what);
    CHECK_STATUS_CASE(compile(text_of(SCHEMA), document, none, what), ACTRA_STATUS_COMPILE_ERROR,
                      what);
    CHECK_STATUS_CASE(compile(text_of(SCHEMA), text_of(POLICY), document, what),
                      ACTRA_STATUS_COMPILE_ERROR, what);
}

/* Under tools that make everything slow, large documents are smaller. */
static void hostile_documents(size_t smaller) {
    static const char *const small[] = {
        "[]", "5", "\"", "{", "a: b: c", "- - -", "!!binary x", "&a [*a]", "version: 1\nversion: 1\n",
        "version: 99999999999999999999\n", "version: -1\n", "version: {}\n", "? {a: b}\n: c\n",
        "%YAML 9.9\n---\n", "--- a\n--- b\n", "version: .nan\n", "\xef\xbb\xbf[", "\t- a", "*a",
        "<<: {version: 1}\n", "version: !!str 1\n", "!<tag:x> a"};
    const struct {
        const char *head, *piece;
        size_t times;
        const char *tail, *what;
    } large[] = {
        {"", "[", 200000, "", "lists in lists, never ended"},
        {"", "{a: ", 200000, "", "maps in maps, never ended"},
        {"", "- ", 100000, "a", "items in items"},
        {"", "[", 2000, "]", "lists in lists"},
        {"version: 2\nrules: [{id: a, scope: {global: true}, effect: block, when: ", "{not: ", 5000,
         "action.amount < 5", "conditions in conditions"},
        {"version: 2\nrules: [{id: a, scope: {global: true}, effect: block, when: {any: [", "{all: [",
         30, "]}", "conditions in conditions, not ended"},
        {"", "a", 5000000, "", "one long word"},
        {"version: 1\n", "# a comment\n", 500000, "", "comments"},
        {"", "\n", 3000000, "", "empty lines"},
        {"a: &a [x]\n", "b: [*a, *a, *a, *a]\n", 50000, "", "aliases and repeated keys"},
        {"a: &a {<<: *a}\n", "", 0, "", "an alias to itself"},
        {"\"", "\\u0041", 500000, "\"", "escapes"},
        {"{", "? ", 100000, "}", "keys of keys"},
        {"", "&a ", 50000, "b", "anchors"},
        {"", "!!str ", 50000, "b", "tags"},
    };
    text document;
    for (size_t at = 0; at < sizeof small / sizeof *small; at++) {
        refused_document(text_of(small[at]), small[at]);
    }
    document.text = "version: 1\0actions: {}";
    document.len = 22;
    refused_document(document, "a NUL");
    for (size_t at = 0; at < sizeof large / sizeof *large; at++) {
        document = repeated(large[at].head, large[at].piece, large[at].times / smaller,
                            large[at].tail);
        refused_document(document, large[at].what);
        free((void *)(uintptr_t)document.text);
    }
}

/* Every prefix of documents that are in order, and every byte of them replaced. */
static void broken_documents(void) {
    static const char spoilers[] = {'\0', '\n', ' ', ':', '[', '{', '"', '&', '\t', '~'};
    char schema[sizeof SCHEMA], policy[sizeof POLICY];
    const text none = {NULL, 0};
    for (size_t len = 0; len < sizeof SCHEMA - 1; len += 3) {
        text cut = {SCHEMA, len};
        actra_status status = compile(cut, text_of(POLICY), none, "a prefix");
        CHECK(status == ACTRA_STATUS_COMPILE_ERROR || status == ACTRA_STATUS_OK);
    }
    for (size_t at = 0; at + 1 < sizeof POLICY; at += 2) {
        text given;
        actra_status status;
        memcpy(schema, SCHEMA, sizeof schema);
        memcpy(policy, POLICY, sizeof policy);
        policy[at] = spoilers[at / 2 % sizeof spoilers];
        given.text = policy;
        given.len = sizeof policy - 1;
        status = compile(text_of(schema), given, none, "a byte replaced");
        CHECK(status == ACTRA_STATUS_COMPILE_ERROR || status == ACTRA_STATUS_OK);
    }
}

typedef actra_status (*opener)(const char *, size_t, actra_policy **, actra_error **);

static void paths(const char *folder) {
    static const opener openers[] = {actra_policy_open, actra_policy_compile_directory};
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    char there[4096], file[4200];
    text long_path = repeated("/", "a/", 100000, "");
    actra_policy *compiled = UNTOUCHED;
    actra_error *error = NO_ERROR;
    snprintf(there, sizeof there, "%s/policy", folder);
    snprintf(file, sizeof file, "%s/schema.yaml", there);
    for (size_t at = 0; at < 2; at++) {
        const actra_status absent = at == 0 ? ACTRA_STATUS_IO_ERROR : ACTRA_STATUS_COMPILE_ERROR;
        const text bad[] = {{"/no/such/place", 14}, {"", 0},   {NULL, 0},
                            {"a\0b", 3},            {long_path.text, long_path.len}};
        CHECK_STATUS(openers[at](NULL, 5, &compiled, &error), invalid);
        CHECK_STATUS(openers[at](there, SIZE_MAX, &compiled, &error), invalid);
        CHECK_STATUS(openers[at]("\xff", 1, &compiled, &error), invalid);
        CHECK_STATUS(openers[at](there, strlen(there), NULL, &error), invalid);
        CHECK_STATUS(openers[at](there, strlen(there), (actra_policy **)(void *)(room + 1), &error),
                     invalid);
        CHECK_STATUS(openers[at](there, strlen(there), &compiled, (actra_error **)(void *)(room + 1)),
                     invalid);
        CHECK(error == NO_ERROR && compiled == UNTOUCHED);
        for (size_t which = 0; which < sizeof bad / sizeof *bad; which++) {
            error = NO_ERROR;
            CHECK_STATUS(openers[at](bad[which].text, bad[which].len, &compiled, &error), absent);
            check_error(error, bad[which].text == NULL ? "no path" : bad[which].text);
        }
        error = NO_ERROR;
        CHECK_STATUS(openers[at](file, strlen(file), &compiled, &error),
                     at == 0 ? ACTRA_STATUS_ARTIFACT_ERROR : ACTRA_STATUS_COMPILE_ERROR);
        check_error(error, "a file of another kind");
        error = NO_ERROR;
        CHECK_STATUS(openers[at](folder, strlen(folder), &compiled, &error),
                     ACTRA_STATUS_COMPILE_ERROR);
        check_error(error, "a directory with no policy");
        CHECK(compiled == UNTOUCHED);
        error = NO_ERROR;
    }
    error = NO_ERROR;
    CHECK_STATUS(actra_policy_open("/dev/zero", 9, &compiled, &error), ACTRA_STATUS_IO_ERROR);
    check_error(error, "a file without end");
    free((void *)(uintptr_t)long_path.text);
}

static void files(const char *folder) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    char schema[4096], policy[4096];
    size_t schema_len, policy_len;
    actra_policy *compiled = UNTOUCHED;
    actra_error *error = NO_ERROR;
    const text bad[] = {{NULL, 1}, {NULL, SIZE_MAX}, {"a", SIZE_MAX}, {"\xff", 1}};
    snprintf(schema, sizeof schema, "%s/policy/schema.yaml", folder);
    snprintf(policy, sizeof policy, "%s/policy/policy.yaml", folder);
    schema_len = strlen(schema);
    policy_len = strlen(policy);
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        CHECK_STATUS(actra_policy_compile_files(bad[at].text, bad[at].len, policy, policy_len, NULL,
                                                0, &compiled, &error),
                     invalid);
        CHECK_STATUS(actra_policy_compile_files(schema, schema_len, bad[at].text, bad[at].len, NULL,
                                                0, &compiled, &error),
                     invalid);
        CHECK_STATUS(actra_policy_compile_files(schema, schema_len, policy, policy_len, bad[at].text,
                                                bad[at].len, &compiled, &error),
                     invalid);
    }
    CHECK_STATUS(actra_policy_compile_files(schema, schema_len, policy, policy_len, NULL, 0, NULL,
                                            &error),
                 invalid);
    CHECK_STATUS(actra_policy_compile_files(schema, schema_len, policy, policy_len, NULL, 0,
                                            &compiled, (actra_error **)(void *)(room + 1)),
                 invalid);
    CHECK(error == NO_ERROR && compiled == UNTOUCHED);
    CHECK_STATUS(actra_policy_compile_files("/none", 5, policy, policy_len, NULL, 0, &compiled,
                                            &error),
                 ACTRA_STATUS_COMPILE_ERROR);
    check_error(error, "no schema");
    error = NO_ERROR;
    CHECK_STATUS(actra_policy_compile_files(schema, schema_len, policy, policy_len, "/none", 5,
                                            &compiled, &error),
                 ACTRA_STATUS_COMPILE_ERROR);
    check_error(error, "no governance where one is named");
    CHECK(compiled == UNTOUCHED);
    CHECK_STATUS(actra_policy_compile_files(schema, schema_len, policy, policy_len, NULL, 0,
                                            &compiled, NULL),
                 ACTRA_STATUS_OK);
    actra_policy_free(compiled);
}

static void saving(const char *folder, const char *scratch) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    fixture f = fixture_open(folder);
    char file[4096];
    actra_policy *loaded = NULL;
    actra_error *error = NO_ERROR;
    const text bad[] = {{"", 0},     {NULL, 0},  {"/", 1},       {"/no/such/place/x.actra", 22},
                        {"a\0b", 3}, {"..", 2},  {"/dev/null/x", 11}};
    CHECK_STATUS(actra_policy_save(NULL, "x", 1, &error), invalid);
    CHECK_STATUS(actra_policy_save(f.policy, NULL, 1, &error), invalid);
    CHECK_STATUS(actra_policy_save(f.policy, "x", SIZE_MAX, &error), invalid);
    CHECK_STATUS(actra_policy_save(f.policy, "\xff", 1, &error), invalid);
    CHECK_STATUS(actra_policy_save(f.policy, "x", 1, (actra_error **)(void *)(room + 1)), invalid);
    CHECK(error == NO_ERROR);
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        error = NO_ERROR;
        CHECK_STATUS(actra_policy_save(f.policy, bad[at].text, bad[at].len, &error),
                     ACTRA_STATUS_IO_ERROR);
        check_error(error, "a path that cannot be written");
        CHECK_STATUS(actra_policy_save(f.policy, bad[at].text, bad[at].len, NULL),
                     ACTRA_STATUS_IO_ERROR);
    }
    error = NO_ERROR;
    CHECK_STATUS(actra_policy_save(f.policy, scratch, strlen(scratch), &error),
                 ACTRA_STATUS_IO_ERROR);
    check_error(error, "a directory is there");
    snprintf(file, sizeof file, "%s/saved.actra", scratch);
    CHECK_STATUS(actra_policy_save(f.policy, file, strlen(file), NULL), ACTRA_STATUS_OK);
    CHECK_STATUS(actra_policy_open(file, strlen(file), &loaded, NULL), ACTRA_STATUS_OK);
    CHECK(actra_policy_rule_count(loaded) == actra_policy_rule_count(f.policy));
    actra_policy_free(loaded);
    remove(file);
    fixture_close(&f);
}

int main(int count, char **arguments) {
    const char *folder = count > 1 ? arguments[1] : "bindings/c/tests";
    const char *scratch = count > 2 ? arguments[2] : "/tmp";
    no_error();
    compile_arguments();
    hostile_documents(count > 3 ? 50 : 1);
    broken_documents();
    paths(folder);
    files(folder);
    saving(folder, scratch);
    return checks_end("hostile_documents", 1000);
}
