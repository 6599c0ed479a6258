// A decoder: access units in, frames in display order out. The same face for all kinds: stateless (request), stateful,
// software.
//
// A decoder starts no thread of its own choosing (libavcodec's workers apart) and blocks only in `dispatch`. Its owner
// calls, all on one thread:
//
//     send(unit) until it answers Full, or drain() at the end
//     next_event() until it has none
//     dispatch(timeout), which waits for the device, for a FREE slot, or for `wake()`
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "decoder/access_unit.h"
#include "decoder/frame.h"
#include "decoder/result.h"

namespace v4l2play {

enum class SendStatus {
    Accepted, ///< the decoder has taken the unit over
    Full,     ///< try again after an event or a dispatch; the caller still owns the unit
};

/// Why pictures were not decoded or not given out.
enum class DropReason : std::uint8_t {
    BeforeRandomAccess, ///< nothing to refer to yet
    MissingReference,   ///< a reference is lost; skipped to the next random-access point
    Malformed,          ///< the bitstream breaks its specification
    DeviceError,        ///< the device failed it, or there was no memory for it
    Stalled,            ///< the watchdog gave the context up
};
constexpr std::size_t drop_reasons = 5;
const char* to_string(DropReason reason);

struct PicturesDropped {
    DropReason reason = DropReason::Malformed;
    unsigned count = 1;
    std::string why; ///< one line, empty when it repeats the one before
};

/// A new pool of slots is in use from the next frame on.
struct PoolChanged {
    std::shared_ptr<SlotPool> pool;
    std::string terms; ///< how its size came about: "4 references + 1 in decode + ..."
};

struct Drained {};

/// The decoder can do no more for this stream. ENOTSUP: the stream needs what this decoder lacks (another may do);
/// EBADMSG: nothing decodable; else the device failed.
struct DecoderFailed {
    Error error;
};

using DecoderEvent = std::variant<Frame, PoolChanged, PicturesDropped, Drained, DecoderFailed>;

/// What the report and the person are told.
struct DecoderDescription {
    const char* kind = ""; ///< "request", "stateful", "software"
    std::string driver;    ///< kernel driver or library
    std::string device;    ///< card name and bus, or empty
    std::string mode;      ///< "frame-based, Annex B" and the like

    [[nodiscard]] bool is_hardware() const { return kind != std::string_view("software"); }
};

struct DecoderConfig {
    StreamInfo stream;
    std::vector<FormatModifier> output_formats;   ///< what the output can show, best first; empty = anything
    std::vector<FormatModifier> hardware_formats; ///< the same for hardware, if it differs: what is drawn or copied too
    bool output_needs_dmabuf = true;              ///< false: plain memory will do
    unsigned presenter_slots = 3;                 ///< most slots that the output holds at once
    unsigned queue_slots = 4;                     ///< decoded frames queued ahead of it
    unsigned threads = 0;                         ///< of the software decoder; 0 = one per processor
};

/// ENOTSUP: of what the decoder makes, `made`, nothing is in its configuration's formats.
tl::unexpected<Error> no_common_format(const std::string& made);
[[nodiscard]] bool is_no_common_format(const Error& error);

class Decoder {
  public:
    virtual ~Decoder() = default;

    /// Takes `unit` over (moves from it) when the answer is Accepted. Errors are fatal for the decoder; what is wrong
    /// with one picture is an event.
    virtual Result<SendStatus> send(AccessUnit& unit) = 0;
    /// No more units: everything still inside comes out, then Drained. Units may follow after that.
    virtual void drain() = 0;
    /// The output would rather have one of these formats now, best first: from the next picture on that starts anew,
    /// if the decoder can make a better one than it does. One that cannot change goes on as it is.
    virtual void offer_formats(const std::vector<FormatModifier>& /*formats*/) {}
    /// Forgets everything inside (seek). Frames of earlier sends do not come out any more.
    virtual void flush() = 0;
    virtual std::optional<DecoderEvent> next_event() = 0;
    /// Waits until something happens or `timeout` nanoseconds are over (negative: no limit), and handles it.
    virtual Result<> dispatch(Nanoseconds timeout) = 0;
    /// Ends a `dispatch` that waits, if its thread has armed the waker. Thread-safe.
    virtual Waker& waker() = 0;

    [[nodiscard]] virtual DecoderDescription description() const = 0;
};

} // namespace v4l2play
