// Sends Ethernet frames as they are on a network interface: what Node has no call for.
#include <linux/if_packet.h>
#include <napi.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace {

[[noreturn]] void fail(const Napi::Env& env, const std::string& what, int error) {
    throw Napi::Error::New(env, what + ": " + std::strerror(error));
}

/// open(interface): a file descriptor. Throws where there is no such interface, or no CAP_NET_RAW.
Napi::Value open_link(const Napi::CallbackInfo& info) {
    const std::string interface = info[0].As<Napi::String>();
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0) fail(info.Env(), "interface " + interface, errno);
    // Protocol 0: this socket receives nothing.
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail(info.Env(), "raw socket on " + interface, errno);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd);
        fail(info.Env(), "raw socket on " + interface, error);
    }
    return Napi::Number::New(info.Env(), fd);
}

/// send(fd, frame): whether the kernel took it.
Napi::Value send_frame(const Napi::CallbackInfo& info) {
    const int fd = info[0].As<Napi::Number>();
    const auto frame = info[1].As<Napi::Uint8Array>();
    const auto bytes = static_cast<ssize_t>(frame.ByteLength());
    const bool sent = ::send(fd, frame.Data(), frame.ByteLength(), MSG_DONTWAIT) == bytes;
    return Napi::Boolean::New(info.Env(), sent);
}

void close_link(const Napi::CallbackInfo& info) { ::close(info[0].As<Napi::Number>()); }

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("open", Napi::Function::New(env, open_link));
    exports.Set("send", Napi::Function::New(env, send_frame));
    exports.Set("close", Napi::Function::New(env, close_link));
    return exports;
}

}  // namespace

NODE_API_MODULE(link_socket, init)
