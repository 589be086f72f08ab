// A Verilated top module with its context and its waveform: what every kind of model has around it.
#ifndef VIDLINE_VERILATED_TOP_H
#define VIDLINE_VERILATED_TOP_H

#include <verilated.h>

#include <memory>
#include <mutex>
#include <string>

#include "Vlinecard.h"
#include "card_model.h"
#if VM_TRACE
#include <verilated_fst_c.h>
#endif

// Pins are read and written as little-endian memory (pins.h).
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "needs a little-endian machine");

namespace vidline {

template <size_t Bits, class T>
uint8_t* bytes_of(T& pin) {
    static_assert(sizeof(T) * 8 >= Bits, "the bus is narrower than the configuration says");
    return reinterpret_cast<uint8_t*>(&pin);
}

template <class T, class Pin>
T* exactly(Pin& pin) {
    static_assert(sizeof(T) == sizeof(Pin), "the bus has another width than expected");
    return reinterpret_cast<T*>(&pin);
}

class VerilatedTop {
  public:
    /// To be held from the construction to the end of the reset: Verilator's runtime counts seeds for the
    /// whole process, so two models built at once would disturb each other's first values, and the same seed
    /// would not give the same card.
    static std::mutex& building() {
        static std::mutex mutex;
        return mutex;
    }

    /// Elaborates. Throws ModelError.
    explicit VerilatedTop(const ModelOptions& options) : options_(options) {
        context_.randReset(options.seed == 0 ? 0 : 2);
        context_.randSeed(static_cast<int>(options.seed & 0x7fffffff));
        context_.fatalOnError(false);
#if VM_TRACE
        context_.traceEverOn(!options.trace_file.empty());
#endif
        top_ = std::make_unique<Vlinecard>(&context_, "");
#if VM_TRACE
        if (!options.trace_file.empty()) {
            trace_ = std::make_unique<VerilatedFstC>();
            top_->trace(trace_.get(), 99);
        }
#endif
    }

    ~VerilatedTop() {
        // Verilator 5.006 takes a scope out of the thread's context, whichever card that is of; it may be gone.
        Verilated::threadContextp(&context_);
#if VM_TRACE
        if (trace_ && trace_->isOpen()) trace_->close();
#endif
        if (failed_) return;
        try {
            top_->final();
        } catch (const ModelError&) {
            // A final block that fails has nobody left to tell.
        }
    }
    VerilatedTop(const VerilatedTop&) = delete;
    VerilatedTop& operator=(const VerilatedTop&) = delete;

    Vlinecard& pins() { return *top_; }

    /// At a time in units of the waveform. Throws ModelError, after which there is no other evaluation.
    void evaluate(uint64_t time) {
        context_.time(time);
        try {
            top_->eval();
        } catch (const ModelError&) {
            failed_ = true;
#if VM_TRACE
            if (trace_ && trace_->isOpen()) trace_->flush();
#endif
            throw;
        }
    }

    /// The waveform's share of what was evaluated: opens and closes it by the clock. Throws ModelError.
    void dump(uint64_t clock, uint64_t time) {
#if VM_TRACE
        if (!trace_) return;
        const bool wanted = clock >= options_.trace_from && clock < options_.trace_to;
        if (wanted && !trace_->isOpen()) {
            trace_->open(options_.trace_file.c_str());
            if (!trace_->isOpen()) throw ModelError("cannot write " + options_.trace_file);
        }
        if (!wanted && trace_->isOpen()) trace_->close();
        if (trace_->isOpen()) trace_->dump(time);
#else
        (void)clock;
        (void)time;
#endif
    }

  private:
    // Destroyed from the last to the first: the context outlives model and trace.
    VerilatedContext context_;
    std::unique_ptr<Vlinecard> top_;
#if VM_TRACE
    std::unique_ptr<VerilatedFstC> trace_;
#endif
    const ModelOptions options_;
    bool failed_ = false;
};

}  // namespace vidline

#endif
