#pragma once

#include <stdexcept>
#include <string>

namespace vidline {

/// An error of the caller, with its code for JavaScript.
class Refusal : public std::runtime_error {
  public:
    Refusal(const char* code, const std::string& text) : std::runtime_error(text), code(code) {}
    const char* const code;
};

}  // namespace vidline
