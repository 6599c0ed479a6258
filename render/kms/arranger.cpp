#include "render/kms/arranger.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "decoder/log.h"
#include "render/kms/formats.h"
#include "render/kms/refusal.h"

namespace v4l2play {

Arranger::Arranger(Screen& screen, unsigned rotation)
    : screen_(screen)
    , tests_([this](const Scene& scene) { return screen_.test(scene); })
    , rotation_(rotation) {}

/// A person who says --rotate is told when that cannot be; a file that says so is shown all the same.
Result<> Arranger::plan(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer) {
    turn_refused_ = false;
    Result<> planned = plan_turned(format, info, framebuffer, (rotation_ + info.rotation) % 360);
    if (!planned && planned.error().code == ENOTSUP && info.rotation != 0) {
        turn_refused_ = true;
        log_debug("kms", "{}", planned.error().what);
        planned = plan_turned(format, info, framebuffer, rotation_);
    }
    return planned;
}

/// Finds the first rung of the ladder that the driver takes.
Result<> Arranger::plan_turned(const FrameFormat& format, const FrameInfo& info, std::uint32_t framebuffer,
                               unsigned turn) {
    std::vector<PlanePlan> ladder = plan_ladder(screen_.planes(), format, info, screen_.size(), turn);
    if (ladder.empty()) return fail(ENOTSUP, why_not_a_plane(format, turn), "plan");
    ladder_ = std::move(ladder);
    info_ = info;
    format_ = format;
    scaling_refused_ = false;
    refusals_.clear();
    overlay_plane_ = nullptr;
    overlay_refused_ = false;
    if (climb_down(0, framebuffer) != 0)
        return fail(ENOTSUP,
                    fmt::format("no plane of {} ({}) shows it: {}", screen_.device().path(), screen_.device().driver(),
                                fmt::join(refusals_, "; ")),
                    "plan");
    return {};
}

/// Each plane's reason for not even being on the ladder.
std::string Arranger::why_not_a_plane(const FrameFormat& format, unsigned turn) const {
    std::string reasons;
    const auto ask = [&](const KmsPlane& plane) {
        std::string reason = why_not_listed(plane, {format.fourcc, format.modifier});
        if (reason.empty())
            reason = fmt::format("plane {} takes {} but cannot rotate by {}: turn the display instead, or play with "
                                 "--rotate=0",
                                 plane.id, to_string(format.fourcc), turn);
        reasons += (reasons.empty() ? "" : "; ") + reason;
    };
    for (const KmsPlane* plane : screen_.planes().overlays) ask(*plane);
    ask(*screen_.planes().primary);
    return fmt::format("no plane of {} ({}) takes {}x{} {} {}: {}", screen_.device().path(), screen_.device().driver(),
                       format.coded_width, format.coded_height, to_string(format.fourcc),
                       modifier_name(format.modifier), reasons);
}

/// From rung `from` on, to the first that passes a test commit. 0, or the last refusal.
int Arranger::climb_down(std::size_t from, std::uint32_t framebuffer) {
    int error = -ENOTSUP;
    for (std::size_t i = from; i < ladder_.size(); ++i) {
        const Scene scene{ladder_[i], framebuffer, nullptr, {}};
        error = test(scene);
        if (error == 0) {
            rung_ = i;
            overlay_plane_ = nullptr;
            return 0;
        }
        scaling_refused_ = scaling_refused_ || ladder_[i].geometry.scaled();
        remember_refusal(scene, error);
    }
    return error;
}

/// One sentence a plane, for the best that was asked of it.
void Arranger::remember_refusal(const Scene& scene, int error) {
    constexpr std::size_t most = 4;
    log_debug("kms", "{}{}: {}", describe(scene.video, info_), scene.video.black_beneath ? " on black" : "",
              std::strerror(-error));
    const std::string plane = fmt::format("plane {} ", scene.video.plane->id);
    const bool known = std::any_of(refusals_.begin(), refusals_.end(),
                                   [&](const std::string& reason) { return reason.rfind(plane, 0) == 0; });
    if (known || refusals_.size() >= most) return;
    refusals_.push_back(why_refused(scene, format_, error, [&](const Scene& trial) { return test(trial); }));
    log_debug("kms", "{}", refusals_.back());
}

void Arranger::tell() {
    std::string text = explain();
    if (text == told_) return;
    log(compromises() ? LogLevel::Warning : LogLevel::Info, "kms", "{}", text);
    told_ = std::move(text);
}

std::string Arranger::explain() const {
    const PlanePlan& chosen = ladder_[rung_];
    std::string text = describe(chosen, info_);
    if (turn_refused_) text += fmt::format(", not turned by {} as the file asks: no plane can", info_.rotation);
    if (lacks_scaling()) {
        text += ": the driver refuses scaling";
        const Rational& aspect = info_.sample_aspect;
        if (aspect.positive() && aspect.num != aspect.den)
            text += fmt::format(", pixels of {}:{} are shown square", aspect.num, aspect.den);
    }
    if (refusals_.empty()) return text;
    return text + fmt::format(" ({})", fmt::join(refusals_, "; "));
}

Scene Arranger::scene(std::uint32_t framebuffer, const OverlayPicture* overlay) {
    if (overlay != nullptr) find_overlay_plane(framebuffer, *overlay);
    Scene scene{current(), framebuffer, nullptr, {}};
    if (overlay == nullptr || overlay_plane_ == nullptr) return scene;
    scene.overlay_plane = overlay_plane_;
    scene.overlay = *overlay;
    return scene;
}

bool Arranger::step_down(const Scene& scene, int error) {
    tests_.correct(scene, format_, error);
    if (scene.overlay_plane != nullptr) {
        refuse_overlay(error);
        return true;
    }
    log_warning("kms", "{}: accepted in the test, refused now: {}", describe(current(), info_), std::strerror(-error));
    return climb_down(rung_ + 1, scene.framebuffer) == 0;
}

std::vector<std::string> Arranger::all_answers(std::uint32_t framebuffer) {
    std::vector<std::string> lines;
    for (const PlanePlan& plan : ladder_) {
        const Scene scene{plan, framebuffer, nullptr, {}};
        const int error = test(scene);
        const std::string way = describe(plan, info_) + (plan.black_beneath ? ", on black" : "");
        const auto ask = [&](const Scene& trial) { return test(trial); };
        lines.push_back(error == 0 ? fmt::format("{}: {}", way, plan == current() ? "yes, the best" : "yes")
                                   : fmt::format("{}: no, {}", way, why_refused(scene, format_, error, ask)));
    }
    return lines;
}

/// A plane for the overlay, with the video where it is or, when nothing lies above that, on another plane.
void Arranger::find_overlay_plane(std::uint32_t framebuffer, const OverlayPicture& overlay) {
    if (overlay_plane_ != nullptr || overlay_refused_) return;
    if (try_overlay_planes(rung_, framebuffer, overlay)) return;
    for (std::size_t i = 0; i < ladder_.size(); ++i)
        if (i != rung_ && ladder_[i].geometry == ladder_[rung_].geometry && try_overlay_planes(i, framebuffer, overlay))
            return;
    refuse_overlay(-ENOTSUP);
}

bool Arranger::try_overlay_planes(std::size_t rung, std::uint32_t framebuffer, const OverlayPicture& overlay) {
    Scene trial{ladder_[rung], framebuffer, nullptr, overlay};
    for (const KmsPlane* plane : overlay_candidates(screen_.planes(), trial)) {
        trial.overlay_plane = plane;
        if (test(trial) != 0) continue;
        rung_ = rung;
        overlay_plane_ = plane;
        log_info("kms", "overlay on plane {} ({}), {}", plane->id, to_string(plane->type),
                 describe(ladder_[rung_], info_));
        return true;
    }
    return false;
}

void Arranger::refuse_overlay(int error) {
    log_warning("kms", "no overlay: no plane of {} ({}) takes it above the video ({})", screen_.device().path(),
                screen_.device().driver(), std::strerror(-error));
    overlay_refused_ = true;
    overlay_plane_ = nullptr;
}

} // namespace v4l2play
