#include "card.h"

#include <string>

#include "model_error.h"

namespace vidline {

namespace {

/// Longer than any reset or snapshot takes.
constexpr uint32_t MOST_BUS_CLOCKS = 4'000'000;

}  // namespace

Card::Card(const ModelOptions& options, bool observe)
    : shape(CardModel::shape()),
      sources(shape.ports),
      sinks(shape.ports),
      observer(observe ? std::make_unique<Observer>(shape.ports) : nullptr),
      model_(options),
      pins_(model_.pins()) {}

void Card::clock() {
    const unsigned ports = shape.ports;
    const unsigned beat = shape.beat_bytes;
    const uint64_t now = model_.clocks();

    for (unsigned p = 0; p < ports; ++p) {
        if (sources[p].drive(pins_, p, beat) && observer) {
            observer->entered(p, sources[p].frame(), now);
            if (sources[p].unheeded) observer->lost_track(p);
        }
        sinks[p].drive(pins_, p);
    }
    inject.drive(pins_, beat);
    host.drive(pins_);
    bus.drive(pins_);
    if (uart) uart->drive(pins_);

    model_.settle();

    bool moved = false;
    for (unsigned p = 0; p < ports; ++p) {
        sources[p].sample(beat);
        moved |= get_bit(pins_.rx_tvalid, p);
        NetworkSink& sink = sinks[p];
        moved |= sink.sample(pins_, p, beat);
        if (!sink.complete()) continue;
        if (sink.taker) {
            sink.taker->take(sink.frame().data(), sink.frame().size());
        } else {
            ++unattached;
        }
        if (observer) observer->left(p, sink.frame(), now);
    }
    if (inject.sample(pins_, beat)) {
        if (observer) observer->entered(ports, inject.frame(), now);
        moved = true;
    }
    if (*pins_.decision_valid && observer) observer->decided(decision_words(pins_.decision), now);
    moved |= host.sample(pins_, beat);
    if (host.complete()) {
        if (host_taker) host_taker->take(host.decision(), host.frame());
        if (observer) observer->left(ports, host.frame(), now);
    }
    bus.sample(pins_);
    if (uart) {
        uart->sample(pins_);
        moved |= uart->busy();
    }
    if (bus.waited() > MOST_BUS_CLOCKS) {
        throw ModelError("the register bus has not answered address " + std::to_string(bus.address()) +
                         " for " + std::to_string(MOST_BUS_CLOCKS) + " clocks (clock " +
                         std::to_string(now) + ")");
    }

    model_.edge();

    if (moved || !*pins_.idle || busy_outside()) {
        idle_clocks_ = 0;
        moved_ += moved;
    } else if (idle_clocks_ < SETTLED_CLOCKS && ++idle_clocks_ == SETTLED_CLOCKS && observer) {
        observer->idle();
        for (NetworkSource& source : sources) source.unheeded = false;
    }
}

bool Card::busy_outside() const {
    if (inject.busy() || bus.busy() || (uart && uart->busy())) return true;
    for (const NetworkSource& source : sources) {
        if (source.busy()) return true;
    }
    for (const NetworkSink& sink : sinks) {
        if (sink.busy()) return true;
    }
    return host.busy();
}

}  // namespace vidline
