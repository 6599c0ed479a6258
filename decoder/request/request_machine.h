// The class behind create_request_decoder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decoder/codec/codec.h"
#include "decoder/decoder.h"
#include "decoder/request/device_context.h"
#include "decoder/request/picture_table.h"
#include "decoder/request/ring.h"
#include "decoder/trouble_count.h"
#include "decoder/v4l2/media_device.h"

namespace v4l2play {

/// Carries out the codec's steps in their order, one access unit at a time. A Decode step needs a FREE slot, an idle
/// bitstream buffer and an idle request; while one of them is lacking, this and all later steps wait, the access unit
/// is kept, and `send` answers Full.
///
/// `dispatch` arms the waker by itself when a step waits for a slot, and disarms it when it returns; an owner that
/// wants to be woken for other things arms it before.
class RequestDecoder final : public Decoder {
  public:
    static Result<std::unique_ptr<Decoder>> create(Kernel& kernel, const DecoderDevice& device,
                                                   std::unique_ptr<Codec> codec,
                                                   std::unique_ptr<CodecControls> controls, const DecoderConfig& config,
                                                   Nanoseconds teardown_limit);

    Result<SendStatus> send(AccessUnit& unit) override;
    void drain() override;
    void offer_formats(const std::vector<FormatModifier>& formats) override { offered_ = formats; }
    void flush() override;
    std::optional<DecoderEvent> next_event() override;
    Result<> dispatch(Nanoseconds timeout) override;
    Waker& waker() override { return *waker_; }
    [[nodiscard]] DecoderDescription description() const override;

  private:
    enum class Ending : std::uint8_t { No, Asked, Draining };

    RequestDecoder(Kernel& kernel, const DecoderDevice& device, std::unique_ptr<Codec> codec,
                   std::unique_ptr<CodecControls> controls, const DecoderConfig& config, Nanoseconds teardown_limit);
    Result<> open();

    // --- steps (request_steps.cpp) ---

    /// Runs what can be run. True when no step waits.
    bool run_steps();
    /// False when the step has to wait.
    bool run_step(const Step& step);
    bool next_steps();
    void begin_sequence(const SequenceInfo& sequence);
    void skip(DropReason reason, std::string_view why, unsigned count = 1);

    bool decode(const Picture& picture);
    /// Begins a picture: slot, holds, record. Null when it cannot be decoded or, with `wait` set, not yet.
    PictureRecord* begin_picture(const Picture& picture, bool& wait);
    bool has_all_references(const Picture& picture);
    /// Room for the largest part in every bitstream buffer. False: wait.
    bool ensure_bitstream_room(const Picture& picture);
    /// Sends the parts that are left. False when the rest has to wait.
    bool send_parts(const Picture& picture, PictureRecord& record);
    void drop_picture(const Picture& picture, DropReason reason, std::string_view why);
    void device_refused(const Picture& picture, PictureRecord& record, int error);

    /// A context for the sequence that is wanted, whose first picture is `next`. False: wait until the one before is
    /// empty.
    bool ensure_context(const Picture& next);
    /// Whether a context of another pixel format may, and is to, begin with `picture`.
    bool wants_other_format(const Picture& picture);
    [[nodiscard]] bool starts_anew(const Picture& picture) const;
    bool has_slots();
    void shrink();
    /// 0, EAGAIN (wait) or why the device does not.
    int change_size();
    Result<> resize_context();
    /// Has the context do what stops a queue. It is gone when the driver does not come back from that (ETIMEDOUT).
    Result<> call_context(const std::function<Result<>(DeviceContext&)>& work);
    Result<> open_context();
    void use_context();
    [[nodiscard]] bool refers_to_another_size(const Picture& picture) const;
    void end_with(Error error);

    // --- completion (request_machine.cpp) ---

    void handle(std::span<const epoll_event> events);
    void take_finished();
    void note_failure(const PictureRecord& record, Outcome outcome);
    void check_troubles();
    void give_out();
    void check_watchdog(bool waited, Nanoseconds slept);
    /// Gives the context up: what is in flight is lost, and a new one is made for the next random-access point.
    void replace_context(DropReason reason, std::string_view why, int code);
    /// False when the driver does not come back from it.
    bool close_context();
    void fail_with(Error error);
    [[nodiscard]] bool empty() const;

    Kernel& kernel_;
    const DecoderDevice device_;
    DecoderConfig config_;
    const Nanoseconds teardown_limit_;
    std::unique_ptr<Codec> codec_;
    std::unique_ptr<CodecControls> controls_;
    UniqueFd epoll_;
    std::unique_ptr<Waker> waker_;
    UniqueFd media_;
    PictureTable pictures_;
    Ring<DecoderEvent> events_{32};

    AccessUnit unit_; ///< what the steps point into
    Steps steps_;
    std::size_t next_step_ = 0;
    unsigned next_part_ = 0; ///< of the Decode step that is under way
    bool waits_for_slot_ = false;
    bool waits_for_room_ = false; ///< for slots of another size, until older ones are FREE
    bool resynchronise_ = false;  ///< no more Decode steps of this unit; then tell the codec
    Ending ending_ = Ending::No;
    std::optional<Error> end_error_; ///< what the stream ends with, instead of Drained
    std::optional<Error> failure_;   ///< the decoder is over

    std::optional<SequenceInfo> sequence_;               ///< the latest
    std::optional<std::vector<FormatModifier>> offered_; ///< of the output, from the next context on
    SequenceInfo context_sequence_;                      ///< what the context was made for
    std::unique_ptr<DeviceContext> context_;
    FrameId first_in_context_ = 0; ///< ids below it are of pictures that went with a context

    TroubleCount troubles_;
    Nanoseconds quiet_since_ = 0; ///< nothing has completed since then; 0 unknown
    bool quiet_logged_ = false;
    std::string last_skip_;
};

} // namespace v4l2play
