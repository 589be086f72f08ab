// A connection table, as software load balancers keep one: each session's identifier and where it goes.
// It is here to be compared with, and it is a good one: a bucket is a line of the cache, looked up by
// one hash, prefetched in the first pass, in huge pages where the kernel gives them.
#ifndef VIDLINE_ROUTER_CONNECTIONS_H
#define VIDLINE_ROUTER_CONNECTIONS_H
#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace vidline {

class Connections {
public:
    /// Room for `sessions` at half load, a power of two of buckets. Throws std::bad_alloc.
    explicit Connections(uint64_t sessions) {
        uint64_t buckets = 1;
        while (buckets * ENTRIES / 2 < sessions) buckets *= 2;
        mask_ = buckets - 1;
        void* at = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) throw std::bad_alloc();
        madvise(at, bytes(), MADV_HUGEPAGE);
        buckets_ = static_cast<Bucket*>(at);
    }
    ~Connections() { munmap(buckets_, bytes()); }
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    uint64_t bytes() const { return (mask_ + 1) * sizeof(Bucket); }
    const void* place(uint64_t key) const { return &buckets_[hash(key)]; }

    void insert(uint64_t key, uint16_t slot) {
        for (uint64_t at = hash(key);; at = (at + 1) & mask_) {
            Bucket& bucket = buckets_[at];
            if (bucket.used == ENTRIES) continue;
            bucket.keys[bucket.used] = key;
            bucket.slots[bucket.used++] = slot;
            return;
        }
    }

    /// -1: not there.
    int find(uint64_t key) const {
        for (uint64_t at = hash(key);; at = (at + 1) & mask_) {
            const Bucket& bucket = buckets_[at];
            for (unsigned n = 0; n < bucket.used; n++) {
                if (bucket.keys[n] == key) return bucket.slots[n];
            }
            if (bucket.used < ENTRIES) return -1;
        }
    }

private:
    static constexpr unsigned ENTRIES = 6;
    struct alignas(64) Bucket {
        uint64_t keys[ENTRIES];
        uint16_t slots[ENTRIES];
        uint16_t used;
    };
    static_assert(sizeof(Bucket) == 64);

    /// Fibonacci hashing (Knuth, vol. 3, §6.4) after a fold, of which the upper bits are good.
    uint64_t hash(uint64_t key) const {
        key = (key ^ key >> 32) * 0x9e3779b97f4a7c15u;
        return (key ^ key >> 29) * 0xbf58476d1ce4e5b9u >> 24 & mask_;
    }

    Bucket* buckets_;
    uint64_t mask_;
};

}  // namespace vidline
#endif
