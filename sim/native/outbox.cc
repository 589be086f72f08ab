#include "outbox.h"

#include <iterator>

namespace vidline {

namespace {

/// Appends `more`, whose offsets stand in each `stride`-th word (and, with `second`, in the word two
/// behind it too).
void append(FrameBatch& to, FrameBatch&& more, size_t stride, bool second) {
    if (to.empty()) {
        to = std::move(more);
        return;
    }
    const uint32_t base = static_cast<uint32_t>(to.bytes.size());
    for (size_t i = 0; i < more.meta.size(); i += stride) {
        more.meta[i] += base;
        if (second) more.meta[i + 2] += base;
    }
    to.bytes.insert(to.bytes.end(), more.bytes.begin(), more.bytes.end());
    to.meta.insert(to.meta.end(), more.meta.begin(), more.meta.end());
}

}  // namespace

void Outbox::post(Mail mail) {
    if (mail.empty()) return;
    bool first;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        first = mail_.empty();
        append(mail_.host, std::move(mail.host), HOST_META_WORDS, false);
        append(mail_.decisions, std::move(mail.decisions), OBSERVATION_META_WORDS, true);
        for (auto& [port, batch] : mail.ports) {
            bool found = false;
            for (auto& [known, there] : mail_.ports) {
                if (known != port) continue;
                append(there, std::move(batch), PORT_META_WORDS, false);
                found = true;
            }
            if (!found) mail_.ports.emplace_back(port, std::move(batch));
        }
        mail_.replies.insert(mail_.replies.end(), std::make_move_iterator(mail.replies.begin()),
                             std::make_move_iterator(mail.replies.end()));
        if (mail_.failed.empty()) mail_.failed = std::move(mail.failed);
    }
    if (first) wake_();
}

Mail Outbox::fetch() {
    const std::lock_guard<std::mutex> lock(mutex_);
    Mail mail;
    std::swap(mail, mail_);
    return mail;
}

size_t Outbox::waiting() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return mail_.bytes();
}

}  // namespace vidline
