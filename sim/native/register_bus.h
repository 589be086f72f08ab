// The host's register accesses, one after the other.
#ifndef VIDLINE_REGISTER_BUS_H
#define VIDLINE_REGISTER_BUS_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "pins.h"

namespace vidline {

struct RegisterAccess {
    uint32_t address = 0;
    bool write = false;
    uint32_t value = 0;
};

/// Accesses that belong together, answered together.
struct AccessBatch {
    uint32_t id = 0;  // of the reply
    std::vector<RegisterAccess> accesses;
};

class RegisterBus {
  public:
    void add(AccessBatch batch);
    bool busy() const { return !batches_.empty(); }
    /// Batches that are done, with the values read (or written); the caller takes them out.
    std::vector<AccessBatch> done;

    void drive(Pins& pins);
    void sample(const Pins& pins);
    /// Clocks that the present access has waited for `cfg_ready`.
    uint32_t waited() const { return waited_; }
    /// Address of the present access.
    uint32_t address() const { return busy() ? batches_.front().accesses[at_].address : 0; }

  private:
    std::deque<AccessBatch> batches_;
    size_t at_ = 0;
    uint32_t waited_ = 0;
};

}  // namespace vidline

#endif
