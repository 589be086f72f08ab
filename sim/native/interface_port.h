// A port of the card on a network interface of the kernel (AF_PACKET): every frame that the
// interface receives goes into the card, whatever the card sends leaves by the interface.
#ifndef VIDLINE_INTERFACE_PORT_H
#define VIDLINE_INTERFACE_PORT_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "frames.h"

namespace vidline {

class InterfacePort : public FrameFeed, public FrameTaker {
  public:
    struct Statistics {
        uint64_t kernel_drops = 0;   // the socket's buffer was full
        uint64_t unsegmented = 0;    // larger than any frame: the sender's TSO or GSO is on
        uint64_t too_long = 0;       // longer than a slot here
        uint64_t checksums = 0;      // finished here
        uint64_t tags = 0;           // VLAN tags put back
        uint64_t receive_errors = 0; // interface down or gone
        uint64_t send_errors = 0;    // refused by the interface: down, or longer than its MTU
        uint64_t send_overflow = 0;  // the interface took frames too slowly
        uint64_t send_waits = 0;     // times the interface was busy and frames had to wait
    };

    /// Throws std::runtime_error in words: no such interface, no right.
    explicit InterfacePort(const std::string& interface);
    ~InterfacePort() override;  // out of line: Ring is complete only there
    InterfacePort(const InterfacePort&) = delete;
    InterfacePort& operator=(const InterfacePort&) = delete;

    int receive_fd() const { return receive_.fd; }
    int send_fd() const { return send_.fd; }
    bool sending() const { return sent_ < lengths_.size(); }

    /// Fetches frames from the kernel when all that were fetched before have been fed.
    void receive();
    bool pending() const override { return at_ < frames_.size(); }
    bool next(FrameView& frame) override;

    void take(const uint8_t* data, size_t length) override;
    /// Hands the kernel what it takes without waiting.
    void flush();

    const Statistics& statistics();

  private:
    struct Ring;  // buffers and headers of one recvmmsg
    struct Socket {
        explicit Socket(const std::string& interface);
        ~Socket();
        Socket(const Socket&) = delete;
        Socket& operator=(const Socket&) = delete;
        void bind(unsigned interface, uint16_t protocol) const;
        const std::string interface;
        const int fd;
    };
    void accept(Ring& ring, unsigned index);

    const Socket receive_;
    const Socket send_;
    // Two, in turns: the last frame of one may still be on its way into the card while the other is
    // filled.
    std::unique_ptr<Ring> ring_, other_ring_;
    std::vector<FrameView> frames_;
    size_t at_ = 0;

    // Frames to send, back to back; the first `sent_` of them are gone.
    std::vector<uint8_t> bytes_;
    std::vector<uint32_t> lengths_;
    size_t sent_ = 0;
    size_t sent_bytes_ = 0;
    Statistics statistics_;
};

}  // namespace vidline

#endif
