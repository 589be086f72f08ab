#include "memory_port.h"

namespace vidline {

bool MemoryFeed::next(FrameView& frame) {
    // A batch whose last frame is on its way into the card stays until the next one begins: the
    // view given for it points into its bytes.
    if (!batches_.empty() && exhausted()) {
        batches_.pop_front();
        at_ = 0;
        offset_ = 0;
    }
    if (batches_.empty()) return false;
    const Batch& batch = batches_.front();
    frame.data = batch.bytes.data() + offset_;
    frame.length = batch.lengths[at_];
    const uint32_t note = batch.notes.empty() ? 0 : batch.notes[at_];
    frame.bad = !injecting_ && note != 0;
    frame.record = injecting_ ? note : 0;
    offset_ += frame.length;
    if (++at_ == batch.lengths.size()) taken.push_back(batch.id);
    return true;
}

uint64_t MemoryFeed::waiting() const {
    uint64_t frames = 0;
    for (const Batch& batch : batches_) frames += batch.lengths.size();
    return frames - at_;
}

void MemoryTaker::take(const uint8_t* data, size_t length) {
    if (batch.bytes.size() + length > most) {
        ++overflow;
        return;
    }
    batch.meta.push_back(static_cast<uint32_t>(batch.bytes.size()));
    batch.meta.push_back(static_cast<uint32_t>(length));
    batch.bytes.insert(batch.bytes.end(), data, data + length);
}

}  // namespace vidline
