// Sends frames on an interface as fast as it takes them, and says how long that took. send.ts has its type.
#include <linux/if_packet.h>
#include <napi.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

namespace {

Napi::Error failed(Napi::Env env, const char* what) {
    return Napi::Error::New(env, std::string(what) + ": " + std::strerror(errno));
}

/// interface, frames of one length, their length, how many to send -> nanoseconds
Napi::Value send(const Napi::CallbackInfo& info) {
    const auto env = info.Env();
    const std::string name = info[0].As<Napi::String>();
    const auto bytes = info[1].As<Napi::Uint8Array>();
    const size_t length = info[2].As<Napi::Number>().Uint32Value();
    const uint32_t count = info[3].As<Napi::Number>().Uint32Value();
    const size_t frames = length == 0 ? 0 : bytes.ElementLength() / length;
    if (frames == 0) throw Napi::RangeError::New(env, "no frames");
    // Protocol 0: this socket receives nothing.
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) throw failed(env, "raw socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = int(::if_nametoindex(name.c_str()));
    const int on = 1;
    ::setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        ::close(fd);
        throw failed(env, name.c_str());
    }
    const auto begin = std::chrono::steady_clock::now();
    for (uint32_t n = 0; n < count; n++) {
        if (::send(fd, bytes.Data() + n % frames * length, length, 0) < 0) {
            ::close(fd);
            throw failed(env, "send");
        }
    }
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - begin;
    ::close(fd);
    return Napi::Number::New(env, passed.count());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("send", Napi::Function::New(env, send));
    return exports;
}

}  // namespace

NODE_API_MODULE(vidline_send, init)
