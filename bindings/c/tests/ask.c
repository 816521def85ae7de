/* Asks a question of an `.actra` file or a policy directory: what the scripts need that have no `actra`. */
#include <actra.h>

#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: ask POLICY QUESTION\n", stderr);
        return 2;
    }
    actra_policy *policy = NULL;
    actra_buffer *answer = NULL;
    actra_error *error = NULL;
    actra_status status = actra_policy_open(arguments[1], strlen(arguments[1]), &policy, &error);
    if (status == ACTRA_STATUS_OK) {
        status = actra_policy_ask(policy, NULL, arguments[2], strlen(arguments[2]), &answer, &error);
    }
    if (status == ACTRA_STATUS_OK) {
        printf("%.*s\n", (int)actra_buffer_len(answer), (const char *)actra_buffer_data(answer));
    } else {
        size_t len = 0;
        const char *code = actra_error_code(error, &len);
        printf("%s %.*s\n", actra_status_name(status), (int)len, code == NULL ? "" : code);
    }
    actra_buffer_free(answer);
    actra_error_free(error);
    actra_policy_free(policy);
    return status == ACTRA_STATUS_OK ? 0 : 1;
}
