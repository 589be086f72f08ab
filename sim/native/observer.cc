#include "observer.h"

#include <utility>

#include "card_constants.h"

namespace vidline {

namespace {

uint32_t field(const DecisionWords& words, unsigned bit, unsigned width) {
    const uint64_t high = bit / 32 + 1 < words.size() ? words[bit / 32 + 1] : 0;
    const uint64_t both = words[bit / 32] | high << 32;
    return static_cast<uint32_t>(both >> (bit % 32) & ((uint64_t{1} << width) - 1));
}

bool dropped(const DecisionWords& words) {
    return DROP_REASONS >> field(words, DECISION_REASON_BIT, DECISION_REASON_WIDTH) & 1;
}

}  // namespace

Observer::Observer(unsigned ports) : inputs_(ports + 1), outputs_(ports + 1) {}

void Observer::entered(unsigned ingress, const FrameView& frame, uint64_t clock) {
    inputs_[ingress].frames.push_back({{frame.data, frame.data + frame.length}, clock});
}

void Observer::decided(const DecisionWords& decision, uint64_t clock) {
    Observation seen;
    seen.sequence = sequence_++;
    seen.decision = decision;
    seen.decision_clock = clock;
    const uint32_t ingress = field(decision, DECISION_INGRESS_BIT, DECISION_INGRESS_WIDTH);
    if (ingress < inputs_.size() && inputs_[ingress].tracked && !inputs_[ingress].frames.empty()) {
        Entered& first = inputs_[ingress].frames.front();
        seen.ingress_known = true;
        seen.first_clock = first.clock;
        seen.ingress = std::move(first.bytes);
        inputs_[ingress].frames.pop_front();
    }
    const uint32_t egress = field(decision, DECISION_EGRESS_BIT, DECISION_EGRESS_WIDTH);
    if (dropped(decision) || egress >= outputs_.size()) {
        done.push_back(std::move(seen));
        return;
    }
    outputs_[egress].decided.push_back(std::move(seen));
    match(outputs_[egress]);
}

void Observer::left(unsigned egress, const std::vector<uint8_t>& bytes, uint64_t clock) {
    outputs_[egress].sent.push_back({bytes, clock});
    match(outputs_[egress]);
}

void Observer::match(Output& output) {
    while (!output.decided.empty() && !output.sent.empty()) {
        Observation seen = std::move(output.decided.front());
        seen.sent = true;
        seen.sent_clock = output.sent.front().clock;
        seen.egress = std::move(output.sent.front().bytes);
        output.decided.pop_front();
        output.sent.pop_front();
        done.push_back(std::move(seen));
    }
}

void Observer::idle() {
    for (Input& input : inputs_) {
        input.frames.clear();
        input.tracked = true;
    }
}

}  // namespace vidline
