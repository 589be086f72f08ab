// Sends frames of 60 bytes on an interface at a steady rate.
//
//   sender INTERFACE FRAMES_PER_SECOND COUNT FILE
//
// FILE holds frames of 60 bytes one behind the other; they are sent over and over, COUNT in all.
// Prints one JSON object: frames sent, and when it began and ended in seconds of CLOCK_MONOTONIC.
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

constexpr size_t FRAME = 60;
constexpr unsigned BATCH = 64;
// Frames that are due together go out together; shorter sleeps only cost processor time.
constexpr long PAUSE_NS = 50'000;

double now() {
    timespec time;
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

int fail(const char* what) {
    std::fprintf(stderr, "sender: %s: %s\n", what, std::strerror(errno));
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        std::fprintf(stderr, "use: sender INTERFACE FRAMES_PER_SECOND COUNT FILE\n");
        return 2;
    }
    const double rate = std::strtod(arguments[2], nullptr);
    const uint64_t total = std::strtoull(arguments[3], nullptr, 10);
    std::ifstream file(arguments[4], std::ios::binary);
    std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const size_t frames = bytes.size() / FRAME;
    if (!(rate > 0) || frames == 0) {
        std::fprintf(stderr, "sender: no rate, or no frame of %zu bytes in %s\n", FRAME, arguments[4]);
        return 5;
    }
    // Protocol 0: this socket receives nothing.
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return fail("raw socket");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(::if_nametoindex(arguments[1]));
    if (address.sll_ifindex == 0) return fail(arguments[1]);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail("bind");
    // Straight to the interface: a queueing discipline has nothing to queue here. Without it the
    // frames go the slower way, so a kernel that refuses is no reason to stop.
    const int on = 1;
    ::setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    ::prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);

    mmsghdr messages[BATCH];
    iovec vectors[BATCH];
    uint64_t sent = 0;
    const double begin = now();
    while (sent < total) {
        const uint64_t due = std::min<uint64_t>(total, static_cast<uint64_t>((now() - begin) * rate) + 1);
        if (due <= sent) {
            const timespec pause{0, PAUSE_NS};
            ::nanosleep(&pause, nullptr);
            continue;
        }
        const unsigned some = static_cast<unsigned>(std::min<uint64_t>(BATCH, due - sent));
        for (unsigned i = 0; i < some; ++i) {
            vectors[i] = {bytes.data() + (sent + i) % frames * FRAME, FRAME};
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        const int done = ::sendmmsg(fd, messages, some, 0);
        if (done > 0) {
            sent += static_cast<uint64_t>(done);
        } else if (errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            return fail("send");
        }
    }
    std::printf("{\"sent\": %llu, \"begin\": %.6f, \"end\": %.6f}\n", static_cast<unsigned long long>(sent),
                begin, now());
    ::close(fd);
    return 0;
}
