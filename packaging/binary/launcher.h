/* What the launcher's parts share. */

#ifndef LAUNCHER_H
#define LAUNCHER_H

#include <stddef.h>
#include <stdint.h>

/* Eight bytes at a time: it has to notice an accident, at the speed of memory. archive.py computes the same. */
uint64_t checksum(const unsigned char *at, uint64_t size);

struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sum, const void *data, size_t size);
void sha256_hex(struct sha256 *sum, char hex[65]);

struct question {
    char path[4096];      /* where the answer to this very call is, if it is; empty: it is not worth looking */
    unsigned char *stdin_data; /* what was read of stdin */
    size_t stdin_size;
    int stdin_ended;
};

/* Answer a call that has been answered before, if nothing has changed since: answer.c says when. Returns only where it
   could not; `build` names this very program. */
void answer_again(int argc, char **argv, uint64_t build, struct question *question);

#endif
