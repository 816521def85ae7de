/* Compiles a policy directory to an `.actra` file: what the scripts need that have no `actra`. */
#include <actra.h>

#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: compile DIRECTORY FILE\n", stderr);
        return 2;
    }
    actra_policy *policy = NULL;
    actra_error *error = NULL;
    actra_status status =
        actra_policy_compile_directory(arguments[1], strlen(arguments[1]), &policy, &error);
    if (status == ACTRA_STATUS_OK) {
        status = actra_policy_save(policy, arguments[2], strlen(arguments[2]), &error);
    }
    size_t len = 0;
    const char *rendered = actra_error_rendered(error, &len);
    fprintf(stderr, "%.*s", (int)len, rendered == NULL ? "" : rendered);
    actra_error_free(error);
    actra_policy_free(policy);
    return status == ACTRA_STATUS_OK ? 0 : 1;
}
