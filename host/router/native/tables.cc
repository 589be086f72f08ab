#include "tables.h"

#include <algorithm>

namespace vidline {
namespace {

/// The entry of a table that an address lies in; false where it lies elsewhere or beyond its entries.
template <uint32_t OFFSET, uint32_t STRIDE, uint32_t WORDS>
bool at_last_word(uint32_t address, uint32_t entries, uint32_t* index) {
    if (address < OFFSET || address >= OFFSET + 4 * STRIDE * entries) return false;
    const uint32_t words = (address - OFFSET) / 4;
    *index = words / STRIDE;
    return words % STRIDE == WORDS - 1;
}

/// 48 bits as the bytes of a frame hold them, the first in the lowest place.
uint64_t mac_bytes(uint64_t mac) { return __builtin_bswap64(mac << 16) & 0xffffffffffffu; }

}  // namespace

Tables::Tables(const Sizes& given)
    : sizes(given),
      rows(given.vids, Row{0}),
      overrides(given.overrides),
      override_hits((given.overrides + 31) / 32),
      rules_of_port(65536),
      image_((1u << map::ADDRESS_BITS) / 4) {
    word(map::identity_magic) = map::MAGIC;
    word(map::identity_version) = map::VERSION;
    word(map::identity_build_id) = sizes.build_id;
    word(map::identity_configuration) = sizes.configuration;
    word(map::identity_data_width) = sizes.data_width;
    word(map::identity_ports) = sizes.ports;
    word(map::identity_slots) = sizes.slots;
    word(map::identity_vids) = sizes.vids;
    word(map::identity_rules) = sizes.rules;
    word(map::identity_prefixes) = sizes.prefixes;
    word(map::identity_max_frame) = sizes.max_frame;
    word(map::identity_window) = sizes.window;
    word(map::identity_vid_counter_bits) = sizes.vid_counter_bits;
    word(map::identity_vid_byte_counter_bits) = sizes.vid_byte_counter_bits;
    word(map::identity_overrides) = sizes.overrides;
    word(map::identity_fragments) = sizes.fragments;
    word(map::control_status) = 1;  // idle: a frame is done when `process` returns
    refresh_rules();
}

uint32_t Tables::read(uint32_t address) const {
    const uint32_t hits = map::override_hit::OFFSET;
    if (address >= hits && address < hits + 4 * override_hits.size()) {
        return override_hits[(address - hits) / 4];
    }
    return address / 4 < image_.size() ? image_[address / 4] : 0;
}

void Tables::write(uint32_t address, uint32_t value) {
    const uint32_t hits = map::override_hit::OFFSET;
    if (address < map::control || address / 4 >= image_.size()) return;  // identity is read only
    if (address >= hits && address < hits + 4 * override_hits.size()) {
        override_hits[(address - hits) / 4] &= ~value;
    } else if (address == map::control_overrides_clear) {
        for (OverrideEntry& entry : overrides) entry = {};
        for (uint32_t n = 0; n < sizes.overrides * map::override::STRIDE; n++) {
            word(map::override::OFFSET + 4 * n) = 0;
        }
    } else if (address != map::control_status) {
        word(address) = value;
        if (address == map::control) enabled = (value & map::CONTROL_ENABLE) != 0;
        if (address == map::control_fragment_us) fragment_us = value;
        if (address == map::control_fabric_prefix) {
            fabric_prefix = value;
            refresh_slots();
        }
        write_table(address);
    }
}

void Tables::write_table(uint32_t address) {
    using namespace map;
    uint32_t n = 0;
#define LAST_WORD(table, entries) \
    at_last_word<table::OFFSET, table::STRIDE, table::WORDS>(address, entries, &n)
#define BASE(table) (table::OFFSET + 4 * table::STRIDE * n)
    if (LAST_WORD(vid_row, sizes.vids)) {
        rows[n].bits = uint16_t(word(address));
    } else if (LAST_WORD(map::override, sizes.overrides)) {
        set_override(n, BASE(map::override));
    } else if (LAST_WORD(port, sizes.ports)) {
        set_port(n, BASE(port));
    } else if (LAST_WORD(slot, sizes.slots)) {
        set_slot(n, BASE(slot));
    } else if (LAST_WORD(slot_health, sizes.slots)) {
        nonces[n] = uint32_t(field(BASE(slot_health), slot_health::nonce));
    } else if (LAST_WORD(policer, sizes.rules + 2)) {
        set_policer(n, BASE(policer));
    } else if (LAST_WORD(prefix, sizes.prefixes)) {
        set_prefix(n, BASE(prefix));
    } else if (LAST_WORD(rule, sizes.rules)) {
        set_rule(n, BASE(rule));
    } else if (LAST_WORD(type_set, sizes.rules * 8)) {
        rules[n / 8].types[n % 8] = word(address);
    }
#undef LAST_WORD
#undef BASE
}

uint64_t Tables::field(uint32_t base, map::Field field) const {
    uint64_t value = 0;
    for (unsigned done = 0; done < field.width;) {
        const unsigned at = field.bit + done, shift = at % 32;
        const unsigned count = std::min(32 - shift, field.width - done);
        const uint64_t part = image_[base / 4 + at / 32] >> shift;
        value |= (part & ((uint64_t(1) << count) - 1)) << done;
        done += count;
    }
    return value;
}

void Tables::set_port(unsigned index, uint32_t base) {
    ports[index].mac = mac_bytes(field(base, map::port::mac));
    ports[index].fabric = field(base, map::port::fabric) != 0;
    refresh_slots();
}

/// Down is latched: a slot that is down comes up with another epoch only (docs/card.md, step 4).
void Tables::set_slot(unsigned index, uint32_t base) {
    SlotEntry& slot = slots[index];
    const auto epoch = uint8_t(field(base, map::slot::epoch));
    const bool up = field(base, map::slot::up) != 0;
    slot.latched = up && (slot.latched || epoch != slot.epoch);
    slot.epoch = epoch;
    slot.port = uint8_t(field(base, map::slot::port));
    slot.line_port = uint8_t(field(base, map::slot::line_port));
    const uint32_t bit = 1u << map::slot::up.bit;
    word(base) = (word(base) & ~bit) | (slot.latched ? bit : 0);
    refresh_slots();
}

void Tables::refresh_slots() {
    for (unsigned n = 0; n < sizes.slots; n++) {
        SlotEntry& slot = slots[n];
        slot.up = slot.latched && slot.port < sizes.ports;
        const uint32_t prefix = __builtin_bswap32(fabric_prefix);
        std::memcpy(slot.macs, &prefix, 4);
        slot.macs[4] = uint8_t(n);
        slot.macs[5] = slot.epoch;
        if (slot.port < sizes.ports) std::memcpy(slot.macs + 6, &ports[slot.port].mac, 6);
    }
}

void Tables::set_prefix(unsigned index, uint32_t base) {
    const auto whole = [&](map::Field place) {
        const uint64_t low = field(base, {place.bit, 64}), high = field(base, {place.bit + 64, 64});
        return std::array<uint64_t, 2>{__builtin_bswap64(high), __builtin_bswap64(low)};
    };
    const auto mask = whole(map::prefix::mask), address = whole(map::prefix::address);
    const bool valid = field(base, map::prefix::valid) != 0, v6 = field(base, map::prefix::v6) != 0;
    const unsigned bit = 1u << index;
    v6_mask_[index] = mask;
    v6_address_[index] = {address[0] & mask[0], address[1] & mask[1]};
    // IPv4 stands in the first 32 bits on the wire.
    v4_mask_[index] = uint32_t(mask[0]);
    v4_address_[index] = uint32_t(address[0] & mask[0]);
    v4_valid_ = (v4_valid_ & ~bit) | (valid && !v6 ? bit : 0);
    v6_valid_ = (v6_valid_ & ~bit) | (valid && v6 ? bit : 0);
}

void Tables::set_rule(unsigned index, uint32_t base) {
    namespace r = map::rule;
    Rule& rule = rules[index];
    const auto get = [&](map::Field place) { return field(base, place); };
    rule.valid = get(r::valid);
    rule.any_protocol = get(r::any_protocol);
    rule.any_prefix = get(r::any_prefix);
    rule.any_port = get(r::any_port);
    rule.protocol = uint8_t(get(r::protocol));
    rule.prefixes = uint8_t(get(r::prefixes));
    rule.port_low = uint16_t(get(r::port_low));
    rule.port_high = uint16_t(get(r::port_high));
    rule.compare_value = uint32_t(get(r::compare_value));
    rule.compare_mask = uint32_t(get(r::compare_mask));
    rule.compare_offset = uint8_t(get(r::compare_offset));
    rule.type_offset = uint8_t(get(r::type_offset));
    rule.setup_always = get(r::setup_always);
    rule.setup_zero = get(r::setup_zero);
    rule.setup_type = get(r::setup_type);
    rule.id_base = uint8_t(get(r::id_base));
    rule.id_little = get(r::id_little);
    rule.id_width = uint8_t(get(r::id_width));
    rule.id_offset = uint8_t(get(r::id_offset));
    rule.id_mask = get(r::id_mask);
    rule.id_subtract = get(r::id_subtract);
    rule.id_shift = uint8_t(get(r::id_shift));
    rule.override_by = uint8_t(get(r::override));
    rule.override_only = get(r::override_only);
    rule.override_space = uint8_t(get(r::override_space));
    rule.compare_length = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (rule.compare_mask >> (24 - 8 * i) & 0xff) rule.compare_length = uint8_t(i + 1);
    }
    const bool of_l4 =
        rule.id_base == map::rule_id_base_l4 || rule.id_base == map::rule_id_base_payload;
    rule.reads_l4 = !rule.any_port || rule.compare_mask != 0 || rule.setup_type ||
                    (of_l4 && !rule.setup_always);
    refresh_rules();
}

void Tables::set_override(unsigned index, uint32_t base) {
    namespace o = map::override;
    OverrideEntry& entry = overrides[index];
    entry.low = field(base, {o::key.bit, 64});
    entry.high = field(base, {o::key.bit + 64, 64});
    entry.space = uint8_t(field(base, o::space));
    entry.vid = uint16_t(field(base, o::vid));
    entry.valid = field(base, o::valid) != 0;
}

/// Whoever writes an entry fills its bucket.
void Tables::set_policer(unsigned index, uint32_t base) {
    policers[index] = {uint32_t(field(base, map::policer::interval)),
                       uint32_t(field(base, map::policer::burst)), 0, true};
}

void Tables::refresh_rules() {
    rules_of_protocol.fill(0);
    rules_of_prefixes.fill(0);
    std::fill(rules_of_port.begin(), rules_of_port.end(), 0);
    rules_of_no_port = rules_without_l4 = rules_without_compare = 0;
    for (unsigned n = 0; n < sizes.rules; n++) {
        const Rule& rule = rules[n];
        if (!rule.valid) continue;
        const uint32_t bit = 1u << n;
        for (unsigned protocol = 0; protocol < 256; protocol++) {
            if (rule.any_protocol || protocol == rule.protocol) rules_of_protocol[protocol] |= bit;
        }
        for (unsigned set = 0; set < rules_of_prefixes.size(); set++) {
            if (rule.any_prefix || (set & rule.prefixes)) rules_of_prefixes[set] |= bit;
        }
        const unsigned low = rule.any_port ? 0 : rule.port_low;
        const unsigned high = rule.any_port ? 0xffff : rule.port_high;
        for (unsigned port = low; port <= high; port++) rules_of_port[port] |= bit;
        if (rule.any_port) rules_of_no_port |= bit;
        if (!rule.reads_l4) rules_without_l4 |= bit;
        if (rule.compare_mask == 0) rules_without_compare |= bit;
    }
}

}  // namespace vidline
