// The card's tables for a program: written by the card's own register accesses (docs/registers.md),
// kept in the form in which frames ask for them.
//
// Rules are asked as bit vectors (Lakshman and Stiliadis, SIGCOMM 1998): protocol, destination port and
// set of matching prefixes each give the rules that they allow, the lowest bit of their intersection
// is the first rule that matches, but for its four payload bytes. So a frame costs the same whatever
// the number of rules.
#ifndef VIDLINE_ROUTER_TABLES_H
#define VIDLINE_ROUTER_TABLES_H
#include <array>
#include <cstdint>
#include <vector>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "bytes.h"
#include "router_constants.h"

namespace vidline {

/// Parameters of a configuration (hdl/configurations.yaml), and what the card's package fixes.
struct Sizes {
    uint32_t configuration, build_id, data_width, ports, slots, vids, rules, prefixes, overrides,
        fragments, max_frame, window, vid_counter_bits, vid_byte_counter_bits;
};

struct PortEntry {
    uint64_t mac = 0;  // as the first six bytes of a frame are loaded
    bool fabric = false;
};

/// 20 bytes; all slots lie in a few lines of the first-level cache.
struct SlotEntry {
    bool up = false;      // and behind a port that exists
    bool latched = false; // `up` of the table
    uint8_t port = 0, line_port = 0, epoch = 0;
    uint8_t macs[12] = {};  // destination and source of what is steered to it
};

struct Rule {
    bool valid = false, any_protocol = false, any_prefix = false, any_port = false;
    uint8_t protocol = 0, prefixes = 0;
    uint16_t port_low = 0, port_high = 0;
    uint32_t compare_value = 0, compare_mask = 0;
    uint8_t compare_offset = 0;
    uint8_t compare_length = 0;  // bytes from compare_offset that must be there
    uint8_t type_offset = 0;
    bool setup_always = false, setup_zero = false, setup_type = false;
    uint8_t id_base = 0, id_offset = 0, id_width = 0;
    bool id_little = false;
    uint64_t id_mask = 0, id_subtract = 0;
    uint8_t id_shift = 0;
    uint8_t override_by = 0, override_space = 0;
    bool override_only = false;
    bool reads_l4 = false;
    uint32_t types[8] = {};
};

/// Two share a line of the cache, and none lies in two.
struct alignas(32) OverrideEntry {
    uint64_t low = 0, high = 0;
    uint16_t vid = 0;
    uint8_t space = 0;
    bool valid = false;
};

/// Limit of what goes to the host (ITU-T I.371 annex A), in 1/256 microseconds.
struct Policer {
    uint32_t interval = 0, burst = 0;
    uint64_t theoretical = 0;
    bool full = true;  // nothing has been taken from it
};

/// Bits of a VID row as the card has them.
struct Row {
    uint16_t bits;
    unsigned active() const { return bits & 0x3f; }
    unsigned backup() const { return bits >> 8 & 0x3f; }
    bool in_sync() const { return bits >> 14 & 1; }
    bool valid() const { return bits >> 15 & 1; }
};
static_assert(map::vid_row::active.bit == 0 && map::vid_row::active.width == 6);
static_assert(map::vid_row::backup.bit == 8 && map::vid_row::backup.width == 6);
static_assert(map::vid_row::backup_in_sync.bit == 14 && map::vid_row::valid.bit == 15);

class Tables {
public:
    /// No more than the register map can hold (driver/identity.ts).
    static constexpr unsigned MOST_RULES = 32, MOST_PREFIXES = 8, MOST_SLOTS = 64, MOST_PORTS = 15;

    explicit Tables(const Sizes& sizes);

    /// Register accesses; addresses in bytes. An entry takes effect with its last word.
    void write(uint32_t address, uint32_t value);
    uint32_t read(uint32_t address) const;

    const Sizes sizes;
    bool enabled = false;
    uint32_t fabric_prefix = 0;  // first octet in the most significant bits
    uint32_t fragment_us = 0;
    std::array<PortEntry, MOST_PORTS + 1> ports;
    std::array<SlotEntry, MOST_SLOTS> slots;
    std::array<uint32_t, MOST_SLOTS> nonces{};
    std::array<Rule, MOST_RULES> rules;
    std::array<Policer, MOST_RULES + 2> policers;
    std::vector<Row> rows;
    std::vector<OverrideEntry> overrides;
    std::vector<uint32_t> override_hits;  // bit n of word w: place 32 w + n has been used

    // Bit r: rule r is allowed.
    std::array<uint32_t, 256> rules_of_protocol{};
    std::vector<uint32_t> rules_of_port;  // by destination port
    uint32_t rules_of_no_port = 0;
    std::array<uint32_t, 1 << MOST_PREFIXES> rules_of_prefixes{};
    uint32_t rules_without_l4 = 0, rules_without_compare = 0;

    /// The prefixes that an address lies in, as bits.
    unsigned prefixes_of_v4(const uint8_t* address) const {
        const auto bits = load<uint32_t>(address);
#if defined(__SSE2__)
        const __m128i all = _mm_set1_epi32(int(bits));
        const auto same = [&](unsigned half) {
            const auto* masks = reinterpret_cast<const __m128i*>(v4_mask_.data()) + half;
            const auto* wanted = reinterpret_cast<const __m128i*>(v4_address_.data()) + half;
            return _mm_cmpeq_epi32(_mm_and_si128(all, _mm_load_si128(masks)), _mm_load_si128(wanted));
        };
        static_assert(MOST_PREFIXES == 8, "two registers of four");
        const __m128i both = _mm_packs_epi16(_mm_packs_epi32(same(0), same(1)), _mm_setzero_si128());
        return unsigned(_mm_movemask_epi8(both)) & v4_valid_;
#else
        unsigned set = 0;
        for (unsigned i = 0; i < MOST_PREFIXES; i++) {
            set |= unsigned((bits & v4_mask_[i]) == v4_address_[i]) << i;
        }
        return set & v4_valid_;
#endif
    }
    unsigned prefixes_of_v6(const uint8_t* address) const {
        const auto high = load<uint64_t>(address), low = load<uint64_t>(address + 8);
        unsigned set = 0;
        for (unsigned i = 0; i < MOST_PREFIXES; i++) {
            const bool same = (high & v6_mask_[i][0]) == v6_address_[i][0] &&
                              (low & v6_mask_[i][1]) == v6_address_[i][1];
            set |= unsigned(same) << i;
        }
        return set & v6_valid_;
    }

private:
    uint32_t& word(uint32_t address) { return image_[address / 4]; }
    uint64_t field(uint32_t base, map::Field field) const;
    void write_table(uint32_t address);
    void set_port(unsigned index, uint32_t base);
    void set_slot(unsigned index, uint32_t base);
    void set_prefix(unsigned index, uint32_t base);
    void set_rule(unsigned index, uint32_t base);
    void set_override(unsigned index, uint32_t base);
    void set_policer(unsigned index, uint32_t base);
    void refresh_slots();
    void refresh_rules();

    std::vector<uint32_t> image_;  // what was written, by address / 4
    alignas(32) std::array<uint32_t, MOST_PREFIXES> v4_address_{};
    alignas(32) std::array<uint32_t, MOST_PREFIXES> v4_mask_{};
    std::array<std::array<uint64_t, 2>, MOST_PREFIXES> v6_address_{}, v6_mask_{};
    unsigned v4_valid_ = 0, v6_valid_ = 0;
};

}  // namespace vidline
#endif
