/* The launcher's short way alone, for sanitizers and made-up answers: with MODE=describe it prints the digest of its own
   call, else it answers that from memory, or ends with 42 where it would start Python. FAIL=N lets the N-th realloc fail. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher.h"

static int calls;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    const char *fail = getenv("FAIL");
    return fail && ++calls == atoi(fail) ? NULL : __real_realloc(old, size);
}

int main(int argc, char **argv) {
    static struct question question;
    const char *mode = getenv("MODE");
    answer_again(argc, argv, 42, &question);
    if (mode && !strcmp(mode, "describe")) {
        for (int i = 0; i < DIGEST; i++) printf("%02x", question.digest[i]);
        return 0;
    }
    if (mode && !strcmp(mode, "handed") && question.stdin_size) fwrite(question.stdin_data, 1, question.stdin_size, stdout);
    return 42;
}
