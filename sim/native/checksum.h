// Finishes checksums that a kernel left to hardware that a veth does not have.
#ifndef VIDLINE_CHECKSUM_H
#define VIDLINE_CHECKSUM_H

#include <cstddef>
#include <cstdint>

namespace vidline {

/// `start`: first byte that the checksum covers; `offset`: of the checksum from there. False where
/// they do not lie within the frame. The field holds the pseudo header's sum (Internet checksum,
/// RFC 1071) or anything (SCTP's CRC32c, RFC 9260 appendix A).
bool finish_checksum(uint8_t* frame, size_t length, size_t start, size_t offset);

}  // namespace vidline

#endif
