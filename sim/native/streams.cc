#include "streams.h"

#include <cstring>

namespace vidline {

void BeatWriter::put(uint8_t* data, uint8_t* keep, unsigned beat_bytes) const {
    const uint32_t left = frame_.length - at_;
    if (left >= beat_bytes) {
        std::memcpy(data, frame_.data + at_, beat_bytes);
        std::memset(keep, 0xff, beat_bytes / 8);
        return;
    }
    std::memcpy(data, frame_.data + at_, left);
    std::memset(data + left, 0, beat_bytes - left);
    std::memset(keep, 0, beat_bytes / 8);
    for (uint32_t i = 0; i < left; ++i) set_bit(keep, i, true);
}

void BeatReader::add(const uint8_t* data, const uint8_t* keep, bool last, unsigned beat_bytes) {
    unsigned count = beat_bytes;
    if (last) {
        count = 0;
        for (unsigned i = 0; i < beat_bytes / 8; ++i) {
            count += static_cast<unsigned>(__builtin_popcount(keep[i]));
        }
    }
    bytes_.insert(bytes_.end(), data, data + count);
}

bool NetworkSource::drive(Pins& pins, unsigned port, unsigned beat_bytes) {
    valid_ = false;
    if (!writer_.busy() && feed && feed->pending()) {
        const bool room = get_bit(pins.rx_room, port);
        FrameView frame;
        if ((room || !heed_room) && feed->next(frame)) {
            if (!room) unheeded = true;
            writer_.start(frame);
            ++frames;
            bytes += frame.length;
        }
    }
    if (!writer_.busy() || gaps.draw()) {
        set_bit(pins.rx_tvalid, port, false);
        return false;
    }
    valid_ = true;
    const bool last = writer_.last(beat_bytes);
    set_bit(pins.rx_tvalid, port, true);
    set_bit(pins.rx_tlast, port, last);
    set_bit(pins.rx_tuser, port, last && writer_.frame().bad);
    writer_.put(pins.rx_tdata + port * beat_bytes, pins.rx_tkeep + port * (beat_bytes / 8), beat_bytes);
    return writer_.first();
}

bool NetworkSink::sample(const Pins& pins, unsigned port, unsigned beat_bytes) {
    if (complete_) {
        complete_ = false;
        reader_.clear();
    }
    if (!get_bit(pins.tx_tvalid, port) || !get_bit(pins.tx_tready, port)) return false;
    const bool last = get_bit(pins.tx_tlast, port);
    reader_.add(pins.tx_tdata + port * beat_bytes, pins.tx_tkeep + port * (beat_bytes / 8), last,
                beat_bytes);
    if (last) {
        complete_ = true;
        ++frames;
        bytes += reader_.bytes().size();
    }
    return true;
}

void InjectSource::drive(Pins& pins, unsigned beat_bytes) {
    FrameView frame;
    if (!writer_.busy() && feed && feed->next(frame)) {
        writer_.start(frame);
        ++frames;
        bytes += frame.length;
    }
    // A beat that was offered stays until it is taken (AXI4-Stream §2.2.1).
    valid_ = writer_.busy() && (valid_ || !gaps.draw());
    *pins.inject_tvalid = valid_;
    if (!valid_) return;
    *pins.inject_tlast = writer_.last(beat_bytes);
    writer_.put(pins.inject_tdata, pins.inject_tkeep, beat_bytes);
    std::memcpy(pins.inject_tuser, &writer_.frame().record, (INJECT_BITS + 7) / 8);
}

bool InjectSource::sample(const Pins& pins, unsigned beat_bytes) {
    if (!valid_ || !*pins.inject_tready) return false;
    const bool first = writer_.first();
    writer_.advance(beat_bytes);
    valid_ = false;
    return first;
}

bool HostSink::sample(const Pins& pins, unsigned beat_bytes) {
    if (complete_) {
        complete_ = false;
        reader_.clear();
    }
    if (!*pins.host_tvalid || !*pins.host_tready) return false;
    const bool last = *pins.host_tlast;
    reader_.add(pins.host_tdata, pins.host_tkeep, last, beat_bytes);
    if (last) {
        decision_ = decision_words(pins.host_tuser);
        complete_ = true;
        ++frames;
        bytes += reader_.bytes().size();
    }
    return true;
}

DecisionWords decision_words(const uint8_t* bits) {
    DecisionWords words;
    std::memcpy(words.data(), bits, sizeof words);
    return words;
}

}  // namespace vidline
