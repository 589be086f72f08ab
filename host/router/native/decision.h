// The decision record (docs/card.md) in the form in which a program keeps it.
#ifndef VIDLINE_ROUTER_DECISION_H
#define VIDLINE_ROUTER_DECISION_H
#include <cstdint>

namespace vidline {

struct Decision {
    enum Flag : uint16_t {
        RULE_HIT = 1,
        FRAGMENT_FOLLOWED = 2,
        QUOTED = 4,
        KEY_VALID = 8,
        OVERRIDE_HIT = 16,
        VID_VALID = 32,
        SLOT_VALID = 64,
    };
    uint64_t key = 0;
    uint16_t vid = 0;
    uint16_t row = 0;  // its bits, as in the table
    uint16_t length = 0;
    uint16_t flags = 0;
    uint8_t reason = 0, origin = 0, ingress = 0, egress = 0;
    uint8_t rule = 0, slot = 0, epoch = 0;
};
static_assert(sizeof(Decision) == 24);

}  // namespace vidline
#endif
