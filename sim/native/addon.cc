// The only door between JavaScript and the simulated card. sim/native.ts has its types.
#include <napi.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "checksum.h"
#include "worker.h"

namespace {

using vidline::FrameBatch;
using vidline::Mail;
using vidline::MemoryFeed;
using vidline::Pattern;
using vidline::Worker;
using vidline::WorkerOptions;

/// Bytes and words become JavaScript's without a copy: the buffer frees them.
Napi::Object to_js(Napi::Env env, FrameBatch&& batch) {
    auto* bytes = new std::vector<uint8_t>(std::move(batch.bytes));
    Napi::Object object = Napi::Object::New(env);
    if (bytes->empty()) {
        object.Set("bytes", Napi::Buffer<uint8_t>::New(env, 0));
        delete bytes;
    } else {
        object.Set("bytes", Napi::Buffer<uint8_t>::New(
                                env, bytes->data(), bytes->size(),
                                [](Napi::Env, uint8_t*, std::vector<uint8_t>* owner) { delete owner; },
                                bytes));
    }
    Napi::Uint32Array meta = Napi::Uint32Array::New(env, batch.meta.size());
    std::copy(batch.meta.begin(), batch.meta.end(), meta.Data());
    object.Set("meta", meta);
    return object;
}

Napi::Object to_js(Napi::Env env, vidline::Reply&& reply) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("id", reply.id);
    if (!reply.code.empty()) {
        object.Set("code", reply.code);
        object.Set("error", reply.error);
        return object;
    }
    if (!reply.words.empty()) {
        Napi::Uint32Array words = Napi::Uint32Array::New(env, reply.words.size());
        std::copy(reply.words.begin(), reply.words.end(), words.Data());
        object.Set("words", words);
    }
    if (!reply.numbers.empty()) {
        Napi::Object numbers = Napi::Object::New(env);
        for (const auto& [name, value] : reply.numbers) numbers.Set(name, value);
        object.Set("numbers", numbers);
    }
    if (!reply.text.empty()) object.Set("text", reply.text);
    return object;
}

Napi::Object to_js(Napi::Env env, Mail&& mail) {
    Napi::Object object = Napi::Object::New(env);
    if (!mail.host.empty()) object.Set("host", to_js(env, std::move(mail.host)));
    if (!mail.decisions.empty()) object.Set("decisions", to_js(env, std::move(mail.decisions)));
    Napi::Array ports = Napi::Array::New(env);
    for (auto& [port, batch] : mail.ports) {
        Napi::Object entry = to_js(env, std::move(batch));
        entry.Set("port", port);
        ports.Set(ports.Length(), entry);
    }
    object.Set("ports", ports);
    Napi::Array replies = Napi::Array::New(env);
    for (auto& reply : mail.replies) replies.Set(replies.Length(), to_js(env, std::move(reply)));
    object.Set("replies", replies);
    if (!mail.failed.empty()) object.Set("failed", mail.failed);
    return object;
}

std::vector<uint32_t> words_of(const Napi::Value& value) {
    if (!value.IsTypedArray()) return {};
    const auto array = value.As<Napi::Uint32Array>();
    return {array.Data(), array.Data() + array.ElementLength()};
}

uint32_t word(const Napi::CallbackInfo& info, size_t index) {
    return info[index].As<Napi::Number>().Uint32Value();
}

uint64_t number(const Napi::CallbackInfo& info, size_t index) {
    return static_cast<uint64_t>(info[index].As<Napi::Number>().DoubleValue());
}

/// What the calls from the card's thread need; outlives the JavaScript object while any is queued.
struct Link {
    std::unique_ptr<Worker> worker;
    Napi::ThreadSafeFunction deliver;
    bool open = true;
};

class NativeCard : public Napi::ObjectWrap<NativeCard> {
  public:
    static Napi::Function define(Napi::Env env) {
        return DefineClass(env, "NativeCard",
                           {
                               InstanceMethod<&NativeCard::attach_memory>("attachMemory"),
                               InstanceMethod<&NativeCard::attach_interface>("attachInterface"),
                               InstanceMethod<&NativeCard::attach_serial>("attachSerial"),
                               InstanceMethod<&NativeCard::detach_serial>("detachSerial"),
                               InstanceMethod<&NativeCard::set_noise>("setNoise"),
                               InstanceMethod<&NativeCard::send>("send"),
                               InstanceMethod<&NativeCard::inject>("inject"),
                               InstanceMethod<&NativeCard::access>("access"),
                               InstanceMethod<&NativeCard::set_time>("setTime"),
                               InstanceMethod<&NativeCard::set_link>("setLink"),
                               InstanceMethod<&NativeCard::set_phy>("setPhy"),
                               InstanceMethod<&NativeCard::set_patterns>("setPatterns"),
                               InstanceMethod<&NativeCard::run>("run"),
                               InstanceMethod<&NativeCard::run_until_idle>("runUntilIdle"),
                               InstanceMethod<&NativeCard::statistics>("statistics"),
                               InstanceMethod<&NativeCard::close>("close"),
                           });
    }

    /// (options, onMail)
    explicit NativeCard(const Napi::CallbackInfo& info) : Napi::ObjectWrap<NativeCard>(info) {
        const auto given = info[0].As<Napi::Object>();
        WorkerOptions options;
        options.live = given.Get("live").ToBoolean();
        options.observe = given.Get("observe").ToBoolean();
        options.model.seed = given.Get("seed").ToNumber().Uint32Value();
        if (given.Has("trace")) {
            const auto trace = given.Get("trace").As<Napi::Object>();
            options.model.trace_file = trace.Get("file").ToString();
            options.model.trace_from = static_cast<uint64_t>(trace.Get("from").ToNumber().DoubleValue());
            options.model.trace_to = static_cast<uint64_t>(trace.Get("to").ToNumber().DoubleValue());
        }
        link_ = std::make_shared<Link>();
        link_->deliver = Napi::ThreadSafeFunction::New(info.Env(), info[1].As<Napi::Function>(),
                                                       "vidline card", 0, 1);
        // A weak link in the thread's function: the worker, which holds it, belongs to the link.
        std::weak_ptr<Link> weak = link_;
        auto deliver = link_->deliver;
        link_->worker = std::make_unique<Worker>(options, [weak, deliver]() mutable {
            deliver.NonBlockingCall([weak](Napi::Env env, Napi::Function on_mail) {
                const std::shared_ptr<Link> link = weak.lock();
                if (!link || !link->open) return;
                on_mail.Call({to_js(env, link->worker->fetch())});
            });
        });
        // The process or the worker thread of Node may end without close().
        napi_add_env_cleanup_hook(info.Env(), end_thread, link_.get());
        hooked_ = true;
    }

    ~NativeCard() override { shut(); }

  private:
    static void end_thread(void* link) { static_cast<Link*>(link)->worker->stop(); }

    void shut() {
        if (!link_ || !link_->open) return;
        link_->open = false;
        link_->worker->stop();
        link_->deliver.Release();
        if (hooked_) napi_remove_env_cleanup_hook(Env(), end_thread, link_.get());
        hooked_ = false;
    }

    void attach_memory(const Napi::CallbackInfo& info) {
        link_->worker->attach_memory(word(info, 0), word(info, 1));
    }
    void attach_interface(const Napi::CallbackInfo& info) {
        link_->worker->attach_interface(word(info, 0), word(info, 1), info[2].ToString());
    }
    void attach_serial(const Napi::CallbackInfo& info) { link_->worker->attach_serial(word(info, 0)); }
    void detach_serial(const Napi::CallbackInfo& info) { link_->worker->detach_serial(word(info, 0)); }
    /// (id, bitErrors, lost, doubled, seed)
    void set_noise(const Napi::CallbackInfo& info) {
        const vidline::LineNoise noise{word(info, 1), word(info, 2), word(info, 3), number(info, 4)};
        link_->worker->set_noise(word(info, 0), noise);
    }
    static MemoryFeed::Batch batch_of(const Napi::CallbackInfo& info, size_t first) {
        const auto bytes = info[first].As<Napi::Uint8Array>();
        MemoryFeed::Batch batch;
        batch.bytes.assign(bytes.Data(), bytes.Data() + bytes.ElementLength());
        batch.lengths = words_of(info[first + 1]);
        batch.notes = words_of(info[first + 2]);
        return batch;
    }
    /// (id, port, bytes, lengths, bad)
    void send(const Napi::CallbackInfo& info) {
        link_->worker->send(word(info, 0), word(info, 1), batch_of(info, 2));
    }
    /// (id, bytes, lengths, records)
    void inject(const Napi::CallbackInfo& info) {
        link_->worker->inject(word(info, 0), batch_of(info, 1));
    }
    /// (id, words): address, 1 for a write, value of each access
    void access(const Napi::CallbackInfo& info) {
        const std::vector<uint32_t> words = words_of(info[1]);
        vidline::AccessBatch batch;
        batch.id = word(info, 0);
        batch.accesses.reserve(words.size() / 3);
        for (size_t i = 0; i + 2 < words.size(); i += 3) {
            batch.accesses.push_back({words[i], words[i + 1] != 0, words[i + 2]});
        }
        link_->worker->access(std::move(batch));
    }
    void set_time(const Napi::CallbackInfo& info) {
        link_->worker->set_time(word(info, 0), number(info, 1));
    }
    /// (id, port, up)
    void set_link(const Napi::CallbackInfo& info) {
        link_->worker->set_link(word(info, 0), word(info, 1), info[2].ToBoolean());
    }
    /// (id, port, speed, fullDuplex, clock, pad)
    void set_phy(const Napi::CallbackInfo& info) {
        const vidline::PhySettings settings{word(info, 2), info[3].ToBoolean(), info[4].ToBoolean(),
                                            info[5].ToBoolean()};
        link_->worker->set_phy(word(info, 0), word(info, 1), settings);
    }
    /// (id, port, gaps, pressure, seed, heedRoom)
    void set_patterns(const Napi::CallbackInfo& info) {
        const uint64_t seed = number(info, 4);
        link_->worker->set_patterns(word(info, 0), word(info, 1), Pattern(word(info, 2), 2 * seed),
                                    Pattern(word(info, 3), 2 * seed + 1), info[5].ToBoolean());
    }
    void run(const Napi::CallbackInfo& info) { link_->worker->run(word(info, 0), number(info, 1)); }
    void run_until_idle(const Napi::CallbackInfo& info) {
        link_->worker->run_until_idle(word(info, 0), number(info, 1));
    }
    void statistics(const Napi::CallbackInfo& info) { link_->worker->statistics(word(info, 0)); }
    void close(const Napi::CallbackInfo&) { shut(); }

    std::shared_ptr<Link> link_;
    bool hooked_ = false;
};

/// (frame, start, offset): what interface ports do to a frame whose checksum is left open; for tests,
/// since not every kernel has SCTP.
Napi::Value finish_checksum(const Napi::CallbackInfo& info) {
    auto frame = info[0].As<Napi::Uint8Array>();
    return Napi::Boolean::New(info.Env(), vidline::finish_checksum(frame.Data(), frame.ElementLength(),
                                                                   word(info, 1), word(info, 2)));
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
    exports.Set("NativeCard", NativeCard::define(env));
    exports.Set("decisionWords", static_cast<uint32_t>(vidline::DECISION_WORDS));
    exports.Set("finishChecksum", Napi::Function::New(env, finish_checksum));
    exports.Set("canTrace", vidline::CardModel::can_trace());
    return exports;
}

}  // namespace

NODE_API_MODULE(vidline, initialise)
