// The far end of the card's serial line: its bits on one side, a pseudo-terminal on the other, where a
// host opens it like the serial port of a board. The line's rate is the card's; nothing else paces it.
#ifndef VIDLINE_UART_PORT_H
#define VIDLINE_UART_PORT_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "pins.h"

namespace vidline {

/// Chances in a million, reproducible by the seed; both directions.
struct LineNoise {
    uint32_t bit_errors = 0;  // a bit arrives the other way round; start and stop bits too
    uint32_t lost = 0;        // an octet does not arrive
    uint32_t doubled = 0;     // an octet arrives twice
    uint64_t seed = 1;
};

class UartPort {
  public:
    struct Statistics {
        uint64_t octets_in = 0;   // into the card
        uint64_t octets_out = 0;  // out of it
        uint64_t noise = 0;       // bits turned, octets lost and doubled
        uint64_t framing = 0;     // octets of the card without their stop bit
        uint64_t unread = 0;      // octets that nobody fetched, thrown away
    };

    /// `step` is UART_STEP of the card. Throws std::runtime_error in words.
    explicit UartPort(uint32_t step);
    ~UartPort();
    UartPort(const UartPort&) = delete;
    UartPort& operator=(const UartPort&) = delete;

    /// What a host opens.
    const std::string& path() const { return path_; }
    int fd() const { return master_; }
    /// Octets for the host that the pseudo-terminal has not taken.
    bool waiting() const { return !out_.empty(); }
    /// Fetches from and hands to the pseudo-terminal without waiting. True when octets came.
    bool exchange();
    void set_noise(const LineNoise& noise);

    /// Before a clock settles, and when it has.
    void drive(Pins& pins);
    void sample(const Pins& pins);
    /// Bits are on the line, or octets wait for it.
    bool busy() const { return !in_.empty() || sending_ != 0 || receiving_ != 0; }

    const Statistics& statistics() const { return statistics_; }

  private:
    bool chance(uint32_t of_a_million);
    bool turned(bool bit);
    /// How many times the octet arrives.
    unsigned times();

    const uint32_t step_;
    int master_ = -1, slave_ = -1;
    std::string path_;
    std::deque<uint8_t> in_;
    std::vector<uint8_t> out_;
    LineNoise noise_;
    uint64_t random_ = 1;
    Statistics statistics_;

    // Bits to come of the present octet, and the octet, stop bit on top.
    unsigned sending_ = 0, receiving_ = 0;
    uint32_t sent_ = 0, received_ = 0;
    uint32_t send_phase_ = 0, receive_phase_ = 0;
    bool level_ = true;
};

}  // namespace vidline

#endif
