// What frames cost. Only `process` is between the two looks at the clock: frames are put back as they
// came (`process` rewrites them in place) and given their next identifier outside.
#include "measure.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "connections.h"
#include "stopwatch.h"

namespace vidline {
namespace {

/// Of a frame's buffer: an odd number of lines, so that headers do not fall into the same few sets.
constexpr size_t STRIDE = 33 * 64;

/// Frames as they come, in buffers of their own.
struct Pool {
    std::vector<uint8_t> fresh, room;
    std::vector<Frame> frames;

    Pool(const Napi::Uint8Array& bytes, const Napi::Uint32Array& lengths, uint32_t port) {
        const size_t count = lengths.ElementLength();
        fresh.resize(count * 12);
        room.resize(count * STRIDE + 64);
        uint8_t* aligned = room.data() + (64 - reinterpret_cast<uintptr_t>(room.data()) % 64) % 64;
        size_t offset = 0;
        for (size_t n = 0; n < count; n++) {
            Frame frame;
            frame.data = aligned + n * STRIDE;
            frame.length = lengths[n];
            frame.port = uint8_t(port);
            if (offset + frame.length > bytes.ElementLength() || frame.length > STRIDE || frame.length < 14)
                throw Napi::RangeError::New(lengths.Env(), "frames that cannot be measured");
            std::memcpy(frame.data, bytes.Data() + offset, frame.length);
            std::memcpy(fresh.data() + 12 * n, frame.data, 12);
            offset += frame.length;
            frames.push_back(frame);
        }
    }
    void put_back(size_t n) { std::memcpy(frames[n].data, fresh.data() + 12 * n, 12); }
};

void flush_all(const Tables& tables, const Pool& pool) {
    flush(&tables, sizeof tables);
    flush(tables.rows.data(), tables.rows.size() * sizeof(Row));
    flush(tables.overrides.data(), tables.overrides.size() * sizeof(OverrideEntry));
    flush(tables.override_hits.data(), tables.override_hits.size() * 4);
    flush(tables.rules_of_port.data(), tables.rules_of_port.size() * 4);
    flush(&map::HASH, sizeof map::HASH);
    for (const Frame& frame : pool.frames) flush(frame.data, std::min(frame.length, WINDOW));
}

}  // namespace

Napi::Value measure(const Napi::CallbackInfo& info, Router& router) {
    const auto env = info.Env();
    const auto given = info[0].As<Napi::Object>();
    const auto number = [&](const char* name) { return given.Get(name).As<Napi::Number>().Uint32Value(); };
    Pool pool(given.Get("bytes").As<Napi::Uint8Array>(), given.Get("lengths").As<Napi::Uint32Array>(),
              number("port"));
    const auto identifiers = given.Get("identifiers").As<Napi::Uint32Array>();
    const unsigned at = number("identifierAt"), batch = std::clamp(number("batch"), 1u, Router::BATCH);
    const size_t samples = number("samples"), named = identifiers.ElementLength();
    const bool cold = given.Get("cold").ToBoolean();
    if (named > 0 && std::any_of(pool.frames.begin(), pool.frames.end(),
                                 [&](const Frame& frame) { return at + 4 > frame.length; })) {
        throw Napi::RangeError::New(env, "an identifier behind the frame's end");
    }
    const Stopwatch watch;
    auto costs = Napi::Float64Array::New(env, samples);
    auto reasons = Napi::Uint32Array::New(env, 64);
    std::fill_n(reasons.Data(), 64, 0);
    std::vector<uint32_t> counted(64);
    End ends[Router::MOST_ENDS];
    const size_t count = pool.frames.size() / batch * batch;
    if (count == 0) throw Napi::RangeError::New(env, "fewer frames than a batch");
    const uint32_t* next = identifiers.Data();
    size_t frame = 0, identifier = 0;
    const size_t warm = cold ? 0 : std::min<size_t>(samples, 2 * count / batch);
    for (size_t sample = 0; sample < samples + warm; sample++) {
        if (frame + batch > count) frame = 0;
        for (size_t n = frame; n < frame + batch; n++) {
            pool.put_back(n);
            if (named == 0) continue;
            const uint32_t wire = __builtin_bswap32(next[identifier]);
            std::memcpy(pool.frames[n].data + at, &wire, 4);
            if (++identifier == named) identifier = 0;
        }
        if (cold) flush_all(router.tables(), pool);
        const uint64_t begin = Stopwatch::now();
        const unsigned given_ends = router.process(&pool.frames[frame], batch, ends);
        const uint64_t end = Stopwatch::now();
        frame += batch;
        if (sample < warm) continue;
        for (unsigned n = 0; n < given_ends; n++) counted[ends[n].decision.reason & 63]++;
        costs[sample - warm] = watch.ns(end - begin) / batch;
    }
    std::copy(counted.begin(), counted.end(), reasons.Data());
    // What two looks at the clock cost by themselves.
    std::vector<uint64_t> nothing(1001);
    for (auto& ticks : nothing) {
        const uint64_t begin = Stopwatch::now();
        ticks = Stopwatch::now() - begin;
    }
    std::nth_element(nothing.begin(), nothing.begin() + 500, nothing.end());
    auto result = Napi::Object::New(env);
    result.Set("costs", costs);
    result.Set("reasons", reasons);
    result.Set("clockNs", watch.ns(nothing[500]));
    return result;
}

}  // namespace vidline
