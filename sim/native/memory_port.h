// Frames in memory: what a batch from JavaScript holds, and what leaves towards it.
#ifndef VIDLINE_MEMORY_PORT_H
#define VIDLINE_MEMORY_PORT_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "frames.h"

namespace vidline {

/// Frames that wait to go into the card, in batches as they came.
class MemoryFeed : public FrameFeed {
  public:
    struct Batch {
        std::vector<uint8_t> bytes;
        std::vector<uint32_t> lengths;
        std::vector<uint32_t> notes;  // of network ports: not 0 where the frame is bad; of the host: inject record
        uint32_t id = 0;              // of the reply that is due when the last frame was taken
    };
    /// `injecting`: notes are inject records.
    explicit MemoryFeed(bool injecting) : injecting_(injecting) {}

    void add(Batch batch) {
        if (batch.lengths.empty()) {
            taken.push_back(batch.id);
            return;
        }
        batches_.push_back(std::move(batch));
    }
    bool pending() const override { return !batches_.empty() && !(batches_.size() == 1 && exhausted()); }
    bool next(FrameView& frame) override;
    /// Frames that wait.
    uint64_t waiting() const;

    /// Ids of the batches whose last frame the card is taking; the owner empties it.
    std::vector<uint32_t> taken;

  private:
    bool exhausted() const { return at_ == batches_.front().lengths.size(); }

    std::deque<Batch> batches_;
    size_t at_ = 0;      // frame in the first batch
    size_t offset_ = 0;  // of that frame
    const bool injecting_;
};

/// Gathers frames for JavaScript: words offset and length for each.
class MemoryTaker : public FrameTaker {
  public:
    FrameBatch batch;
    size_t most = SIZE_MAX;  // bytes that may wait
    uint64_t overflow = 0;   // frames thrown away since they were not fetched

    void take(const uint8_t* data, size_t length) override;
};

}  // namespace vidline

#endif
