// The hashes that give overrides and fragmented packets their places: CRCs of {space, key} without
// initial value, so the sum (XOR) of what each byte contributes. Both are looked up at once.
#ifndef VIDLINE_ROUTER_HASH_H
#define VIDLINE_ROUTER_HASH_H
#include "bytes.h"
#include "router_constants.h"

namespace vidline {

struct Ways {
    uint16_t way0, way1;
};

inline Ways hash_of(uint8_t space, u128 key) {
    uint32_t sum = map::HASH[0][space];
    // Bytes that are 0 contribute nothing, and most identifiers are short.
    const auto low = uint64_t(key), high = uint64_t(key >> 64);
    const auto add = [&sum](uint32_t half, unsigned first) {
        sum ^= map::HASH[first][half >> 24] ^ map::HASH[first + 1][half >> 16 & 0xff] ^
               map::HASH[first + 2][half >> 8 & 0xff] ^ map::HASH[first + 3][half & 0xff];
    };
    add(uint32_t(low), 13);
    if (low >> 32 != 0) add(uint32_t(low >> 32), 9);
    if (high != 0) {
        add(uint32_t(high), 5);
        add(uint32_t(high >> 32), 1);
    }
    return {uint16_t(sum), uint16_t(sum >> 16)};
}

}  // namespace vidline
#endif
