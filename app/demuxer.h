// Reads containers with libavformat. Nothing of that library is visible from outside: what comes out is plain data.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decoder/access_unit.h"
#include "decoder/result.h"

namespace v4l2play {

/// What `Demuxer::truncated` means to people.
constexpr const char* truncated_file = "the file ends too early: it is truncated; copy it again";

/// One stream of a container, for `probe`.
struct StreamSummary {
    std::string kind;  ///< "video", "audio", "subtitle", "data"
    std::string codec; ///< "h264"
    std::string details;
    bool selected = false;
};

struct MediaInfo {
    std::string container;
    Nanoseconds duration = no_time; ///< no_time when unknown
    std::vector<StreamSummary> streams;
};

enum class SeekMode : std::uint8_t {
    Exact,    ///< the first picture to be shown is the first at or after the time
    KeyFrame, ///< it is the key frame at or before the time
};

/// Bytes of every access unit are followed by at least 64 zero bytes.
class Demuxer {
  public:
    /// Opens `path` and selects its first real video stream. Errors: ENOENT and the like for the file itself; EBADMSG
    /// when it is not media or is damaged; ENOMEDIUM without video; ENOTSUP when it is encrypted.
    static Result<std::unique_ptr<Demuxer>> open(const std::string& path);
    virtual ~Demuxer() = default;

    [[nodiscard]] virtual const StreamInfo& stream() const = 0;
    [[nodiscard]] virtual const MediaInfo& info() const = 0;
    /// The next access unit of the video stream; nothing at the end. An error is a read failure after which nothing
    /// more comes (a truncated file ends like a complete one, and `truncated` says so).
    virtual Result<std::optional<AccessUnit>> read() = 0;
    /// To the last key frame at or before `time`, or, in containers without an index, one before it; with
    /// SeekMode::Exact units before `time` come with `discard`. ENOTSUP when the container cannot seek.
    virtual Result<> seek(Nanoseconds time, SeekMode mode = SeekMode::Exact) = 0;
    /// Time from the start of the first unit to the end of the last, as far as read.
    [[nodiscard]] virtual Nanoseconds read_until() const = 0;
    /// How many pictures there should be from `time` on, by the container's duration and constant rate; nothing where
    /// it does not tell.
    [[nodiscard]] virtual std::optional<std::uint64_t> promised_frames(Nanoseconds time) const = 0;
    /// True when the file ended before the container said it would.
    [[nodiscard]] virtual bool truncated() const = 0;
};

} // namespace v4l2play
