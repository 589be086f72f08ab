// What first fragments leave behind, and later ones that came before their first (docs/card.md, Later
// fragments).
#ifndef VIDLINE_ROUTER_FRAGMENTS_H
#define VIDLINE_ROUTER_FRAGMENTS_H
#include <array>
#include <cstring>
#include <vector>

#include "bytes.h"
#include "hash.h"
#include "packet.h"

namespace vidline {

/// RFC 791 §3.2: protocol, identification and both addresses. RFC 8200 §4.5: all but the protocol, the
/// addresses folded to 96 bits.
inline u128 fragment_key(const Packet& packet) {
    if (!packet.v6()) {
        const u128 who = u128(packet.protocol) << 16 | packet.identification;
        return who << 80 | u128(be32(packet.source())) << 32 | be32(packet.destination());
    }
    constexpr u128 WHOLE = (u128(1) << 96) - 1;
    const auto fold = [](u128 address) { return (address & WHOLE) ^ (address >> 96 << 64); };
    const u128 source = fold(be128(packet.source())), destination = fold(be128(packet.destination()));
    const u128 turned = (destination << 48 | destination >> 48) & WHOLE;
    return u128(packet.identification) << 96 | (source ^ turned);
}

/// Name spaces of fragmented packets in the hash.
inline uint8_t fragment_space(const Packet& packet) { return packet.v6() ? 0xff : 0xfe; }

/// One place for each value of the hash; the newest in it is the one that is known.
class FragmentTable {
public:
    struct Entry {
        u128 key = 0;
        uint64_t learned_us = 0;
        uint16_t vid = 0;
        bool known = false, has_vid = false;
    };
    /// Ages are taken modulo this.
    static constexpr uint64_t SPAN_US = uint64_t(1) << 40;

    explicit FragmentTable(uint32_t places) : entries_(places) {}

    uint32_t place(uint8_t space, u128 key) const {
        return hash_of(space, key).way0 & uint32_t(entries_.size() - 1);
    }
    const Entry* at(uint32_t place) const { return &entries_[place]; }
    const Entry* find(uint32_t place, u128 key, uint64_t now_us, uint32_t lives_us) const {
        const Entry& entry = entries_[place];
        const bool same = entry.known && entry.key == key;
        return same && ((now_us - entry.learned_us) & (SPAN_US - 1)) < lives_us ? &entry : nullptr;
    }
    void learn(uint32_t place, const Entry& entry) { entries_[place] = entry; }

private:
    std::vector<Entry> entries_;  // a power of two
};

/// Frames that wait, in the order of their coming. What was let go stays readable until `forget_gone`.
class Hold {
public:
    static constexpr unsigned FRAMES = 16, BYTES = 16384, MOST_LENGTH = 2048;

    struct Held {
        uint64_t since_us = 0;
        u128 key = 0;
        uint32_t place = 0, length = 0, tag = 0;
        uint8_t origin = 0, ingress = 0;
        uint8_t* data = nullptr;
    };

    /// @param batch frames that may come while what was let go must stay readable.
    explicit Hold(unsigned batch) : store_(size_t(FRAMES + batch) * MOST_LENGTH), free_(FRAMES + batch) {
        for (size_t n = 0; n < free_.size(); n++) free_[n] = store_.data() + n * MOST_LENGTH;
        free_count_ = free_.size();
        gone_.resize(free_.size());
    }

    unsigned count() const { return count_; }
    const Held& at(unsigned n) const { return held_[n]; }
    bool has_room(uint32_t length) const {
        return count_ < FRAMES && bytes_ + length <= BYTES && length <= MOST_LENGTH;
    }
    void take(const uint8_t* frame, Held held) {
        held.data = free_[--free_count_];
        std::memcpy(held.data, frame, held.length);
        bytes_ += held.length;
        held_[count_++] = held;
    }
    Held let_go(unsigned n) {
        const Held held = held_[n];
        for (unsigned at = n; at + 1 < count_; at++) held_[at] = held_[at + 1];
        count_--;
        bytes_ -= held.length;
        gone_[gone_count_++] = held.data;
        return held;
    }
    void forget_gone() {
        while (gone_count_ > 0) free_[free_count_++] = gone_[--gone_count_];
    }

private:
    std::vector<uint8_t> store_;
    std::vector<uint8_t*> free_, gone_;
    size_t free_count_ = 0, gone_count_ = 0;
    std::array<Held, FRAMES> held_;
    unsigned count_ = 0;
    uint32_t bytes_ = 0;
};

}  // namespace vidline
#endif
