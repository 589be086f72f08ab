// The thread of one card: builds the model, evaluates it and destroys it.
#ifndef VIDLINE_WORKER_H
#define VIDLINE_WORKER_H

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "card.h"
#include "interface_port.h"
#include "memory_port.h"
#include "model_error.h"
#include "outbox.h"

namespace vidline {

struct WorkerOptions {
    ModelOptions model;
    /// Runs by itself, in real time; else only when asked, clock by clock.
    bool live = false;
    bool observe = false;
};

/// Frames for JavaScript that may wait in live use; beyond, the card sees back-pressure on its host
/// port, and what leaves by memory ports is counted and thrown away.
constexpr size_t MOST_WAITING = 64u << 20;

class Worker {
  public:
    /// Starts the thread; reply 0 comes when the card is ready or could not be built.
    Worker(const WorkerOptions& options, std::function<void()> wake);
    /// Ends it. Idempotent; called by the destructor too.
    void stop();
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    Mail fetch() { return outbox_.fetch(); }

    // What follows can be called from any thread; the answer is the reply with that id.
    void attach_memory(uint32_t id, unsigned port);
    void attach_interface(uint32_t id, unsigned port, std::string interface);
    /// Opens the pseudo-terminal of the serial line, and replies with its path; closes it.
    void attach_serial(uint32_t id);
    void detach_serial(uint32_t id);
    void set_noise(uint32_t id, LineNoise noise);
    void send(uint32_t id, unsigned port, MemoryFeed::Batch batch);
    void inject(uint32_t id, MemoryFeed::Batch batch);
    void access(AccessBatch batch);
    void set_time(uint32_t id, uint64_t us);
    void set_link(uint32_t id, unsigned port, bool up);
    void set_phy(uint32_t id, unsigned port, PhySettings settings);
    void set_patterns(uint32_t id, unsigned port, Pattern gaps, Pattern pressure, bool heed_room);
    void run(uint32_t id, uint64_t clocks);
    void run_until_idle(uint32_t id, uint64_t most);
    void statistics(uint32_t id);

  private:
    using Task = std::function<void()>;
    struct Port {
        std::unique_ptr<MemoryFeed> feed;
        std::unique_ptr<MemoryTaker> taker;
        std::unique_ptr<InterfacePort> interface;
    };
    class HostQueue;

    void post(uint32_t id, Task task);
    void main();
    void live();
    void lock_step();
    void fail(const ModelError& error);
    bool do_tasks();
    uint64_t now() const;
    void follow_time();
    void burst();
    void wait(bool stuck);
    void clock_until(uint64_t clocks, const std::function<bool()>& done);
    void collect();
    void observe(FrameBatch& batch);
    void reply(uint32_t id);
    void reply_error(uint32_t id, const char* code, const std::string& text);
    Port& port(unsigned index);
    UartPort& uart();
    void require_pins() const;
    void require_free(unsigned index);

    const WorkerOptions options_;
    Outbox outbox_;
    std::atomic<bool> stopping_{false};
    const int event_;  // eventfd: tasks wait, or the end

    std::mutex mutex_;
    std::deque<std::pair<uint32_t, Task>> tasks_;

    // From here on the thread's own.
    std::unique_ptr<Card> card_;
    std::vector<Port> ports_;
    std::unique_ptr<HostQueue> host_;
    std::unique_ptr<UartPort> uart_;
    /// Lock-step: octets came, and what they bring about has not come to its end.
    bool serving_ = false;
    MemoryFeed inject_feed_{true};
    Mail mail_;
    double busy_seconds_ = 0;
    uint64_t lost_us_ = 0;
    std::string failure_;

    std::thread thread_;
};

}  // namespace vidline

#endif
