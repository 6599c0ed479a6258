// `v4l2play md5`: decodes without showing, for conformance frameworks.

#include <cerrno>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/console.h"
#include "app/decoder_factory.h"
#include "app/demuxer.h"
#include "app/frame_md5.h"
#include "app/notice.h"

namespace v4l2play {
namespace {

/// Decodes one file on the calling thread and hashes what comes out.
class Md5Run {
  public:
    Md5Run(const Options& options, Signals& signals, const std::string& file)
        : options_(options)
        , signals_(signals)
        , file_(file) {}

    /// EBADMSG, ENOTSUP and the like as the demuxer and the decoder have them.
    Result<> run();
    [[nodiscard]] bool device_at_fault() const { return device_at_fault_; }
    /// A digest was printed, of what there is.
    [[nodiscard]] bool any_frame() const { return frames_ > 0; }

  private:
    Result<> open();
    Result<> feed();
    Result<> take_events();
    Result<> take_frame(const Frame& frame);
    Result<> take_failure(DecoderFailed failed);

    const Options& options_;
    Signals& signals_;
    const std::string& file_;
    std::unique_ptr<Demuxer> demuxer_;
    std::unique_ptr<Decoder> decoder_;
    FrameHasher hasher_;
    std::optional<AccessUnit> unit_;
    std::uint64_t frames_ = 0;
    bool draining_ = false;
    bool finished_ = false;
    bool device_at_fault_ = false;
};

Result<> Md5Run::open() {
    auto demuxer = Demuxer::open(file_);
    if (!demuxer) return fail(std::move(demuxer).error());
    demuxer_ = std::move(*demuxer);
    DecoderConfig config;
    config.stream = demuxer_->stream();
    config.output_needs_dmabuf = false;
    config.presenter_slots = 3;
    config.queue_slots = 4;
    auto opened = open_decoder(options_, config);
    if (!opened) return fail(std::move(opened).error());
    decoder_ = std::move(opened->decoder);
    return {};
}

Result<> Md5Run::feed() {
    while (!draining_) {
        if (!unit_) {
            auto unit = demuxer_->read();
            if (!unit) return fail(std::move(unit).error());
            if (!*unit) {
                draining_ = true;
                decoder_->drain();
                return {};
            }
            unit_ = std::move(**unit);
        }
        auto sent = decoder_->send(*unit_);
        if (!sent) return fail(std::move(sent).error());
        if (*sent == SendStatus::Full) return {};
        unit_.reset();
    }
    return {};
}

Result<> Md5Run::take_frame(const Frame& frame) {
    auto digest = hasher_.add(frame);
    if (!digest) return fail(std::move(digest).error());
    if (options_.per_frame)
        print("{:6} {:>14.6f} {}{}\n", frames_, frame.pts == no_time ? 0.0 : static_cast<double>(frame.pts) / 1e9,
              *digest, frame.corrupt ? " corrupt" : "");
    ++frames_;
    finished_ = (options_.frames && frames_ >= *options_.frames) || output_lost();
    return {};
}

Result<> Md5Run::take_failure(DecoderFailed failed) {
    const bool stream_at_fault = failed.error.code == ENOTSUP || failed.error.code == EBADMSG;
    device_at_fault_ = !stream_at_fault && decoder_->description().is_hardware();
    return fail(std::move(failed.error));
}

Result<> Md5Run::take_events() {
    while (!finished_) {
        auto event = decoder_->next_event();
        if (!event) return {};
        if (const auto* frame = std::get_if<Frame>(&*event)) V4L2PLAY_TRY(take_frame(*frame));
        if (auto* failed = std::get_if<DecoderFailed>(&*event)) return take_failure(std::move(*failed));
        if (const auto* dropped = std::get_if<PicturesDropped>(&*event); dropped != nullptr && !dropped->why.empty())
            notice(options_, fmt::format("{}: {} ({})", file_, dropped->why, to_string(dropped->reason)));
        finished_ = finished_ || std::holds_alternative<Drained>(*event);
    }
    return {};
}

Result<> Md5Run::run() {
    V4L2PLAY_TRY(open());
    while (!finished_) {
        if (signals_.take() != 0) return fail(EINTR, "ended by a signal", "md5");
        V4L2PLAY_TRY(feed());
        V4L2PLAY_TRY(take_events());
        // Nothing to take and nothing to give: the device's turn.
        if (finished_) break;
        V4L2PLAY_TRY(decoder_->dispatch(draining_ || unit_ ? second / 2 : 0));
        V4L2PLAY_TRY(take_events());
    }
    if (frames_ == 0) return fail(EBADMSG, "no picture in it could be decoded", "decode");
    const std::string digest = hasher_.digest();
    if (options_.files.size() == 1)
        print("{}\n", digest);
    else
        print("{}  {}\n", digest, file_);
    if (demuxer_->truncated()) return fail(EBADMSG, truncated_file, "read");
    return {};
}

} // namespace

int md5(const Options& options) {
    auto signals = Signals::create();
    if (!signals) {
        complain(signals.error().what);
        return exit_nothing_played;
    }
    bool any = false;
    std::size_t failed = 0;
    int worst = exit_played;
    for (const std::string& file : options.files) {
        Md5Run one(options, **signals, file);
        auto result = one.run();
        any = any || one.any_frame();
        if (result) continue;
        complain(fmt::format("{}: {}", file, result.error().what));
        if (result.error().code == EINTR) return exit_signal;
        ++failed;
        if (one.device_at_fault())
            worst = exit_decoder_fault;
        else if (options.require_hw && result.error().code == ENOTSUP && worst == exit_played)
            worst = exit_requirement_broken;
    }
    if (worst != exit_played || failed == 0) return worst;
    return any || failed < options.files.size() ? exit_some_failed : exit_nothing_played;
}

} // namespace v4l2play
