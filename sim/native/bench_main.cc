// The card in a plain C++ loop, without Node: the measure that the addon is held against.
//
//   bench FILE FRAMES
//
// FILE has a line for each register write, `w ADDRESS VALUE`, and for each frame,
// `f PORT HEX`; numbers as strtoul takes them. After the writes the frames are fed to their ports
// back to back, over and over, FRAMES in all. Prints one JSON object; seconds are processor time.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "card.h"

namespace {

using namespace vidline;

/// The same frames over and over.
class Cycle : public FrameFeed {
  public:
    std::vector<std::vector<uint8_t>> frames;
    uint64_t left = 0;
    bool pending() const override { return left != 0; }
    bool next(FrameView& frame) override {
        if (left == 0) return false;
        --left;
        const std::vector<uint8_t>& now = frames[at_];
        at_ = (at_ + 1) % frames.size();
        frame = {};
        frame.data = now.data();
        frame.length = static_cast<uint32_t>(now.size());
        return true;
    }

  private:
    size_t at_ = 0;
};

class Count : public FrameTaker {
  public:
    uint64_t frames = 0;
    void take(const uint8_t*, size_t) override { ++frames; }
};

/// Processor time, as the addon counts it: other programs on the machine do not lengthen it.
double thread_seconds() {
    timespec now;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::vector<uint8_t> from_hex(const std::string& text) {
    std::vector<uint8_t> bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2) {
        bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
    }
    return bytes;
}

int run(const char* file, uint64_t count) {
    std::ifstream input(file);
    if (!input) {
        std::cerr << "bench: cannot read " << file << "\n";
        return 5;
    }
    std::map<unsigned, Cycle> feeds;
    AccessBatch writes;
    std::string line;
    for (unsigned n = 1; std::getline(input, line); ++n) {
        std::istringstream words(line);
        std::string kind, a, b;
        if (!(words >> kind)) continue;
        if (!(words >> a >> b) || (kind != "w" && kind != "f")) {
            std::cerr << "bench: " << file << ":" << n << ": expected `w ADDRESS VALUE` or `f PORT HEX`\n";
            return 5;
        }
        if (kind == "w") {
            writes.accesses.push_back({static_cast<uint32_t>(std::stoul(a, nullptr, 0)), true,
                                       static_cast<uint32_t>(std::stoul(b, nullptr, 0))});
        } else {
            feeds[static_cast<unsigned>(std::stoul(a))].frames.push_back(from_hex(b));
        }
    }
    Card card({}, false);
    Count sent;
    for (NetworkSink& sink : card.sinks) sink.taker = &sent;
    card.bus.add(std::move(writes));
    while (card.bus.busy()) card.clock();

    for (auto& [port, feed] : feeds) {
        if (port >= card.shape.ports) {
            std::cerr << "bench: port " << port << ": this card has " << card.shape.ports << "\n";
            return 5;
        }
        feed.left = count / feeds.size();
        card.sources[port].feed = &feed;
    }
    const uint64_t first = card.clocks();
    const double start = thread_seconds();
    do {
        card.clock();
    } while (!card.idle());
    const double seconds = thread_seconds() - start;
    const uint64_t clocks = card.clocks() - first;
    uint64_t fed = 0;
    for (const NetworkSource& source : card.sources) fed += source.frames;
    std::printf("{\"frames\": %llu, \"sent\": %llu, \"toHost\": %llu, \"clocks\": %llu, "
                "\"seconds\": %.6f, \"framesPerSecond\": %.0f, \"clocksPerSecond\": %.0f}\n",
                static_cast<unsigned long long>(fed), static_cast<unsigned long long>(sent.frames),
                static_cast<unsigned long long>(card.host.frames),
                static_cast<unsigned long long>(clocks), seconds,
                static_cast<double>(fed) / seconds, static_cast<double>(clocks) / seconds);
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr << "use: bench FILE FRAMES\n";
        return 2;
    }
    try {
        return run(arguments[1], std::strtoull(arguments[2], nullptr, 0));
    } catch (const std::exception& error) {
        std::cerr << "bench: " << error.what() << "\n";
        return 6;
    }
}
