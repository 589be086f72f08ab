// Ethernet frames as they are on a network interface: what Node has no call for. It sends, hears
// the frames of one EtherType, and sends heartbeats from a thread of its own, which Node's pauses do
// not stop, but a worker that does not go on does.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <napi.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr size_t kFrame = 2048;
/// Frames that may wait for the event loop; what comes then is dropped, as a full socket would.
constexpr size_t kWaiting = 4096;

using Frames = std::vector<std::vector<uint8_t>>;

[[noreturn]] void fail(const Napi::Env& env, const std::string& what, int error) {
    throw Napi::Error::New(env, what + ": " + std::strerror(error));
}

/// A raw socket on an interface; receives one EtherType, or nothing where that is 0.
int open_socket(const Napi::Env& env, const std::string& interface, uint16_t ether_type) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ether_type);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0) fail(env, "interface " + interface, errno);
    // Protocol 0 until it is bound: frames of other interfaces are none of ours.
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail(env, "raw socket on " + interface, errno);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd);
        fail(env, "raw socket on " + interface, error);
    }
    return fd;
}

class Link : public Napi::ObjectWrap<Link> {
public:
    static Napi::Function define(Napi::Env env) {
        return DefineClass(env, "Link",
                           {InstanceMethod<&Link::send>("send"), InstanceMethod<&Link::close>("close")});
    }

    /// new Link(interface, etherType, receive): throws where there is no such interface, or no
    /// CAP_NET_RAW. EtherType 0: it only sends.
    explicit Link(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Link>(info) {
        const auto ether_type = static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value());
        fd_ = open_socket(info.Env(), info[0].As<Napi::String>(), ether_type);
        if (ether_type == 0) return;
        hear_ = Napi::ThreadSafeFunction::New(info.Env(), info[2].As<Napi::Function>(), "link", 0, 1);
        hear_.Unref(info.Env());  // keeps no process alive
        stop_ = ::eventfd(0, EFD_CLOEXEC);
        thread_ = std::thread([this] { run(); });
    }

    ~Link() override { end(); }

private:
    /// Whether the kernel took the frame.
    Napi::Value send(const Napi::CallbackInfo& info) {
        const auto frame = info[0].As<Napi::Uint8Array>();
        const auto bytes = static_cast<ssize_t>(frame.ByteLength());
        const bool sent = fd_ >= 0 && ::send(fd_, frame.Data(), frame.ByteLength(), MSG_DONTWAIT) == bytes;
        return Napi::Boolean::New(info.Env(), sent);
    }

    void close(const Napi::CallbackInfo&) { end(); }

    void end() {
        if (thread_.joinable()) {
            heard_->closed = true;
            const uint64_t one = 1;
            if (::write(stop_, &one, sizeof one) != sizeof one) std::abort();
            thread_.join();
            ::close(stop_);
            hear_.Release();
        }
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    void run() {
        std::array<uint8_t, kFrame> frame{};
        std::array<pollfd, 2> waiting{{{fd_, POLLIN, 0}, {stop_, POLLIN, 0}}};
        while (true) {
            if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
            if (waiting[1].revents != 0) return;
            while (true) {
                sockaddr_ll from{};
                socklen_t size = sizeof from;
                const ssize_t bytes = ::recvfrom(fd_, frame.data(), frame.size(), MSG_DONTWAIT,
                                                 reinterpret_cast<sockaddr*>(&from), &size);
                if (bytes < 0) break;
                // What we sent ourselves comes by as well.
                if (from.sll_pkttype != PACKET_OUTGOING) keep(frame.data(), static_cast<size_t>(bytes));
            }
        }
    }

    /// Puts a frame with those that wait; the first of them calls the event loop.
    void keep(const uint8_t* bytes, size_t length) {
        bool call = false;
        {
            const std::lock_guard<std::mutex> lock(heard_->mutex);
            if (heard_->frames.size() >= kWaiting) return;
            call = heard_->frames.empty();
            heard_->frames.emplace_back(bytes, bytes + length);
        }
        if (!call) return;
        hear_.NonBlockingCall([heard = heard_](Napi::Env env, Napi::Function receive) {
            Frames taken;
            {
                const std::lock_guard<std::mutex> lock(heard->mutex);
                taken.swap(heard->frames);
            }
            for (const auto& frame : taken) {
                if (env == nullptr || heard->closed) return;
                receive.Call({Napi::Buffer<uint8_t>::Copy(env, frame.data(), frame.size())});
            }
        });
    }

    /// Outlives the link: a call may still be on its way.
    struct Heard {
        std::mutex mutex;
        Frames frames;
        std::atomic<bool> closed{false};
    };

    int fd_ = -1;
    int stop_ = -1;
    Napi::ThreadSafeFunction hear_;
    std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
    std::thread thread_;
};

/// Sends a frame each interval from a thread of its own, for as long as the worker goes on.
class Beats : public Napi::ObjectWrap<Beats> {
public:
    static Napi::Function define(Napi::Env env) {
        return DefineClass(env, "Beats",
                           {InstanceMethod<&Beats::progress>("progress"),
                            InstanceMethod<&Beats::counts>("counts"), InstanceMethod<&Beats::stop>("stop")});
    }

    /// new Beats(interface, frame, intervalUs, progressUs): throws as Link does. The frame's bytes 22
    /// to 25 count its frames, 26 to 29 the worker's progress.
    explicit Beats(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Beats>(info) {
        const auto frame = info[1].As<Napi::Uint8Array>();
        frame_.assign(frame.Data(), frame.Data() + frame.ByteLength());
        if (frame_.size() < kProgressAt + 4) throw Napi::RangeError::New(info.Env(), "frame too short");
        interval_ns_ = 1000 * info[2].As<Napi::Number>().Int64Value();
        limit_ns_ = 1000 * info[3].As<Napi::Number>().Int64Value();
        fd_ = open_socket(info.Env(), info[0].As<Napi::String>(), 0);
        thread_ = std::thread([this] { run(); });
    }

    ~Beats() override { end(); }

private:
    /// Behind the Ethernet header (14), version, three reserved and nonce (host/protocol/heartbeat.ts).
    static constexpr int kPriority = -15;
    static constexpr size_t kSequenceAt = 22;
    static constexpr size_t kProgressAt = 26;

    /// The worker goes on.
    void progress(const Napi::CallbackInfo&) { progress_.fetch_add(1, std::memory_order_relaxed); }

    /// { sent, withheld }: frames since the start.
    Napi::Value counts(const Napi::CallbackInfo& info) {
        auto counts = Napi::Object::New(info.Env());
        counts.Set("sent", static_cast<double>(sent_.load()));
        counts.Set("withheld", static_cast<double>(withheld_.load()));
        return counts;
    }

    void stop(const Napi::CallbackInfo&) { end(); }

    void end() {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    void put(size_t at, uint32_t value) {
        const uint32_t big = htonl(value);
        std::memcpy(frame_.data() + at, &big, sizeof big);
    }

    void run() {
        using Clock = std::chrono::steady_clock;
        // It needs microseconds of a processor, and must have them in time however busy the machine is.
        // Without CAP_SYS_NICE it stays as it is.
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kPriority);
        auto due = Clock::now();
        auto moved = due;
        uint32_t seen = progress_.load();
        std::unique_lock<std::mutex> lock(mutex_);
        while (!stopping_) {
            const auto now = Clock::now();
            const uint32_t present = progress_.load(std::memory_order_relaxed);
            if (present != seen) moved = now;
            seen = present;
            if (now - moved <= std::chrono::nanoseconds(limit_ns_)) {
                put(kSequenceAt, static_cast<uint32_t>(sent_.load()));
                put(kProgressAt, present);
                if (::send(fd_, frame_.data(), frame_.size(), MSG_DONTWAIT) >= 0) sent_++;
            } else {
                withheld_++;
            }
            // After a pause of the whole process what was missed is not made up for.
            due = std::max(due + std::chrono::nanoseconds(interval_ns_), now);
            wake_.wait_until(lock, due, [this] { return stopping_; });
        }
    }

    int fd_ = -1;
    std::vector<uint8_t> frame_;
    int64_t interval_ns_ = 0;
    int64_t limit_ns_ = 0;
    std::atomic<uint32_t> progress_{0};
    std::atomic<uint64_t> sent_{0};
    std::atomic<uint64_t> withheld_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("Link", Link::define(env));
    exports.Set("Beats", Beats::define(env));
    return exports;
}

}  // namespace

NODE_API_MODULE(link_socket, init)
