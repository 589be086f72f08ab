// What the model says, and its end by $fatal, $stop, $finish or a failed assertion.
#ifndef VIDLINE_MODEL_ERROR_H
#define VIDLINE_MODEL_ERROR_H

#include <stdexcept>
#include <string>

namespace vidline {

/// The model cannot go on. `what()` is its message, with file, line and module hierarchy.
class ModelError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Gathers what the model prints on this thread for as long as it lives. Verilator's hooks are plain
/// C functions without a model argument, so the thread is the only way to find whose message it is:
/// a card's model is built and evaluated on one thread of its own.
class MessageScope {
  public:
    explicit MessageScope(std::string& text);
    ~MessageScope();
    MessageScope(const MessageScope&) = delete;
    MessageScope& operator=(const MessageScope&) = delete;

  private:
    std::string* const outer_;
};

}  // namespace vidline

#endif
