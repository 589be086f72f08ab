// Frames to beats and back: one small class for each kind of stream that the card has. Each has
// `drive`, which sets inputs before the clock settles, and `sample`, which looks at what the rising
// edge is about to see.
#ifndef VIDLINE_STREAMS_H
#define VIDLINE_STREAMS_H

#include <array>
#include <vector>

#include "card_constants.h"
#include "frames.h"
#include "pins.h"

namespace vidline {

using DecisionWords = std::array<uint32_t, DECISION_WORDS>;

/// A frame on its way into the card, beat by beat.
class BeatWriter {
  public:
    bool busy() const { return busy_; }
    const FrameView& frame() const { return frame_; }
    bool first() const { return at_ == 0; }
    bool last(unsigned beat_bytes) const { return at_ + beat_bytes >= frame_.length; }
    void start(const FrameView& frame) {
        frame_ = frame;
        at_ = 0;
        busy_ = true;
    }
    void put(uint8_t* data, uint8_t* keep, unsigned beat_bytes) const;
    void advance(unsigned beat_bytes) {
        at_ += beat_bytes;
        if (at_ >= frame_.length) busy_ = false;
    }

  private:
    FrameView frame_;
    uint32_t at_ = 0;
    bool busy_ = false;
};

/// A frame on its way out of the card.
class BeatReader {
  public:
    void add(const uint8_t* data, const uint8_t* keep, bool last, unsigned beat_bytes);
    const std::vector<uint8_t>& bytes() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }
    void clear() { bytes_.clear(); }

  private:
    std::vector<uint8_t> bytes_;
};

/// Feeds one network port. A MAC cannot wait, so there is no tready: a frame starts when the card
/// has room for a whole one (unless told not to look) and then goes on without asking.
class NetworkSource {
  public:
    FrameFeed* feed = nullptr;
    Pattern gaps;
    bool heed_room = true;
    uint64_t frames = 0, bytes = 0;
    /// A frame was started without room: the card may have lost it without a decision.
    bool unheeded = false;

    /// True when this clock shows the first beat of `frame()`.
    bool drive(Pins& pins, unsigned port, unsigned beat_bytes);
    void sample(unsigned beat_bytes) {
        if (valid_) writer_.advance(beat_bytes);
    }
    bool busy() const { return writer_.busy() || (feed && feed->pending()); }
    const FrameView& frame() const { return writer_.frame(); }

  private:
    BeatWriter writer_;
    bool valid_ = false;
};

/// Takes what one network port sends.
class NetworkSink {
  public:
    FrameTaker* taker = nullptr;
    Pattern pressure;
    uint64_t frames = 0, bytes = 0;

    void drive(Pins& pins, unsigned port) { set_bit(pins.tx_tready, port, !pressure.draw()); }
    /// True when a beat was moved. A frame that is complete stays in `frame()` until the next call.
    bool sample(const Pins& pins, unsigned port, unsigned beat_bytes);
    bool complete() const { return complete_; }
    bool busy() const { return !complete_ && !reader_.empty(); }
    const std::vector<uint8_t>& frame() const { return reader_.bytes(); }

  private:
    BeatReader reader_;
    bool complete_ = false;
};

/// Injects the host's frames.
class InjectSource {
  public:
    FrameFeed* feed = nullptr;
    Pattern gaps;
    uint64_t frames = 0, bytes = 0;

    void drive(Pins& pins, unsigned beat_bytes);
    /// True when the card took the first beat of `frame()`.
    bool sample(const Pins& pins, unsigned beat_bytes);
    bool busy() const { return writer_.busy() || (feed && feed->pending()); }
    bool in_frame() const { return writer_.busy(); }
    const FrameView& frame() const { return writer_.frame(); }

  private:
    BeatWriter writer_;
    bool valid_ = false;
};

/// Takes the card's frames for the host, each with its decision record.
class HostSink {
  public:
    Pattern pressure;
    bool blocked = false;  // JavaScript does not fetch what is there
    uint64_t frames = 0, bytes = 0;

    void drive(Pins& pins) { *pins.host_tready = !blocked && !pressure.draw(); }
    bool sample(const Pins& pins, unsigned beat_bytes);
    bool complete() const { return complete_; }
    bool busy() const { return !complete_ && !reader_.empty(); }
    const std::vector<uint8_t>& frame() const { return reader_.bytes(); }
    const DecisionWords& decision() const { return decision_; }

  private:
    BeatReader reader_;
    DecisionWords decision_{};
    bool complete_ = false;
};

/// A record of the card as little-endian words.
DecisionWords decision_words(const uint8_t* bits);

}  // namespace vidline

#endif
