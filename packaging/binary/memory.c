/* Memory for Python, beside that for small objects, of which Python takes care itself.

   musl's malloc asks the system for it, and gives it back, piece by piece, which was half of the system calls of a
   start. Here it is cut from large pieces, by size; what is freed waits for the next of its size. OpenSSL, which is given
   what a server sends, keeps musl's malloc, which notices some misuse. */

#include "launcher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PIECE = 1 << 20,
    LARGEST = 1 << 16, /* from there on musl's malloc does it, which asks the system each time */
    STEPS = 4,         /* sizes from one power of two to the next */
    SIZES = 4 + STEPS * 10, /* up to LARGEST: see `which` */
};

struct block { /* as long as the alignment that malloc promises */
    size_t size;   /* what the caller can use; larger than LARGEST: it is malloc's */
    struct block *next; /* while it is free */
};
_Static_assert(sizeof(struct block) == 16, "what follows has to be aligned");

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static struct block *unused[SIZES];
static unsigned char *piece, *piece_end;

/* The number of the smallest size that is enough, and that size: 16, 32, 48, 64, and from there four to each doubling. */
static unsigned which(size_t wanted, size_t *size) {
    if (wanted <= 64) {
        unsigned number = wanted ? (unsigned)(wanted - 1) / 16 : 0;
        *size = (number + 1) * 16;
        return number;
    }
    unsigned power = 63 - __builtin_clzl(wanted - 1); /* 2^power < wanted <= 2^(power + 1) */
    size_t below = (size_t)1 << power, step = below / STEPS;
    unsigned number = (unsigned)((wanted - 1 - below) / step);
    *size = below + (number + 1) * step;
    return 4 + (power - 6) * STEPS + number;
}

static struct block *cut(size_t size) {
    size_t whole = sizeof(struct block) + size;
    if ((size_t)(piece_end - piece) < whole) {
        unsigned char *more = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (more == MAP_FAILED) return NULL;
        piece = more;
        piece_end = more + PIECE;
    }
    struct block *block = (struct block *)piece;
    piece += whole;
    block->size = size;
    return block;
}

void *memory_get(void *context, size_t wanted) {
    struct block *block;
    size_t size;
    if (wanted > LARGEST) {
        block = wanted > PTRDIFF_MAX - sizeof *block ? NULL : malloc(sizeof *block + wanted);
        if (!block) return NULL;
        block->size = wanted;
        return block + 1;
    }
    unsigned number = which(wanted, &size);
    pthread_mutex_lock(&turn);
    block = unused[number];
    if (block)
        unused[number] = block->next;
    else
        block = cut(size);
    pthread_mutex_unlock(&turn);
    return block ? block + 1 : NULL;
}

void memory_give_back(void *context, void *memory) {
    if (!memory) return;
    struct block *block = (struct block *)memory - 1;
    size_t size;
    if (block->size > LARGEST) {
        free(block);
        return;
    }
    unsigned number = which(block->size, &size);
    pthread_mutex_lock(&turn);
    block->next = unused[number];
    unused[number] = block;
    pthread_mutex_unlock(&turn);
}

void *memory_get_zeroed(void *context, size_t count, size_t each) {
    size_t size;
    if (__builtin_mul_overflow(count, each, &size)) return NULL;
    void *memory = memory_get(context, size);
    if (memory) memset(memory, 0, size);
    return memory;
}

void *memory_resize(void *context, void *memory, size_t wanted) {
    if (!memory) return memory_get(context, wanted);
    struct block *block = (struct block *)memory - 1;
    if (block->size > LARGEST && wanted > LARGEST) {
        block = wanted > PTRDIFF_MAX - sizeof *block ? NULL : realloc(block, sizeof *block + wanted);
        if (!block) return NULL;
        block->size = wanted;
        return block + 1;
    }
    if (wanted <= block->size && block->size <= LARGEST) return memory;
    void *other = memory_get(context, wanted);
    if (!other) return NULL;
    memcpy(other, memory, wanted < block->size ? wanted : block->size);
    memory_give_back(context, memory);
    return other;
}
