/* In place of interpreter.c in a launcher that is made for tests: Python runs in the real file, which is executed with
   what was read of stdin. What the sanitizers are told: strace, under which some run, allows no search for leaks. */

#define _GNU_SOURCE
#include "launcher.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

const char *__asan_default_options(void) {
    return "detect_leaks=0:disable_coredump=0:exitcode=99:handle_segv=0";
}

const char *__ubsan_default_options(void) {
    return "halt_on_error=1:exitcode=99";
}

static void pass(int to, const unsigned char *data, size_t size) {
    while (size) {
        ssize_t written = write(to, data, size);
        if (written <= 0) _exit(0);
        data += written;
        size -= written;
    }
}

/* stdin again as it was: what was read, and then what is still to come. */
static void give_back_stdin(const struct question *question) {
    int ends[2];
    if (pipe(ends)) abort();
    if (!fork()) {
        unsigned char more[4096];
        ssize_t size;
        close(ends[0]);
        pass(ends[1], question->stdin_data, question->stdin_size);
        while (!question->stdin_ended && (size = read(STDIN_FILENO, more, sizeof more)) > 0) pass(ends[1], more, size);
        _exit(0);
    }
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    close(ends[1]);
}

void start_python(int argc, char **argv, const struct start *known) {
    if (known->question.stdin_size || known->question.stdin_ended) give_back_stdin(&known->question);
    if (known->limits_core) setrlimit(RLIMIT_CORE, &known->core_limit);
    for (int number = 1; number < 32; number++)
        if (!(known->ignored >> number & 1)) signal(number, SIG_DFL);
    execv(IMAGE, argv);
    abort();
}
