#include "card_model.h"

#include <array>
#include <cstring>
#include <mutex>

#include "card_constants.h"
#include "verilated_top.h"

namespace vidline {

namespace {

constexpr unsigned PORTS = VIDLINE_PORTS;
constexpr unsigned BEAT_BYTES = VIDLINE_DATA_WIDTH / 8;
constexpr int RESET_CLOCKS = 16;
/// Simulated time units (of 1 ns in a waveform) of a clock; $time / 10 is the clock.
constexpr uint64_t UNITS = 10;

}  // namespace

struct CardModel::Impl {
    explicit Impl(const ModelOptions& options) : top(options) {}
    VerilatedTop top;
#if VIDLINE_UART_STEP
    /// What the pins of inject, host and register bus are where the card has none: nobody listens,
    /// nothing comes.
    alignas(8) std::array<uint8_t, 2 * BEAT_BYTES + DECISION_WORDS * 4> to_nobody{};
    alignas(8) std::array<uint8_t, 2 * BEAT_BYTES + DECISION_WORDS * 4> from_nobody{};
#endif
};

Shape CardModel::shape() { return {PORTS, BEAT_BYTES, VIDLINE_UART_STEP, false}; }
bool CardModel::can_trace() { return VM_TRACE != 0; }

CardModel::CardModel(const ModelOptions& options) {
    const std::lock_guard<std::mutex> lock(VerilatedTop::building());
    try {
        impl_ = std::make_unique<Impl>(options);
    } catch (const ModelError& error) {
        fail(error.what());
    }
    Vlinecard& t = impl_->top.pins();
    Pins& p = pins_;
    p.time_us = exactly<uint64_t>(t.time_us_i);
    p.deadline_us = exactly<uint64_t>(t.deadline_us_o);
    p.idle = bytes_of<1>(t.idle_o);
    p.link = bytes_of<PORTS>(t.link_i);
    p.rx_tvalid = bytes_of<PORTS>(t.rx_tvalid_i);
    p.rx_tlast = bytes_of<PORTS>(t.rx_tlast_i);
    p.rx_tuser = bytes_of<PORTS>(t.rx_tuser_i);
    p.rx_tdata = bytes_of<PORTS * BEAT_BYTES * 8>(t.rx_tdata_i);
    p.rx_tkeep = bytes_of<PORTS * BEAT_BYTES>(t.rx_tkeep_i);
    p.rx_room = bytes_of<PORTS>(t.rx_room_o);
    p.tx_tvalid = bytes_of<PORTS>(t.tx_tvalid_o);
    p.tx_tlast = bytes_of<PORTS>(t.tx_tlast_o);
    p.tx_tready = bytes_of<PORTS>(t.tx_tready_i);
    p.tx_tdata = bytes_of<PORTS * BEAT_BYTES * 8>(t.tx_tdata_o);
    p.tx_tkeep = bytes_of<PORTS * BEAT_BYTES>(t.tx_tkeep_o);
#if VIDLINE_UART_STEP
    p.uart_rx = bytes_of<1>(t.uart_rx_i);
    p.uart_tx = bytes_of<1>(t.uart_tx_o);
    t.extra_rdata_i = 0;
    p.lead_nowhere(impl_->to_nobody.data(), impl_->from_nobody.data());
#else
    p.inject_tvalid = bytes_of<1>(t.inject_tvalid_i);
    p.inject_tlast = bytes_of<1>(t.inject_tlast_i);
    p.inject_tready = bytes_of<1>(t.inject_tready_o);
    p.inject_tdata = bytes_of<BEAT_BYTES * 8>(t.inject_tdata_i);
    p.inject_tkeep = bytes_of<BEAT_BYTES>(t.inject_tkeep_i);
    p.inject_tuser = bytes_of<INJECT_BITS>(t.inject_tuser_i);
    p.host_tvalid = bytes_of<1>(t.host_tvalid_o);
    p.host_tlast = bytes_of<1>(t.host_tlast_o);
    p.host_tready = bytes_of<1>(t.host_tready_i);
    p.host_tdata = bytes_of<BEAT_BYTES * 8>(t.host_tdata_o);
    p.host_tkeep = bytes_of<BEAT_BYTES>(t.host_tkeep_o);
    p.host_tuser = bytes_of<DECISION_BITS>(t.host_tuser_o);
    p.cfg_valid = bytes_of<1>(t.cfg_valid_i);
    p.cfg_write = bytes_of<1>(t.cfg_write_i);
    p.cfg_addr = exactly<uint32_t>(t.cfg_addr_i);
    p.cfg_wdata = exactly<uint32_t>(t.cfg_wdata_i);
    p.cfg_ready = bytes_of<1>(t.cfg_ready_o);
    p.cfg_rdata = exactly<uint32_t>(t.cfg_rdata_o);
#endif
    p.decision_valid = bytes_of<1>(t.decision_valid_o);
    p.decision = bytes_of<DECISION_BITS>(t.decision_o);

    // Inputs are ours: only what the card itself holds starts with the seed's values.
    *p.time_us = 0;
    for (uint8_t* bits : {p.link, p.rx_tvalid, p.rx_tlast, p.rx_tuser, p.tx_tready}) {
        std::memset(bits, 0, (PORTS + 7) / 8);
    }
    for (uint8_t* bit : {p.inject_tvalid, p.inject_tlast, p.host_tready, p.cfg_valid, p.cfg_write}) {
        *bit = 0;
    }
    for (size_t port = 0; port < PORTS; ++port) p.link[port / 8] |= static_cast<uint8_t>(1U << (port % 8));
    std::memset(p.rx_tdata, 0, PORTS * BEAT_BYTES);
    std::memset(p.rx_tkeep, 0, PORTS * BEAT_BYTES / 8);
    std::memset(p.inject_tdata, 0, BEAT_BYTES);
    std::memset(p.inject_tkeep, 0, BEAT_BYTES / 8);
    std::memset(p.inject_tuser, 0, (INJECT_BITS + 7) / 8);
    *p.cfg_addr = 0;
    *p.cfg_wdata = 0;

    if (p.uart_rx) *p.uart_rx = 1;

    t.rst_ni = 0;
    t.clk_i = 0;
    for (int i = 0; i < RESET_CLOCKS; ++i) {
        settle();
        edge();
    }
    t.rst_ni = 1;
    clocks_ = 0;
}

CardModel::~CardModel() = default;

void CardModel::fail(const char* message) {
    std::string text = message;
    text += " (clock " + std::to_string(clocks_);
    if (pins_.time_us) text += ", time " + std::to_string(*pins_.time_us) + " us";
    throw ModelError(text + ")");
}

void CardModel::evaluate(uint64_t time) {
    VerilatedTop& top = impl_->top;
    try {
        top.evaluate(time);
        if (top.pins().rst_ni) top.dump(clocks_, time);
    } catch (const ModelError& error) {
        fail(error.what());
    }
    if (!messages_.empty()) messages_.clear();
}

void CardModel::settle() {
    impl_->top.pins().clk_i = 0;
    evaluate(clocks_ * UNITS);
}

void CardModel::edge() {
    impl_->top.pins().clk_i = 1;
    evaluate(clocks_ * UNITS + UNITS / 2);
    ++clocks_;
}

bool CardModel::set_phy(unsigned, const PhySettings&) { return false; }
const Phy* CardModel::phy(unsigned) const { return nullptr; }

}  // namespace vidline
