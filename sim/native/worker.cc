#include "worker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "refusal.h"

namespace vidline {

namespace {

using Clock = std::chrono::steady_clock;

/// Clocks between two looks at interfaces, tasks and time.
constexpr unsigned BURST_CLOCKS = 512;
/// Clocks that an idle card gets when its deadline has come: enough to begin what it has to do.
constexpr unsigned DUE_CLOCKS = 256;
/// A thread that was away for longer may find frames that came in time, and a deadline that passed.
constexpr uint64_t HELD_UP_US = 50'000;
/// Clocks between two looks at whether the card shall end.
constexpr unsigned STOP_CLOCKS = 1024;
/// Where nothing moves although the card is not idle, and no event of ours will tell when it can.
constexpr int STUCK_MS = 1;

/// Processor time of this thread, which other programs on the machine do not lengthen.
double thread_seconds() {
    timespec now;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint64_t microseconds() {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count());
}

}  // namespace

class Worker::HostQueue : public HostTaker {
  public:
    explicit HostQueue(FrameBatch& batch) : batch_(batch) {}
    void take(const DecisionWords& decision, const std::vector<uint8_t>& frame) override {
        batch_.meta.push_back(static_cast<uint32_t>(batch_.bytes.size()));
        batch_.meta.push_back(static_cast<uint32_t>(frame.size()));
        batch_.meta.insert(batch_.meta.end(), decision.begin(), decision.end());
        batch_.bytes.insert(batch_.bytes.end(), frame.begin(), frame.end());
    }

  private:
    FrameBatch& batch_;
};

Worker::Worker(const WorkerOptions& options, std::function<void()> wake)
    : options_(options), outbox_(std::move(wake)), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (event_ < 0) throw std::runtime_error("eventfd: no file descriptor left (ulimit -n)");
    thread_ = std::thread([this] { main(); });
}

Worker::~Worker() { stop(); }

void Worker::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    ::eventfd_write(event_, 1);
    thread_.join();
    ::close(event_);
}

void Worker::post(uint32_t id, Task task) {
    bool first;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        first = tasks_.empty();
        tasks_.emplace_back(id, std::move(task));
    }
    // Where others wait, the thread has been told, and takes all that there are (`do_tasks`).
    if (first) ::eventfd_write(event_, 1);
}

// ---- the thread ----

void Worker::main() {
    try {
        card_ = std::make_unique<Card>(options_.model, options_.observe);
        ports_.resize(card_->shape.ports);
        host_ = std::make_unique<HostQueue>(mail_.host);
        card_->host_taker = host_.get();
        card_->inject.feed = &inject_feed_;
        Reply ready;
        ready.numbers = {{"uartStep", card_->shape.uart_step}, {"ports", card_->shape.ports}, {"dataWidth", card_->shape.beat_bytes * 8}};
        mail_.replies.push_back(std::move(ready));
    } catch (const std::exception& error) {
        failure_ = error.what();
        reply_error(0, "MODEL", failure_);
    }
    outbox_.post(std::exchange(mail_, {}));
    while (!stopping_) {
        try {
            if (options_.live && failure_.empty()) {
                live();
            } else {
                lock_step();
            }
        } catch (const ModelError& error) {
            fail(error);
        }
        collect();
        outbox_.post(std::exchange(mail_, {}));
    }
    uart_.reset();
    card_.reset();  // on the thread that built it
    ports_.clear();
}

bool Worker::do_tasks() {
    uint64_t events;
    ::eventfd_read(event_, &events);
    for (bool any = false;; any = true) {
        std::pair<uint32_t, Task> task;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (tasks_.empty()) return any;
            task = std::move(tasks_.front());
            tasks_.pop_front();
        }
        if (!failure_.empty()) {
            reply_error(task.first, "FAILED", failure_);
            continue;
        }
        try {
            task.second();
        } catch (const Refusal& refusal) {
            reply_error(task.first, refusal.code, refusal.what());
        } catch (const ModelError& error) {
            fail(error);
            reply_error(task.first, "FAILED", failure_);
        } catch (const std::runtime_error& error) {
            reply_error(task.first, "SYSTEM", error.what());
        }
    }
}

void Worker::fail(const ModelError& error) {
    failure_ = error.what();
    mail_.failed = failure_;
    // Accesses of the clock in which the model ended did not go well, whatever the bus said.
    card_->bus.done.clear();
}

void Worker::lock_step() {
    if (do_tasks()) return;
    if (uart_ && failure_.empty()) {
        serving_ |= uart_->exchange();
        if (serving_) {
            // The line needs clocks to say what it has been asked to: they pass for all of the card.
            const double start = thread_seconds();
            for (unsigned n = 0; n < BURST_CLOCKS && !card_->idle(); ++n) card_->clock();
            busy_seconds_ += thread_seconds() - start;
            uart_->exchange();
            serving_ = !card_->idle();
            return;
        }
    }
    wait(false);
}

void Worker::live() {
    do_tasks();
    if (!failure_.empty()) return;
    for (Port& port : ports_) {
        if (port.interface) port.interface->receive();
    }
    if (uart_) uart_->exchange();
    card_->host.blocked = outbox_.waiting() > MOST_WAITING;
    const uint64_t before = card_->moved();
    burst();
    for (Port& port : ports_) {
        if (port.interface) port.interface->flush();
    }
    collect();
    outbox_.post(std::exchange(mail_, {}));
    if (card_->shape.own_time) return;
    if (card_->idle()) {
        wait(false);
    } else if (card_->moved() == before) {
        wait(true);
    }
}

/// The card's time: the machine's, less what this thread was held up for.
uint64_t Worker::now() const { return microseconds() - lost_us_; }

/// A card never stands still, but this thread may (a stopped process, a busy machine). What waited
/// for the card by then must reach it before the card finds that it did not come: the time by which
/// its deadline was missed did not pass for it.
void Worker::follow_time() {
    const uint64_t then = card_->time();
    const uint64_t deadline = card_->deadline();
    const bool missed = then < deadline && deadline <= now() && now() - then > HELD_UP_US;
    if (missed && !card_->idle()) lost_us_ += now() - deadline + 1;
    card_->set_time(now());
}

void Worker::burst() {
    follow_time();
    // A board's timers run with its clock: it never sleeps.
    const bool due = card_->shape.own_time || card_->deadline() <= card_->time();
    if (card_->idle() && !due) return;
    const double start = thread_seconds();
    unsigned clocks = 0;
    do {
        card_->clock();
    } while (++clocks < BURST_CLOCKS && (!card_->idle() || card_->shape.own_time || (due && clocks < DUE_CLOCKS)));
    busy_seconds_ += thread_seconds() - start;
}

void Worker::wait(bool stuck) {
    std::vector<pollfd> files{{event_, POLLIN, 0}};
    int milliseconds = stuck ? STUCK_MS : -1;
    if (uart_) {
        files.push_back({uart_->fd(), static_cast<short>(POLLIN | (uart_->waiting() ? POLLOUT : 0)), 0});
    }
    for (const Port& port : ports_) {
        if (!port.interface) continue;
        // A stuck card takes no frames: not even those that wait already.
        if (!stuck) files.push_back({port.interface->receive_fd(), POLLIN, 0});
        if (port.interface->sending()) {
            files.push_back({port.interface->send_fd(), POLLOUT, 0});
            milliseconds = STUCK_MS;  // a full queue behind the socket (ENOBUFS) raises no event
        }
    }
    if (options_.live && failure_.empty() && !stuck) {
        const uint64_t deadline = card_->deadline();
        const uint64_t now = this->now();
        if (deadline <= now) {
            milliseconds = STUCK_MS;
        } else if (deadline != ~uint64_t{0}) {
            const uint64_t left = std::min<uint64_t>((deadline - now) / 1000 + 1, 60'000);
            if (milliseconds < 0 || left < static_cast<uint64_t>(milliseconds)) {
                milliseconds = static_cast<int>(left);
            }
        }
    }
    ::poll(files.data(), files.size(), milliseconds);
}

void Worker::clock_until(uint64_t clocks, const std::function<bool()>& done) {
    const double start = thread_seconds();
    for (uint64_t n = 0; n < clocks && !done(); ++n) {
        card_->clock();
        if (n % STOP_CLOCKS != 0) continue;
        if (uart_) uart_->exchange();
        if (stopping_) break;
    }
    busy_seconds_ += thread_seconds() - start;
    if (stopping_) throw Refusal("CLOSED", "the card was closed");
}

/// What the card has done since the last time, as mail.
void Worker::collect() {
    if (!card_) return;
    for (AccessBatch& batch : std::exchange(card_->bus.done, {})) {
        Reply answer;
        answer.id = batch.id;
        answer.words.reserve(batch.accesses.size());
        for (const RegisterAccess& access : batch.accesses) answer.words.push_back(access.value);
        mail_.replies.push_back(std::move(answer));
    }
    if (options_.live) {
        // The last batch is taken only when its last beat is.
        const size_t taken = inject_feed_.taken.size() - (card_->inject.in_frame() ? 1 : 0);
        for (size_t i = 0; i < taken && i < inject_feed_.taken.size(); ++i) reply(inject_feed_.taken[i]);
        inject_feed_.taken.erase(inject_feed_.taken.begin(),
                                 inject_feed_.taken.begin() + static_cast<std::ptrdiff_t>(taken));
    }
    for (unsigned p = 0; p < ports_.size(); ++p) {
        if (ports_[p].feed) ports_[p].feed->taken.clear();
        if (!ports_[p].taker || ports_[p].taker->batch.empty()) continue;
        mail_.ports.emplace_back(p, std::exchange(ports_[p].taker->batch, {}));
    }
    if (card_->observer) observe(mail_.decisions);
}

void Worker::observe(FrameBatch& batch) {
    const auto add = [&](const std::vector<uint8_t>& bytes, bool there) {
        batch.meta.push_back(static_cast<uint32_t>(batch.bytes.size()));
        batch.meta.push_back(there ? static_cast<uint32_t>(bytes.size()) : ABSENT);
        batch.bytes.insert(batch.bytes.end(), bytes.begin(), bytes.end());
    };
    for (const Observation& seen : std::exchange(card_->observer->done, {})) {
        add(seen.ingress, seen.ingress_known);
        add(seen.egress, seen.sent);
        for (const uint64_t number :
             {seen.first_clock, seen.decision_clock, seen.sent_clock, seen.sequence}) {
            batch.meta.push_back(static_cast<uint32_t>(number));
            batch.meta.push_back(static_cast<uint32_t>(number >> 32));
        }
        batch.meta.insert(batch.meta.end(), seen.decision.begin(), seen.decision.end());
    }
}

void Worker::reply(uint32_t id) {
    Reply done;
    done.id = id;
    mail_.replies.push_back(std::move(done));
}

void Worker::reply_error(uint32_t id, const char* code, const std::string& text) {
    Reply error;
    error.id = id;
    error.code = code;
    error.error = text;
    mail_.replies.push_back(std::move(error));
}

}  // namespace vidline
