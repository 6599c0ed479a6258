#include "app/output_factory.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "app/demuxer.h"
#include "decoder/base_name.h"
#include "render/attempt.h"
#include "render/drawn_output.h"
#include "render/gles/gles_painter.h"
#include "render/kms/kms_output.h"
#include "render/kms/lasting_output.h"
#include "render/kms/seat.h"
#include "render/offscreen/offscreen_output.h"
#include "render/picture_copier.h"
#include "render/wayland/lease.h"
#include "render/wayland/wayland_output.h"

namespace v4l2play {
namespace {

Result<std::unique_ptr<Output>> open_offscreen(const Options& options) {
    OffscreenOptions offscreen;
    offscreen.clock = options.clock;
    offscreen.screenshots = options.screenshots;
    offscreen.contact_sheet = options.contact_sheet;
    if (!options.files.empty()) offscreen.title = base_name(options.files.front());
    return create_offscreen_output(offscreen);
}

/// Of the first file that has one.
Rational content_rate(const Options& options) {
    for (const std::string& file : options.files)
        if (const auto demuxer = Demuxer::open(file); demuxer && (*demuxer)->stream().frame_rate.num > 0)
            return (*demuxer)->stream().frame_rate;
    return {0, 1};
}

/// What the display does not take is drawn, and if need be copied, unless `output` sees to that or nobody may.
std::unique_ptr<Output> with_painters(std::unique_ptr<Output> output, const Options& options, bool copies) {
    const bool always = options.gles == GlesChoice::Always;
    std::vector<std::unique_ptr<Painter>> painters;
    if (always || (options.gles == GlesChoice::Auto && !options.require_zero_copy))
        if (auto gles = create_gles_painter({.on_cpu = always})) painters.push_back(std::move(gles));
    if (!always && !copies && !options.require_zero_copy) painters.push_back(create_picture_copier());
    return create_drawn_output(std::move(output), std::move(painters), {always, options.rotate});
}

/// The compositor's lease of a display, and after its end the next one.
class LeasedCard final : public CardLender {
  public:
    explicit LeasedCard(std::unique_ptr<DrmLease> lease)
        : connectors_(lease->connectors())
        , lease_(std::move(lease)) {}

    [[nodiscard]] int fd() const override { return lease_->fd(); }
    Result<> check() override { return lease_->check(); }
    void give_back() override { lease_.reset(); }
    Result<std::string> ask_again() override;

  private:
    using LeaseAttempt = Attempt<std::unique_ptr<DrmLease>>;

    const std::vector<std::string> connectors_;
    std::unique_ptr<DrmLease> lease_;
    std::unique_ptr<LeaseAttempt> attempt_;
};

/// The person that the compositor asks, and a compositor that is not there, take their time.
Result<std::string> LeasedCard::ask_again() {
    if (attempt_ == nullptr)
        attempt_ = std::make_unique<LeaseAttempt>([names = connectors_](const std::atomic<bool>& cancelled) {
            return ask_for_lease_again(names, cancelled);
        });
    if (!attempt_->is_done()) return std::string();
    Result<std::unique_ptr<DrmLease>> lease = attempt_->take();
    attempt_.reset();
    if (!lease && lease.error().code == EAGAIN) return std::string();
    if (!lease) return fail(std::move(lease).error());
    lease_ = std::move(*lease);
    return lease_->card();
}

Result<std::unique_ptr<Output>> open_leased(KmsOptions kms) {
    std::vector<std::string> connectors = kms.clones;
    if (!kms.connector.empty()) connectors.push_back(kms.connector);
    auto lease = ask_for_lease(connectors);
    if (!lease) return fail(std::move(lease).error());
    kms.card = (*lease)->card();
    return create_lent_kms_output(kms, std::make_unique<LeasedCard>(std::move(*lease)));
}

Result<std::unique_ptr<Output>> open_display(const Options& options) {
    const bool plays = options.command == Command::Play;
    const KmsOptions kms{.card = options.card,
                         .connector = options.connector,
                         .clones = options.clones,
                         .mode = options.mode,
                         .content_rate = options.mode == "content" ? content_rate(options) : Rational{0, 1},
                         .wait = plays && options.output == OutputChoice::Kms,
                         .vrr = options.vrr,
                         .rotation = options.rotate,
                         .keyboards = plays};
    if (options.card == leased_card) return open_leased(kms);
    // The lease of who started this cannot be asked for again.
    if (!plays || is_inherited(options.card)) return create_kms_output(kms);
    return create_lasting_kms_output(kms, options.seat == SeatChoice::Auto);
}

Result<std::unique_ptr<Output>> open_kms(const Options& options) {
    Result<std::unique_ptr<Output>> output = open_display(options);
    if (!output || options.command != Command::Play) return output;
    return with_painters(std::move(*output), options, false);
}

Result<std::unique_ptr<Output>> open_wayland(const Options& options) {
    WaylandOptions wayland;
    wayland.fullscreen = !options.fullscreen.empty();
    if (options.fullscreen != "any") wayland.screen = options.fullscreen;
    wayland.rotate = options.rotate;
    Result<std::unique_ptr<Output>> output = create_wayland_output(wayland);
    if (!output) return output;
    return with_painters(std::move(*output), options, true);
}

/// A card or connector that was asked for is meant for KMS, whatever session there is.
bool wants_wayland(const Options& options) {
    if (options.output == OutputChoice::Wayland) return true;
    const bool in_session = std::getenv("WAYLAND_DISPLAY") != nullptr || std::getenv("WAYLAND_SOCKET") != nullptr;
    const bool for_kms = !options.card.empty() || !options.connector.empty() || !options.mode.empty();
    return options.output == OutputChoice::Auto && in_session && !for_kms;
}

} // namespace

Result<OpenedOutput> open_output(const Options& options) {
    OpenedOutput opened;
    if (options.output == OutputChoice::Null) {
        opened.output = create_null_output();
        return opened;
    }
    /// True when that is the output; false when the next is to be tried.
    const auto take = [&](const char* name, OutputChoice choice,
                          Result<std::unique_ptr<Output>> output) -> Result<bool> {
        if (output) {
            opened.output = std::move(*output);
            return true;
        }
        if (options.output == choice) return fail(std::move(output).error());
        opened.reasons.push_back(fmt::format("{}: {}", name, output.error().what));
        return false;
    };
    if (wants_wayland(options)) {
        const Result<bool> taken = take("wayland", OutputChoice::Wayland, open_wayland(options));
        if (!taken) return fail(taken.error());
        if (*taken) return opened;
    }
    if (options.output == OutputChoice::Kms || options.output == OutputChoice::Auto) {
        const Result<bool> taken = take("kms", OutputChoice::Kms, open_kms(options));
        if (!taken) return fail(taken.error());
        if (*taken) return opened;
    }
    auto offscreen = open_offscreen(options);
    if (!offscreen) return fail(std::move(offscreen).error());
    opened.output = std::move(*offscreen);
    return opened;
}

} // namespace v4l2play
