// What a request decoder sends to the kernel: which coded pictures, and which others each of them refers to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "decoder/frame.h"
#include "tests/unit/delegating_kernel.h"

namespace v4l2play::test {

/// The system's kernel, whose requests are written down. A coded picture is known by a hash of its bitstream, so that
/// it is the same one whenever it is decoded; what it refers to, time stamps in its controls, becomes such hashes.
///
/// Of one decoder: the first time, its whole stream is `learned`; all later requests are then compared with it.
class ReferenceWatch final : public DelegatingKernel {
  public:
    using Hash = std::size_t;

    /// All requests until now are those of the stream from end to end.
    void learn();
    /// The requests since the last call, each beside that of the same bitstream in the whole stream: what is wrong.
    std::vector<std::string> check();
    /// Of the picture that travels by this name; 0 when there is none.
    [[nodiscard]] Hash picture(FrameId id) const;
    /// Requests that `check` has compared, and references in them.
    [[nodiscard]] std::size_t compared() const { return compared_; }
    [[nodiscard]] std::size_t references() const { return references_; }

    int ioctl(int fd, unsigned long request, void* argument) override;
    void* mmap(std::size_t length, int protection, int fd, std::int64_t offset, int& error) override;
    int poll(int fd, short events, Nanoseconds timeout) override { return real_.poll(fd, events, timeout); }
    Nanoseconds recently() override { return real_.recently(); }

  private:
    /// Sorted: the order of a DPB in the controls says nothing.
    using References = std::vector<Hash>;
    struct Request {
        FrameId id = 0;
        Hash bitstream = 0;
        std::vector<FrameId> names; ///< of what it refers to
        bool intra = false;         ///< as far as the controls tell: it may come first
    };
    /// Of equal bitstreams there may be several in a stream.
    struct Known {
        std::set<References> references;
        std::size_t first = 0; ///< its place in decoding order
    };

    void note_controls(void* argument);
    void note_bitstream(int fd, void* argument);
    [[nodiscard]] References references_of(const Request& request) const;
    std::string compare(const Request& request);

    mutable std::mutex mutex_; ///< of all below
    std::map<std::pair<int, std::int64_t>, unsigned> buffer_at_;
    std::map<std::pair<int, unsigned>, const std::uint8_t*> bitstreams_;
    std::map<int, Request> open_; ///< by its descriptor
    std::vector<Request> requests_;
    std::map<FrameId, Hash> pictures_;
    std::map<Hash, Known> known_;
    std::size_t checked_ = 0; ///< of `requests_`
    std::size_t begin_ = 0;   ///< place of the picture at which decoding began last
    std::size_t next_ = 0;    ///< place of the one that would follow
    std::size_t compared_ = 0;
    std::size_t references_ = 0;
};

} // namespace v4l2play::test
