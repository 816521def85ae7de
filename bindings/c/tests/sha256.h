/* SHA-256 (FIPS 180-4), for tests that make artifacts which are what they claim to be. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t sha256_turn(uint32_t word, unsigned by) {
    return word >> by | word << (32 - by);
}

static inline void sha256_block(uint32_t *state, const uint8_t *block) {
    static const uint32_t constants[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    uint32_t words[64], now[8];
    for (size_t at = 0; at < 16; at++) {
        words[at] = (uint32_t)block[4 * at] << 24 | (uint32_t)block[4 * at + 1] << 16 |
                    (uint32_t)block[4 * at + 2] << 8 | block[4 * at + 3];
    }
    for (size_t at = 16; at < 64; at++) {
        uint32_t a = words[at - 15], b = words[at - 2];
        a = sha256_turn(a, 7) ^ sha256_turn(a, 18) ^ a >> 3;
        b = sha256_turn(b, 17) ^ sha256_turn(b, 19) ^ b >> 10;
        words[at] = words[at - 16] + a + words[at - 7] + b;
    }
    memcpy(now, state, sizeof now);
    for (size_t at = 0; at < 64; at++) {
        uint32_t e = now[4], a = now[0];
        uint32_t first = now[7] + (sha256_turn(e, 6) ^ sha256_turn(e, 11) ^ sha256_turn(e, 25)) +
                         ((e & now[5]) ^ (~e & now[6])) + constants[at] + words[at];
        uint32_t second = (sha256_turn(a, 2) ^ sha256_turn(a, 13) ^ sha256_turn(a, 22)) +
                          ((a & now[1]) ^ (a & now[2]) ^ (now[1] & now[2]));
        memmove(now + 1, now, 7 * sizeof *now);
        now[4] += first;
        now[0] = first + second;
    }
    for (size_t at = 0; at < 8; at++) {
        state[at] += now[at];
    }
}

static inline void sha256(const uint8_t *bytes, size_t len, uint8_t *digest) {
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t last[128] = {0};
    size_t whole = len / 64 * 64, rest = len - whole, end = rest < 56 ? 64 : 128;
    for (size_t at = 0; at < whole; at += 64) {
        sha256_block(state, bytes + at);
    }
    memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    for (size_t at = 0; at < 8; at++) {
        last[end - 1 - at] = (uint8_t)((uint64_t)len * 8 >> 8 * at);
    }
    sha256_block(state, last);
    if (end == 128) {
        sha256_block(state, last + 64);
    }
    for (size_t at = 0; at < 32; at++) {
        digest[at] = (uint8_t)(state[at / 4] >> (24 - 8 * (at % 4)));
    }
}

#endif
