/* The single file: a Python in an executable that carries all modules behind itself.

   Nothing is unpacked at a start. What follows the ELF image is mapped; archive.py says how it is laid out, and
   start.py, the first Python code to run, finds modules there. Linux only.

   layout.ld puts this file and what it calls into the first pages, so that it runs, and can say so, where the rest of
   the file has been cut off. */

#define _GNU_SOURCE
#include "launcher.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef IMAGE /* the file that is mapped; in tests not the one that runs */
#define IMAGE "/proc/self/exe"
#endif

static const char MAGIC[16] = "vsphere-session";

static struct start start;
static const char *name_of_call = "";

static void say(int file, const char *before, const char *what, const char *next, const char *after) {
    char line[512] = "";
    size_t length = 0;
    for (const char *const *part = (const char *const[]){before, what, next, after, NULL}; *part; part++)
        for (const char *at = *part; *at && length < sizeof line; at++) line[length++] = *at;
    if (write(file, line, length) < 0) return;
}

_Noreturn void end_with(const char *what, const char *next) {
    say(STDERR_FILENO, "vsphere-session: ", what, next, "\n");
    if (!strstr(name_of_call, "credential")) /* other protocols have nothing on stdout then */
        say(STDOUT_FILENO, "{\"error\": \"internal\", \"message\": \"", what, next, "\"}\n");
    _exit(70);
}

static _Noreturn void give_up(const char *what) {
    end_with(what, "; get the file again");
}

static int inside(struct span part) {
    return part.offset <= start.trailer.file_size && part.size <= start.trailer.file_size - part.offset;
}

/* The file that runs, opened; its path is noted. */
static int open_program(void) {
    const char *name = IMAGE;
    int file = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t length = readlink(name, start.program, sizeof start.program - 1);
    if (file < 0) { /* no /proc here */
        name = (const char *)getauxval(AT_EXECFN);
        file = open(name, O_RDONLY | O_CLOEXEC);
    }
    if (length < 0) {
        length = strnlen(name, sizeof start.program - 1);
        memcpy(start.program, name, length);
    }
    start.program[length] = 0;
    return file;
}

/* Map the whole file; the pages of what is not used are never read. */
static void map_image(void) {
    struct trailer *trailer = &start.trailer;
    struct stat about;
    int file = open_program();
    if (file < 0 || fstat(file, &about)) give_up("the program cannot read its own file");
    if ((uint64_t)about.st_size < sizeof *trailer) give_up("the program's file is cut short");
    start.image = mmap(NULL, about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    if (start.image == MAP_FAILED) give_up("the program cannot map its own file");
    close(file);
    memcpy(trailer, start.image + about.st_size - sizeof *trailer, sizeof *trailer);
    if (memcmp(trailer->magic, MAGIC, sizeof MAGIC)) give_up("the program's file is cut short");
    if (checksum((unsigned char *)trailer, offsetof(struct trailer, own_checksum)) != trailer->own_checksum)
        give_up("the program's file is damaged");
    if (trailer->file_size != (uint64_t)about.st_size) give_up("the program's file is cut short");
    if (!inside(trailer->early) || !inside(trailer->index) ||
        checksum(start.image + trailer->early.offset, trailer->early.size) != trailer->checksum)
        give_up("the program's file is damaged");
    for (int i = 0; i < FIRST; i++)
        if (!inside(trailer->first[i])) give_up("the program's file is damaged");
}

int is_whole(void) {
    return checksum(start.image, start.trailer.early.offset) == start.trailer.rest_checksum;
}

void check_whole(void) {
    if (!is_whole()) give_up("the program's file is damaged");
}

/* A crash in a file that is not what was built is no bug. */
static void crashed(int number) {
    check_whole();
    signal(number, SIG_DFL);
    raise(number);
}

/* Nothing has been begun yet that would have to be ended. */
static void end(int number) {
    _exit(128 + number);
}

/* What the caller ignores stays ignored; core_dumps.py and signals.py are told what was. */
static void handle(int number, void (*handler)(int)) {
    struct sigaction before;
    if (sigaction(number, NULL, &before) || before.sa_handler == SIG_IGN)
        start.ignored |= 1u << number;
    else
        signal(number, handler);
}

/* A core file would hold a password that was read from stdin, or is in a variable: without memory still in registers. */
static void forbid_cores(void) {
    int file = open("/proc/self/coredump_filter", O_RDWR | O_CLOEXEC);
    char *filter = start.core_filter;
    int done = file >= 0 && read(file, filter, sizeof start.core_filter - 1) > 0 && write(file, "0", 1) == 1;
    if (file >= 0) close(file);
    if (!done) *filter = 0;
    /* 1: also where cores are piped to a program, which no other limit stops */
    if (getrlimit(RLIMIT_CORE, &start.core_limit)) return;
    struct rlimit none = {start.core_limit.rlim_max ? 1 : 0, start.core_limit.rlim_max};
    start.limits_core = !setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    start.started = now.tv_sec + now.tv_nsec / 1e9;
    forbid_cores();
    handle(SIGINT, end); /* until Python has its own handlers */
    handle(SIGTERM, end);
    if (argc > 0) name_of_call = argv[0];
    map_image();
    handle(SIGPIPE, SIG_IGN); /* a reader that has gone is an answer's failure, and not the end of the process */
    handle(SIGXFSZ, SIG_IGN);
    answer_again(argc, argv, start.trailer.checksum, &start.question);
    for (const int *number = (const int[]){SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, 0}; *number; number++)
        signal(*number, crashed);
    start_python(argc, argv, &start);
    return 70;
}
