/* Questions about policies: answers that are right, arguments and questions that are not what they should
 * be, and threads that ask at once. What is refused leaves the out-parameters alone. */
#include "fixture.h"

#include <pthread.h>

static actra_buffer *const NO_BUFFER = (actra_buffer *)(uintptr_t)0x5555555555555555;
static actra_error *const NO_ERROR = (actra_error *)(uintptr_t)0x5555555555555555;

/* As docs/analysis.md has them: the limit rises, and the rule for leads goes. */
static const char SCHEMA[] =
    "version: 1\n"
    "actions:\n"
    "  refund: {fields: {amount: {type: integer, required: true, min: 0}}}\n"
    "  close_account: {fields: {}}\n"
    "actor: {fields: {role: {type: string, enum: [agent, lead]}}}\n"
    "snapshot: {fields: {fraud_flag: boolean}}\n";
static const char OLD_RULES[] =
    "version: 2\n"
    "rules:\n"
    "  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}\n"
    "  - {id: large, scope: {action: refund}, when: action.amount >= 1000, effect: require_approval}\n"
    "  - {id: small, scope: {action: refund}, when: action.amount < 1000, effect: allow}\n"
    "  - {id: leads, scope: {action: refund}, when: actor.role == lead, effect: allow}\n";
static const char NEW_RULES[] =
    "version: 2\n"
    "rules:\n"
    "  - {id: fraud, scope: {action: refund}, when: snapshot.fraud_flag == true, effect: block}\n"
    "  - {id: large, scope: {action: refund}, when: action.amount >= 2000, effect: require_approval}\n"
    "  - {id: small, scope: {action: refund}, when: action.amount < 2000, effect: allow}\n";

static actra_policy *old_policy, *new_policy, *without_documents;

static actra_policy *compiled(const char *rules) {
    actra_policy *policy = NULL;
    if (actra_policy_compile(SCHEMA, strlen(SCHEMA), rules, strlen(rules), NULL, 0, &policy, NULL) !=
        ACTRA_STATUS_OK) {
        give_up("the policy does not compile");
    }
    return policy;
}

static actra_policy *loaded(const actra_policy *from) {
    actra_buffer *artifact = NULL;
    actra_policy *policy = NULL;
    if (actra_policy_to_artifact(from, &artifact) != ACTRA_STATUS_OK ||
        actra_policy_load(actra_buffer_data(artifact), actra_buffer_len(artifact), &policy, NULL) !=
            ACTRA_STATUS_OK) {
        give_up("the artifact does not load");
    }
    actra_buffer_free(artifact);
    return policy;
}

/* The answer's text, which a NUL ends that is not counted. */
static const char *text_of(const actra_buffer *answer) { return (const char *)actra_buffer_data(answer); }

static actra_buffer *answered(const actra_policy *policy, const actra_policy *other, const char *question) {
    actra_buffer *answer = NO_BUFFER;
    actra_error *error = NO_ERROR;
    CHECK_STATUS_CASE(actra_policy_ask(policy, other, question, strlen(question), &answer, &error),
                      ACTRA_STATUS_OK, question);
    CHECK_CASE(error == NO_ERROR, question);
    if (answer == NO_BUFFER) {
        give_up(question);
    }
    CHECK_CASE(strlen(text_of(answer)) == actra_buffer_len(answer), question);
    return answer;
}

/* There is no answer, for this reason. */
static void unanswered(const actra_policy *policy, const actra_policy *other, const char *question, size_t len,
                       const char *code, const char *what) {
    actra_buffer *answer = NO_BUFFER;
    actra_error *error = NO_ERROR;
    size_t found_len = 0;
    const char *found;
    CHECK_STATUS_CASE(actra_policy_ask(policy, other, question, len, &answer, &error), ACTRA_STATUS_NO_ANSWER,
                      what);
    CHECK_CASE(answer == NO_BUFFER && error != NO_ERROR && error != NULL, what);
    if (error == NO_ERROR) {
        return;
    }
    found = actra_error_code(error, &found_len);
    if (!CHECK_CASE(is_text(found, found_len, code), what)) {
        fprintf(stderr, "    %.*s\n", (int)found_len, found);
    }
    CHECK_CASE(actra_error_message(error, &found_len) != NULL && found_len > 0 && found_len < 1000, what);
    CHECK_CASE(actra_error_rendered(error, &found_len) != NULL && found_len > 0, what);
    CHECK_CASE(actra_error_json(error, &found_len) != NULL && found_len > 0, what);
    actra_error_free(error);
    CHECK_STATUS_CASE(actra_policy_ask(policy, other, question, len, &answer, NULL), ACTRA_STATUS_NO_ANSWER,
                      what);
    CHECK_CASE(answer == NO_BUFFER, what);
}

/* Where an object of JSON ends. */
static size_t object_len(const char *text) {
    size_t depth = 0, at = 0;
    int in_string = 0;
    do {
        if (text[at] == '\\') {
            at++;
        } else if (text[at] == '"') {
            in_string = !in_string;
        } else if (!in_string && text[at] == '{') {
            depth++;
        } else if (!in_string && text[at] == '}') {
            depth--;
        }
        at++;
    } while (depth > 0 && text[at] != 0);
    return at;
}

/* Every witness of an answer is decided as it says: `"input":{...},"effect":"...","matched_rule":"..."`. */
static size_t witnesses_are_true(const actra_policy *policy, const char *answer) {
    size_t seen = 0;
    while ((answer = strstr(answer, "\"input\":")) != NULL) {
        actra_decision decision = poisoned();
        char told[256];
        size_t len;
        answer += strlen("\"input\":");
        len = object_len(answer);
        CHECK_STATUS_CASE(actra_policy_evaluate_text(policy, answer, len, 0, &decision, NULL, NULL),
                          ACTRA_STATUS_OK, answer);
        if (decision.rule_id == NULL) {
            snprintf(told, sizeof told, ",\"effect\":\"%s\",\"matched_rule\":null,\"error\":null}",
                     actra_effect_name(decision.effect));
        } else {
            snprintf(told, sizeof told, ",\"effect\":\"%s\",\"matched_rule\":\"%.*s\",\"error\":null}",
                     actra_effect_name(decision.effect), (int)decision.rule_id_len, decision.rule_id);
        }
        CHECK_CASE(strncmp(answer + len, told, strlen(told)) == 0, told);
        answer += len;
        seen++;
    }
    return seen;
}

/* The answers that docs/analysis.md gives. */
static void answers(void) {
    static const struct {
        const char *question, *says;
        size_t witnesses;
    } about_one[] = {
        {"{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":\"snapshot.fraud_flag == true\"}",
         "{\"question\":\"never allow\",\"holds\":true,\"vacuous\":false,\"actions\":[{\"action\":\"refund\","
         "\"holds\":true,\"vacuous\":false,\"counterexample\":null,\"undecided\":null}]}",
         0},
        {"{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":\"action.amount > 500\"}",
         "{\"question\":\"never allow\",\"holds\":false,\"vacuous\":false,\"actions\":[{\"action\":\"refund\","
         "\"holds\":false,\"vacuous\":false,\"counterexample\":{\"input\":{\"action\": {",
         1},
        {"{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":"
         "{\"subject\":{\"domain\":\"action\",\"field\":\"amount\"},\"operator\":\"greater_than\",\"value\":{\"literal\":5}},\"inputs\":\"partial\"}",
         "\"holds\":false", 1},
        {"{\"question\":\"never allow\",\"assume\":\"actor.role == agent\",\"inputs\":\"complete\","
         "\"actions\":[\"refund\",\"refund\"],\"budget\":100000}",
         "\"holds\":false", 1},
        {"{\"question\":\"always require_approval\",\"actions\":[\"refund\"],\"assume\":"
         "{\"all\":[\"action.amount >= 1000\",\"snapshot.fraud_flag == false\"]},\"inputs\":\"complete\"}",
         "\"holds\":true", 0},
        {"{\"question\":\"never block\",\"actions\":[\"refund\"],\"assume\":\"action.amount < 0\"}",
         "{\"question\":\"never block\",\"holds\":true,\"vacuous\":true,\"actions\":[{\"action\":\"refund\","
         "\"holds\":true,\"vacuous\":true,\"counterexample\":null,\"undecided\":null}]}",
         0},
        {"{\"question\":\"always block\"}", "{\"question\":\"always block\",\"holds\":false,", 1},
        {"{\"question\":\"analyze\"}",
         "{\"id\":\"leads\",\"verdict\":\"shadowed\",\"shadowed_by\":[\"large\",\"small\"],", 5},
        {"{\"question\":\"analyze\",\"budget\":18446744073709551615}", "\"verdict\":\"shadowed\"", 5},
    };
    for (size_t at = 0; at < sizeof about_one / sizeof *about_one; at++) {
        actra_buffer *answer = answered(old_policy, NULL, about_one[at].question);
        if (!CHECK_CASE(strstr(text_of(answer), about_one[at].says) != NULL, about_one[at].question) ||
            !CHECK_CASE(witnesses_are_true(old_policy, text_of(answer)) >= about_one[at].witnesses,
                        about_one[at].question)) {
            fprintf(stderr, "    %s\n", text_of(answer));
        }
        actra_buffer_free(answer);
    }
}

static void differences(void) {
    static const char question[] = "{\"question\":\"diff\"}";
    static const struct {
        const char *says;
        int is_there;
    } changes[] = {
        {"{\"same\":false,\"weaker\":true,\"changes\":[{\"action\":\"refund\",\"direction\":\"weaker\",", 1},
        {"\"old\":{\"effect\":\"require_approval\",\"matched_rule\":\"large\",\"error\":null},"
         "\"new\":{\"effect\":\"allow\",\"matched_rule\":\"small\",\"error\":null},\"input\":{", 1},
        {"\"has_more\":false,\"added_actions\":[],\"removed_actions\":[],\"added_maps\":[],\"undecided\":[],\"steps\":", 1},
        {"\"direction\":\"level\"", 0},
    };
    actra_buffer *answer = answered(old_policy, new_policy, question);
    for (size_t at = 0; at < sizeof changes / sizeof *changes; at++) {
        CHECK_CASE((strstr(text_of(answer), changes[at].says) != NULL) == changes[at].is_there,
                   changes[at].says);
    }
    actra_buffer_free(answer);
    answer = answered(new_policy, old_policy, question);
    CHECK(strstr(text_of(answer), "{\"same\":false,\"weaker\":false,") != NULL);
    actra_buffer_free(answer);
    answer = answered(old_policy, old_policy, question);
    CHECK(strstr(text_of(answer), "{\"same\":true,\"weaker\":false,\"changes\":[],") != NULL);
    actra_buffer_free(answer);
}

/* Nothing is proved in no steps: that is an answer, too. */
static void undecided(void) {
    static const char *const questions[] = {"{\"question\":\"always block\",\"actions\":[\"refund\"],\"budget\":0}",
                                            "{\"question\":\"analyze\",\"budget\":0}",
                                            "{\"question\":\"diff\",\"budget\":0}"};
    for (size_t at = 0; at < sizeof questions / sizeof *questions; at++) {
        actra_buffer *answer = answered(old_policy, at == 2 ? new_policy : NULL, questions[at]);
        if (!CHECK_CASE(strstr(text_of(answer), "\"code\":\"budget\"") != NULL, questions[at])) {
            fprintf(stderr, "    %s\n", text_of(answer));
        }
        actra_buffer_free(answer);
    }
}

static void arguments(void) {
    const actra_status invalid = ACTRA_STATUS_INVALID_ARGUMENT;
    static const char text[] = "{\"question\":\"never allow\"}";
    static unsigned char room[64];
    const size_t len = sizeof text - 1;
    actra_buffer *answer = NO_BUFFER;
    actra_error *error = NO_ERROR;
    CHECK_STATUS(actra_policy_ask(NULL, NULL, text, len, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(NULL, old_policy, text, len, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, NULL, 1, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, NULL, SIZE_MAX, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, SIZE_MAX, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, SIZE_MAX / 2 + 1, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, NULL, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, NULL, NULL), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, (actra_buffer **)(void *)(room + 1), &error),
                 invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, &answer, (actra_error **)(void *)(room + 1)),
                 invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, "\xff", 1, &answer, &error), invalid);
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, "{\"question\":\"\xed\xa0\x80\"}", 18, &answer, &error),
                 invalid);
    CHECK(answer == NO_BUFFER && error == NO_ERROR);
    for (size_t at = 0; at < sizeof room; at++) {
        CHECK(room[at] == 0);
    }
    /* Without an error to write to, an answer is one all the same. */
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, &answer, NULL), ACTRA_STATUS_OK);
    CHECK(answer != NO_BUFFER);
    actra_buffer_free(answer);
}

static void questions(void) {
    static const char *const bad[] = {
        "", " ", "{", "[]", "5", "null", "\"never allow\"", "never allow", "{}", "{\"question\":5}",
        "{\"question\":null}", "{\"question\":\"\"}", "{\"question\":\"never\"}", "{\"question\":\"never allow it\"}",
        "{\"question\":\"sometimes allow\"}", "{\"question\":\"never invalid\"}", "{\"question\":\"Never allow\"}",
        "{\"question\":\"never\\u0000allow\"}", "{\"question\":\"never \\ud800\"}", "{\"question\":\"ask\"}",
        "{\"question\":\"never allow\"} x", "{\"question\":\"never allow\"}{}",
        "{\"question\":\"never allow\",\"question\":\"never block\"}",
        "{\"question\":\"never allow\",\"unknown\":1}", "{\"question\":\"never allow\",\"Actions\":[]}",
        "{\"question\":\"never allow\",\"actions\":\"refund\"}", "{\"question\":\"never allow\",\"actions\":[5]}",
        "{\"question\":\"never allow\",\"actions\":[\"refnd\"]}", "{\"question\":\"never allow\",\"actions\":[\"\"]}",
        "{\"question\":\"never allow\",\"inputs\":\"all\"}", "{\"question\":\"never allow\",\"inputs\":5}",
        "{\"question\":\"never allow\",\"budget\":-1}", "{\"question\":\"never allow\",\"budget\":1.5}",
        "{\"question\":\"never allow\",\"budget\":\"1\"}", "{\"question\":\"never allow\",\"budget\":1e99}",
        "{\"question\":\"never allow\",\"budget\":18446744073709551616}",
        "{\"question\":\"analyze\",\"actions\":[\"refund\"]}",
        "{\"question\":\"analyze\",\"assume\":\"action.amount > 5\"}",
        "{\"question\":\"analyze\",\"inputs\":\"complete\"}",
        /* There is no other policy. */
        "{\"question\":\"diff\"}"};
    static const char with_nul[] = "{\"question\":\0\"never allow\"}";
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        unanswered(old_policy, NULL, bad[at], strlen(bad[at]), "bad_question", bad[at]);
    }
    unanswered(old_policy, NULL, NULL, 0, "bad_question", "no text");
    unanswered(old_policy, NULL, with_nul, sizeof with_nul - 1, "bad_question", "a NUL");
}

static void other_policies(void) {
    static const char *const about_one[] = {"{\"question\":\"never allow\"}", "{\"question\":\"analyze\"}",
                                            "{\"question\":\"diff\",\"actions\":[\"refund\"]}",
                                            "{\"question\":\"diff\",\"assume\":\"action.amount > 5\"}",
                                            "{\"question\":\"diff\",\"inputs\":\"partial\"}"};
    static const char diff[] = "{\"question\":\"diff\"}";
    for (size_t at = 0; at < sizeof about_one / sizeof *about_one; at++) {
        unanswered(old_policy, new_policy, about_one[at], strlen(about_one[at]), "bad_question", about_one[at]);
        if (at < 2) {
            unanswered(without_documents, NULL, about_one[at], strlen(about_one[at]), "no_documents",
                       about_one[at]);
        }
    }
    unanswered(without_documents, new_policy, diff, sizeof diff - 1, "no_documents", "the old one");
    unanswered(old_policy, without_documents, diff, sizeof diff - 1, "no_documents", "the new one");
}

static void assumptions(void) {
    static const char *const bad[] = {
        "\"\"", "\"action.amout > 5\"", "\"action.amount >\"", "\"action.amount > x\"", "5", "[]", "{}", "true",
        "\"action.amount > 5\\nx: y\"", "{\"all\":[]}", "{\"all\":[\"nothing.is < 5\"]}", "{\"none\":[]}",
        "\"*alias\"", "\"a: [\"", "\"\\u0000\"", "{\"field\":\"action.amount\",\"op\":\">\",\"value\":1}"};
    actra_buffer *answer = NO_BUFFER;
    actra_error *error = NO_ERROR;
    char text[256];
    size_t len = 0;
    for (size_t at = 0; at < sizeof bad / sizeof *bad; at++) {
        size_t whole = (size_t)snprintf(text, sizeof text,
                                        "{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":%s}", bad[at]);
        unanswered(old_policy, NULL, text, whole, "bad_assumption", text);
    }
    /* Its place is one in the assumption. */
    len = (size_t)snprintf(text, sizeof text, "{\"question\":\"never allow\",\"assume\":\"action.amout > 5\"}");
    CHECK_STATUS(actra_policy_ask(old_policy, NULL, text, len, &answer, &error), ACTRA_STATUS_NO_ANSWER);
    if (CHECK(error != NO_ERROR)) {
        const char *found = actra_error_file(error, &len);
        CHECK(is_text(found, len, "assumption") && actra_error_line(error) == 1 && actra_error_column(error) > 0);
        CHECK(actra_error_field(error, NULL) == NULL);
        actra_error_free(error);
    }
}

/* Head, `times` pieces, tail. */
static char *repeated(const char *head, const char *piece, size_t times, const char *tail, size_t *len) {
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

#define NEVER "{\"question\":\"never allow\","

static void large_questions(void) {
    static const struct {
        const char *head, *piece;
        size_t times;
        const char *tail, *code;
    } large[] = {
        {"", " ", 16 << 20, "", "bad_question"},
        {"", "[", 100000, "", "bad_question"},
        {"{\"question\":\"", "never ", 1 << 20, "\"}", "bad_question"},
        {NEVER "\"actions\":[\"refund\"", ",\"refnd\"", 100000, "]}", "bad_question"},
        {NEVER "\"actions\":[\"", "x", 4 << 20, "\"]}", "bad_question"},
        {NEVER "\"unknown\":\"", "x", 4 << 20, "\"}", "bad_question"},
        {NEVER "\"", "x", 4 << 20, "\":1}", "bad_question"},
        {NEVER "\"budget\":", "9", 1 << 20, "}", "bad_question"},
        {NEVER "\"assume\":", "[", 100000, "", "bad_question"},
        {NEVER "\"assume\":", "{\"all\":[", 1000, "", "bad_question"},
        {NEVER "\"assume\":\"", "x", 4 << 20, "\"}", "bad_assumption"},
        {NEVER "\"assume\":\"", "[", 100000, "\"}", "bad_assumption"},
        {NEVER "\"assume\":{\"all\":[5", ",5", 20000, "]}}", "bad_assumption"},
    };
    for (size_t at = 0; at < sizeof large / sizeof *large; at++) {
        size_t len;
        char *text = repeated(large[at].head, large[at].piece, large[at].times, large[at].tail, &len);
        unanswered(old_policy, NULL, text, len, large[at].code, large[at].head);
        free(text);
    }
}

/* Every prefix, and every byte replaced by every other kind of byte, has an answer or a reason. */
static void broken_questions(void) {
    static const char whole[] =
        "{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":\"action.amount > 500\",\"budget\":9}";
    static const unsigned char others[] = {0, '"', '{', ':', ',', '\\', '1', 'x', 0xff};
    char text[sizeof whole];
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *cut = (char *)room_for(len);
        memcpy(cut, whole, len);
        unanswered(old_policy, NULL, cut, len, "bad_question", "a prefix");
        free(cut);
    }
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (size_t other = 0; other < sizeof others; other++) {
            actra_buffer *answer = NO_BUFFER;
            actra_error *error = NO_ERROR;
            actra_status status;
            memcpy(text, whole, sizeof text);
            text[at] = (char)others[other];
            status = actra_policy_ask(old_policy, NULL, text, sizeof whole - 1, &answer, &error);
            CHECK_CASE(others[other] == 0xff ? status == ACTRA_STATUS_INVALID_ARGUMENT
                                             : status == ACTRA_STATUS_OK || status == ACTRA_STATUS_NO_ANSWER,
                       text);
            CHECK_CASE((answer != NO_BUFFER) == (status == ACTRA_STATUS_OK), text);
            CHECK_CASE((error != NO_ERROR) == (status == ACTRA_STATUS_NO_ANSWER), text);
            if (answer != NO_BUFFER) {
                actra_buffer_free(answer);
            }
            if (error != NO_ERROR) {
                actra_error_free(error);
            }
        }
    }
}

enum { THREADS = 4 };

static struct {
    const char *question;
    int has_other;
    actra_buffer *answer;
} expected[] = {
    {"{\"question\":\"analyze\"}", 0, NULL},
    {"{\"question\":\"diff\"}", 1, NULL},
    {"{\"question\":\"never allow\",\"actions\":[\"refund\"],\"assume\":\"action.amount > 500\"}", 0, NULL},
    {"{\"question\":\"never allow\",\"assume\":\"action.amout > 5\"}", 0, NULL},
};
static int rounds = 10;

/* Asks of references of its own, and counts answers that are not the ones of a thread that asks alone. */
static void *asks(void *wrong) {
    for (int round = 0; round < rounds; round++) {
        for (size_t at = 0; at < sizeof expected / sizeof *expected; at++) {
            actra_policy *asked = actra_policy_retain(old_policy);
            actra_policy *other = expected[at].has_other ? actra_policy_retain(new_policy) : NULL;
            actra_buffer *answer = NULL;
            actra_error *error = NULL;
            actra_status status = actra_policy_ask(asked, other, expected[at].question,
                                                   strlen(expected[at].question), &answer, &error);
            actra_policy_free(asked);
            actra_policy_free(other);
            *(int *)wrong += expected[at].answer == NULL
                                 ? status != ACTRA_STATUS_NO_ANSWER || answer != NULL || error == NULL
                                 : status != ACTRA_STATUS_OK || error != NULL ||
                                       strcmp(text_of(answer), text_of(expected[at].answer)) != 0;
            actra_buffer_free(answer);
            actra_error_free(error);
        }
    }
    return NULL;
}

static void threads(void) {
    pthread_t started[THREADS];
    int wrong[THREADS] = {0};
    for (size_t at = 0; at + 1 < sizeof expected / sizeof *expected; at++) {
        expected[at].answer =
            answered(old_policy, expected[at].has_other ? new_policy : NULL, expected[at].question);
    }
    for (int at = 0; at < THREADS; at++) {
        if (pthread_create(&started[at], NULL, asks, &wrong[at]) != 0) {
            give_up("a thread does not start");
        }
    }
    for (int at = 0; at < THREADS; at++) {
        pthread_join(started[at], NULL);
        CHECK(wrong[at] == 0);
    }
    for (size_t at = 0; at < sizeof expected / sizeof *expected; at++) {
        actra_buffer_free(expected[at].answer);
    }
}

/* The policy of the other tests, with a field of each type. */
static void every_type(const char *folder) {
    fixture f = fixture_open(folder);
    actra_buffer *answer = answered(f.policy, NULL, "{\"question\":\"analyze\"}");
    CHECK(witnesses_are_true(f.policy, text_of(answer)) > 10);
    actra_buffer_free(answer);
    fixture_close(&f);
}

/* An artifact that came with its documents (`actra compile --with-documents`) answers as they do. */
static void with_documents(const char *folder) {
    static const char proved[] = "{\"question\":\"never allow\",\"assume\":\"snapshot.fraud_flag == true\"}";
    static const char broken[] = "{\"question\":\"always block\",\"actions\":[\"refund\"]}";
    static const char analyze[] = "{\"question\":\"analyze\"}", diff[] = "{\"question\":\"diff\"}";
    static const char wrong[] = "{\"question\":\"never allow\",\"assume\":\"snapshot.froud_flag == true\"}";
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/../../../conformance/golden/format-1.1.actra", folder);
    actra_policy *policy = NULL;
    actra_buffer *answer;
    if (len <= 0 || (size_t)len >= sizeof path ||
        actra_policy_open(path, (size_t)len, &policy, NULL) != ACTRA_STATUS_OK) {
        give_up(path);
    }
    answer = answered(policy, NULL, proved);
    CHECK(strstr(text_of(answer), "{\"question\":\"never allow\",\"holds\":true,\"vacuous\":false,") != NULL);
    actra_buffer_free(answer);
    answer = answered(policy, NULL, broken);
    CHECK(strstr(text_of(answer), "\"holds\":false") != NULL);
    CHECK(witnesses_are_true(policy, text_of(answer)) == 1);
    actra_buffer_free(answer);
    answer = answered(policy, NULL, analyze);
    CHECK(witnesses_are_true(policy, text_of(answer)) >= 7);
    actra_buffer_free(answer);
    answer = answered(policy, policy, diff);
    CHECK(strstr(text_of(answer), "{\"same\":true,") != NULL);
    actra_buffer_free(answer);
    answer = answered(policy, new_policy, diff);
    CHECK(strstr(text_of(answer), "{\"same\":false,") != NULL);
    actra_buffer_free(answer);
    unanswered(policy, NULL, wrong, sizeof wrong - 1, "bad_assumption", "a field that there is not");
    unanswered(policy, without_documents, diff, sizeof diff - 1, "no_documents", "the new one has none");
    unanswered(without_documents, policy, diff, sizeof diff - 1, "no_documents", "the old one has none");
    actra_policy_free(policy);
}

int main(int count, char **words) {
    old_policy = compiled(OLD_RULES);
    new_policy = compiled(NEW_RULES);
    without_documents = loaded(old_policy);
    answers();
    differences();
    undecided();
    arguments();
    questions();
    other_policies();
    assumptions();
    /* Under tools that make everything slow, these take too long. */
    if (count <= 3) {
        large_questions();
        broken_questions();
    } else {
        rounds = 2;
    }
    threads();
    every_type(count > 1 ? words[1] : "bindings/c/tests");
    with_documents(count > 1 ? words[1] : "bindings/c/tests");
    answers();
    actra_policy_free(old_policy);
    actra_policy_free(new_policy);
    actra_policy_free(without_documents);
    return checks_end("hostile_ask", 800);
}
