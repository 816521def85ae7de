/* conformance/signing through the C ABI: what is loaded with which keys. */
#include "check.h"
#include "json.h"

enum { MOST_KEYS = 8 };

static const char *folder;

static struct text read_file(struct pool *pool, struct text name) {
    char path[4096];
    FILE *file;
    char *start = pool_take(pool, 65536);
    snprintf(path, sizeof path, "%s/%.*s", folder, (int)name.len, name.start);
    file = fopen(path, "rb");
    if (file == NULL) {
        give_up(path);
    }
    struct text found = {start, fread(start, 1, 65536, file)};
    fclose(file);
    return found;
}

static uint64_t revision(const struct json *value) {
    if (value->kind == JSON_BIG_INTEGER) {
        char digits[32] = {0};
        memcpy(digits, value->as.text.start, value->as.text.len);
        return strtoull(digits, NULL, 10);
    }
    return (uint64_t)value->as.integer;
}

static void run(struct pool *pool, const struct json *given) {
    char name[256];
    struct text told = json_text(json_get(given, "name")), result = json_text(json_get(given, "result"));
    const struct json *keys = json_get(given, "trusted_keys");
    struct text file = read_file(pool, json_text(json_get(given, "file")));
    actra_bytes list[MOST_KEYS];
    actra_load_options options;
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    snprintf(name, sizeof name, "%.*s", (int)told.len, told.start);
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.min_revision = revision(json_get(given, "min_revision"));
    if (keys->kind == JSON_ARRAY) {
        options.flags = ACTRA_LOAD_TRUSTED_KEYS;
        options.trusted_key_count = json_count(keys);
        options.trusted_keys = list;
        for (size_t index = 0; index < options.trusted_key_count && index < MOST_KEYS; index++) {
            struct text key = read_file(pool, json_text(json_at(keys, index)));
            list[index] = (actra_bytes){(const uint8_t *)key.start, key.len};
        }
    }
    actra_status status =
        actra_policy_load_with((const uint8_t *)file.start, file.len, &options, &policy, &error);
    if (text_is(result, "ok")) {
        CHECK_STATUS_CASE(status, ACTRA_STATUS_OK, name);
    } else {
        struct text code;
        code.start = actra_error_code(error, &code.len);
        CHECK_STATUS_CASE(status,
                          text_is(result, "bad_key") ? ACTRA_STATUS_INVALID_ARGUMENT : ACTRA_STATUS_ARTIFACT_ERROR,
                          name);
        CHECK_CASE(policy == NULL && text_same(code, result), name);
    }
    actra_policy_free(policy);
    actra_error_free(error);
}

int main(int count, char **words) {
    struct pool pool = {0};
    folder = count > 1 ? words[1] : "conformance/signing";
    struct json *cases = json_read(&pool, read_file(&pool, text_of("cases.json")), 20);
    if (cases == NULL || json_count(cases) == 0) {
        give_up("there are no cases");
    }
    for (size_t index = 0; index < json_count(cases); index++) {
        run(&pool, json_at(cases, index));
    }
    pool_free(&pool);
    return checks_end("signing", 40);
}
