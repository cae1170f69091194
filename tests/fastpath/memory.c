/* The memory that Python gets in the single file, by threads that take, resize and give back pieces of random sizes: each
   piece is aligned, holds what was put into it, and is nobody else's. Ends with 1 and a line where that is not so. */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher.h"

enum { THREADS = 4, PIECES = 64, STEPS = 1000 };

struct piece {
    unsigned char *at;
    size_t size;
    unsigned char filled;
};

static void expect(int holds, const char *what) {
    if (holds) return;
    puts(what);
    exit(1);
}

static void check(const struct piece *piece, size_t size) {
    expect((uintptr_t)piece->at % 16 == 0, "not aligned");
    for (size_t i = 0; i < size; i++) expect(piece->at[i] == piece->filled, "not what was put there");
}

static void fill(struct piece *piece, size_t size, unsigned char with) {
    piece->size = size;
    piece->filled = with;
    memset(piece->at, with, size);
}

/* Mostly small, now and then around the limits of sizes, and beyond the largest that is not malloc's. */
static size_t some_size(unsigned *seed) {
    unsigned kind = rand_r(seed) % 8, around = 1u << (4 + rand_r(seed) % 14);
    return kind == 0 ? around - 1 + rand_r(seed) % 3 : kind == 1 ? rand_r(seed) % 200000 : rand_r(seed) % 2000;
}

static void *work(void *number) {
    static struct piece all[THREADS][PIECES];
    struct piece *pieces = all[(intptr_t)number];
    unsigned seed = 1 + (unsigned)(intptr_t)number;
    for (int step = 0; step < STEPS; step++) {
        struct piece *piece = &pieces[rand_r(&seed) % PIECES];
        size_t size = some_size(&seed);
        if (piece->at) check(piece, piece->size);
        if (!piece->at) {
            piece->at = step % 2 ? memory_get(NULL, size) : memory_get_zeroed(NULL, 1, size);
            expect(piece->at != NULL, "nothing there");
            piece->filled = 0;
            if (step % 2 == 0) check(piece, size);
        } else if (rand_r(&seed) % 2) {
            piece->at = memory_resize(NULL, piece->at, size);
            expect(piece->at != NULL, "nothing there");
            check(piece, size < piece->size ? size : piece->size);
        } else {
            memory_give_back(NULL, piece->at);
            piece->at = NULL;
            continue;
        }
        fill(piece, size, (unsigned char)rand_r(&seed));
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);

    memory_give_back(NULL, NULL);
    void *first = memory_resize(NULL, NULL, 1000);
    memory_give_back(NULL, first);
    expect(memory_get(NULL, 1000) == first, "not used again");
    expect(memory_get(NULL, 0) != NULL, "nothing there for nothing");
    expect(memory_get(NULL, SIZE_MAX) == NULL, "more than there can be");
    expect(memory_get_zeroed(NULL, SIZE_MAX / 2, 3) == NULL, "more than there can be, by its product");
    expect(memory_resize(NULL, first, SIZE_MAX) == NULL, "more than there can be, resized");
    return 0;
}
