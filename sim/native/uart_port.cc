#include "uart_port.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace vidline {

namespace {

constexpr unsigned BITS = 10;        // start, eight, stop
constexpr uint32_t BIT = 1u << 16;   // of phase
constexpr size_t MOST_IN = 4096;     // octets fetched ahead
constexpr size_t MOST_OUT = 1u << 20;

[[noreturn]] void refuse(const char* what) {
    throw std::runtime_error(std::string("pseudo-terminal: ") + what + ": " + std::strerror(errno));
}

}  // namespace

UartPort::UartPort(uint32_t step) : step_(step) {
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master_ < 0) refuse("posix_openpt");
    std::array<char, 64> name{};
    if (::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
        ::ptsname_r(master_, name.data(), name.size()) != 0) {
        ::close(master_);
        refuse("unlockpt");
    }
    path_ = name.data();
    // Kept open: without a host the line is there all the same, and what it sends is not echoed.
    slave_ = ::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings{};
    if (slave_ < 0 || ::tcgetattr(slave_, &settings) != 0) {
        ::close(master_);
        refuse(name.data());
    }
    ::cfmakeraw(&settings);
    ::tcsetattr(slave_, TCSANOW, &settings);
}

UartPort::~UartPort() {
    if (slave_ >= 0) ::close(slave_);
    if (master_ >= 0) ::close(master_);
}

void UartPort::set_noise(const LineNoise& noise) {
    noise_ = noise;
    random_ = noise.seed * 0x9e3779b97f4a7c15u + 1;
}

bool UartPort::chance(uint32_t of_a_million) {
    if (of_a_million == 0) return false;
    random_ ^= random_ << 13;  // xorshift64, Marsaglia 2003
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const bool hit = (random_ >> 11) % 1'000'000 < of_a_million;
    statistics_.noise += hit;
    return hit;
}

bool UartPort::turned(bool bit) { return bit != chance(noise_.bit_errors); }

unsigned UartPort::times() {
    if (chance(noise_.lost)) return 0;
    return chance(noise_.doubled) ? 2 : 1;
}

bool UartPort::exchange() {
    bool came = false;
    std::array<uint8_t, 1024> octets;
    while (in_.size() < MOST_IN) {
        const ssize_t count = ::read(master_, octets.data(), octets.size());
        if (count <= 0) break;
        came = true;
        for (ssize_t i = 0; i < count; ++i) {
            for (unsigned n = times(); n > 0; --n) in_.push_back(octets[static_cast<size_t>(i)]);
        }
    }
    if (!out_.empty()) {
        const ssize_t count = ::write(master_, out_.data(), out_.size());
        if (count > 0) out_.erase(out_.begin(), out_.begin() + count);
        if (out_.size() > MOST_OUT) {
            statistics_.unread += out_.size();
            out_.clear();
        }
    }
    // A host's exclusive use ends with its last descriptor, but ours stays open.
    if (!came) ::ioctl(slave_, TIOCNXCL);
    return came;
}

void UartPort::drive(Pins& pins) {
    if (sending_ == 0 && !in_.empty()) {
        sent_ = (1u << (BITS - 1)) | (static_cast<uint32_t>(in_.front()) << 1);
        in_.pop_front();
        ++statistics_.octets_in;
        sending_ = BITS;
        send_phase_ = 0;
        level_ = turned(sent_ & 1);
    }
    *pins.uart_rx = level_;
    if (sending_ == 0) return;
    send_phase_ += step_;
    if (send_phase_ < BIT) return;
    send_phase_ -= BIT;
    sent_ >>= 1;
    level_ = --sending_ == 0 || turned(sent_ & 1);
}

void UartPort::sample(const Pins& pins) {
    if (receiving_ == 0) {
        if (*pins.uart_tx) return;
        receiving_ = BITS;
        receive_phase_ = BIT / 2;
        received_ = 0;
        return;
    }
    receive_phase_ += step_;
    if (receive_phase_ < BIT) return;
    receive_phase_ -= BIT;
    received_ |= static_cast<uint32_t>(turned(*pins.uart_tx)) << (BITS - receiving_);
    if (--receiving_ != 0) return;
    if (!(received_ >> (BITS - 1))) {
        ++statistics_.framing;
        return;
    }
    ++statistics_.octets_out;
    for (unsigned n = times(); n > 0; --n) out_.push_back(static_cast<uint8_t>(received_ >> 1));
}

}  // namespace vidline
