// What a card has for JavaScript. Filled by the card's thread, emptied by JavaScript's in one go:
// the border between the two is crossed once for all that has gathered.
#ifndef VIDLINE_OUTBOX_H
#define VIDLINE_OUTBOX_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "card_constants.h"
#include "frames.h"

namespace vidline {

// Words about each frame of a batch (FrameBatch::meta); JavaScript reads the numbers from the addon.
/// offset, length
constexpr size_t PORT_META_WORDS = 2;
/// offset, length, decision record
constexpr size_t HOST_META_WORDS = 2 + DECISION_WORDS;
/// offset and length as received, offset and length as sent, then the clocks of the first beat in,
/// of the decision and of the last beat out and the sequence number, each low word first, then the
/// decision record. A length of ABSENT: not known, or not sent.
constexpr size_t OBSERVATION_META_WORDS = 12 + DECISION_WORDS;
constexpr uint32_t ABSENT = 0xffffffff;

/// The answer to one call.
struct Reply {
    uint32_t id = 0;
    std::string error;                                        // empty: it went well
    std::string code;                                         // of the error
    std::vector<uint32_t> words;                              // of register accesses
    std::vector<std::pair<std::string, double>> numbers;      // of all others
    std::string text;                                         // of a call that asks for one
};

struct Mail {
    FrameBatch host;
    FrameBatch decisions;
    std::vector<std::pair<unsigned, FrameBatch>> ports;
    std::vector<Reply> replies;
    std::string failed;      // the model's end; said once
    size_t bytes() const {
        size_t sum = host.bytes.size() + decisions.bytes.size();
        for (const auto& port : ports) sum += port.second.bytes.size();
        return sum;
    }
    bool empty() const {
        return host.empty() && decisions.empty() && ports.empty() && replies.empty() && failed.empty();
    }
};

class Outbox {
  public:
    /// `wake` is called on the card's thread when mail comes into an empty box.
    explicit Outbox(std::function<void()> wake) : wake_(std::move(wake)) {}

    /// Adds `mail` to what is there. On the card's thread.
    void post(Mail mail);
    /// Takes all. On JavaScript's thread.
    Mail fetch();
    /// Bytes of frames that nobody has fetched yet.
    size_t waiting();

  private:
    std::mutex mutex_;
    Mail mail_;
    const std::function<void()> wake_;
};

}  // namespace vidline

#endif
