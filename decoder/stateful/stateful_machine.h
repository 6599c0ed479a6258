// The class behind create_stateful_decoder.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "decoder/decoder.h"
#include "decoder/ring.h"
#include "decoder/stateful/stateful_context.h"
#include "decoder/trouble_count.h"

namespace v4l2play {

/// The driver parses and reorders; what is left is to keep it fed, to follow its announcements, and to know the
/// pictures again that it gives back: by a counter in the time stamp, never by time.
class StatefulDecoder final : public Decoder {
  public:
    static Result<std::unique_ptr<Decoder>> create(Kernel& kernel, const DecoderDevice& device,
                                                   const DecoderConfig& config, Nanoseconds teardown_limit);

    Result<SendStatus> send(AccessUnit& unit) override;
    void drain() override;
    void offer_formats(const std::vector<FormatModifier>& formats) override { offered_ = formats; }
    void flush() override;
    std::optional<DecoderEvent> next_event() override;
    Result<> dispatch(Nanoseconds timeout) override;
    Waker& waker() override { return *waker_; }
    [[nodiscard]] DecoderDescription description() const override;

  private:
    /// More than any driver has inside at once.
    static constexpr std::size_t most_tickets = 512;
    enum class Ending : std::uint8_t { No, Asked, Stopping };

    /// What a unit was sent with, until its picture comes.
    struct Ticket {
        FrameId id = 0;
        Nanoseconds pts = no_time;
        Nanoseconds duration = 0;
        std::uint32_t serial = 0;
        bool discard = false;
        bool key = false;
        bool answered = false; ///< the picture has come, or the news that it does not
    };

    StatefulDecoder(Kernel& kernel, const DecoderDevice& device, const DecoderConfig& config,
                    Nanoseconds teardown_limit);
    Result<> open();
    Result<> open_context();
    Result<> check_start(const AccessUnit& unit);
    [[nodiscard]] bool has_to_skip(const AccessUnit& unit);
    void start_again();
    Result<SendStatus> submit(AccessUnit& unit);
    void drop(DropReason reason, std::string_view why, unsigned count = 1);

    /// Does what the driver's announcements ask for, and asks for what is to be done.
    void advance();
    void learn_from(const AccessUnit& unit);
    /// Whether CAPTURE is to be set up for another format of the output before `unit`.
    [[nodiscard]] bool wants_other_format(const AccessUnit& unit);
    void take_offer();
    Result<> restart_capture();
    void change_capture();
    void finish_drain();
    void take_decoded();
    void give_out(DecodedSlot& decoded);
    void lose_picture(const Ticket& ticket, const char* cause);
    void check_watchdog(bool waited, Nanoseconds slept);
    void check_quiet(Nanoseconds quiet);
    [[nodiscard]] bool is_waiting() const;
    [[nodiscard]] unsigned unanswered() const;
    void replace_context(DropReason reason, std::string_view why, int code);
    bool close_context();
    [[nodiscard]] Error hung(const char* call) const;
    void fail_with(Error error);

    Kernel& kernel_;
    const DecoderDevice device_;
    DecoderConfig config_;
    const Nanoseconds teardown_limit_;
    CodedStream stream_;
    StreamCheck check_;
    UniqueFd epoll_;
    std::unique_ptr<Waker> waker_;
    std::unique_ptr<StatefulContext> context_;
    Ring<DecoderEvent> events_{32};

    std::array<Ticket, most_tickets> tickets_; ///< by id, modulo their number
    FrameId last_id_ = 0;
    FrameId first_wanted_ = 1; ///< pictures with lower ids are of before a flush
    FrameId newest_ = 0;       ///< of which a picture has come
    FrameId last_lost_ = 0;    ///< failed; those sent after it, and before `trusted_again_`, may refer to it
    FrameId trusted_again_ = 0;
    bool start_ = true;       ///< the next unit is the first that the driver sees of the stream, or of this part of it
    bool any_sent_ = false;   ///< since the context was made, drained or flushed
    bool drained_ = false;    ///< at the end: with the next unit something new begins
    bool keys_known_ = false; ///< some unit was one that decoding can begin with
    bool waits_for_key_ = false;
    DropReason waiting_reason_ = DropReason::BeforeRandomAccess;
    Ending ending_ = Ending::No;
    std::optional<std::vector<FormatModifier>> offered_; ///< of the output, not taken yet
    bool renegotiates_ = false;                          ///< it ends for another format, and goes on then
    std::optional<Error> failure_;
    TroubleCount troubles_;
    Nanoseconds quiet_since_ = 0;
    bool quiet_logged_ = false;
    std::string last_drop_;
};

} // namespace v4l2play
