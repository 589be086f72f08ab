#include "interface_port.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "checksum.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23  // Linux 4.20
#endif

namespace vidline {

namespace {

/// struct virtio_net_hdr of linux/virtio_net.h, which newer kernels' headers no longer let C++ read.
struct VnetHeader {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t header_length;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
};
static_assert(sizeof(VnetHeader) == 10);
constexpr uint8_t NEEDS_CSUM = 1;
constexpr uint8_t GSO_NONE = 0;

constexpr unsigned BATCH = 128;       // frames of one system call
constexpr size_t SLOT = 16 * 1024;    // longest frame, with room for jumbo frames
constexpr size_t TAG = 4;             // room for a VLAN tag that is put back
constexpr int SOCKET_BUFFER = 32 << 20;
constexpr size_t MOST_TO_SEND = 4096;  // frames

[[noreturn]] void refuse(const std::string& interface, const char* what, const char* remedy) {
    throw std::runtime_error("interface " + interface + ": " + what + ": " + std::strerror(errno) + remedy);
}

void set(int fd, int level, int option, int value) {
    ::setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

struct InterfacePort::Ring {
    struct Slot {
        VnetHeader header;
        uint8_t frame[TAG + SLOT];
        alignas(cmsghdr) uint8_t control[CMSG_SPACE(sizeof(tpacket_auxdata))];
        sockaddr_ll from;
    };
    std::vector<Slot> slots{BATCH};
    std::array<std::array<iovec, 2>, BATCH> vectors{};
    std::array<mmsghdr, BATCH> messages{};
};

InterfacePort::Socket::Socket(const std::string& name)
    // Protocol 0: nothing is received until bind, so no frame of another interface slips in.
    : interface(name), fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    if (fd < 0) {
        refuse(interface, "raw socket", " (needs CAP_NET_RAW: be root, or in a user namespace of your own)");
    }
}

InterfacePort::Socket::~Socket() {
    if (fd >= 0) ::close(fd);
}

void InterfacePort::Socket::bind(unsigned index, uint16_t protocol) const {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(index);
    address.sll_protocol = htons(protocol);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
        refuse(interface, "bind", "");
    }
}

InterfacePort::InterfacePort(const std::string& interface)
    : receive_(interface),
      send_(interface),
      ring_(std::make_unique<Ring>()),
      other_ring_(std::make_unique<Ring>()) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) refuse(interface, "not there", " (ip link shows those there are)");
    set(receive_.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    set(receive_.fd, SOL_PACKET, PACKET_AUXDATA, 1);
    const int on = 1;
    if (::setsockopt(receive_.fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) != 0) {
        refuse(interface, "PACKET_VNET_HDR", "");
    }
    // Large without privilege where the limits allow it, larger with.
    set(receive_.fd, SOL_SOCKET, SO_RCVBUF, SOCKET_BUFFER);
    set(receive_.fd, SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER);
    set(send_.fd, SOL_SOCKET, SO_SNDBUF, SOCKET_BUFFER);
    set(send_.fd, SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER);

    packet_mreq request{};
    request.mr_ifindex = static_cast<int>(index);
    request.mr_type = PACKET_MR_PROMISC;
    if (::setsockopt(receive_.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request) != 0) {
        refuse(interface, "promiscuous mode", "");
    }
    send_.bind(index, 0);
    receive_.bind(index, ETH_P_ALL);
    frames_.reserve(BATCH);
}

InterfacePort::~InterfacePort() = default;

void InterfacePort::receive() {
    if (pending()) return;
    Ring& ring = *other_ring_;
    for (unsigned i = 0; i < BATCH; ++i) {
        Ring::Slot& slot = ring.slots[i];
        ring.vectors[i] = {{{&slot.header, sizeof slot.header}, {slot.frame + TAG, SLOT}}};
        msghdr& message = ring.messages[i].msg_hdr;
        message = {};
        message.msg_name = &slot.from;
        message.msg_namelen = sizeof slot.from;
        message.msg_iov = ring.vectors[i].data();
        message.msg_iovlen = 2;
        message.msg_control = slot.control;
        message.msg_controllen = sizeof slot.control;
    }
    const int count = ::recvmmsg(receive_.fd, ring.messages.data(), BATCH, MSG_DONTWAIT, nullptr);
    if (count <= 0) {
        // ENETDOWN is told once; the socket goes on when the interface comes up again.
        if (count < 0 && errno != EAGAIN && errno != EINTR) ++statistics_.receive_errors;
        return;
    }
    frames_.clear();
    at_ = 0;
    std::swap(ring_, other_ring_);
    for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) accept(ring, i);
}

void InterfacePort::accept(Ring& ring, unsigned index) {
    Ring::Slot& slot = ring.slots[index];
    const mmsghdr& message = ring.messages[index];
    if (slot.from.sll_pkttype == PACKET_OUTGOING) return;  // kernels before 4.20
    if (message.msg_len <= sizeof slot.header) return;
    if (slot.header.gso_type != GSO_NONE) {
        ++statistics_.unsegmented;
        return;
    }
    if (message.msg_hdr.msg_flags & MSG_TRUNC) {
        ++statistics_.too_long;
        return;
    }
    uint8_t* frame = slot.frame + TAG;
    size_t length = message.msg_len - sizeof slot.header;
    if ((slot.header.flags & NEEDS_CSUM) &&
        finish_checksum(frame, length, slot.header.csum_start, slot.header.csum_offset)) {
        ++statistics_.checksums;
    }
    for (cmsghdr* c = CMSG_FIRSTHDR(&message.msg_hdr); c;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&message.msg_hdr), c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
        tpacket_auxdata aux;
        std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
        if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) continue;
        // The kernel took the tag out of the frame: it belongs behind the two addresses.
        const uint16_t type = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q;
        std::memmove(frame - TAG, frame, 2 * ETH_ALEN);
        frame -= TAG;
        length += TAG;
        const uint8_t tag[TAG] = {static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type),
                                  static_cast<uint8_t>(aux.tp_vlan_tci >> 8),
                                  static_cast<uint8_t>(aux.tp_vlan_tci)};
        std::memcpy(frame + 2 * ETH_ALEN, tag, TAG);
        ++statistics_.tags;
    }
    FrameView view;
    view.data = frame;
    view.length = static_cast<uint32_t>(length);
    frames_.push_back(view);
}

bool InterfacePort::next(FrameView& frame) {
    if (!pending()) return false;
    frame = frames_[at_++];
    return true;
}

void InterfacePort::take(const uint8_t* data, size_t length) {
    if (lengths_.size() - sent_ >= MOST_TO_SEND) {
        ++statistics_.send_overflow;
        return;
    }
    bytes_.insert(bytes_.end(), data, data + length);
    lengths_.push_back(static_cast<uint32_t>(length));
}

void InterfacePort::flush() {
    std::array<mmsghdr, BATCH> messages;
    std::array<iovec, BATCH> vectors;
    while (sending()) {
        const unsigned count = static_cast<unsigned>(std::min<size_t>(BATCH, lengths_.size() - sent_));
        size_t at = sent_bytes_;
        for (unsigned i = 0; i < count; ++i) {
            vectors[i] = {bytes_.data() + at, lengths_[sent_ + i]};
            at += lengths_[sent_ + i];
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
        int done = ::sendmmsg(send_.fd, messages.data(), count, MSG_DONTWAIT);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            if (errno == EAGAIN || errno == ENOBUFS) {
                ++statistics_.send_waits;
                break;
            }
            ++statistics_.send_errors;  // this frame will not be taken: the next may
            done = 1;
        }
        for (int i = 0; i < done; ++i) sent_bytes_ += lengths_[sent_ + static_cast<unsigned>(i)];
        sent_ += static_cast<unsigned>(done);
    }
    if (!sending()) {
        bytes_.clear();
        lengths_.clear();
        sent_ = 0;
        sent_bytes_ = 0;
    } else if (sent_ > MOST_TO_SEND) {
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_bytes_));
        lengths_.erase(lengths_.begin(), lengths_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
        sent_bytes_ = 0;
    }
}

const InterfacePort::Statistics& InterfacePort::statistics() {
    tpacket_stats counts{};
    socklen_t size = sizeof counts;
    // Reading resets the kernel's numbers.
    if (::getsockopt(receive_.fd, SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0) {
        statistics_.kernel_drops += counts.tp_drops;
    }
    return statistics_;
}

}  // namespace vidline
