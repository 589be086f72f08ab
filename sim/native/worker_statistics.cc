// What a card has counted outside of its registers; sim/statistics.ts says what each number means.
#include <string>
#include <utility>

#include "worker.h"

namespace vidline {

void Worker::statistics(uint32_t id) {
    post(id, [=] {
        Reply answer;
        answer.id = id;
        const auto add = [&](std::string name, auto value) {
            answer.numbers.emplace_back(std::move(name), static_cast<double>(value));
        };
        add("clocks", card_->clocks());
        add("busySeconds", busy_seconds_);
        add("unattached", card_->unattached);
        add("hostFramesIn", card_->inject.frames);
        add("hostBytesIn", card_->inject.bytes);
        add("hostFramesOut", card_->host.frames);
        add("hostBytesOut", card_->host.bytes);
        if (uart_) {
            const UartPort::Statistics& seen = uart_->statistics();
            add("uart.octetsIn", seen.octets_in);
            add("uart.octetsOut", seen.octets_out);
            add("uart.noise", seen.noise);
            add("uart.framing", seen.framing);
            add("uart.unread", seen.unread);
        }
        for (unsigned p = 0; p < ports_.size(); ++p) {
            const std::string prefix = std::to_string(p) + ".";
            add(prefix + "framesIn", card_->sources[p].frames);
            add(prefix + "bytesIn", card_->sources[p].bytes);
            add(prefix + "framesOut", card_->sinks[p].frames);
            add(prefix + "bytesOut", card_->sinks[p].bytes);
            if (const Phy* phy = card_->phy(p)) {
                const PhyStatistics& seen = phy->statistics();
                add(prefix + "phy.cut", seen.cut);
                add(prefix + "phy.preamble", seen.preamble);
                add(prefix + "phy.fcs", seen.fcs);
                add(prefix + "phy.short", seen.short_);
                add(prefix + "phy.gap", seen.gap);
            }
            if (ports_[p].feed) add(prefix + "waiting", ports_[p].feed->waiting());
            if (ports_[p].taker) add(prefix + "notFetched", ports_[p].taker->overflow);
            if (!ports_[p].interface) continue;
            const InterfacePort::Statistics& seen = ports_[p].interface->statistics();
            add(prefix + "kernelDrops", seen.kernel_drops);
            add(prefix + "unsegmented", seen.unsegmented);
            add(prefix + "tooLong", seen.too_long);
            add(prefix + "receiveErrors", seen.receive_errors);
            add(prefix + "sendErrors", seen.send_errors);
            add(prefix + "sendOverflow", seen.send_overflow);
            add(prefix + "sendWaits", seen.send_waits);
            add(prefix + "checksumsFinished", seen.checksums);
            add(prefix + "tagsRestored", seen.tags);
        }
        mail_.replies.push_back(std::move(answer));
    });
}

}  // namespace vidline
