/* Inputs as text, and explanations, with arguments and texts that are not what they should be. Each
 * is refused by both functions, or told as an error by the one that explains. */
#include "fixture.h"

static fixture f;
static unsigned char room[64];
static actra_buffer *const NO_BUFFER = (actra_buffer *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;

static int contains(const actra_buffer *buffer, const char *what) {
    /* A NUL that is not counted follows the text. */
    return strstr((const char *)actra_buffer_data(buffer), what) != NULL;
}

/* Decides a text with everything that may be asked for. */
static actra_status evaluate(const char *text, size_t len, uint32_t flags, actra_decision *decision,
                             const char *what) {
    actra_buffer *json = NO_BUFFER;
    actra_error *error = NO_ERROR;
    actra_decision second = poisoned();
    actra_status status;
    *decision = poisoned();
    status = actra_policy_evaluate_text(f.policy, text, len, flags, decision, &json, &error);
    CHECK_STATUS_CASE(actra_policy_evaluate_text(f.policy, text, len, flags, &second, NULL, NULL),
                      status, what);
    CHECK_CASE(memcmp(decision, &second, sizeof second) == 0, what);
    if (status == ACTRA_STATUS_OK) {
        CHECK_CASE(json != NO_BUFFER && contains(json, "\"effect\""), what);
        actra_buffer_free(json);
        CHECK_CASE(error == NO_ERROR, what);
        return status;
    }
    CHECK_CASE(is_invalid(decision) && decision->field == NULL && json == NO_BUFFER, what);
    if (status == ACTRA_STATUS_INPUT_ERROR) {
        size_t len_of_code = 0;
        const char *code = NULL;
        CHECK_CASE(error != NO_ERROR && error != NULL, what);
        code = actra_error_code(error, &len_of_code);
        CHECK_CASE(is_text(code, len_of_code, actra_input_error_name(decision->input_error)), what);
        CHECK_CASE((actra_error_field(error, &len_of_code) == NULL) == (len_of_code == 0), what);
        actra_error_free(error);
    } else {
        CHECK_CASE(error == NO_ERROR && decision->input_error == ACTRA_INPUT_ERROR_NONE, what);
    }
    return status;
}

static void explained(const char *text, size_t len, uint32_t flags, const char *says,
                      const char *what) {
    static const uint32_t styles[] = {0, ACTRA_EXPLAIN_RENDERED,
                                      ACTRA_EXPLAIN_RENDERED | ACTRA_EXPLAIN_COLOURED,
                                      ACTRA_EXPLAIN_RENDERED | ACTRA_EXPLAIN_ALL};
    for (size_t at = 0; at < sizeof styles / sizeof *styles; at++) {
        actra_buffer *explanation = NO_BUFFER;
        CHECK_STATUS_CASE(actra_policy_explain_text(f.policy, text, len, flags | styles[at],
                                                    &explanation),
                          ACTRA_STATUS_OK, what);
        CHECK_CASE(explanation != NO_BUFFER && actra_buffer_len(explanation) > 0, what);
        CHECK_CASE(contains(explanation, says), says);
        actra_buffer_free(explanation);
    }
}

static void in_error(const char *text, size_t len, uint32_t flags, uint32_t error,
                     const char *what) {
    actra_decision decision;
    CHECK_STATUS_CASE(evaluate(text, len, flags, &decision, what), ACTRA_STATUS_INPUT_ERROR, what);
    if (!CHECK_CASE(decision.input_error == error, what)) {
        fprintf(stderr, "    %s\n", actra_input_error_name(decision.input_error));
    }
    explained(text, len, flags, actra_input_error_name(error), what);
}

static void arguments(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    const char *text = ALLOWED_JSON;
    const size_t len = strlen(text);
    actra_decision decision;
    actra_buffer *json = NO_BUFFER;
    actra_error *error = NO_ERROR;
    CHECK_STATUS(actra_policy_evaluate_text(f.policy, text, len, 0, NULL, NULL, NULL), invalid);
    decision = poisoned();
    CHECK_STATUS(actra_policy_evaluate_text(NULL, text, len, 0, &decision, &json, &error), invalid);
    CHECK(is_invalid(&decision));
    decision = poisoned();
    CHECK_STATUS(actra_policy_evaluate_text(f.policy, text, len, 0, &decision,
                                            (actra_buffer **)(void *)(room + 1), &error),
                 invalid);
    CHECK(is_invalid(&decision));
    decision = poisoned();
    CHECK_STATUS(actra_policy_evaluate_text(f.policy, text, len, 0, &decision, &json,
                                            (actra_error **)(void *)(room + 1)),
                 invalid);
    CHECK(is_invalid(&decision));
    CHECK(json == NO_BUFFER && error == NO_ERROR);
    CHECK_STATUS(evaluate(NULL, 1, 0, &decision, "NULL"), invalid);
    CHECK_STATUS(evaluate(NULL, SIZE_MAX, 0, &decision, "NULL"), invalid);
    CHECK_STATUS(evaluate(text, SIZE_MAX, 0, &decision, "longer than memory"), invalid);
    CHECK_STATUS(evaluate(text, SIZE_MAX / 2 + 1, 0, &decision, "longer than memory"), invalid);
    CHECK_STATUS(actra_policy_explain_text(NULL, text, len, 0, &json), invalid);
    CHECK_STATUS(actra_policy_explain_text(f.policy, text, len, 0, NULL), invalid);
    CHECK_STATUS(actra_policy_explain_text(f.policy, NULL, 1, 0, &json), invalid);
    CHECK_STATUS(actra_policy_explain_text(f.policy, text, SIZE_MAX, 0, &json), invalid);
    CHECK_STATUS(actra_policy_explain_text(f.policy, text, len, 0,
                                           (actra_buffer **)(void *)(room + 1)),
                 invalid);
    for (uint32_t bit = 0; bit < 32; bit++) {
        const uint32_t known = ACTRA_INPUT_REFUSE_UNKNOWN | ACTRA_INPUT_YAML;
        const uint32_t explains =
            ACTRA_EXPLAIN_RENDERED | ACTRA_EXPLAIN_COLOURED | ACTRA_EXPLAIN_ALL;
        const uint32_t flag = (uint32_t)1 << bit;
        actra_buffer *made = NO_BUFFER;
        CHECK_STATUS(evaluate(text, len, flag, &decision, "a flag"),
                     flag & known ? ACTRA_STATUS_OK : invalid);
        CHECK_STATUS(actra_policy_explain_text(f.policy, text, len, flag, &made),
                     flag & (known | explains) ? ACTRA_STATUS_OK : invalid);
        CHECK((made == NO_BUFFER) == !(flag & (known | explains)));
        if (made != NO_BUFFER) {
            actra_buffer_free(made);
        }
    }
    CHECK_STATUS(evaluate(text, len, UINT32_MAX, &decision, "all flags"), invalid);
    CHECK(json == NO_BUFFER && error == NO_ERROR);
}

static void texts(void) {
    static const struct {
        const char *text;
        uint32_t error;
    } bad[] = {
        {"", ACTRA_INPUT_ERROR_MALFORMED},
        {" ", ACTRA_INPUT_ERROR_MALFORMED},
        {"null", ACTRA_INPUT_ERROR_MALFORMED},
        {"[]", ACTRA_INPUT_ERROR_MALFORMED},
        {"5", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":5}", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20}} x", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":{\"type\":\"refund\",\"amount\":020}}", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":{\"type\":\"refund\",\"amount\":NaN}}", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":{\"type\":\"refund\",\"amount\":Infinity}}", ACTRA_INPUT_ERROR_MALFORMED},
        {"{\"action\":{\"type\":\"refund\",\"amount\":1e999}}", ACTRA_INPUT_ERROR_NOT_FINITE},
        {"{\"action\":{\"type\":\"refund\",\"amount\":99999999999999999999}}",
         ACTRA_INPUT_ERROR_OUT_OF_RANGE},
        {"{\"action\":{\"type\":\"refund\",\"amount\":\"20\"}}", ACTRA_INPUT_ERROR_WRONG_TYPE},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20,\"amount\":21}}",
         ACTRA_INPUT_ERROR_DUPLICATE_KEY},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20,\"labels\":{\"a\":\"b\",\"a\":\"c\"}}}",
         ACTRA_INPUT_ERROR_DUPLICATE_KEY},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20},\"action\":{}}",
         ACTRA_INPUT_ERROR_DUPLICATE_KEY},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20,\"note\":\"\\ud800\"}}",
         ACTRA_INPUT_ERROR_NOT_UTF8},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20,\"note\":\"\xff\"}}",
         ACTRA_INPUT_ERROR_NOT_UTF8},
        {"{\"action\":{\"type\":\"refund\",\"amount\":20,\"note\":\"\xed\xa0\x80\"}}",
         ACTRA_INPUT_ERROR_NOT_UTF8},
        {"{\"action\":{\"type\":\"none\",\"amount\":20}}", ACTRA_INPUT_ERROR_UNKNOWN_ACTION},
        {"{\"action\":{\"amount\":20}}", ACTRA_INPUT_ERROR_MISSING_REQUIRED},
        {"{}", ACTRA_INPUT_ERROR_MISSING_REQUIRED},
    };
    static const char unknown[] =
        "{\"action\":{\"type\":\"refund\",\"amount\":20,\"none\":1},\"snapshot\":{\"fraud\":false}}";
    static const char with_nul[] = "{\"action\":{\"type\":\"refund\",\0\"amount\":20}}";
    actra_decision decision;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        in_error(bad[at].text, strlen(bad[at].text), 0, bad[at].error, bad[at].text);
    }
    in_error(NULL, 0, 0, ACTRA_INPUT_ERROR_MALFORMED, "no text");
    in_error(with_nul, sizeof with_nul - 1, 0, ACTRA_INPUT_ERROR_MALFORMED, "a NUL");
    CHECK_STATUS(evaluate(unknown, sizeof unknown - 1, 0, &decision, "an unknown field"),
                 ACTRA_STATUS_OK);
    CHECK(decision.effect == ACTRA_EFFECT_ALLOW);
    in_error(unknown, sizeof unknown - 1, ACTRA_INPUT_REFUSE_UNKNOWN,
             ACTRA_INPUT_ERROR_UNKNOWN_FIELD, "an unknown field");
    /* Whoever refuses unknown fields does so for one call only. */
    CHECK_STATUS(evaluate(unknown, sizeof unknown - 1, 0, &decision, "an unknown field"),
                 ACTRA_STATUS_OK);
}

/* Head, `times` pieces, tail. */
static char *repeated(const char *head, const char *piece, size_t times, const char *tail,
                      size_t *len) {
    size_t head_len = strlen(head), piece_len = strlen(piece), tail_len = strlen(tail);
    char *made = (char *)room_for(head_len + times * piece_len + tail_len);
    memcpy(made, head, head_len);
    for (size_t at = 0; at < times; at++) {
        memcpy(made + head_len + at * piece_len, piece, piece_len);
    }
    memcpy(made + head_len + times * piece_len, tail, tail_len);
    *len = head_len + times * piece_len + tail_len;
    return made;
}

#define REFUND "{\"action\":{\"type\":\"refund\",\"amount\":20,"

static void large_texts(void) {
    static const struct {
        const char *head, *piece;
        size_t times;
        const char *tail;
        uint32_t error;
    } large[] = {
        {REFUND "\"note\":", "[", 100000, "", ACTRA_INPUT_ERROR_TOO_DEEP},
        {REFUND "\"none\":", "{\"a\":", 100000, "", ACTRA_INPUT_ERROR_TOO_DEEP},
        {"", "[", 100000, "", ACTRA_INPUT_ERROR_TOO_DEEP},
        {REFUND "\"note\":\"", "x", (1 << 20) + 1, "\"}}", ACTRA_INPUT_ERROR_TOO_LARGE},
        {REFUND "\"note\":\"", "\\u0041", (1 << 20) + 1, "\"}}", ACTRA_INPUT_ERROR_TOO_LARGE},
        {REFUND "\"", "x", (1 << 20) + 1, "\":1}}", ACTRA_INPUT_ERROR_TOO_LARGE},
        {REFUND "\"sizes\":[0", ",1", 65536, "]}}", ACTRA_INPUT_ERROR_TOO_LARGE},
        {REFUND "\"labels\":{\"\":\"\"", ",\"a\":\"b\"", 100000, "}}}",
         ACTRA_INPUT_ERROR_DUPLICATE_KEY},
        {"", " ", (16 << 20) + 1, "", ACTRA_INPUT_ERROR_TOO_LARGE},
        /* More digits than are read: what is wrong with the text comes before the key that is there twice. */
        {REFUND "\"amount\":", "9", 100000, "}}", ACTRA_INPUT_ERROR_MALFORMED},
    };
    for (size_t at = 0; at < sizeof large / sizeof *large; at++) {
        size_t len;
        char *text = repeated(large[at].head, large[at].piece, large[at].times, large[at].tail, &len);
        in_error(text, len, 0, large[at].error, large[at].head);
        free(text);
    }
}

/* Every prefix, and every byte replaced by every other kind of byte: none is ever an allow that the
 * whole text is not. */
static void broken_texts(uint32_t flags) {
    static const char whole[] = ALLOWED_JSON;
    static const unsigned char others[] = {0, '"', '{', '}', ':', ',', '\\', ' ', '1', 'x', 0xff};
    char text[sizeof whole];
    size_t allowed = 0;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *cut = (char *)room_for(len);
        actra_decision decision;
        memcpy(cut, whole, len);
        CHECK_STATUS(evaluate(cut, len, flags, &decision, "a prefix"), ACTRA_STATUS_INPUT_ERROR);
        free(cut);
    }
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (size_t other = 0; other < sizeof others; other++) {
            actra_decision decision;
            actra_status status;
            memcpy(text, whole, sizeof text);
            text[at] = (char)others[other];
            status = evaluate(text, sizeof whole - 1, flags, &decision, "a byte replaced");
            CHECK(status == ACTRA_STATUS_OK || status == ACTRA_STATUS_INPUT_ERROR);
            allowed += decision.effect == ACTRA_EFFECT_ALLOW;
        }
    }
    /* Where 20 becomes 21 or 10, or a byte becomes itself, it still is one. */
    CHECK(allowed >= 1 && allowed < 60);
}

/* Under YAML the same texts are read by another reader. */
static void yaml(void) {
    static const char *const bad[] = {"", "a", "- a", "action: [", "action: {type: refund, type: a}",
                                      "&a {action: *a}", "action: &x {type: *x}", "{? {a: b} : c}",
                                      "--- {}\n--- {}\n", "action: !!binary aGk="};
    actra_decision decision;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        CHECK_STATUS_CASE(evaluate(bad[at], strlen(bad[at]), ACTRA_INPUT_YAML, &decision, bad[at]),
                          ACTRA_STATUS_INPUT_ERROR, bad[at]);
        explained(bad[at], strlen(bad[at]), ACTRA_INPUT_YAML,
                  actra_input_error_name(decision.input_error), bad[at]);
    }
    broken_texts(ACTRA_INPUT_YAML);
}

int main(int count, char **words) {
    actra_decision decision;
    f = fixture_open(count > 1 ? words[1] : "bindings/c/tests");
    CHECK_STATUS(evaluate(ALLOWED_JSON, strlen(ALLOWED_JSON), 0, &decision, "in order"),
                 ACTRA_STATUS_OK);
    CHECK(decision.effect == ACTRA_EFFECT_ALLOW);
    arguments();
    texts();
    /* Under tools that make everything slow, these take too long. */
    if (count <= 3) {
        large_texts();
        broken_texts(0);
    }
    yaml();
    CHECK_STATUS(evaluate(ALLOWED_JSON, strlen(ALLOWED_JSON), 0, &decision, "in order, after that"),
                 ACTRA_STATUS_OK);
    fixture_close(&f);
    return checks_end("hostile_text", 4000);
}
