/* What the launcher's parts share. */

#ifndef LAUNCHER_H
#define LAUNCHER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

/* Eight bytes at a time: it has to notice an accident, at the speed of memory. archive.py computes the same. */
uint64_t checksum(const unsigned char *at, uint64_t size);

enum { DIGEST = 32 };

struct sha256 {
    uint32_t state[8];
    uint64_t length;
    unsigned char block[64];
};
void sha256_start(struct sha256 *sum);
void sha256_add(struct sha256 *sum, const void *data, size_t size);
void sha256_end(struct sha256 *sum, unsigned char digest[DIGEST]);

struct question {
    char directory[3900];         /* where answers are; empty: none are wanted, or none can be */
    unsigned char digest[DIGEST]; /* of the call, but for its stdin */
    unsigned char *stdin_data;    /* what was read of stdin */
    size_t stdin_size;
    int stdin_ended;
};

/* Answer a call that has been answered before, if nothing has changed since: answer.c says when. Returns only where it
   could not; `build` names this very program. */
void answer_again(int argc, char **argv, uint64_t build, struct question *question);

struct span {
    uint64_t offset, size;
};

enum { FIRST = 6 }; /* what Python has to find before start.py can, and start.py itself */

struct trailer { /* little-endian; archive.py writes it at the very end */
    struct span early; /* what every answer needs; checked at every start */
    uint64_t checksum; /* of that */
    struct span first[FIRST];
    struct span index; /* within early */
    uint64_t rest_checksum; /* of all that is before `early`: the executable, and what few answers need */
    uint64_t file_size;
    uint64_t own_checksum; /* of all of this before it */
    char magic[16];
};

struct start { /* what is known when Python starts; start.py gets it as the module _launcher */
    const unsigned char *image; /* the whole file, mapped */
    struct trailer trailer;
    char program[4096]; /* the file's path */
    struct question question;
    double started; /* when, by the clock that never jumps */
    char core_filter[32]; /* what it was before */
    struct rlimit core_limit; /* likewise */
    int limits_core;
    unsigned ignored; /* signals that the caller ignores and this program handles, by their bits */
};

/* Whether the whole file is as it was built. It takes too long for every start. */
int is_whole(void);

/* End with a word about it if it is not. */
void check_whole(void);

/* What PyMemAllocatorEx wants: malloc, calloc, realloc and free, each with a context, which is not used. */
void *memory_get(void *context, size_t size);
void *memory_get_zeroed(void *context, size_t count, size_t each);
void *memory_resize(void *context, void *memory, size_t size);
void memory_give_back(void *context, void *memory);

/* Say what is wrong and what to do next, as an answer of the kind `internal`, and end. */
_Noreturn void end_with(const char *what, const char *next);

/* Run the program in Python; returns where that could not be. */
void start_python(int argc, char **argv, const struct start *known);

#endif
