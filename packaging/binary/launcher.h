/* What the launcher's parts share. */

#ifndef LAUNCHER_H
#define LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

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

#endif
