// The card's pins as plain memory, so that nothing but card_model.cc depends on the configuration.
#ifndef VIDLINE_PINS_H
#define VIDLINE_PINS_H

#include <cstdint>

namespace vidline {

/// Sizes of one configuration.
struct Shape {
    unsigned ports = 0;
    unsigned beat_bytes = 0;  // of the data path
    uint32_t uart_step = 0;   // UART_STEP where the host is on a serial line; 0: it is on the pins
    bool own_time = false;    // it counts its clock: its time passes while it runs, and only then
};

/// Pointers into the Verilated top module. Verilator keeps a bus of any width as little-endian words
/// without gaps, so on a little-endian machine bit n of a bus is bit n % 8 of byte n / 8; widths are
/// multiples of 8 wherever a bus is cut by port.
struct Pins {
    uint64_t* time_us = nullptr;
    const uint64_t* deadline_us = nullptr;
    const uint8_t* idle = nullptr;
    uint8_t* link = nullptr;

    uint8_t *rx_tvalid = nullptr, *rx_tlast = nullptr, *rx_tuser = nullptr;
    uint8_t *rx_tdata = nullptr, *rx_tkeep = nullptr;
    const uint8_t* rx_room = nullptr;

    const uint8_t *tx_tvalid = nullptr, *tx_tlast = nullptr;
    uint8_t* tx_tready = nullptr;
    const uint8_t *tx_tdata = nullptr, *tx_tkeep = nullptr;

    uint8_t *inject_tvalid = nullptr, *inject_tlast = nullptr;
    const uint8_t* inject_tready = nullptr;
    uint8_t *inject_tdata = nullptr, *inject_tkeep = nullptr, *inject_tuser = nullptr;

    const uint8_t *host_tvalid = nullptr, *host_tlast = nullptr;
    uint8_t* host_tready = nullptr;
    const uint8_t *host_tdata = nullptr, *host_tkeep = nullptr, *host_tuser = nullptr;

    const uint8_t* decision_valid = nullptr;
    const uint8_t* decision = nullptr;

    // In place of inject, host and register bus, which lead nowhere then.
    uint8_t* uart_rx = nullptr;
    const uint8_t* uart_tx = nullptr;

    uint8_t *cfg_valid = nullptr, *cfg_write = nullptr;
    uint32_t *cfg_addr = nullptr, *cfg_wdata = nullptr;
    const uint8_t* cfg_ready = nullptr;
    const uint32_t* cfg_rdata = nullptr;

    /// The pins of inject, host and register bus where the host is on a serial line: nobody listens, and
    /// nothing but zeros comes. As many bytes as two beats and a decision take.
    void lead_nowhere(uint8_t* to, const uint8_t* from) {
        for (uint8_t** pin : {&inject_tvalid, &inject_tlast, &inject_tdata, &inject_tkeep, &inject_tuser,
                              &host_tready, &cfg_valid, &cfg_write}) {
            *pin = to;
        }
        cfg_addr = cfg_wdata = reinterpret_cast<uint32_t*>(to);
        for (const uint8_t** pin : {&inject_tready, &host_tvalid, &host_tlast, &host_tdata, &host_tkeep,
                                    &host_tuser, &cfg_ready}) {
            *pin = from;
        }
        cfg_rdata = reinterpret_cast<const uint32_t*>(from);
    }
};

inline bool get_bit(const uint8_t* bits, unsigned index) {
    return (bits[index >> 3] >> (index & 7)) & 1;
}
inline void set_bit(uint8_t* bits, unsigned index, bool value) {
    const uint8_t mask = static_cast<uint8_t>(1u << (index & 7));
    bits[index >> 3] = static_cast<uint8_t>(value ? bits[index >> 3] | mask : bits[index >> 3] & ~mask);
}

}  // namespace vidline

#endif
