/* A sum by which the launcher notices that its own file, or a remembered answer, is damaged. */

#include <string.h>

#include "launcher.h"

uint64_t checksum(const unsigned char *at, uint64_t size) {
    uint64_t sum = size, word;
    for (; size >= 8; size -= 8, at += 8) {
        memcpy(&word, at, 8);
        sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 29;
    }
    for (; size; size--) sum = (sum ^ *at++) * 0x100000001B3u;
    return sum;
}
