// What JavaScript asks of the worker: each call is a task for its thread.
#include <memory>
#include <string>
#include <utility>

#include "refusal.h"
#include "worker.h"

namespace vidline {

Worker::Port& Worker::port(unsigned index) {
    if (index < ports_.size()) return ports_[index];
    throw Refusal("PORT", "port " + std::to_string(index) + ": this card has ports 0 to " +
                              std::to_string(ports_.size() - 1));
}

void Worker::require_free(unsigned index) {
    if (port(index).feed || port(index).interface) {
        throw Refusal("PORT", "port " + std::to_string(index) + " is attached already");
    }
}

UartPort& Worker::uart() {
    if (uart_) return *uart_;
    throw Refusal("PORT", "the serial line is not attached");
}

/// A card with a serial line has no other way to its host.
void Worker::require_pins() const {
    if (card_->shape.uart_step == 0) return;
    throw Refusal("MODE", "this card has its host on the serial line: attach it there");
}

void Worker::attach_memory(uint32_t id, unsigned index) {
    post(id, [=] {
        require_free(index);
        Port& to = port(index);
        to.feed = std::make_unique<MemoryFeed>(false);
        to.taker = std::make_unique<MemoryTaker>();
        if (options_.live) to.taker->most = MOST_WAITING;
        card_->sources[index].feed = to.feed.get();
        card_->sinks[index].taker = to.taker.get();
        reply(id);
    });
}

void Worker::attach_interface(uint32_t id, unsigned index, std::string interface) {
    post(id, [=] {
        require_free(index);
        if (!options_.live) {
            throw Refusal("MODE", "an interface runs in real time: open the card in live mode");
        }
        Port& to = port(index);
        to.interface = std::make_unique<InterfacePort>(interface);
        card_->sources[index].feed = to.interface.get();
        card_->sinks[index].taker = to.interface.get();
        reply(id);
    });
}

void Worker::attach_serial(uint32_t id) {
    post(id, [=] {
        if (card_->shape.uart_step == 0) throw Refusal("MODE", "this card was built without a serial line");
        if (uart_) throw Refusal("PORT", "the serial line is attached already");
        uart_ = std::make_unique<UartPort>(card_->shape.uart_step);
        card_->uart = uart_.get();
        Reply done;
        done.id = id;
        done.text = uart_->path();
        mail_.replies.push_back(std::move(done));
    });
}

void Worker::detach_serial(uint32_t id) {
    post(id, [=] {
        uart();
        card_->uart = nullptr;
        uart_.reset();
        serving_ = false;
        reply(id);
    });
}

void Worker::set_noise(uint32_t id, LineNoise noise) {
    post(id, [=] {
        uart().set_noise(noise);
        reply(id);
    });
}

void Worker::send(uint32_t id, unsigned index, MemoryFeed::Batch batch) {
    // Shared, since a std::function must be copyable.
    auto shared = std::make_shared<MemoryFeed::Batch>(std::move(batch));
    post(id, [=] {
        if (!port(index).feed) {
            throw Refusal("PORT", "port " + std::to_string(index) + " is no memory port");
        }
        port(index).feed->add(std::move(*shared));
        reply(id);
    });
}

void Worker::inject(uint32_t id, MemoryFeed::Batch batch) {
    auto shared = std::make_shared<MemoryFeed::Batch>(std::move(batch));
    post(id, [=] {
        require_pins();
        shared->id = id;
        inject_feed_.add(std::move(*shared));
        if (!options_.live) reply(id);
    });
}

void Worker::access(AccessBatch batch) {
    const uint32_t id = batch.id;
    auto shared = std::make_shared<AccessBatch>(std::move(batch));
    post(id, [=] {
        require_pins();
        card_->bus.add(std::move(*shared));
        if (!options_.live) clock_until(~uint64_t{0}, [this] { return !card_->bus.busy(); });
    });
}

void Worker::set_time(uint32_t id, uint64_t us) {
    post(id, [=] {
        if (options_.live) throw Refusal("MODE", "a live card has real time");
        if (card_->shape.own_time) throw Refusal("MODE", "a board counts its own time");
        card_->set_time(us);
        reply(id);
    });
}

void Worker::set_link(uint32_t id, unsigned index, bool up) {
    post(id, [=] {
        port(index);
        card_->set_link(index, up);
        reply(id);
    });
}

void Worker::set_phy(uint32_t id, unsigned index, PhySettings settings) {
    post(id, [=] {
        port(index);
        if (!card_->set_phy(index, settings)) throw Refusal("MODE", "this card has no PHYs: build a board");
        reply(id);
    });
}

void Worker::set_patterns(uint32_t id, unsigned index, Pattern gaps, Pattern pressure, bool heed_room) {
    post(id, [=] {
        if (index == ports_.size()) {
            card_->inject.gaps = gaps;
            card_->host.pressure = pressure;
        } else {
            port(index);
            card_->sources[index].gaps = gaps;
            card_->sources[index].heed_room = heed_room;
            card_->sinks[index].pressure = pressure;
        }
        reply(id);
    });
}

void Worker::run(uint32_t id, uint64_t clocks) {
    post(id, [=] {
        if (options_.live) throw Refusal("MODE", "a live card runs by itself");
        clock_until(clocks, [] { return false; });
        Reply done;
        done.id = id;
        done.numbers = {{"clocks", static_cast<double>(clocks)}};
        mail_.replies.push_back(std::move(done));
    });
}

void Worker::run_until_idle(uint32_t id, uint64_t most) {
    post(id, [=] {
        if (options_.live) throw Refusal("MODE", "a live card runs by itself");
        const uint64_t start = card_->clocks();
        // At least one clock, so that what was just handed over is seen.
        card_->clock();
        clock_until(most, [this] { return card_->idle(); });
        if (!card_->idle()) {
            throw Refusal("NOT_IDLE", "the card is not idle after " + std::to_string(most) + " clocks");
        }
        serving_ = false;
        Reply done;
        done.id = id;
        done.numbers = {{"clocks", static_cast<double>(card_->clocks() - start)}};
        mail_.replies.push_back(std::move(done));
    });
}

}  // namespace vidline
