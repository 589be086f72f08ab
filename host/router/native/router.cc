#include "router.h"

namespace vidline {

namespace reason = map::reason;

namespace {

constexpr uint64_t TIME_SPAN = uint64_t(1) << 48;

/// How far `later` lies behind `earlier`, of times that wrap round.
int64_t since(uint64_t earlier, uint64_t later) {
    return int64_t((later - earlier) << 16) >> 16;
}

bool is_for_host(uint8_t code) { return map::FOR_HOST >> code & 1; }

void prefetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

Router::Router(const Sizes& sizes) : tables_(sizes), fragments_(sizes.fragments), hold_(BATCH) {}

unsigned Router::advance(uint64_t now_us, End* ends) {
    now_us_ = now_us;
    hold_.forget_gone();
    End* end = ends;
    for (unsigned n = 0; n < hold_.count();) {
        const uint64_t age = (now_us - hold_.at(n).since_us) & (FragmentTable::SPAN_US - 1);
        if (age < tables_.fragment_us) {
            n++;
            continue;
        }
        const Hold::Held held = hold_.let_go(n);
        *end = {};
        end->decision.length = uint16_t(held.length);
        end->decision.origin = held.origin;
        end->decision.ingress = held.ingress;
        end->decision.reason = reason::fragment_timeout;
        end->data = held.data;
        end->tag = held.tag;
        end++;
    }
    return unsigned(end - ends);
}

unsigned Router::process(const Frame* frames, unsigned count, End* ends) {
    constexpr unsigned AHEAD = 4;
    Work work[BATCH];
    hold_.forget_gone();
    if (count > BATCH) count = BATCH;
    for (unsigned n = 0; n < AHEAD && n < count; n++) {
        prefetch(frames[n].data);
        prefetch(frames[n].data + 64);
    }
    for (unsigned n = 0; n < count; n++) {
        if (n + AHEAD < count) {
            prefetch(frames[n + AHEAD].data);
            prefetch(frames[n + AHEAD].data + 64);
        }
        look(frames[n], work[n]);
    }
    for (unsigned n = 0; n < count; n++) {
        if (work[n].next == Next::override) ask_override(work[n]);
        else if (work[n].next == Next::connection) ask_connections(work[n]);
    }
    End* end = ends;
    for (unsigned n = 0; n < count; n++) end = finish(frames[n], work[n], end);
    return unsigned(end - ends);
}

/// The rest of step 3.12.
void Router::ask_override(Work& work) {
    Tables& t = tables_;
    const Rule& rule = t.rules[work.decision.rule];
    Decision& decision = work.decision;
    const auto punt = [&](uint8_t code) {
        decision.reason = code;
        decision.egress = uint8_t(t.sizes.ports);
        work.next = Next::done;
    };
    const auto low = uint64_t(work.key), high = uint64_t(work.key >> 64);
    const auto is = [&](const OverrideEntry& entry) {
        return entry.valid && entry.low == low && entry.high == high && entry.space == rule.override_space;
    };
    uint32_t place = work.place;
    if (!is(t.overrides[place])) place = work.other;
    const OverrideEntry& entry = t.overrides[place];
    if (is(entry)) {
        t.override_hits[place / 32] |= 1u << place % 32;
        decision.flags |= Decision::OVERRIDE_HIT;
        if (entry.vid >= t.sizes.vids) return punt(reason::punt_vid_range);
        decision.vid = entry.vid;
    } else {
        if (rule.override_only || rule.id_width == 0) return punt(reason::punt_no_override);
        const uint64_t vid = ((decision.key & rule.id_mask) - rule.id_subtract) >> rule.id_shift;
        if (vid >= t.sizes.vids) return punt(reason::punt_vid_range);
        decision.vid = uint16_t(vid);
    }
    work.next = Next::row;
    prefetch(&t.rows[decision.vid]);
}

void Router::ask_connections(Work& work) {
    const int slot = connections_->find(work.decision.key);
    work.next = Next::done;
    work.decision.egress = uint8_t(tables_.sizes.ports);
    if (slot < 0) work.decision.reason = reason::punt_no_row;
    else if (tables_.slots[unsigned(slot)].up) to_slot(work, reason::steer_active, unsigned(slot), macs);
    else work.decision.reason = reason::punt_slots_down;
}

/// Steps 3.13 and 3.14.
void Router::decide_row(Work& work) {
    Decision& decision = work.decision;
    decision.flags |= Decision::VID_VALID;
    const Row row = tables_.rows[decision.vid];
    decision.row = row.bits;
    decision.egress = uint8_t(tables_.sizes.ports);
    const auto& slots = tables_.slots;
    if (!row.valid()) decision.reason = reason::punt_no_row;
    else if (slots[row.active()].up) to_slot(work, reason::steer_active, row.active(), macs);
    else if (row.in_sync() && slots[row.backup()].up)
        to_slot(work, reason::steer_backup, row.backup(), macs);
    else decision.reason = reason::punt_slots_down;
}

/// `slot` is up.
void Router::to_slot(Work& work, uint8_t code, unsigned slot, Rewrite rewrite) {
    const SlotEntry& entry = tables_.slots[slot];
    Decision& decision = work.decision;
    decision.reason = code;
    decision.slot = uint8_t(slot);
    decision.epoch = entry.epoch;
    decision.egress = entry.port;
    decision.flags |= Decision::SLOT_VALID;
    work.rewrite = rewrite;
}

End* Router::finish(const Frame& frame, Work& work, End* end) {
    if (work.next == Next::follow) {
        const auto* first = fragments_.find(work.fragment_place, work.fragment, now_us_, tables_.fragment_us);
        Decision& decision = work.decision;
        if (first == nullptr) {
            if (hold_.has_room(frame.length)) {
                Hold::Held held;
                held.since_us = now_us_;
                held.key = work.fragment;
                held.place = work.fragment_place;
                held.length = frame.length;
                held.tag = frame.tag;
                held.origin = decision.origin;
                held.ingress = decision.ingress;
                hold_.take(frame.data, held);
                return end;
            }
            decision.reason = reason::fragment_full;
        } else {
            decision.flags |= Decision::FRAGMENT_FOLLOWED;
            decision.vid = first->vid;
            decision.reason = reason::punt_fragment;
            decision.egress = uint8_t(tables_.sizes.ports);
            if (first->has_vid) decide_row(work);
        }
    } else if (work.next == Next::row) {
        decide_row(work);
    }
    return conclude(frame.data, frame.tag, work, end);
}

/// Policing, what the frame leaves behind, its end, and those that it sets free.
End* Router::conclude(uint8_t* data, uint32_t tag, Work& work, End* end) {
    Decision& decision = work.decision;
    const bool learned = work.teaches && (decision.flags & Decision::RULE_HIT);
    if (learned) {
        const bool has_vid = decision.flags & Decision::VID_VALID;
        fragments_.learn(work.fragment_place, {work.fragment, now_us_, decision.vid, true, has_vid});
    }
    if (work.is_unhealthy) {
        const Decision seen = decision;
        decision = {};
        decision.length = seen.length;
        decision.origin = seen.origin;
        decision.ingress = seen.ingress;
        decision.reason = work.unhealthy;
        work.rewrite = nothing;
    } else if (is_for_host(decision.reason)) {
        Policer* policer = nullptr;
        if (!polices(work, &policer)) {
            decision.reason = reason::policed;
            decision.egress = 0;
        } else if (policer->interval != 0) {
            const uint64_t now = now_us_ * 256 % TIME_SPAN;
            const bool ahead = !policer->full && since(now, policer->theoretical) > 0;
            policer->theoretical = ((ahead ? policer->theoretical : now) + policer->interval) % TIME_SPAN;
            policer->full = false;
        }
    }
    emit(data, tag, work, *end++);
    return learned ? release(work.fragment_place, end) : end;
}

/// Whether the frame keeps within its bucket's rate.
bool Router::polices(Work& work, Policer** policer) {
    const unsigned none = tables_.sizes.rules + (work.fabric ? 1 : 0);
    const bool hit = work.decision.flags & Decision::RULE_HIT;
    *policer = &tables_.policers[hit ? work.decision.rule : none];
    const Policer& bucket = **policer;
    if (bucket.interval == 0 || bucket.full) return true;
    return since(bucket.theoretical - bucket.burst, now_us_ * 256 % TIME_SPAN) >= 0;
}

/// Those whose place has been written try again, in their order.
End* Router::release(uint32_t place, End* end) {
    for (unsigned n = 0; n < hold_.count();) {
        const Hold::Held& waiting = hold_.at(n);
        const bool tries = waiting.place == place &&
                           fragments_.find(place, waiting.key, now_us_, tables_.fragment_us) != nullptr;
        if (!tries) {
            n++;
            continue;
        }
        const Hold::Held held = hold_.let_go(n);
        Frame frame;
        frame.data = held.data;
        frame.length = held.length;
        frame.tag = held.tag;
        Work work;
        work.decision = {};
        work.decision.length = uint16_t(held.length);
        work.decision.origin = held.origin;
        work.decision.ingress = held.ingress;
        work.next = Next::follow;
        work.teaches = work.is_unhealthy = work.fabric = false;
        work.rewrite = nothing;
        work.fragment = held.key;
        work.fragment_place = held.place;
        end = finish(frame, work, end);
    }
    return end;
}

/// Step 6.
void Router::emit(uint8_t* data, uint32_t tag, const Work& work, End& end) const {
    const Decision& decision = work.decision;
    end.decision = decision;
    end.data = data;
    end.tag = tag;
    switch (work.rewrite) {
        case macs: std::memcpy(data, tables_.slots[decision.slot].macs, 12); break;
        case destination: std::memcpy(data, tables_.slots[decision.slot].macs, 6); break;
        case source: std::memcpy(data + 6, &tables_.ports[decision.egress].mac, 6); break;
        default: break;
    }
}

}  // namespace vidline
