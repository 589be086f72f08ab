// Bytes of a frame as numbers, wherever they lie.
#ifndef VIDLINE_ROUTER_BYTES_H
#define VIDLINE_ROUTER_BYTES_H
#include <cstdint>
#include <cstring>

namespace vidline {

using u128 = unsigned __int128;

template <typename T>
inline T load(const uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// Network order (RFC 1700); the machines that this runs on have the other one.
inline uint16_t be16(const uint8_t* at) { return __builtin_bswap16(load<uint16_t>(at)); }
inline uint32_t be32(const uint8_t* at) { return __builtin_bswap32(load<uint32_t>(at)); }
inline uint64_t be64(const uint8_t* at) { return __builtin_bswap64(load<uint64_t>(at)); }
inline u128 be128(const uint8_t* at) { return (u128(be64(at)) << 64) | be64(at + 8); }

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "written for little-endian machines");

}  // namespace vidline
#endif
