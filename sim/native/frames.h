// How frames travel between the parts of the simulation.
#ifndef VIDLINE_FRAMES_H
#define VIDLINE_FRAMES_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace vidline {

/// A frame that somebody else holds. Valid until the next call of who gave it.
struct FrameView {
    const uint8_t* data = nullptr;
    uint32_t length = 0;
    bool bad = false;     // the receiver found a wrong FCS
    uint32_t record = 0;  // inject record; of injected frames only
};

/// Where a source gets its frames from.
class FrameFeed {
  public:
    virtual ~FrameFeed() = default;
    /// The next frame, or false when there is none now.
    virtual bool next(FrameView& frame) = 0;
    /// True when `next` would give a frame.
    virtual bool pending() const = 0;
};

/// Where a sink puts its frames.
class FrameTaker {
  public:
    virtual ~FrameTaker() = default;
    virtual void take(const uint8_t* data, size_t length) = 0;
};

/// Frames back to back in one block, with words about each: how frames cross to and from JavaScript.
struct FrameBatch {
    std::vector<uint8_t> bytes;
    std::vector<uint32_t> meta;
    bool empty() const { return meta.empty(); }
};

/// A chance of n in 256 that a clock is a gap, or that a sink is not ready; reproducible by its seed.
class Pattern {
  public:
    Pattern() = default;
    Pattern(unsigned probability, uint64_t seed)
        : probability_(probability), state_(seed * 0x9e3779b97f4a7c15u + 1) {}

    bool active() const { return probability_ != 0; }
    bool draw() {
        if (probability_ == 0) return false;
        state_ ^= state_ << 13;  // xorshift64, Marsaglia 2003
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return ((state_ >> 24) & 0xff) < probability_;
    }

  private:
    unsigned probability_ = 0;  // of 256
    uint64_t state_ = 1;
};

}  // namespace vidline

#endif
