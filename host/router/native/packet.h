// What a frame's headers say: steps 2 and 3.6 of docs/card.md.
//
// A frame lies in a buffer of which READABLE bytes can be read from its start, as the buffers of any
// network card do. What is read behind the frame's end cannot mislead: it lies below `header_min` or
// `packet_end`, so that such a frame is dropped whatever it gave.
#ifndef VIDLINE_ROUTER_PACKET_H
#define VIDLINE_ROUTER_PACKET_H
#include "bytes.h"

namespace vidline {

/// The window in which the card looks at a frame, and where a payload may begin.
constexpr unsigned WINDOW = 160, PAYLOAD_MAX = 142;
/// An identifier is loaded as eight bytes, the last of which may lie behind the window.
constexpr unsigned READABLE = WINDOW + 8;

enum Protocol : uint8_t { ICMP = 1, TCP = 6, UDP = 17, FRAGMENT = 44, AH = 51, ICMPV6 = 58, SCTP = 132 };

enum class Kind : uint8_t { other, foreign, arp, heartbeat, ipv4, ipv6 };

struct Packet {
    const uint8_t* frame = nullptr;
    uint32_t header_min = 14;
    uint32_t packet_end = 0;
    Kind kind = Kind::other;
    bool neighbour = false;
    bool impossible = false;  // version or lengths that cannot be
    bool unreadable = false;  // extension headers
    bool later = false, first = false;  // fragment
    uint8_t protocol = 0;
    uint8_t l3 = 14;
    uint8_t l4 = 0;  // 126 at most
    // L4 of a packet that is no later fragment
    bool has_port = false;
    uint16_t port = 0;
    uint32_t payload_begin = 0, payload_end = 0;
    uint32_t identification = 0;

    bool v6() const { return kind == Kind::ipv6; }
    bool ip() const { return kind == Kind::ipv4 || kind == Kind::ipv6; }
    const uint8_t* source() const { return frame + l3 + (v6() ? 8 : 12); }
    const uint8_t* destination() const { return frame + l3 + (v6() ? 24 : 16); }
};

inline bool is_extension(uint8_t type) {
    switch (type) {  // RFC 7045 §4, without the experimental ones
        case 0: case 43: case FRAGMENT: case AH: case 60: case 135: case 139: case 140: return true;
        default: return false;
    }
}

/// RFC 8200 §4; sets l4, protocol, header_min and what a fragment header says.
inline void read_chain(Packet& packet, uint8_t next) {
    const uint8_t* frame = packet.frame;
    const unsigned begin = packet.l3 + 40u, limit = begin + 64;
    unsigned at = begin;
    bool fragment_seen = false;
    while (is_extension(next) && !packet.later) {
        const unsigned given = frame[at + 1];
        const unsigned length = next == FRAGMENT ? 8 : next == AH ? 4 * (given + 2) : 8 * (given + 1);
        // RFC 4302 §2.2: of IPv6 the header is a multiple of 8 bytes.
        if (at + length > limit || (next == AH && length % 8 != 0) ||
            (next == FRAGMENT && fragment_seen)) {
            packet.unreadable = true;
            break;
        }
        if (next == FRAGMENT) {
            fragment_seen = true;
            const uint16_t word = be16(frame + at + 2);
            packet.later = word >> 3 != 0;
            // Offset 0 without more to come is an atomic fragment (RFC 6946), a packet like any other.
            packet.first = !packet.later && (word & 1);
            packet.identification = be32(frame + at + 4);
        }
        next = frame[at];
        at += length;
    }
    packet.l4 = uint8_t(at);
    packet.protocol = next;
    packet.header_min = packet.unreadable ? (at + 8 < limit ? at + 8 : limit) : at;
}

inline void read_ipv4(Packet& packet) {
    const uint8_t* ip = packet.frame + packet.l3;
    const unsigned header = 4u * (ip[0] & 15), total = be16(ip + 2);
    packet.kind = Kind::ipv4;
    packet.header_min = packet.l3 + 20u;
    packet.impossible = ip[0] >> 4 != 4 || header < 20 || total < header;
    packet.packet_end = packet.impossible ? 0 : packet.l3 + total;
    packet.l4 = uint8_t(packet.l3 + header);
    packet.protocol = ip[9];
    const uint16_t fragment = be16(ip + 6);
    packet.later = (fragment & 0x1fff) != 0;
    packet.first = !packet.later && (fragment & 0x2000);
    packet.identification = be16(ip + 4);
}

inline void read_ipv6(Packet& packet) {
    const uint8_t* ip = packet.frame + packet.l3;
    const unsigned length = be16(ip + 4);
    const uint8_t next = ip[6];
    packet.kind = Kind::ipv6;
    packet.impossible = ip[0] >> 4 != 6;
    // What claims to be no IPv6 has no chain either.
    read_chain(packet, packet.impossible ? 255 : next);
    packet.packet_end = packet.impossible ? 0 : packet.l3 + 40u + length;
    if (next != ICMPV6) return;
    packet.header_min = packet.l3 + 41u;
    const uint8_t type = ip[40];
    packet.neighbour = !packet.impossible && length >= 1 && type >= 133 && type <= 137;  // RFC 4861 §4
}

/// `mac`: the line port's, as `load<uint64_t>` sees it; frames from fabric ports come without a check.
inline void read_headers(Packet& packet, uint32_t length, bool line, uint64_t mac, bool to_control) {
    const uint8_t* frame = packet.frame;
    if (length < 14) return;
    if (line && !(frame[0] & 1) && (load<uint64_t>(frame) & 0xffffffffffffu) != mac) {
        packet.kind = Kind::foreign;
        return;
    }
    uint16_t type = be16(frame + 12);
    for (int tags = 0; tags < 2 && (type == 0x8100 || type == 0x88a8); tags++) {
        packet.l3 += 4;
        type = be16(frame + packet.l3 - 2);
    }
    if (type == 0x0800) return read_ipv4(packet);
    if (type == 0x86dd) return read_ipv6(packet);
    packet.header_min = packet.l3;
    if (type == 0x0806) {
        packet.kind = Kind::arp;
        packet.neighbour = true;
        packet.header_min += 28;
    } else if (type == 0x88b5 && !line && to_control) {
        packet.kind = Kind::heartbeat;
        packet.header_min += 12;
    }
}

inline bool has_ports(uint8_t protocol) { return protocol == UDP || protocol == TCP || protocol == SCTP; }

/// False: the header or its length does not fit the packet (`l4_length`). `l4` <= `packet_end`.
inline bool read_l4(Packet& packet) {
    const uint8_t* l4 = packet.frame + packet.l4;
    const uint32_t rest = packet.packet_end - packet.l4;
    packet.has_port = has_ports(packet.protocol);
    packet.port = packet.has_port ? be16(l4 + 2) : 0;
    packet.payload_begin = packet.l4;
    packet.payload_end = packet.packet_end;
    if (packet.protocol == UDP) {
        const unsigned length = be16(l4 + 4);
        packet.payload_begin += 8;
        if (rest < 8 || length < 8) return false;
        if (packet.first) return true;
        packet.payload_end = packet.l4 + length;
        return length <= rest;
    }
    if (packet.protocol == TCP) {
        const unsigned header = 4u * (l4[12] >> 4);
        packet.payload_begin += header;
        return rest >= 20 && header >= 20 && header <= rest;
    }
    if (packet.protocol == SCTP) {
        packet.payload_begin += 12;
        return rest >= 12;
    }
    return true;
}

/// The packet that an ICMP error quotes (RFC 792, RFC 4443 §3). Offsets are those of the frame.
struct Quoted {
    bool there = false;
    uint8_t protocol = 0;
    bool later = false;
    unsigned l4 = 0, source_at = 0;
};

inline Quoted read_quoted(const Packet& packet) {
    const unsigned plain = packet.l3 + (packet.v6() ? 40u : 20u);
    const uint8_t wanted = packet.v6() ? ICMPV6 : ICMP;
    if (packet.protocol != wanted || packet.l4 != plain || packet.later || packet.first) return {};
    const uint8_t* frame = packet.frame;
    const uint8_t type = frame[packet.l4];
    const unsigned l3 = packet.l4 + 8u;
    Quoted quoted;
    if (packet.v6()) {
        if (type < 1 || type > 4 || frame[l3] >> 4 != 6) return {};
        quoted = {true, frame[l3 + 6], false, l3 + 40, l3 + 8};
    } else {
        const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        const unsigned header = 4u * (frame[l3] & 15);
        if (!error || frame[l3] >> 4 != 4 || header < 20) return {};
        quoted = {true, frame[l3 + 9], (be16(frame + l3 + 6) & 0x1fff) != 0, l3 + header, l3 + 12};
    }
    if (quoted.l4 + 4 > packet.packet_end) return {};
    return quoted;
}

}  // namespace vidline
#endif
