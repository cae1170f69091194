/* The answer to a call that has been answered before, without starting Python.

   Within the trust window a session is handed out unasked: the answer then depends on the call and on some files alone.
   vsphere_session/fastpath/remembered.py writes down, under names that are keyed hashes of the call, which files those
   were and what the system said of them, until when the answer holds, and where in them the session ids are: the ids
   themselves stay in the cache files. What a command line means is known there alone. Of a call that was answered it has
   written two files: the first, by arguments, directory, user and variables, says whether the program went on to read
   stdin, and from which files it knew; only then is stdin read here. The second, by stdin too, has the answer, which is
   given if all of its files are still what they were. Everything else is for Python. */

#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "variables.h" /* made by the build: the list in remembered.py */

#define MOST_STDIN (1024 * 1024 + 1) /* a little more than a request may have */
#define MOST_ANSWER (256 * 1024)
#define PATIENCE_MS 20 /* in all, for a caller that goes on writing; Python waits longer */

extern char **environ;

/* ---- the call */

static int is_named(const char *variable, const char *name) {
    size_t length = strlen(name);
    return !strncmp(variable, name, length) && variable[length] == '=';
}

static int counts(const char *variable) {
    for (size_t i = 0; i < sizeof VARIABLES / sizeof *VARIABLES; i++)
        if (is_named(variable, VARIABLES[i])) return 1;
    return 0;
}

static int find_directory(char *path, size_t room) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length = state && *state == '/' && !strpbrk(state, " \t\n\v\f\r") ? snprintf(path, room, "%s/vsphere-session", state)
                 : !(state && *state) && home && *home == '/'             ? snprintf(path, room, "%s/.local/state/vsphere-session", home)
                                                                          : -1;
    if (length <= 0 || (size_t)length >= room) *path = 0;
    return *path;
}

static void add_text(struct sha256 *sum, const char *text) {
    sha256_add(sum, text, strlen(text) + 1);
}

static int describe(int argc, char **argv, uint64_t build, struct question *question) {
    char here[4096];
    uint64_t numbers[] = {build, geteuid(), argc};
    struct sha256 sum;
    if (!getcwd(here, sizeof here)) return 0;
    sha256_start(&sum);
    sha256_add(&sum, numbers, sizeof numbers);
    for (int i = 0; i < argc; i++) add_text(&sum, argv[i]);
    add_text(&sum, here);
    for (char **variable = environ; *variable; variable++)
        if (counts(*variable)) add_text(&sum, *variable);
    sha256_end(&sum, question->digest);
    return 1;
}

/* HMAC (RFC 2104) of two pieces under a key of 32 bytes. */
static void sign(const unsigned char key[DIGEST], const unsigned char first[DIGEST], const void *second, size_t size, unsigned char mac[DIGEST]) {
    unsigned char pad[64];
    struct sha256 sum;
    for (int outer = 0; outer < 2; outer++) {
        memset(pad, outer ? 0x5c : 0x36, sizeof pad);
        for (int i = 0; i < DIGEST; i++) pad[i] ^= key[i];
        sha256_start(&sum);
        sha256_add(&sum, pad, sizeof pad);
        sha256_add(&sum, outer ? mac : first, DIGEST);
        if (!outer) sha256_add(&sum, second, size);
        sha256_end(&sum, mac);
    }
}

static int read_stdin(struct question *question) {
    struct timespec now, end;
    size_t room = 0;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += PATIENCE_MS * 1000000;
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        long left = (end.tv_sec - now.tv_sec) * 1000 + (end.tv_nsec - now.tv_nsec) / 1000000;
        struct pollfd waiting = {.fd = 0, .events = POLLIN};
        if (poll(&waiting, 1, left > 0 ? left : 0) <= 0 || question->stdin_size >= MOST_STDIN) return 0;
        if (room - question->stdin_size < 4096) {
            unsigned char *larger = realloc(question->stdin_data, room += 65536);
            if (!larger) return 0;
            question->stdin_data = larger;
        }
        ssize_t got = read(0, question->stdin_data + question->stdin_size, room - question->stdin_size);
        if (got < 0) return 0;
        if (!got) return question->stdin_ended = 1;
        question->stdin_size += got;
    }
}

/* ---- what was remembered */

struct reader {
    const unsigned char *at, *end;
};

static int take(struct reader *reader, void *into, size_t size) {
    if ((size_t)(reader->end - reader->at) < size) return 0;
    memcpy(into, reader->at, size);
    reader->at += size;
    return 1;
}

static int take_path(struct reader *reader, char path[4096]) {
    uint64_t length;
    if (!take(reader, &length, 8) || length >= 4096 || !take(reader, path, length)) return 0;
    path[length] = 0;
    return 1;
}

enum { ABSENT, DIRECTORY, FILE_ITSELF };

struct seen { /* what the system said of a file; of a directory the first four */
    uint64_t device, inode, mode, owner, size, modified, changed;
};

static uint64_t nanoseconds(struct timespec time) {
    return (uint64_t)time.tv_sec * 1000000000u + time.tv_nsec;
}

static int is_still(uint64_t kind, const struct seen *seen, const struct stat *now) {
    if (seen->device != now->st_dev || seen->inode != now->st_ino || seen->mode != now->st_mode || seen->owner != now->st_uid)
        return 0;
    return kind == DIRECTORY || (seen->size == (uint64_t)now->st_size && seen->modified == nanoseconds(now->st_mtim) &&
                                 seen->changed == nanoseconds(now->st_ctim));
}

/* A file of ours that nobody else may read: its bytes. */
static ssize_t read_own(const char *path, unsigned char *data, size_t room) {
    struct stat about;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return -1;
    int good = !fstat(file, &about) && S_ISREG(about.st_mode) && about.st_uid == geteuid() && !(about.st_mode & 077);
    ssize_t size = good ? read(file, data, room) : -1;
    close(file);
    return size;
}

/* The part behind what has to hold (remembered.py says how it is packed), if all of that holds now. */
static int recall(const struct question *question, const unsigned char mac[DIGEST], const char *ending, uint64_t build,
                  unsigned char data[MOST_ANSWER], struct reader *rest) {
    char path[4096], hex[41];
    unsigned char whose[DIGEST];
    uint64_t sum, by, from, until, count, kind;
    struct seen seen;
    struct stat now;
    struct timespec clock;
    for (int i = 0; i < 20; i++) snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    snprintf(path, sizeof path, "%s/answers/%s%s", question->directory, hex, ending);
    ssize_t size = read_own(path, data, MOST_ANSWER);
    if (size < 8 || size == MOST_ANSWER) return 0;
    memcpy(&sum, data, 8);
    if (sum != checksum(data + 8, size - 8)) return 0;
    struct reader reader = {data + 8, data + size};
    if (!take(&reader, whose, DIGEST) || memcmp(whose, mac, DIGEST)) return 0;
    if (!take(&reader, &by, 8) || !take(&reader, &from, 8) || !take(&reader, &until, 8) || !take(&reader, &count, 8)) return 0;
    clock_gettime(CLOCK_REALTIME, &clock);
    if (by != build || nanoseconds(clock) < from || nanoseconds(clock) >= until) return 0;
    while (count--) {
        if (!take(&reader, &kind, 8) || !take(&reader, &seen, sizeof seen) || !take_path(&reader, path)) return 0;
        int found = !lstat(path, &now);
        if (kind == ABSENT ? found || (errno != ENOENT && errno != ENOTDIR) : !found || !is_still(kind, &seen, &now)) return 0;
    }
    *rest = reader;
    return 1;
}

/* ---- the answer */

/* The long way says the same. */
static _Noreturn void cannot_write(int error) {
    if (error == EPIPE) exit(141);
    fprintf(stderr, "vsphere-session: the answer cannot be written to stdout (%s); check where it goes\n", strerror(error));
    exit(9);
}

static void write_all(const unsigned char *data, size_t size) {
    while (size) {
        ssize_t written = write(1, data, size);
        if (written < 0 && errno == EAGAIN) {
            struct pollfd waiting = {.fd = 1, .events = POLLOUT};
            poll(&waiting, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            cannot_write(errno);
        } else if (written > 0) {
            data += written;
            size -= written;
        }
    }
}

static int put_together(struct reader reader, unsigned char answer[MOST_ANSWER], size_t *size) {
    char path[4096];
    uint64_t kind, length, offset;
    struct seen seen;
    struct stat now;
    for (*size = 0; reader.at < reader.end; *size += length) {
        if (!take(&reader, &kind, 8) || !take(&reader, &length, 8) || length > MOST_ANSWER - *size) return 0;
        if (kind != FILE_ITSELF) { /* bytes as they are */
            if (!take(&reader, answer + *size, length)) return 0;
            continue;
        }
        if (!take(&reader, &seen, sizeof seen) || !take(&reader, &offset, 8) || !take_path(&reader, path)) return 0;
        int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file < 0) return 0;
        int good = pread(file, answer + *size, length, offset) == (ssize_t)length && !fstat(file, &now) &&
                   is_still(FILE_ITSELF, &seen, &now);
        close(file);
        if (!good) return 0;
    }
    return 1;
}

/* Whether the caller wants none: as `boolean` of settings/environment.py reads it, and whatever that refuses is for Python. */
static int is_wanted(void) {
    const char *said = getenv("VSPHERE_SESSION_REMEMBER");
    return !said || !*said || !strcmp(said, "1") || !strcmp(said, "true");
}

void answer_again(int argc, char **argv, uint64_t build, struct question *question) {
    static unsigned char data[MOST_ANSWER], answer[MOST_ANSWER];
    unsigned char key[DIGEST + 1], call[DIGEST], mac[DIGEST];
    char path[4096];
    struct stat about;
    struct reader rest;
    size_t size;
    if (!is_wanted() || fstat(0, &about) || fstat(1, &about) || !find_directory(question->directory, sizeof question->directory))
        return;
    if (!describe(argc, argv, build, question)) {
        *question->directory = 0;
        return;
    }
    snprintf(path, sizeof path, "%s/answers.key", question->directory);
    if (read_own(path, key, sizeof key) != DIGEST) return;
    sign(key, question->digest, "", 0, call);
    if (!recall(question, call, ".call", build, data, &rest) || rest.end - rest.at != 1) return;
    if (*rest.at == 'r' && (isatty(0) || !read_stdin(question))) return;
    sign(key, call, question->stdin_data ? (void *)question->stdin_data : "", question->stdin_size, mac);
    if (!recall(question, mac, "", build, data, &rest) || !put_together(rest, answer, &size)) return;
    write_all(answer, size);
    exit(0);
}
