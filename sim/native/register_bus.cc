#include "register_bus.h"

#include <utility>

namespace vidline {

void RegisterBus::add(AccessBatch batch) {
    if (batch.accesses.empty()) {
        done.push_back(std::move(batch));
    } else {
        batches_.push_back(std::move(batch));
    }
}

void RegisterBus::drive(Pins& pins) {
    *pins.cfg_valid = busy();
    if (!busy()) return;
    const RegisterAccess& access = batches_.front().accesses[at_];
    *pins.cfg_write = access.write;
    *pins.cfg_addr = access.address;
    *pins.cfg_wdata = access.value;
}

void RegisterBus::sample(const Pins& pins) {
    if (!busy()) return;
    if (!*pins.cfg_ready) {
        ++waited_;
        return;
    }
    waited_ = 0;
    AccessBatch& batch = batches_.front();
    RegisterAccess& access = batch.accesses[at_];
    if (!access.write) access.value = *pins.cfg_rdata;
    if (++at_ < batch.accesses.size()) return;
    at_ = 0;
    done.push_back(std::move(batch));
    batches_.pop_front();
}

}  // namespace vidline
