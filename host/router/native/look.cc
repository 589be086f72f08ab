// The first pass: headers, rule and identifier, as far as no table that may be cold is asked.
#include <algorithm>

#include "router.h"

namespace vidline {

namespace reason = map::reason;

namespace {

/// Fifth octet of the control address, where slots have their number.
constexpr uint8_t CONTROL = 0xff;
/// Of the heartbeat's layout (docs/card.md).
constexpr uint8_t HEARTBEAT_VERSION = 1;

void prefetch(const void* at) { __builtin_prefetch(at); }

/// Up to eight bytes as a number.
uint64_t read_key(const uint8_t* at, const Rule& rule) {
    const unsigned unused = 64 - 8u * rule.id_width;
    if (rule.id_little) return load<uint64_t>(at) << unused >> unused;
    return be64(at) >> unused;
}

}  // namespace

/// Step 1, and what follows.
void Router::look(const Frame& frame, Work& work) {
    const Tables& t = tables_;
    const bool line = !frame.injected && !t.ports[frame.port].fabric;
    work.decision = {};
    work.decision.length = uint16_t(std::min(frame.length, t.sizes.max_frame + 1));
    work.decision.origin = frame.injected ? map::origin::host : line ? map::origin::line : map::origin::slot;
    work.decision.ingress = frame.injected ? uint8_t(t.sizes.ports) : frame.port;
    work.next = Next::done;
    work.teaches = work.is_unhealthy = false;
    work.rewrite = nothing;
    work.fabric = !frame.injected && !line;
    Packet packet;
    packet.frame = frame.data;
    const bool steered = frame.injected && frame.mode == map::inject_mode_steer;
    if (line) {
        read_headers(packet, frame.length, true, t.ports[frame.port].mac, false);
    } else if (work.fabric) {
        const bool control = be32(frame.data) == t.fabric_prefix && frame.data[4] == CONTROL;
        read_headers(packet, frame.length, false, 0, control);
    } else if (steered && frame.target < t.sizes.ports) {
        read_headers(packet, frame.length, true, t.ports[frame.target].mac, false);
    }
    uint8_t bad = 0;
    if (frame.length > t.sizes.max_frame) bad = reason::rx_oversize;
    else if (frame.bad) bad = reason::rx_error;
    else if (!t.enabled) bad = reason::disabled;
    else if (frame.length < 14) bad = reason::runt;
    else if (frame.length < packet.header_min) bad = reason::truncated;
    else if (frame.length < packet.packet_end) bad = reason::ip_length;
    if (packet.first) {
        const bool looked_at = t.enabled && t.fragment_us != 0 && (!frame.injected || steered);
        work.teaches = looked_at && frame.length >= std::min(packet.packet_end, WINDOW);
    }
    if (bad != 0) {
        work.is_unhealthy = true;
        work.unhealthy = work.decision.reason = bad;
        if (!work.teaches) return;
    }
    if (work.teaches) note_fragment(packet, work);
    if (line) look_from_line(packet, work);
    else if (work.fabric) look_from_fabric(packet, frame, work);
    else if (steered && frame.target < t.sizes.ports) look_from_line(packet, work);
    else look_injected(frame, work);
}

void Router::note_fragment(const Packet& packet, Work& work) {
    work.fragment = fragment_key(packet);
    work.fragment_place = fragments_.place(fragment_space(packet), work.fragment);
    prefetch(fragments_.at(work.fragment_place));
}

/// Step 3.
void Router::look_from_line(Packet& packet, Work& work) {
    Decision& decision = work.decision;
    const auto host = uint8_t(tables_.sizes.ports);
    const auto end = [&](uint8_t code, uint8_t egress) {
        decision.reason = code;
        decision.egress = egress;
    };
    if (packet.kind == Kind::foreign) return end(reason::foreign_mac, 0);
    if (packet.neighbour) return end(reason::punt_neighbour, host);
    if (!packet.ip()) return end(reason::ethertype, 0);
    if (packet.impossible) return end(reason::ip_header, 0);
    if (packet.unreadable) return end(reason::punt_ipv6_extension, host);
    if (packet.l4 > packet.packet_end) return end(reason::l4_length, 0);
    if (!packet.later) {
        if (!read_l4(packet)) return end(reason::l4_length, 0);
        if (packet.payload_begin > PAYLOAD_MAX) return end(reason::punt_window, host);
    }
    const Quoted quoted = read_quoted(packet);
    if (quoted.there) decision.flags |= Decision::QUOTED;
    const int rule = matching_rule(packet, quoted);
    if (rule >= 0) return look_at_rule(packet, quoted, unsigned(rule), work);
    if (quoted.there || !packet.later) return end(reason::no_service, 0);
    if (tables_.fragment_us == 0) return end(reason::punt_fragment, host);
    work.next = Next::follow;
    note_fragment(packet, work);
}

/// Step 3.7; -1: none.
int Router::matching_rule(const Packet& packet, const Quoted& quoted) const {
    const Tables& t = tables_;
    const bool there = quoted.there;
    const uint8_t protocol = there ? quoted.protocol : packet.protocol;
    const bool later = there ? quoted.later : packet.later;
    uint32_t rules = t.rules_of_protocol[protocol];
    if (later) {
        rules &= t.rules_of_no_port & t.rules_without_l4;
    } else if (there) {
        const bool has_port = has_ports(protocol);
        rules &= has_port ? t.rules_of_port[be16(packet.frame + quoted.l4)] : t.rules_of_no_port;
    } else {
        rules &= packet.has_port ? t.rules_of_port[packet.port] : t.rules_of_no_port;
    }
    // Without an L4 header there is no payload to compare.
    if (later || there) rules &= t.rules_without_compare;
    if (rules == 0) return -1;
    const uint8_t* own = there ? packet.frame + quoted.source_at : packet.destination();
    rules &= t.rules_of_prefixes[packet.v6() ? t.prefixes_of_v6(own) : t.prefixes_of_v4(own)];
    for (; rules != 0; rules &= rules - 1) {
        const unsigned n = unsigned(__builtin_ctz(rules));
        const Rule& rule = t.rules[n];
        if (rule.compare_mask == 0) return int(n);
        const uint32_t at = packet.payload_begin + rule.compare_offset;
        const bool same = ((be32(packet.frame + at) ^ rule.compare_value) & rule.compare_mask) == 0;
        if (same && at + rule.compare_length <= packet.payload_end) return int(n);
    }
    return -1;
}

/// Steps 3.8 to 3.11.
void Router::look_at_rule(const Packet& packet, const Quoted& quoted, unsigned index, Work& work) {
    const Rule& rule = tables_.rules[index];
    Decision& decision = work.decision;
    const auto host = uint8_t(tables_.sizes.ports);
    decision.flags |= Decision::RULE_HIT;
    decision.rule = uint8_t(index);
    const auto punt = [&](uint8_t code) {
        decision.reason = code;
        decision.egress = host;
    };
    if (rule.setup_always) return punt(quoted.there ? reason::punt_icmp : reason::punt_setup);
    if (quoted.there) return look_at_quoted(packet, quoted, rule, work);
    uint8_t type = 0;
    if (rule.setup_type) {
        const uint32_t at = packet.payload_begin + rule.type_offset;
        if (at >= packet.payload_end) {
            decision.reason = reason::no_identifier;
            return;
        }
        type = packet.frame[at];
    }
    if (rule.id_width != 0) {
        uint32_t at = rule.id_offset, end = packet.packet_end;
        switch (rule.id_base) {
            case map::rule_id_base_l3: at += packet.l3; break;
            case map::rule_id_base_destination: at += uint32_t(packet.destination() - packet.frame); break;
            // A later fragment has no L4; a rule that reads it matches none.
            case map::rule_id_base_l4: at += packet.l4, end = packet.payload_end; break;
            default: at += packet.payload_begin, end = packet.payload_end; break;
        }
        if (at + rule.id_width > end) {
            decision.reason = reason::no_identifier;
            return;
        }
        if (at + rule.id_width > tables_.sizes.window) return punt(reason::punt_window);
        decision.key = read_key(packet.frame + at, rule);
        decision.flags |= Decision::KEY_VALID;
    }
    const bool zero = rule.setup_zero && rule.id_width != 0 && decision.key == 0;
    const bool typed = rule.setup_type && (rule.types[type >> 5] >> (type & 31) & 1);
    if (zero || typed) return punt(reason::punt_setup);
    identify(packet, rule, work);
}

/// Set-ups are no matter of the packet that came back, nor is who sent the error.
void Router::look_at_quoted(const Packet& packet, const Quoted& quoted, const Rule& rule, Work& work) {
    Decision& decision = work.decision;
    const unsigned offset = rule.id_offset, end = offset + rule.id_width;
    unsigned at = 0;
    const bool by_source =
        rule.override_by != map::rule_override_none && rule.override_by != map::rule_override_identifier;
    if (rule.id_width != 0 && !by_source) {
        // It has it where the sender's own packets have it: in source address or source port.
        if (rule.id_base == map::rule_id_base_destination) {
            if (end <= (packet.v6() ? 16u : 4u)) at = quoted.source_at + offset;
        } else if (rule.id_base == map::rule_id_base_l4 && offset >= 2 && end <= 4) {
            at = quoted.l4 + offset - 2;
        }
    }
    if (at == 0) {
        decision.reason = reason::punt_icmp;
        decision.egress = uint8_t(tables_.sizes.ports);
        return;
    }
    decision.key = read_key(packet.frame + at, rule);
    decision.flags |= Decision::KEY_VALID;
    identify(packet, rule, work);
}

/// Step 3.12 as far as it needs no table: the VID, or where an override may lie.
void Router::identify(const Packet& packet, const Rule& rule, Work& work) {
    Decision& decision = work.decision;
    if (connections_ != nullptr) {
        work.next = Next::connection;
        prefetch(connections_->place(decision.key));
        return;
    }
    if (rule.override_by != map::rule_override_none) {
        const u128 masked = decision.key & rule.id_mask;
        const uint8_t* from = packet.source();
        if (rule.override_by == map::rule_override_identifier) work.key = masked;
        else if (rule.override_by == map::rule_override_source)
            work.key = packet.v6() ? be128(from) : u128(be32(from)) << 96;
        else
            work.key = (packet.v6() ? u128(be64(from)) << 64 : u128(be32(from)) << 96) | masked;
        const uint32_t half = tables_.sizes.overrides / 2;
        const Ways ways = hash_of(rule.override_space, work.key);
        work.place = ways.way0 & (half - 1);
        work.other = half + (ways.way1 & (half - 1));
        work.next = Next::override;
        prefetch(&tables_.overrides[work.place]);
        prefetch(&tables_.overrides[work.other]);
        return;
    }
    const uint64_t vid = ((decision.key & rule.id_mask) - rule.id_subtract) >> rule.id_shift;
    if (vid >= tables_.sizes.vids) {
        decision.reason = reason::punt_vid_range;
        decision.egress = uint8_t(tables_.sizes.ports);
        return;
    }
    decision.vid = uint16_t(vid);
    work.next = Next::row;
    prefetch(&tables_.rows[vid]);
}

/// Step 4.
void Router::look_from_fabric(const Packet& packet, const Frame& frame, Work& work) {
    const Tables& t = tables_;
    Decision& decision = work.decision;
    const uint8_t* data = frame.data;
    const auto host = uint8_t(t.sizes.ports);
    const auto end = [&](uint8_t code, uint8_t egress) {
        decision.reason = code;
        decision.egress = egress;
    };
    if (packet.ip() && packet.impossible) return end(reason::ip_header, 0);
    const unsigned sender = data[10];
    uint8_t refused = 0;
    if (be32(data + 6) != t.fabric_prefix || sender >= t.sizes.slots || t.slots[sender].port != frame.port)
        refused = reason::source_unknown;
    else if (data[11] != t.slots[sender].epoch) refused = reason::source_epoch;
    else if (!t.slots[sender].up) refused = reason::source_down;
    const auto from_sender = [&] {
        if (refused != 0) return;
        decision.flags |= Decision::SLOT_VALID;
        decision.slot = uint8_t(sender);
        decision.epoch = t.slots[sender].epoch;
    };
    if (packet.neighbour) {
        from_sender();
        return end(reason::host_neighbour, host);
    }
    if (packet.kind == Kind::heartbeat) {
        const uint8_t* payload = data + packet.l3;
        const bool good = refused == 0 && payload[0] == HEARTBEAT_VERSION &&
                          be32(payload + 4) == t.nonces[sender];
        if (good) from_sender();
        return end(good ? reason::heartbeat : reason::heartbeat_refused, 0);
    }
    const bool ours = be32(data) == t.fabric_prefix;
    const bool control = ours && data[4] == CONTROL;
    if (refused != 0) return control ? end(reason::host_unverified, host) : end(refused, 0);
    if (control) {
        from_sender();
        return end(reason::host_control, host);
    }
    if (ours) {
        const unsigned slot = data[4];
        if (slot >= t.sizes.slots || !t.slots[slot].up) return end(reason::slot_down, 0);
        // The sender may know an older epoch; its own address stays, so that it can be answered.
        return to_slot(work, reason::slot_to_slot, slot, destination);
    }
    if (data[0] & 1) return end(reason::slot_group, 0);
    const uint8_t line = t.slots[sender].line_port;
    if (line >= t.sizes.ports) return end(reason::inject_target, 0);
    from_sender();
    work.rewrite = source;
    end(reason::line_from_slot, line);
}

/// Step 5, but for what is steered as if it came by a port.
void Router::look_injected(const Frame& frame, Work& work) {
    const Tables& t = tables_;
    Decision& decision = work.decision;
    decision.reason = reason::inject_target;
    if (frame.mode == map::inject_mode_slot) {
        decision.reason = reason::slot_down;
        const bool up = frame.target < t.sizes.slots && t.slots[frame.target].up;
        if (up) to_slot(work, reason::inject_slot, frame.target, macs);
    } else if (frame.mode == map::inject_mode_port && frame.target < t.sizes.ports) {
        const bool fabric = t.ports[frame.target].fabric;
        decision.reason = fabric ? reason::inject_fabric : reason::inject_line;
        decision.egress = frame.target;
    }
}

}  // namespace vidline
