#include "phy.h"

#include <array>
#include <utility>

namespace vidline {

namespace {

constexpr size_t PREAMBLE = 8;  // with SFD
constexpr size_t FCS = 4;
constexpr size_t LEAST = 60;    // without FCS
constexpr unsigned GAP = 12;    // octet times
constexpr unsigned RMII_REPEAT = 10;  // clocks of a pair at 10 Mb/s
constexpr unsigned TOGGLES = 4;       // last pairs of a frame behind the end of its carrier (RMII 1.2 §5.2)

uint32_t crc32(const uint8_t* data, size_t length) {
    uint32_t crc = ~0u;
    for (size_t i = 0; i < length; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

}  // namespace

Phy::Phy(bool rmii, int ppm) : rmii_(rmii), ppm_(ppm) {
    if (rmii) settings_.speed = 100;
}

void Phy::set(const PhySettings& settings) {
    if (settings.speed != settings_.speed || !settings.clock) break_off();
    settings_ = settings;
}

void Phy::set_link(bool link) {
    if (link == link_) return;
    link_ = link;
    if (!link) break_off();
}

void Phy::break_off() {
    statistics_.cut += queue_.size() + !carrier_.empty();
    queue_.clear();
    carrier_.clear();
    at_ = part_ = 0;
    said_.clear();
    unit_ = unit_bits_ = 0;
    idle_ = FOREVER;
}

unsigned Phy::octet_units() const {
    if (rmii_) return settings_.speed == 10 ? 4 * RMII_REPEAT : 4;
    return settings_.speed == 1000 ? 1 : 2;
}

uint64_t Phy::period() const {
    if (!settings_.clock) return 0;
    const uint64_t nominal = rmii_ ? 20'000'000
                             : settings_.speed == 1000 ? 8'000'000
                             : settings_.speed == 100  ? 40'000'000
                                                       : 400'000'000;
    return static_cast<uint64_t>(static_cast<int64_t>(nominal) + static_cast<int64_t>(nominal) * ppm_ / 1'000'000);
}

// ---- towards the MAC

void Phy::give(std::vector<uint8_t> frame, bool bad) {
    if (!link_ || !settings_.clock) {
        ++statistics_.cut;
        return;
    }
    queue_.push_back({std::move(frame), bad});
}

void Phy::begin() {
    Frame& frame = queue_.front();
    if (settings_.pad && frame.octets.size() < LEAST) frame.octets.resize(LEAST);
    carrier_.assign(PREAMBLE - 1, 0x55);
    carrier_.push_back(0xd5);
    carrier_.insert(carrier_.end(), frame.octets.begin(), frame.octets.end());
    uint32_t check = crc32(frame.octets.data(), frame.octets.size());
    if (frame.bad) check ^= 0x10000;
    for (size_t i = 0; i < FCS; ++i) carrier_.push_back(static_cast<uint8_t>(check >> (8 * i)));
    queue_.pop_front();
    at_ = part_ = 0;
}

/// In-band status (RGMII 2.0 §3.4.1).
uint8_t Phy::status() const {
    const unsigned speed = settings_.speed == 1000 ? 2 : settings_.speed == 100 ? 1 : 0;
    return static_cast<uint8_t>(link_ | (speed << 1) | (settings_.full_duplex << 3));
}

Phy::Pins Phy::drive() {
    const unsigned parts = octet_units();
    Pins pins;
    if (carrier_.empty()) {
        if (gap_ > 0) --gap_;
        else if (!queue_.empty()) begin();
    }
    if (carrier_.empty()) {
        if (!rmii_) pins.rise = pins.fall = status();
        return pins;
    }
    const uint8_t octet = carrier_[at_];
    if (rmii_) {
        const unsigned pair = part_ / (parts / 4);
        pins.rise = (octet >> (2 * pair)) & 3;
        const size_t left = 4 * (carrier_.size() - at_) - pair;  // this one too
        pins.rise_ctl = left > TOGGLES || (left & 1) != 0;
    } else {
        pins.rise_ctl = pins.fall_ctl = true;
        pins.rise = part_ == 0 ? octet & 15 : octet >> 4;
        pins.fall = parts == 1 ? octet >> 4 : pins.rise;
    }
    if (++part_ < parts) return pins;
    part_ = 0;
    if (++at_ < carrier_.size()) return pins;
    carrier_.clear();
    gap_ = GAP * parts;
    return pins;
}

// ---- from the MAC

void Phy::hear(bool txc_rise, bool txc_fall, uint8_t rise, uint8_t fall, bool rise_ctl, bool fall_ctl) {
    hear_half(txc_rise, rise, rise_ctl);
    hear_half(txc_fall, fall, fall_ctl);
}

/// Half a clock of 125 MHz. Data are looked at behind each edge of the transmit clock, as a PHY does that
/// delays it.
void Phy::hear_half(bool txc, uint8_t nibble, bool enable) {
    if (txc == txc_) return;
    txc_ = txc;
    if (txc) {
        low_ = nibble;
        low_enable_ = enable;
    } else if (settings_.speed == 1000) {
        if (low_enable_ && enable) hear_units(static_cast<uint8_t>(low_ | (nibble << 4)), 8);
        else silence();
    } else if (low_enable_) {
        hear_units(low_, 4);
    } else {
        silence();
    }
}

void Phy::hear(uint8_t pair, bool enable) {
    const unsigned clocks = settings_.speed == 10 ? RMII_REPEAT : 1;
    if (!enable) {
        repeat_ = 0;
        silence();
        return;
    }
    if (repeat_ == clocks / 2) hear_units(pair, 2);
    if (++repeat_ == clocks) repeat_ = 0;
}

void Phy::hear_units(uint8_t unit, unsigned bits) {
    if (said_.empty() && unit_bits_ == 0 && idle_ < GAP * octet_units()) ++statistics_.gap;
    idle_ = 0;
    unit_ |= static_cast<uint32_t>(unit) << unit_bits_;
    unit_bits_ += bits;
    if (unit_bits_ < 8) return;
    said_.push_back(static_cast<uint8_t>(unit_));
    unit_ = 0;
    unit_bits_ = 0;
}

void Phy::silence() {
    ++idle_;
    if (said_.empty()) return;
    std::vector<uint8_t> carrier = std::move(said_);
    said_.clear();
    unit_ = 0;
    unit_bits_ = 0;
    bool begins = carrier.size() > PREAMBLE + FCS && carrier[PREAMBLE - 1] == 0xd5;
    for (size_t i = 0; begins && i < PREAMBLE - 1; ++i) begins = carrier[i] == 0x55;
    if (!begins) {
        ++statistics_.preamble;
        return;
    }
    const size_t length = carrier.size() - PREAMBLE - FCS;
    const uint8_t* const data = carrier.data() + PREAMBLE;
    const uint32_t check = crc32(data, length);
    for (size_t i = 0; i < FCS; ++i) {
        if (data[length + i] == static_cast<uint8_t>(check >> (8 * i))) continue;
        ++statistics_.fcs;
        return;
    }
    if (length < LEAST) {
        ++statistics_.short_;
        return;
    }
    heard.emplace_back(data, data + length);
}

}  // namespace vidline
