// Puts the card's decisions together with the frames that they are about.
#ifndef VIDLINE_OBSERVER_H
#define VIDLINE_OBSERVER_H

#include <cstdint>
#include <deque>
#include <vector>

#include "frames.h"
#include "streams.h"

namespace vidline {

/// One frame from its first beat to its end.
struct Observation {
    uint64_t sequence = 0;  // of the decision: the order in which frames left the pipeline
    DecisionWords decision{};
    uint64_t first_clock = 0;     // its first beat went in
    uint64_t decision_clock = 0;  // its end was decided: it was put into its queue, or dropped
    uint64_t sent_clock = 0;      // its last beat came out
    bool ingress_known = false;
    bool sent = false;
    std::vector<uint8_t> ingress;
    std::vector<uint8_t> egress;
};

/// Decisions come in the order of the pipeline; frames of one ingress keep their order, and so do
/// those of one egress. So the k-th decision of an ingress is about the k-th frame that was fed to
/// it, and the k-th frame out of an egress is the k-th that was decided to go there.
class Observer {
  public:
    explicit Observer(unsigned ports);

    void entered(unsigned ingress, const FrameView& frame, uint64_t clock);
    void decided(const DecisionWords& decision, uint64_t clock);
    void left(unsigned egress, const std::vector<uint8_t>& bytes, uint64_t clock);
    /// A frame was fed without room: which frames of this ingress the card saw is not known any more
    /// until it is idle.
    void lost_track(unsigned ingress) { inputs_[ingress].tracked = false; }
    /// The card is idle: what has not been decided by now was lost.
    void idle();

    /// Frames that have had their end, as they ended.
    std::vector<Observation> done;

  private:
    struct Entered {
        std::vector<uint8_t> bytes;
        uint64_t clock;
    };
    struct Input {
        std::deque<Entered> frames;
        bool tracked = true;
    };
    struct Sent {
        std::vector<uint8_t> bytes;
        uint64_t clock;
    };
    struct Output {
        std::deque<Observation> decided;  // not sent yet
        std::deque<Sent> sent;            // decision not seen yet
    };
    void match(Output& output);

    std::vector<Input> inputs_;    // one for each port, the last is the host
    std::vector<Output> outputs_;  // likewise
    uint64_t sequence_ = 0;
};

}  // namespace vidline

#endif
