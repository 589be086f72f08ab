#include "checksum.h"

#include <array>

namespace vidline {

namespace {

/// Only SCTP has its checksum 8 bytes into the header: UDP 6, TCP 16, ICMP 2.
constexpr size_t SCTP_OFFSET = 8;

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t n = 0; n < 256; ++n) {
        uint32_t c = n;
        for (int bit = 0; bit < 8; ++bit) c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
        table[n] = c;
    }
    return table;
}
constexpr std::array<uint32_t, 256> CRC32C = make_table();

void finish_sctp(uint8_t* packet, size_t length) {
    for (size_t i = 0; i < 4; ++i) packet[SCTP_OFFSET + i] = 0;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < length; ++i) crc = crc >> 8 ^ CRC32C[(crc ^ packet[i]) & 0xff];
    crc = ~crc;
    for (size_t i = 0; i < 4; ++i) packet[SCTP_OFFSET + i] = static_cast<uint8_t>(crc >> (8 * i));
}

void finish_internet(uint8_t* packet, size_t length, size_t offset) {
    uint64_t sum = 0;
    for (size_t i = 0; i + 1 < length; i += 2) sum += static_cast<uint32_t>(packet[i] << 8 | packet[i + 1]);
    if (length & 1) sum += static_cast<uint32_t>(packet[length - 1] << 8);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    uint32_t checksum = ~static_cast<uint32_t>(sum) & 0xffff;
    if (checksum == 0) checksum = 0xffff;  // 0 would say "none" in UDP (RFC 768); equal elsewhere
    packet[offset] = static_cast<uint8_t>(checksum >> 8);
    packet[offset + 1] = static_cast<uint8_t>(checksum);
}

}  // namespace

bool finish_checksum(uint8_t* frame, size_t length, size_t start, size_t offset) {
    const size_t width = offset == SCTP_OFFSET ? 4 : 2;
    if (start > length || offset + width > length - start) return false;
    if (offset == SCTP_OFFSET) {
        finish_sctp(frame + start, length - start);
    } else {
        finish_internet(frame + start, length - start, offset);
    }
    return true;
}

}  // namespace vidline
