// The Verilated card behind its pins (card_model.cc), or a board's core with PHYs at its own, so that it looks
// like the card (board_model.cc). Knows nothing of threads or JavaScript.
#ifndef VIDLINE_CARD_MODEL_H
#define VIDLINE_CARD_MODEL_H

#include <cstdint>
#include <memory>
#include <string>

#include "model_error.h"
#include "phy.h"
#include "pins.h"

namespace vidline {

struct ModelOptions {
    /// Registers and RAM without reset start with values from this seed; 0: they start with zeros.
    uint32_t seed = 1;
    /// FST file of the clocks [from, to); empty: none. Needs the tracing variant.
    std::string trace_file;
    uint64_t trace_from = 0;
    uint64_t trace_to = 0;
};

/// One card. The thread that constructs it is the one that evaluates and destroys it, and has no
/// other (see MessageScope).
class CardModel {
  public:
    /// Elaborates and resets. Throws ModelError.
    explicit CardModel(const ModelOptions& options);
    ~CardModel();
    CardModel(const CardModel&) = delete;
    CardModel& operator=(const CardModel&) = delete;

    static Shape shape();
    static bool can_trace();

    Pins& pins() { return pins_; }

    /// Clock low with the inputs as they stand: combinational outputs settle, and are what the next
    /// edge sees. Throws ModelError, after which the model must not be evaluated any more.
    void settle();
    /// The rising edge.
    void edge();

    /// The PHY of a port, where the model is a board. False and null where it is not.
    bool set_phy(unsigned port, const PhySettings& settings);
    const Phy* phy(unsigned port) const;

    /// Rising edges since the reset.
    uint64_t clocks() const { return clocks_; }

  private:
    struct Impl;
    void evaluate(uint64_t time);
    [[noreturn]] void fail(const char* message);

    std::unique_ptr<Impl> impl_;
    Pins pins_;
    std::string messages_;
    const MessageScope scope_{messages_};
    uint64_t clocks_ = 0;
};

}  // namespace vidline

#endif
