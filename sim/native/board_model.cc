// A board's core behind PHYs: each port's RGMII or RMII pins, the clocks that a board has, none of which is
// another's multiple, and the UART. To the rest of the simulation it looks like the card on its own pins.
#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <vector>

#include "card_constants.h"
#include "card_model.h"
#include "verilated_top.h"

namespace vidline {

namespace {

constexpr unsigned PORTS = VIDLINE_PORTS;
constexpr unsigned BEAT_BYTES = VIDLINE_DATA_WIDTH / 8;
constexpr bool RMII = VIDLINE_RMII;
constexpr int RESET_CLOCKS = 16;
/// Femtoseconds.
constexpr uint64_t CORE_PERIOD = 1'000'000'000'000 / VIDLINE_CLOCK_KHZ;
constexpr uint64_t TRANSMIT_PERIOD = 8'000'100;
/// Of the PHYs' crystals, in millionths; IEEE 802.3 allows 100.
constexpr std::array<int, 4> OFFSETS = {50, -50, 80, -80};
/// Femtoseconds of a unit of the waveform, which says nanoseconds: a unit is a picosecond.
constexpr uint64_t UNIT = 1000;
/// Core clocks without anything on a line, after which nothing is in the core either: longer than it
/// holds any frame that it does not wait with.
constexpr unsigned QUIET_CLOCKS = 4096;

bool bit(const uint8_t* bits, unsigned index) { return get_bit(bits, index); }
uint8_t field(const uint8_t* bits, unsigned index, unsigned width) {
    return static_cast<uint8_t>((bits[index * width / 8] >> (index * width % 8)) & ((1u << width) - 1));
}
void set_field(uint8_t* bits, unsigned index, unsigned width, uint8_t value) {
    const unsigned shift = index * width % 8;
    uint8_t& byte = bits[index * width / 8];
    byte = static_cast<uint8_t>((byte & ~(((1u << width) - 1) << shift)) | (value << shift));
}

}  // namespace

struct CardModel::Impl {
    explicit Impl(const ModelOptions& options) : top(options) {
        for (unsigned p = 0; p < PORTS; ++p) phys.emplace_back(RMII, OFFSETS[p % OFFSETS.size()]);
        arriving.resize(PORTS);
        leaving.resize(PORTS);
        next_phy.resize(PORTS);
        // The clocks begin anywhere beside each other.
        for (unsigned p = 0; p < PORTS; ++p) next_phy[p] = 1'234'567 + 777'777 * p;
    }
    VerilatedTop top;
    std::vector<Phy> phys;

    // The card's pins, as the rest of the simulation sees them.
    alignas(8) std::array<uint8_t, (PORTS + 7) / 8 * 8> rx_tvalid{}, rx_tlast{}, rx_tuser{}, rx_room{}, link{},
        tx_tvalid{}, tx_tlast{}, tx_tready{};
    alignas(8) std::array<uint8_t, PORTS * BEAT_BYTES> rx_tdata{}, tx_tdata{};
    alignas(8) std::array<uint8_t, PORTS * BEAT_BYTES / 8> rx_tkeep{}, tx_tkeep{};
    uint64_t time_us = 0;
    uint64_t deadline_us = ~uint64_t{0};
    uint8_t idle = 0;
    alignas(8) std::array<uint8_t, 2 * BEAT_BYTES + DECISION_WORDS * 4> to_nobody{}, from_nobody{};

    std::vector<std::vector<uint8_t>> arriving;  // octets of the frame that comes in
    std::vector<size_t> leaving;                 // octets of the frame that leaves which have been told

    // Femtoseconds since the reset; when each clock rises next.
    uint64_t now = 0, next_core = CORE_PERIOD, next_transmit = 3'456'789;
    std::vector<uint64_t> next_phy;
    unsigned quiet = 0;
    /// Clocks that were high when the model was evaluated last: CORE, TRANSMIT, then the PHYs'.
    static constexpr unsigned CORE = 0, TRANSMIT = 1, PHY = 2;
    std::array<bool, PHY + PORTS> high{}, rising{};

    void lower();
    void raise_phy(unsigned port);
    void hear(unsigned port);
    uint8_t* phy_clock() {
        return RMII ? bytes_of<PORTS>(top.pins().rmii_ref_clk_i) : bytes_of<PORTS>(top.pins().rgmii_rx_clk_i);
    }
};

/// All clocks low; they fall with the next evaluation.
void CardModel::Impl::lower() {
    Vlinecard& t = top.pins();
    t.clk_i = 0;
    t.clk125_i = 0;
    std::memset(phy_clock(), 0, (PORTS + 7) / 8);
    rising.fill(false);
}

/// The pins of a PHY as its edge sees them, and the edge.
void CardModel::Impl::raise_phy(unsigned p) {
    Vlinecard& t = top.pins();
    const Phy::Pins pins = phys[p].drive();
    if (RMII) {
        set_field(bytes_of<PORTS * 2>(t.rmii_rxd_i), p, 2, pins.rise);
        set_bit(bytes_of<PORTS>(t.rmii_crs_dv_i), p, pins.rise_ctl);
    } else {
        set_field(bytes_of<PORTS * 4>(t.rgmii_rxd_rise_i), p, 4, pins.rise);
        set_field(bytes_of<PORTS * 4>(t.rgmii_rxd_fall_i), p, 4, pins.fall);
        set_bit(bytes_of<PORTS>(t.rgmii_rx_ctl_rise_i), p, pins.rise_ctl);
        set_bit(bytes_of<PORTS>(t.rgmii_rx_ctl_fall_i), p, pins.fall_ctl);
    }
    set_bit(phy_clock(), p, true);
    rising[PHY + p] = true;
}

/// What the core sends, in a clock of its transmit side.
void CardModel::Impl::hear(unsigned p) {
    Vlinecard& t = top.pins();
    if (!t.rst_ni) return;
    if (RMII) {
        phys[p].hear(field(bytes_of<PORTS * 2>(t.rmii_txd_o), p, 2), bit(bytes_of<PORTS>(t.rmii_tx_en_o), p));
        return;
    }
    phys[p].hear(bit(bytes_of<PORTS>(t.rgmii_txc_rise_o), p), bit(bytes_of<PORTS>(t.rgmii_txc_fall_o), p),
                 field(bytes_of<PORTS * 4>(t.rgmii_txd_rise_o), p, 4),
                 field(bytes_of<PORTS * 4>(t.rgmii_txd_fall_o), p, 4),
                 bit(bytes_of<PORTS>(t.rgmii_tx_ctl_rise_o), p), bit(bytes_of<PORTS>(t.rgmii_tx_ctl_fall_o), p));
}

Shape CardModel::shape() { return {PORTS, BEAT_BYTES, VIDLINE_UART_STEP, true}; }
bool CardModel::can_trace() { return VM_TRACE != 0; }

CardModel::CardModel(const ModelOptions& options) {
    const std::lock_guard<std::mutex> lock(VerilatedTop::building());
    try {
        impl_ = std::make_unique<Impl>(options);
    } catch (const ModelError& error) {
        fail(error.what());
    }
    Impl& i = *impl_;
    Vlinecard& t = i.top.pins();
    Pins& p = pins_;
    p.time_us = &i.time_us;
    p.deadline_us = &i.deadline_us;
    p.idle = &i.idle;
    p.link = i.link.data();
    p.rx_tvalid = i.rx_tvalid.data();
    p.rx_tlast = i.rx_tlast.data();
    p.rx_tuser = i.rx_tuser.data();
    p.rx_tdata = i.rx_tdata.data();
    p.rx_tkeep = i.rx_tkeep.data();
    p.rx_room = i.rx_room.data();
    p.tx_tvalid = i.tx_tvalid.data();
    p.tx_tlast = i.tx_tlast.data();
    p.tx_tready = i.tx_tready.data();
    p.tx_tdata = i.tx_tdata.data();
    p.tx_tkeep = i.tx_tkeep.data();
    p.uart_rx = bytes_of<1>(t.uart_rx_i);
    p.uart_tx = bytes_of<1>(t.uart_tx_o);
    p.lead_nowhere(i.to_nobody.data(), i.from_nobody.data());
    p.decision_valid = p.decision = i.from_nobody.data();
    for (unsigned port = 0; port < PORTS; ++port) set_bit(p.link, port, true);

    *p.uart_rx = 1;
    t.rgmii_rxd_rise_i = t.rgmii_rxd_fall_i = 0;
    t.rgmii_rx_ctl_rise_i = t.rgmii_rx_ctl_fall_i = 0;
    t.rmii_rxd_i = t.rmii_crs_dv_i = t.rmii_rx_er_i = 0;
    t.rgmii_rx_clk_i = t.rmii_ref_clk_i = 0;
    i.lower();
    // The reset comes without a clock, and has to fall for that.
    t.rst_ni = 1;
    evaluate(0);
    t.rst_ni = 0;
    for (int n = 0; n < RESET_CLOCKS; ++n) edge();
    t.rst_ni = 1;
    clocks_ = 0;
    i.now = 0;
}

CardModel::~CardModel() = default;

void CardModel::fail(const char* message) {
    throw ModelError(std::string(message) + " (clock " + std::to_string(clocks_) + ")");
}

void CardModel::evaluate(uint64_t time) {
    Impl& i = *impl_;
    VerilatedTop& top = i.top;
    try {
        top.evaluate(time);
        i.high = i.rising;
        if (top.pins().rst_ni) top.dump(clocks_, time);
    } catch (const ModelError& error) {
        fail(error.what());
    }
    if (!messages_.empty()) messages_.clear();
}

/// What the PHYs have for the ports, and whether they would take more.
void CardModel::settle() {
    Impl& i = *impl_;
    for (unsigned p = 0; p < PORTS; ++p) {
        Phy& phy = i.phys[p];
        set_bit(i.rx_room.data(), p, phy.room());
        const bool there = !phy.heard.empty();
        set_bit(i.tx_tvalid.data(), p, there);
        if (!there) continue;
        const std::vector<uint8_t>& frame = phy.heard.front();
        const size_t left = frame.size() - i.leaving[p];
        const size_t count = std::min<size_t>(left, BEAT_BYTES);
        std::memcpy(i.tx_tdata.data() + p * BEAT_BYTES, frame.data() + i.leaving[p], count);
        i.tx_tkeep[p] = static_cast<uint8_t>((1u << count) - 1);
        set_bit(i.tx_tlast.data(), p, left == count);
    }
}

/// The core's rising edge, and all other clocks' until the next.
void CardModel::edge() {
    static_assert(BEAT_BYTES == 8, "a beat's tkeep is one byte");
    Impl& i = *impl_;
    bool quiet = true;
    for (unsigned p = 0; p < PORTS; ++p) {
        Phy& phy = i.phys[p];
        phy.set_link(get_bit(i.link.data(), p));
        if (get_bit(i.rx_tvalid.data(), p)) {
            std::vector<uint8_t>& frame = i.arriving[p];
            const uint8_t* const data = i.rx_tdata.data() + p * BEAT_BYTES;
            frame.insert(frame.end(), data, data + __builtin_popcount(i.rx_tkeep[p]));
            if (get_bit(i.rx_tlast.data(), p)) {
                phy.give(std::move(frame), get_bit(i.rx_tuser.data(), p));
                frame.clear();
            }
        }
        if (get_bit(i.tx_tvalid.data(), p) && get_bit(i.tx_tready.data(), p)) {
            i.leaving[p] += BEAT_BYTES;
            if (get_bit(i.tx_tlast.data(), p)) {
                i.leaving[p] = 0;
                phy.heard.pop_front();
            }
        }
        quiet = quiet && phy.quiet();
    }
    // A clock that was high has to be seen low before it rises again.
    const auto fall = [&](unsigned clock) {
        if (!i.high[clock]) return;
        i.lower();
        evaluate(i.now / UNIT);
    };
    fall(Impl::CORE);
    i.lower();
    i.top.pins().clk_i = 1;
    i.rising[Impl::CORE] = true;
    evaluate(i.now / UNIT);
    quiet = quiet && *pins_.uart_tx && *pins_.uart_rx;
    i.quiet = quiet ? i.quiet + 1 : 0;
    i.idle = i.quiet >= QUIET_CLOCKS;
    ++clocks_;

    i.next_core = i.now + CORE_PERIOD;
    for (;;) {
        uint64_t next = RMII ? i.next_core : std::min(i.next_core, i.next_transmit);
        for (unsigned p = 0; p < PORTS; ++p) {
            if (i.phys[p].period() != 0) next = std::min(next, std::max(i.next_phy[p], i.now));
        }
        i.now = next;
        if (next == i.next_core) return;
        const bool transmit = !RMII && i.next_transmit == next;
        std::array<bool, PORTS> receive{};
        for (unsigned p = 0; p < PORTS; ++p) {
            receive[p] = i.phys[p].period() != 0 && i.next_phy[p] <= next;
            if (receive[p]) fall(Impl::PHY + p);
        }
        if (transmit) fall(Impl::TRANSMIT);
        i.lower();
        for (unsigned p = 0; p < PORTS; ++p) {
            // What is sent is looked at as the edge finds it.
            if (RMII ? receive[p] : transmit) i.hear(p);
            if (!receive[p]) continue;
            i.raise_phy(p);
            i.next_phy[p] = next + i.phys[p].period();
        }
        if (transmit) {
            i.top.pins().clk125_i = 1;
            i.rising[Impl::TRANSMIT] = true;
            i.next_transmit += TRANSMIT_PERIOD;
        }
        evaluate(i.now / UNIT);
    }
}

bool CardModel::set_phy(unsigned port, const PhySettings& settings) {
    impl_->phys[port].set(settings);
    return true;
}
const Phy* CardModel::phy(unsigned port) const { return &impl_->phys[port]; }

}  // namespace vidline
