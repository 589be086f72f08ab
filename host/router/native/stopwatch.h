// Time in ticks that are cheap to read: the processor's own counter where it has a steady one.
#ifndef VIDLINE_ROUTER_STOPWATCH_H
#define VIDLINE_ROUTER_STOPWATCH_H
#include <chrono>
#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace vidline {

class Stopwatch {
public:
    Stopwatch() {
        using clock = std::chrono::steady_clock;
        const auto begin = clock::now();
        const uint64_t first = now();
        while (clock::now() - begin < std::chrono::milliseconds(20)) {
        }
        const uint64_t ticks = now() - first;
        const std::chrono::duration<double, std::nano> passed = clock::now() - begin;
        ns_ = passed.count() / double(ticks);
    }

    double ns(uint64_t ticks) const { return double(ticks) * ns_; }

    /// What is measured lies between two of these; neither begins before the last or ends behind the next.
    static uint64_t now() {
#if defined(__x86_64__)
        _mm_lfence();
        const uint64_t ticks = __rdtsc();
        _mm_lfence();
        return ticks;
#else
        return uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
    }

private:
    double ns_;
};

/// Takes a line out of all caches. False where the processor cannot.
inline bool flush(const void* at, uint64_t bytes) {
#if defined(__x86_64__)
    for (uint64_t n = 0; n < bytes; n += 64) _mm_clflush(static_cast<const char*>(at) + n);
    _mm_mfence();
    return true;
#else
    (void)at;
    (void)bytes;
    return false;
#endif
}

}  // namespace vidline
#endif
