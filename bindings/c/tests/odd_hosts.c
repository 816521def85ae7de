/* Hosts that do what hosts do: fork while threads decide, decide while a thread ends, decide on small
 * stacks, load the library at run time and let it go again. */
#define _DEFAULT_SOURCE
#include "fixture.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static fixture f;

static int decides(void) {
    actra_slot slots[MOST_SLOTS], tags[30];
    actra_decision decision = poisoned();
    fill_allowed(&f, slots);
    for (size_t at = 0; at < 30; at++) {
        tags[at] = text_slot("tag");
    }
    slots[f.tags] = actra_slot_list(tags, 30);
    if (actra_policy_evaluate(f.policy, slots, f.slot_count, NULL, 0, &decision) !=
            ACTRA_STATUS_OK ||
        decision.effect != ACTRA_EFFECT_ALLOW) {
        return 0;
    }
    decision = poisoned();
    return actra_policy_evaluate_text(f.policy, ALLOWED_JSON, strlen(ALLOWED_JSON), 0, &decision,
                                      NULL, NULL) == ACTRA_STATUS_OK &&
           decision.effect == ACTRA_EFFECT_ALLOW;
}

static volatile int stops;

static void *until_stopped(void *wrong) {
    while (!__atomic_load_n(&stops, __ATOMIC_RELAXED)) {
        *(int *)wrong += !decides();
    }
    return NULL;
}

/* A child of a process whose threads are in the middle of deciding has their evaluators, but not
 * them: it does with others. */
static void forks(int times) {
    pthread_t threads[6];
    int wrong[6] = {0};
    for (int at = 0; at < 6; at++) {
        if (pthread_create(&threads[at], NULL, until_stopped, &wrong[at]) != 0) {
            give_up("a thread does not start");
        }
    }
    for (int at = 0; at < times; at++) {
        int status = -1;
        pid_t child = fork();
        if (child < 0) {
            give_up("fork");
        }
        if (child == 0) {
            int right = 0;
            alarm(60);
            for (int turn = 0; turn < 20; turn++) {
                right += decides();
            }
            actra_policy_free(f.policy);
            _exit(right == 20 ? 0 : 1);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    __atomic_store_n(&stops, 1, __ATOMIC_RELAXED);
    for (int at = 0; at < 6; at++) {
        pthread_join(threads[at], NULL);
        CHECK(wrong[at] == 0);
    }
}

/* Thread-local values are gone by then, this library's too. */
static pthread_key_t key;
static int decided_at_end;

static void at_end(void *times) {
    long left = (long)(intptr_t)times;
    __atomic_fetch_add(&decided_at_end, decides(), __ATOMIC_RELAXED);
    if (left > 1) {
        pthread_setspecific(key, (void *)(intptr_t)(left - 1));
    }
}

static void *ends(void *ignored) {
    pthread_setspecific(key, (void *)(intptr_t)3);
    return ignored;
}

static void ending_threads(void) {
    if (pthread_key_create(&key, at_end) != 0) {
        give_up("a key");
    }
    for (int at = 0; at < 50; at++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, ends, NULL) != 0) {
            give_up("a thread does not start");
        }
        pthread_join(thread, NULL);
    }
    CHECK(decided_at_end == 150);
    pthread_key_delete(key);
}

/* KiB of stack that are enough for deciding, explaining and loading, and for compiling and asking. Code
 * that is not optimized takes more. */
#ifdef NOT_OPTIMIZED
enum { DECIDE_STACK = 2048, COMPILE_STACK = 8192 };
#else
enum { DECIDE_STACK = 64, COMPILE_STACK = 256 };
#endif

/* Everything but compiling. */
static void *everything(void *result) {
    int *right = (int *)result;
    char deep[400] = "{\"action\":{\"type\":\"refund\",\"amount\":20,\"note\":";
    size_t len = strlen(deep);
    actra_decision decision = poisoned();
    actra_buffer *artifact = NULL, *explanation = NULL;
    actra_policy *loaded = NULL;
    for (int level = 0; level < 61; level++) {
        deep[len++] = '[';
    }
    for (int level = 0; level < 61; level++) {
        deep[len++] = ']';
    }
    deep[len++] = '}';
    deep[len++] = '}';
    *right = decides();
    /* As deep as text may be. */
    *right += actra_policy_evaluate_text(f.policy, deep, len, 0, &decision, NULL, NULL) ==
                  ACTRA_STATUS_INPUT_ERROR &&
              decision.input_error == ACTRA_INPUT_ERROR_WRONG_TYPE;
    *right += actra_policy_explain_text(f.policy, ALLOWED_JSON, strlen(ALLOWED_JSON),
                                        ACTRA_EXPLAIN_RENDERED, &explanation) == ACTRA_STATUS_OK;
    *right += actra_policy_to_artifact(f.policy, &artifact) == ACTRA_STATUS_OK;
    *right += actra_policy_load(actra_buffer_data(artifact), actra_buffer_len(artifact), &loaded,
                                NULL) == ACTRA_STATUS_OK;
    actra_policy_free(loaded);
    actra_buffer_free(artifact);
    actra_buffer_free(explanation);
    return NULL;
}

static const char *folder;

/* Conditions as deep as they may be, and deeper. */
static size_t deep_condition(char *text, size_t room, int depth) {
    size_t len = 0;
    for (int level = 0; level < depth; level++) {
        len += (size_t)snprintf(text + len, room - len, "{\"all\": [");
    }
    len += (size_t)snprintf(text + len, room - len, "\"action.n < 5\"");
    for (int level = 0; level < depth; level++) {
        len += (size_t)snprintf(text + len, room - len, "]}");
    }
    return len;
}

static int asks_deep(const actra_policy *policy, int depth, actra_status expected) {
    static char text[100000];
    actra_buffer *answer = NULL;
    actra_status status;
    size_t len = (size_t)snprintf(text, sizeof text, "{\"question\": \"never block\", \"assume\": ");
    len += deep_condition(text + len, sizeof text - len, depth);
    text[len++] = '}';
    status = actra_policy_ask(policy, NULL, text, len, &answer, NULL);
    actra_buffer_free(answer);
    return status == expected;
}

static int compiles_deep(int depth, actra_status expected) {
    static const char schema[] = "version: 1\nactions: {a: {fields: {n: integer}}}\n";
    static char text[100000];
    actra_policy *policy = NULL;
    actra_status status;
    size_t len = (size_t)snprintf(text, sizeof text,
                                  "version: 2\nrules: [{id: a, scope: {action: a}, effect: allow, when: ");
    len += deep_condition(text + len, sizeof text - len, depth);
    len += (size_t)snprintf(text + len, sizeof text - len, "}]\n");
    status = actra_policy_compile(schema, sizeof schema - 1, text, len, NULL, 0, &policy, NULL);
    if (status == ACTRA_STATUS_OK) {
        static const char analyze[] = "{\"question\": \"analyze\"}";
        actra_buffer *answer = NULL;
        CHECK_STATUS(actra_policy_ask(policy, NULL, analyze, sizeof analyze - 1, &answer, NULL), ACTRA_STATUS_OK);
        actra_buffer_free(answer);
        CHECK(asks_deep(policy, 31, ACTRA_STATUS_OK));
        CHECK(asks_deep(policy, 60, ACTRA_STATUS_NO_ANSWER));
        CHECK(asks_deep(policy, 5000, ACTRA_STATUS_NO_ANSWER));
    }
    actra_policy_free(policy);
    return status == expected;
}

static void *compiles(void *result) {
    char path[4096];
    size_t len = (size_t)snprintf(path, sizeof path, "%s/policy", folder);
    actra_policy *policy = NULL;
    *(int *)result =
        actra_policy_compile_directory(path, len, &policy, NULL) == ACTRA_STATUS_OK;
    actra_policy_free(policy);
    *(int *)result += compiles_deep(31, ACTRA_STATUS_OK);
    *(int *)result += compiles_deep(60, ACTRA_STATUS_COMPILE_ERROR);
    *(int *)result += compiles_deep(5000, ACTRA_STATUS_COMPILE_ERROR);
    return NULL;
}

static void on_stack(size_t bytes, void *(*what)(void *), int expected) {
    pthread_attr_t attributes;
    pthread_t thread;
    int right = 0;
    if (pthread_attr_init(&attributes) != 0 ||
        pthread_attr_setstacksize(&attributes, bytes) != 0 ||
        pthread_create(&thread, &attributes, what, &right) != 0) {
        give_up("a thread with a small stack");
    }
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    CHECK(right == expected);
}

typedef uint32_t (*abi_version)(void);

/* A plugin host: the library comes and goes. This program is linked with it, so that it stays; what
 * is tried is that each handle works, and that taking it back does. */
static void loaded_at_run_time(const char *library) {
    for (int at = 0; at < 20; at++) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        abi_version version;
        void *symbol;
        if (!CHECK(handle != NULL)) {
            return;
        }
        symbol = dlsym(handle, "actra_abi_version");
        if (!CHECK(symbol != NULL)) {
            return;
        }
        memcpy(&version, &symbol, sizeof version);
        CHECK(version() == ACTRA_ABI_VERSION);
        CHECK(dlclose(handle) == 0);
    }
}

int main(int count, char **words) {
    folder = count > 1 ? words[1] : "bindings/c/tests";
    f = fixture_open(folder);
    loaded_at_run_time("libactra.so.0");
    ending_threads();
    on_stack((size_t)DECIDE_STACK << 10, everything, 5);
    on_stack((size_t)COMPILE_STACK << 10, compiles, 4);
    forks(count > 3 ? 5 : 50);
    CHECK(decides());
    fixture_close(&f);
    return checks_end("odd_hosts", 90);
}
