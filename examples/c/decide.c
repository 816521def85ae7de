/* Decides JSON lines: one input per line in, one decision per line out. The policy is an `.actra`
 * file, which SIGHUP loads again; a file that is refused changes nothing.
 *
 *     decide refund.actra <inputs.jsonl >decisions.jsonl
 */
#define _POSIX_C_SOURCE 200809L
#include <actra.h>

#include "lines.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The library's limit for a text. */
#define MAX_LINE (16u * 1024 * 1024)

enum exit_status { ALL_DECIDED = 0, SOME_UNDECIDED = 1, CANNOT_START = 2, IO_FAILED = 3 };

static const char help[] =
    "usage: decide [--refuse-unknown] POLICY.actra <INPUTS >DECISIONS\n"
    "\n"
    "Reads one input per line from standard input, as JSON:\n"
    "  {\"action\": {...}, \"actor\": {...}, \"snapshot\": {...}}\n"
    "and writes one line for each to standard output: the decision\n"
    "  {\"effect\":\"allow\",\"matched_rule\":\"small_refunds\"}\n"
    "or, where there is none, an error, which means: block\n"
    "  {\"error\":{\"code\":\"wrong_type\",\"field\":\"action.amount\",\"message\":\"...\"}}\n"
    "\n"
    "SIGHUP loads the policy again. A file that is refused changes nothing: the last good\n"
    "policy goes on deciding. What happens to the policy is told on standard error, as JSON\n"
    "lines.\n"
    "\n"
    "  --refuse-unknown  fields that the schema does not name are errors, not ignored\n"
    "  --version         say which library decides, and end\n"
    "  --help            say this, and end\n"
    "\n"
    "exit status: 0 every line was decided; 1 some line was not; 2 the policy cannot be\n"
    "loaded, or the arguments are wrong; 3 reading or writing failed\n";

struct options {
    const char *policy_path;
    uint32_t flags;
};

static volatile sig_atomic_t reload_wanted;

static void want_reload(int signal_number) {
    (void)signal_number;
    reload_wanted = 1;
}

/* A JSON string, of text in UTF-8. */
static void print_json_string(FILE *out, const char *text, size_t len) {
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\') {
            fprintf(out, "\\%c", byte);
        } else if (byte < 0x20 || byte == 0x7f) {
            fprintf(out, "\\u%04x", byte);
        } else {
            fputc(byte, out);
        }
    }
    fputc('"', out);
}

/* What happened to the policy. */
static void tell(const char *event, const actra_policy *policy, actra_status status,
                 const actra_error *error) {
    fprintf(stderr, "{\"event\":\"%s\"", event);
    uint8_t hash[32];
    if (policy != NULL && actra_policy_hash(policy, &hash) == ACTRA_STATUS_OK) {
        fputs(",\"deciding\":\"", stderr);
        for (size_t i = 0; i < sizeof hash; i++) {
            fprintf(stderr, "%02x", hash[i]);
        }
        fputc('"', stderr);
    }
    if (status != ACTRA_STATUS_OK) {
        size_t code_len = 0, message_len = 0;
        const char *code = actra_error_code(error, &code_len);
        const char *message = actra_error_message(error, &message_len);
        if (error == NULL) {
            code = actra_status_name(status);
            code_len = strlen(code);
            message = "the library refuses the call";
            message_len = strlen(message);
        }
        fputs(",\"code\":", stderr);
        print_json_string(stderr, code, code_len);
        fputs(",\"message\":", stderr);
        print_json_string(stderr, message, message_len);
    }
    fputs("}\n", stderr);
}

/* Loads the policy in the place of the one that decides, which stays where that fails. */
static bool load(actra_policy **policy, const struct options *options) {
    actra_policy *loaded = NULL;
    actra_error *error = NULL;
    const actra_status status = actra_policy_open(options->policy_path, strlen(options->policy_path),
                                                  &loaded, &error);
    if (status == ACTRA_STATUS_OK) {
        const char *event = *policy == NULL ? "loaded" : "reloaded";
        actra_policy_free(*policy);
        *policy = loaded;
        tell(event, *policy, status, NULL);
    } else {
        tell(*policy == NULL ? "load_refused" : "reload_refused", *policy, status, error);
    }
    actra_error_free(error);
    return status == ACTRA_STATUS_OK;
}

/* An error of the library's, or what there is to say without one. */
static void print_error(actra_status status, const actra_error *error) {
    size_t len = 0;
    const char *json = actra_error_json(error, &len);
    fputs("{\"error\":", stdout);
    if (json != NULL) {
        fwrite(json, 1, len, stdout);
    } else {
        fprintf(stdout, "{\"code\":\"%s\",\"field\":null,\"message\":\"the library refuses the call\"}",
                actra_status_name(status));
    }
    fputs("}\n", stdout);
}

/* Decides one line. */
static bool decide(const actra_policy *policy, const struct options *options, struct line line) {
    actra_decision decision = actra_decision_empty();
    actra_buffer *json = NULL;
    actra_error *error = NULL;
    const actra_status status = actra_policy_evaluate_text(
        policy, line.text, line.len, options->flags, &decision, &json, &error);
    if (status == ACTRA_STATUS_OK) {
        fwrite(actra_buffer_data(json), 1, actra_buffer_len(json), stdout);
        fputc('\n', stdout);
    } else {
        print_error(status, error);
    }
    actra_buffer_free(json);
    actra_error_free(error);
    return status == ACTRA_STATUS_OK;
}

/* Says that reading or writing failed. */
static enum exit_status io_failed(const char *what, int number) {
    fprintf(stderr, "{\"event\":\"%s\",\"code\":\"io\",\"message\":", what);
    const char *message = strerror(number);
    print_json_string(stderr, message, strlen(message));
    fputs("}\n", stderr);
    return IO_FAILED;
}

/* Decides every line. */
static enum exit_status run(actra_policy **policy, const struct options *options,
                            const sigset_t *while_waiting) {
    struct lines lines;
    lines_open(&lines, STDIN_FILENO, MAX_LINE);
    enum exit_status outcome = ALL_DECIDED;
    for (bool is_open = true; is_open;) {
        struct line line = {NULL, 0};
        /* Whoever waits for an answer before asking again gets it: nothing stays behind while we
         * wait. */
        if (!lines_ready(&lines) && fflush(stdout) != 0) {
            outcome = io_failed("write_failed", errno);
            break;
        }
        if (reload_wanted) {
            reload_wanted = 0;
            load(policy, options);
        }
        bool is_decided = true;
        switch (lines_next(&lines, while_waiting, &line)) {
            case LINE_READ:
                is_decided = decide(*policy, options, line);
                break;
            case LINE_TOO_LONG:
                fputs("{\"error\":{\"code\":\"too_large\",\"field\":null,"
                      "\"message\":\"the line has more than 16 MiB\"}}\n", stdout);
                is_decided = false;
                break;
            case LINE_SIGNAL:
                break;
            case LINE_END:
                is_open = false;
                break;
            case LINE_FAILED:
                outcome = io_failed("read_failed", errno);
                is_open = false;
                break;
            case LINE_OUT_OF_MEMORY:
                outcome = io_failed("read_failed", ENOMEM);
                is_open = false;
                break;
        }
        if (!is_decided && outcome == ALL_DECIDED) {
            outcome = SOME_UNDECIDED;
        }
        if (ferror(stdout)) {
            outcome = io_failed("write_failed", errno);
            is_open = false;
        }
    }
    lines_close(&lines);
    return outcome;
}

/* SIGHUP comes where `lines_next` lets it through, and nowhere else; a reader that went away is an error of writing. */
static void set_signals(sigset_t *while_waiting) {
    struct sigaction reload = {0};
    reload.sa_handler = want_reload;
    sigemptyset(&reload.sa_mask);
    sigaction(SIGHUP, &reload, NULL);
    struct sigaction ignore = {0};
    ignore.sa_handler = SIG_IGN;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    sigdelset(while_waiting, SIGHUP);
}

static int wrong_arguments(const char *what, const char *argument) {
    fprintf(stderr, "decide: %s", what);
    if (argument != NULL) {
        fprintf(stderr, " `%s`", argument);
    }
    fputs("\ntry `decide --help`\n", stderr);
    return CANNOT_START;
}

int main(int count, char **arguments) {
    struct options options = {NULL, 0};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0) {
            fputs(help, stdout);
            return fflush(stdout) == 0 ? ALL_DECIDED : IO_FAILED;
        } else if (strcmp(arguments[i], "--version") == 0) {
            printf("libactra %s, %s\n", actra_version(),
                   actra_has_compiler() ? "with compiler" : "runtime only");
            return fflush(stdout) == 0 ? ALL_DECIDED : IO_FAILED;
        } else if (strcmp(arguments[i], "--refuse-unknown") == 0) {
            options.flags |= ACTRA_INPUT_REFUSE_UNKNOWN;
        } else if (arguments[i][0] == '-') {
            return wrong_arguments("there is no option", arguments[i]);
        } else if (options.policy_path != NULL) {
            return wrong_arguments("one policy is enough, and there is another:", arguments[i]);
        } else {
            options.policy_path = arguments[i];
        }
    }
    if (options.policy_path == NULL) {
        return wrong_arguments("a policy is missing", NULL);
    }
    if (actra_abi_version() != ACTRA_ABI_VERSION) {
        return wrong_arguments("the library that was found is of another ABI than this program", NULL);
    }
    sigset_t while_waiting;
    set_signals(&while_waiting);
    actra_policy *policy = NULL;
    if (!load(&policy, &options)) {
        return CANNOT_START;
    }
    const enum exit_status outcome = run(&policy, &options, &while_waiting);
    actra_policy_free(policy);
    return (int)outcome;
}
