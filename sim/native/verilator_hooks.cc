#include "verilator_hooks.h"

#include <verilated.h>

#include <cstdarg>
#include <cstdio>

#include "model_error.h"

namespace {

thread_local std::string* messages = nullptr;

/// The model's own message if it printed one, else where it stopped.
[[noreturn]] void end_model(const char* what, const char* file, int line, const char* hierarchy) {
    std::string text;
    if (messages) text.swap(*messages);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    if (text.empty()) {
        text = what;
        if (hierarchy && hierarchy[0]) text += std::string(" in ") + hierarchy;
        if (file && file[0]) text += std::string(" at ") + file + ":" + std::to_string(line);
    }
    throw vidline::ModelError(text);
}

}  // namespace

namespace vidline {

MessageScope::MessageScope(std::string& text) : outer_(messages) { messages = &text; }
MessageScope::~MessageScope() { messages = outer_; }

}  // namespace vidline

void vidline_model_printf(const char* format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    constexpr size_t most = 64 * 1024;  // a model that prints every clock must not fill the memory
    if (!messages) {
        std::fputs(line, stderr);
        return;
    }
    messages->append(line);
    if (messages->size() > most) messages->erase(0, messages->size() - most / 2);
}

void vl_finish(const char* file, int line, const char* hierarchy) {
    end_model("$finish", file, line, hierarchy);
}
void vl_stop(const char* file, int line, const char* hierarchy) {
    end_model("$stop", file, line, hierarchy);
}
void vl_fatal(const char* file, int line, const char* hierarchy, const char* message) {
    end_model(message, file, line, hierarchy);
}
