#include "app/report.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <numeric>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "app/notice.h"

namespace v4l2play {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(ItemResult result) {
    switch (result) {
    case ItemResult::NotPlayed:
        return "not-played";
    case ItemResult::Played:
        return "played";
    case ItemResult::Failed:
        return "failed";
    case ItemResult::Interrupted:
        return "interrupted";
    }
    return "?";
}

Json dropped_json(const FrameCounts& frames) {
    Json dropped = Json::object();
    for (std::size_t i = 0; i < drop_reasons; ++i)
        dropped[to_string(static_cast<DropReason>(i))] = frames.not_decoded[i];
    dropped["late"] = frames.dropped_late;
    dropped["ideal"] = frames.dropped_ideal;
    dropped["output"] = frames.dropped_by_output;
    dropped["not-wanted"] = frames.not_wanted;
    dropped["not-in-file"] = frames.not_in_file;
    return dropped;
}

Json frames_json(const ItemReport& item) {
    const FrameCounts& frames = item.frames;
    const auto& repeated = item.pacing.repeated;
    return {{"expected", frames.expected},
            {"decoded", frames.decoded},
            {"shown", frames.shown},
            {"dropped", dropped_json(frames)},
            {"repeated", std::accumulate(repeated.begin(), repeated.end(), std::uint64_t{0})},
            {"late", frames.late},
            {"corrupt", frames.corrupt}};
}

Json distribution_json(const Histogram& histogram) {
    return {{"p50", histogram.percentile(0.5)},
            {"p95", histogram.percentile(0.95)},
            {"p99", histogram.percentile(0.99)},
            {"max", histogram.maximum()}};
}

Json causes_json(const std::array<std::uint64_t, causes>& counts) {
    Json json = Json::object();
    for (std::size_t i = 1; i < causes; ++i) json[to_string(static_cast<Cause>(i))] = counts[i];
    return json;
}

Json pacing_json(const ItemReport& item) {
    const Pacing& pacing = item.pacing;
    Json json = {{"cadence_errors", pacing.cadence_errors},
                 {"order_violations", pacing.order_violations},
                 {"content_violations", pacing.content_violations}};
    if (!pacing.first_violation.empty()) json["first_violation"] = pacing.first_violation;
    json["missed"] = {{"late", pacing.late},
                      {"early", pacing.early},
                      {"vblanks", distribution_json(pacing.missed)},
                      {"us", distribution_json(pacing.deviation)},
                      {"late_in_a_row", pacing.late_in_a_row}};
    json["repeated"] = causes_json(pacing.repeated);
    json["dropped"] = causes_json(pacing.dropped);
    json["ideal_drops"] = pacing.ideal_drops;
    json["timeline_moves"] = pacing.timeline_moves;
    json["exported_vblanks"] = distribution_json(pacing.exported);
    json["held_at_once"] = pacing.held_at_once;
    json["starvation_ms"] = pacing.starvation / millisecond;
    json["early_reuse"] = item.slots.early_reuse;
    return json;
}

Json video_json(const ItemReport& item) {
    const Rect& visible = item.info.visible;
    return {{"codec", item.codec},
            {"profile", item.profile},
            {"frame_rate", fmt::format("{}/{}", item.frame_rate.num, item.frame_rate.den)},
            {"coded", {{"width", item.format.coded_width}, {"height", item.format.coded_height}}},
            {"visible", {{"x", visible.x}, {"y", visible.y}, {"width", visible.width}, {"height", visible.height}}},
            {"fourcc", to_string(item.format.fourcc)},
            {"modifier", fmt::format("0x{:x}", item.format.modifier)},
            {"bit_depth", item.format.bit_depth}};
}

Json slots_json(const ItemReport& item) {
    return {{"count", item.slots.count},
            {"terms", item.slot_terms},
            {"maximum_exported", item.slots.maximum_exported},
            {"longest_export", item.slots.longest_export},
            {"early_reuse", item.slots.early_reuse},
            {"exhausted", item.slots.exhausted}};
}

Json item_json(const ItemReport& item) {
    Json json = {{"file", item.file}, {"result", to_string(item.result)}};
    if (item.result == ItemResult::Failed) json["error"] = item.error.what;
    json["decoder"] = {{"kind", item.decoder.kind},
                       {"driver", item.decoder.driver},
                       {"device", item.decoder.device},
                       {"mode", item.decoder.mode},
                       {"reasons", item.reasons}};
    json["video"] = video_json(item);
    json["path"] = to_string(item.path);
    json["slots"] = slots_json(item);
    json["frames"] = frames_json(item);
    json["holds"] = Json::object();
    for (const auto& [vblanks, count] : item.holds) json["holds"][std::to_string(vblanks)] = count;
    json["pacing"] = pacing_json(item);
    json["startup"] = {{"opened", item.startup.opened},
                       {"decoder_ready", item.startup.decoder_ready},
                       {"first_frame", item.startup.first_frame},
                       {"first_flip", item.startup.first_flip}};
    json["cpu_us_per_frame"] = item.cpu_us_per_frame;
    return json;
}

std::string utc_now() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

/// A regular file, or none yet. Devices, pipes and links stay what they are.
bool is_replaceable(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT;
    return S_ISREG(status.st_mode);
}

Result<> write_file(const std::string& path, const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "we");
    if (file == nullptr) return fail(errno, std::strerror(errno), "open");
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const bool closed = std::fclose(file) == 0;
    if (!written || !closed) return fail(errno, std::strerror(errno), "write");
    return {};
}

} // namespace

std::uint64_t FrameCounts::accounted() const {
    return std::accumulate(not_decoded.begin(), not_decoded.end(), presented());
}

void ItemReport::read(const SlotPool& pool) {
    const SlotStatistics one = pool.statistics();
    slots.count = std::max(slots.count, one.count);
    slots.maximum_exported = std::max(slots.maximum_exported, one.maximum_exported);
    slots.longest_export = std::max(slots.longest_export, one.longest_export);
    if (slots.early_reuse == 0) {
        slots.first_early = one.first_early;
        slots.first_early_time = one.first_early_time;
    }
    slots.early_reuse += one.early_reuse;
    slots.exhausted += one.exhausted;
}

void ItemReport::use(const std::shared_ptr<SlotPool>& pool) {
    std::erase_if(pools, [&](const std::shared_ptr<SlotPool>& old) {
        if (old.use_count() > 1) return false;
        read(*old);
        return true;
    });
    if (std::find(pools.begin(), pools.end(), pool) == pools.end()) pools.push_back(pool);
}

void ItemReport::finish() {
    for (const auto& pool : pools) read(*pool);
    pools.clear();
}

std::string summary(const ItemReport& item) {
    if (item.result == ItemResult::Failed && item.frames.shown == 0)
        return fmt::format("{}: {}", item.file, item.error.what);
    std::string text =
        fmt::format("{}: {} frames shown, {} dropped, {} late, {} corrupt; {} by {}, {} slots, path: {}", item.file,
                    item.frames.shown, item.frames.accounted() - item.frames.shown, item.frames.late,
                    item.frames.corrupt, item.codec, item.decoder.driver, item.slots.count, to_string(item.path));
    if (item.frames.not_in_file > 0)
        text += fmt::format("; {} more should be in the file by its duration", item.frames.not_in_file);
    if (item.slots.early_reuse != 0) text += fmt::format("; {} slots reused early", item.slots.early_reuse);
    if (const std::string wrong = complaints(item.pacing); !wrong.empty()) text += "; " + wrong;
    if (item.result == ItemResult::Failed) text += fmt::format("; ended early: {}", item.error.what);
    return text;
}

std::string to_json(const Report& report) {
    Json json = {{"version", 1},
                 {"program", "v4l2play " V4L2PLAY_VERSION},
                 {"exit_code", report.exit_code},
                 {"written_utc", utc_now()}};
    json["output"] = {{"kind", report.output.kind},           {"device", report.output.device},
                      {"connector", report.output.connector}, {"mode", report.output.mode},
                      {"plane", report.output.plane},         {"clones", report.output.clones},
                      {"path", to_string(report.output.path)}};
    if (report.output.never_released != 0) json["output"]["never_released"] = report.output.never_released;
    if (!report.output.error.empty()) json["output"]["error"] = report.output.error;
    json["items"] = Json::array();
    for (const ItemReport& item : report.items) json["items"].push_back(item_json(item));
    json["peak_memory_kib"] = report.peak_memory_kib;
    json["open_fds"] = report.open_fds;
    json["unreleased"] = report.unreleased;
    // File names need not be UTF-8.
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<> check_report(const std::string& path) {
    if (path == "-" || !is_replaceable(path)) return {};
    const std::string temporary = path + ".part";
    V4L2PLAY_TRY(write_file(temporary, ""));
    std::remove(temporary.c_str());
    return {};
}

Result<> write_report(const Report& report, const std::string& path) {
    const std::string text = to_json(report);
    if (path == "-") {
        write_text(stdout, text);
        return {};
    }
    if (!is_replaceable(path)) return write_file(path, text);
    const std::string temporary = path + ".part";
    V4L2PLAY_TRY(write_file(temporary, text));
    if (std::rename(temporary.c_str(), path.c_str()) == 0) return {};
    const int error = errno;
    std::remove(temporary.c_str());
    return fail(error, std::strerror(error), "rename");
}

} // namespace v4l2play
