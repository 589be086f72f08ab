// A PHY and the far end of its cable, at a MAC's pins behind the DDR primitives: RGMII 2.0 or RMII 1.2. It
// knows preamble, FCS and gap (IEEE 802.3 clause 3), and nothing of the MAC.
#ifndef VIDLINE_PHY_H
#define VIDLINE_PHY_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace vidline {

struct PhySettings {
    unsigned speed = 1000;  // 10, 100 or 1000 Mb/s
    bool full_duplex = true;
    bool clock = true;  // false: its receive clock stands, and nothing comes
    bool pad = true;    // the far end makes its frames 60 octets long at least
};

struct PhyStatistics {
    uint64_t cut = 0;        // frames to the MAC that ended in their middle or never began: link or speed went
    uint64_t preamble = 0;   // carriers of the MAC without preamble and SFD
    uint64_t fcs = 0;        // frames of the MAC with a wrong FCS
    uint64_t short_ = 0;     // frames of the MAC of fewer than 64 octets
    uint64_t gap = 0;        // frames of the MAC less than 12 octet times behind the one before
};

class Phy {
  public:
    /// `ppm`: how much longer its clock's period is than it should be.
    Phy(bool rmii, int ppm);

    const PhySettings& settings() const { return settings_; }
    /// A change of speed breaks off what is on the line, and so does a clock that stops.
    void set(const PhySettings& settings);
    void set_link(bool link);
    /// Femtoseconds of the receive clock; RMII: of the reference clock. 0: it stands.
    uint64_t period() const;

    // ---- towards the MAC
    bool room() const { return queue_.size() < MOST_WAITING; }
    /// A frame without FCS; `bad`: it arrives with a wrong one.
    void give(std::vector<uint8_t> frame, bool bad);
    /// The pins for one edge of the receive clock. RMII: rxd and crs_dv as `rise` and `rise_ctl`.
    struct Pins {
        uint8_t rise = 0, fall = 0;
        bool rise_ctl = false, fall_ctl = false;
    };
    Pins drive();

    // ---- from the MAC
    /// RGMII: the pins in one clock of 125 MHz.
    void hear(bool txc_rise, bool txc_fall, uint8_t rise, uint8_t fall, bool rise_ctl, bool fall_ctl);
    /// RMII: the pins in one clock of 50 MHz.
    void hear(uint8_t pair, bool enable);
    /// Frames without FCS, to be taken from the front.
    std::deque<std::vector<uint8_t>> heard;

    /// Nothing is on the line or waits for it.
    bool quiet() const { return queue_.empty() && carrier_.empty() && said_.empty() && heard.empty(); }
    const PhyStatistics& statistics() const { return statistics_; }

  private:
    static constexpr size_t MOST_WAITING = 4;
    static constexpr uint64_t FOREVER = ~uint64_t{0} >> 1;
    struct Frame {
        std::vector<uint8_t> octets;
        bool bad;
    };
    /// Units of the line in an octet: clocks, or of RGMII below 1000 Mb/s periods of the transmit clock.
    unsigned octet_units() const;
    void break_off();
    void begin();
    uint8_t status() const;
    void hear_half(bool txc, uint8_t nibble, bool enable);
    void hear_units(uint8_t unit, unsigned bits);
    void silence();

    const bool rmii_;
    const int ppm_;
    PhySettings settings_;
    bool link_ = true;
    PhyStatistics statistics_;

    std::deque<Frame> queue_;
    std::vector<uint8_t> carrier_;  // octets from the preamble on
    size_t at_ = 0;                 // octet of it
    unsigned part_ = 0;             // clocks of that octet
    unsigned gap_ = 0;              // clocks to wait for the next carrier

    bool txc_ = false;
    uint8_t low_ = 0;
    bool low_enable_ = false;
    unsigned repeat_ = 0;         // RMII at 10 Mb/s: clocks of the present pair
    std::vector<uint8_t> said_;   // octets of the MAC's present carrier
    uint32_t unit_ = 0;           // the octet that is not whole
    unsigned unit_bits_ = 0;
    uint64_t idle_ = FOREVER;     // units of the line since the MAC's last carrier
};

}  // namespace vidline

#endif
