// The only door between JavaScript and the software router. host/router/native.ts has its types.
#include <napi.h>

#include <memory>
#include <vector>

#include "measure.h"
#include "router.h"

namespace vidline {
namespace {

/// Of the words that say where a frame comes from.
constexpr uint32_t FROM_NUMBER = 0xff, FROM_MODE_SHIFT = 8, FROM_INJECTED = 1 << 10, FROM_BAD = 1 << 11;
/// Of a frame's buffer.
constexpr size_t ROOM = 2112;
static_assert(ROOM >= READABLE && ROOM >= Hold::MOST_LENGTH);

/// Bytes of a router with its registers, about.
constexpr int64_t WEIGHT = 20 << 20;

void set_field(uint32_t* words, map::Field field, uint64_t value) {
    for (unsigned done = 0; done < field.width;) {
        const unsigned at = field.bit + done, shift = at % 32;
        const unsigned count = std::min(32 - shift, field.width - done);
        const uint32_t mask = count == 32 ? 0xffffffffu : (1u << count) - 1;
        words[at / 32] |= (uint32_t(value >> done) & mask) << shift;
        done += count;
    }
}

/// The decision as the card's record has it.
void write_record(const Decision& d, uint64_t time_us, uint32_t* words) {
    namespace r = map::decision;
    const Row row{d.row};
    const auto flag = [&](Decision::Flag bit) { return uint64_t((d.flags & bit) != 0); };
    set_field(words, r::reason, d.reason);
    set_field(words, r::origin, d.origin);
    set_field(words, r::ingress, d.ingress);
    set_field(words, r::egress, d.egress);
    set_field(words, r::rule_hit, flag(Decision::RULE_HIT));
    set_field(words, r::rule, d.rule);
    set_field(words, r::fragment, flag(Decision::FRAGMENT_FOLLOWED));
    set_field(words, r::quoted, flag(Decision::QUOTED));
    set_field(words, r::key_valid, flag(Decision::KEY_VALID));
    set_field(words, r::key, d.key);
    set_field(words, r::override_hit, flag(Decision::OVERRIDE_HIT));
    set_field(words, r::vid_valid, flag(Decision::VID_VALID));
    set_field(words, r::vid, d.vid);
    set_field(words, r::row_active, row.active());
    set_field(words, r::row_backup, row.backup());
    set_field(words, r::row_in_sync, row.in_sync());
    set_field(words, r::row_valid, row.valid());
    set_field(words, r::slot_valid, flag(Decision::SLOT_VALID));
    set_field(words, r::slot, d.slot);
    set_field(words, r::epoch, d.epoch);
    set_field(words, r::length, d.length);
    set_field(words, r::time_us, time_us);
}

Sizes sizes_of(const Napi::Object& given) {
    const auto get = [&](const char* name) { return given.Get(name).As<Napi::Number>().Uint32Value(); };
    return {get("configuration"), get("buildId"),        get("dataWidth"),
            get("ports"),         get("slots"),          get("vids"),
            get("rules"),         get("prefixes"),       get("overrides"),
            get("fragments"),     get("maxFrame"),       get("window"),
            get("vidCounterBits"), get("vidByteCounterBits")};
}

class NativeRouter : public Napi::ObjectWrap<NativeRouter> {
public:
    static Napi::Function init(Napi::Env env) {
        return DefineClass(env, "NativeRouter",
                           {
                               InstanceMethod("access", &NativeRouter::access),
                               InstanceMethod("advance", &NativeRouter::advance),
                               InstanceMethod("process", &NativeRouter::process),
                               InstanceMethod("measure", &NativeRouter::measure),
                               InstanceMethod("connect", &NativeRouter::connect),
                           });
    }

    explicit NativeRouter(const Napi::CallbackInfo& info)
        : ObjectWrap(info), router_(sizes_of(info[0].As<Napi::Object>())), room_(Router::BATCH * ROOM) {
        // So that the collector knows what hangs on a small object.
        Napi::MemoryManagement::AdjustExternalMemory(info.Env(), WEIGHT);
    }
    void Finalize(Napi::Env env) override {
        Napi::MemoryManagement::AdjustExternalMemory(env, -WEIGHT);
    }

private:
    /// Three words an access: address, 1 for a write, value.
    Napi::Value access(const Napi::CallbackInfo& info) {
        const auto words = info[0].As<Napi::Uint32Array>();
        const size_t count = words.ElementLength() / 3;
        auto values = Napi::Uint32Array::New(info.Env(), count);
        for (size_t n = 0; n < count; n++) {
            const uint32_t address = words[3 * n];
            if (words[3 * n + 1]) router_.tables().write(address, words[3 * n + 2]);
            values[n] = words[3 * n + 1] ? words[3 * n + 2] : router_.tables().read(address);
        }
        return values;
    }

    Napi::Value advance(const Napi::CallbackInfo& info) {
        bytes_.clear();
        words_.clear();
        End ends[Router::MOST_ENDS];
        const unsigned count = router_.advance(uint64_t(info[0].As<Napi::Number>().Int64Value()), ends);
        for (unsigned n = 0; n < count; n++) tell(ends[n]);
        return told(info.Env());
    }

    Napi::Value process(const Napi::CallbackInfo& info) {
        const auto bytes = info[0].As<Napi::Uint8Array>();
        const auto lengths = info[1].As<Napi::Uint32Array>(), from = info[2].As<Napi::Uint32Array>();
        bytes_.clear();
        words_.clear();
        Frame frames[Router::BATCH];
        End ends[Router::MOST_ENDS];
        const size_t total = lengths.ElementLength();
        size_t offset = 0;
        for (size_t done = 0; done < total;) {
            unsigned count = 0;
            for (; count < Router::BATCH && done + count < total; count++) {
                const size_t n = done + count;
                Frame& frame = frames[count];
                frame = {};
                frame.data = room_.data() + count * ROOM;
                frame.length = lengths[n];
                frame.tag = uint32_t(n) + info[3].As<Napi::Number>().Uint32Value();
                const uint32_t word = from[n];
                frame.injected = word & FROM_INJECTED;
                frame.bad = word & FROM_BAD;
                frame.mode = word >> FROM_MODE_SHIFT & 3;
                (frame.injected ? frame.target : frame.port) = uint8_t(word & FROM_NUMBER);
                const bool fits = offset + frame.length <= bytes.ElementLength() &&
                                  (frame.injected || frame.port < router_.tables().sizes.ports);
                if (!fits) throw Napi::RangeError::New(info.Env(), "frames that are not there");
                std::memcpy(frame.data, bytes.Data() + offset, std::min<size_t>(frame.length, ROOM));
                offset += frame.length;
            }
            const unsigned given = router_.process(frames, count, ends);
            for (unsigned n = 0; n < given; n++) tell(ends[n]);
            done += count;
        }
        return told(info.Env());
    }

    /// Tag, bytes that are given back, and the record.
    void tell(const End& end) {
        const size_t at = words_.size();
        const uint32_t length = end.decision.length > router_.tables().sizes.max_frame ? 0 : end.decision.length;
        words_.resize(at + 2 + map::decision::WORDS);
        words_[at] = end.tag;
        words_[at + 1] = length;
        write_record(end.decision, router_.now_us(), words_.data() + at + 2);
        bytes_.insert(bytes_.end(), end.data, end.data + length);
    }

    Napi::Value told(Napi::Env env) {
        auto object = Napi::Object::New(env);
        object.Set("bytes", Napi::Buffer<uint8_t>::Copy(env, bytes_.data(), bytes_.size()));
        auto words = Napi::Uint32Array::New(env, words_.size());
        std::copy(words_.begin(), words_.end(), words.Data());
        object.Set("words", words);
        return object;
    }

    Napi::Value measure(const Napi::CallbackInfo& info) { return vidline::measure(info, router_); }

    /// Sessions of a connection table, by identifier: number n goes to slot n modulo the slots. None:
    /// back to rows. Gives its bytes.
    Napi::Value connect(const Napi::CallbackInfo& info) {
        const auto keys = info[0].As<Napi::Uint32Array>();
        const size_t count = keys.ElementLength();
        router_.use_connections(nullptr);
        connections_.reset();
        if (count == 0) return Napi::Number::New(info.Env(), 0);
        connections_ = std::make_unique<Connections>(count);
        const uint32_t slots = router_.tables().sizes.slots;
        for (size_t n = 0; n < count; n++) connections_->insert(keys[n], uint16_t(n % slots));
        router_.use_connections(connections_.get());
        return Napi::Number::New(info.Env(), double(connections_->bytes()));
    }

    Router router_;
    std::unique_ptr<Connections> connections_;
    std::vector<uint8_t> room_, bytes_;
    std::vector<uint32_t> words_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("NativeRouter", NativeRouter::init(env));
    exports.Set("recordWords", Napi::Number::New(env, map::decision::WORDS));
    exports.Set("batch", Napi::Number::New(env, Router::BATCH));
    return exports;
}

}  // namespace
}  // namespace vidline

static Napi::Object start(Napi::Env env, Napi::Object exports) { return vidline::init(env, exports); }
NODE_API_MODULE(vidline_router, start)
