// A simulated card: the model with a source or sink on each of its streams. Runs clock by clock on
// the thread that constructed it; knows nothing of JavaScript.
#ifndef VIDLINE_CARD_H
#define VIDLINE_CARD_H

#include <memory>
#include <vector>

#include "card_model.h"
#include "observer.h"
#include "register_bus.h"
#include "streams.h"
#include "uart_port.h"

namespace vidline {

/// Takes the card's frames for the host.
class HostTaker {
  public:
    virtual ~HostTaker() = default;
    virtual void take(const DecisionWords& decision, const std::vector<uint8_t>& frame) = 0;
};

class Card {
  public:
    explicit Card(const ModelOptions& options, bool observe);

    const Shape shape;
    std::vector<NetworkSource> sources;
    std::vector<NetworkSink> sinks;
    InjectSource inject;
    HostSink host;
    RegisterBus bus;
    UartPort* uart = nullptr;  // the host's serial line, where the card has one
    std::unique_ptr<Observer> observer;  // null: not observed
    HostTaker* host_taker = nullptr;
    /// Frames that left by ports that nothing is attached to.
    uint64_t unattached = 0;

    uint64_t clocks() const { return model_.clocks(); }
    void set_time(uint64_t us) { *model_.pins().time_us = us; }
    /// Whether a port has a link; all have at first.
    void set_link(unsigned port, bool up) {
        set_bit(pins_.link, port, up);
        idle_clocks_ = 0;
    }
    /// A port's PHY, where the card is a board's. False and null where it is not.
    bool set_phy(unsigned port, const PhySettings& settings) {
        idle_clocks_ = 0;
        return model_.set_phy(port, settings);
    }
    const Phy* phy(unsigned port) const { return model_.phy(port); }
    uint64_t time() const { return *pins_.time_us; }
    /// Next time in microseconds at which the card has something to do; all ones: never.
    uint64_t deadline() const { return *pins_.deadline_us; }

    /// One clock. Throws ModelError; after that the card is dead.
    void clock();
    /// Nothing is in the card, nothing waits to go in, and that for some clocks.
    bool idle() const { return idle_clocks_ >= SETTLED_CLOCKS && !busy_outside(); }
    /// Beats and register accesses moved so far; where it stands still nothing can go on by itself.
    uint64_t moved() const { return moved_; }

  private:
    /// `idle_o` may come from flip-flops that follow an input by a clock or two.
    static constexpr unsigned SETTLED_CLOCKS = 8;
    bool busy_outside() const;

    CardModel model_;
    Pins& pins_;
    unsigned idle_clocks_ = 0;
    uint64_t moved_ = 0;
};

}  // namespace vidline

#endif
