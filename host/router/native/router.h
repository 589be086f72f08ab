// The card's job as a program on one core: parse, classify, look up, decide, rewrite (docs/card.md,
// steps 1 to 6, and policing).
//
// A batch goes through three passes, so that no frame waits for memory alone: the first reads headers,
// finds rule and identifier and prefetches what they lead to; the second reads overrides and prefetches
// rows; the third, in the frames' order, knows fragments and policers, decides and rewrites in place.
// Nothing is allocated after the constructor.
#ifndef VIDLINE_ROUTER_ROUTER_H
#define VIDLINE_ROUTER_ROUTER_H
#include <memory>

#include "connections.h"
#include "decision.h"
#include "fragments.h"
#include "packet.h"
#include "tables.h"

namespace vidline {

/// A frame that comes in. `data` has room for READABLE bytes at least and is rewritten in place.
struct Frame {
    uint8_t* data = nullptr;
    uint32_t length = 0;
    uint32_t tag = 0;  // the caller's own, and given back with its end
    uint8_t port = 0;
    bool injected = false;
    uint8_t mode = 0, target = 0;  // of an injected one
    bool bad = false;              // the receiver marked it (FCS)
};

/// What became of a frame.
struct End {
    Decision decision;
    uint8_t* data = nullptr;  // as it leaves; valid until the next call
    uint32_t tag = 0;
};

class Router {
public:
    /// Frames of one call, and how many it prefetches for.
    static constexpr unsigned BATCH = 32;
    /// Ends that one call can give: its frames and those that had waited for their first fragment.
    static constexpr unsigned MOST_ENDS = BATCH + Hold::FRAMES;

    explicit Router(const Sizes& sizes);

    Tables& tables() { return tables_; }
    const Tables& tables() const { return tables_; }
    uint64_t now_us() const { return now_us_; }
    /// From now on identifiers are looked up there, in place of overrides and rows, and what is not there
    /// is punted. Null: as the card does. The caller keeps it.
    void use_connections(const Connections* connections) { connections_ = connections; }
    /// Time goes on; gives the ends of fragments that waited in vain, and how many.
    unsigned advance(uint64_t now_us, End* ends);
    /// At most BATCH frames; gives ends, in their order, and how many.
    unsigned process(const Frame* frames, unsigned count, End* ends);

private:
    /// What is left to do with a frame.
    enum class Next : uint8_t { done, override, row, follow, connection };
    /// Which addresses are written (step 6).
    enum Rewrite : uint8_t { nothing, macs, destination, source };

    struct Work {
        Decision decision;
        Next next;
        bool teaches;        // a first fragment that later ones will follow
        bool is_unhealthy;
        uint8_t unhealthy;       // its reason; of those only first fragments are looked at
        Rewrite rewrite;
        bool fabric;
        uint32_t place, other;   // where an override may lie
        u128 key;                // of the override
        u128 fragment;
        uint32_t fragment_place;
    };

    // Each of these is called in one place of its file; a call and its registers cost a fifth of a frame.
    void look(const Frame& frame, Work& work);
    [[gnu::always_inline]] inline void look_from_line(Packet& packet, Work& work);
    [[gnu::always_inline]] inline void look_at_rule(const Packet& packet, const Quoted& quoted, unsigned rule, Work& work);
    void look_at_quoted(const Packet& packet, const Quoted& quoted, const Rule& rule, Work& work);
    [[gnu::always_inline]] inline void identify(const Packet& packet, const Rule& rule, Work& work);
    void look_from_fabric(const Packet& packet, const Frame& frame, Work& work);
    void look_injected(const Frame& frame, Work& work);
    void ask_override(Work& work);
    void ask_connections(Work& work);
    [[gnu::always_inline]] inline void decide_row(Work& work);
    void to_slot(Work& work, uint8_t code, unsigned slot, Rewrite rewrite);
    void note_fragment(const Packet& packet, Work& work);

    [[gnu::always_inline]] inline End* finish(const Frame& frame, Work& work, End* end);
    [[gnu::always_inline]] inline End* conclude(uint8_t* data, uint32_t tag, Work& work, End* end);
    End* release(uint32_t place, End* end);
    bool polices(Work& work, Policer** policer);
    [[gnu::always_inline]] inline void emit(uint8_t* data, uint32_t tag, const Work& work, End& end) const;
    [[gnu::always_inline]] inline int matching_rule(const Packet& packet, const Quoted& quoted) const;

    Tables tables_;
    FragmentTable fragments_;
    Hold hold_;
    const Connections* connections_ = nullptr;
    uint64_t now_us_ = 0;
};

}  // namespace vidline
#endif
