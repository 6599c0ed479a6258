#include "render/kms/cards.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

#include "render/kms/formats.h"
#include "render/kms/mode.h"
#include "render/yuv.h"

namespace v4l2play {
namespace {

bool lit(const KmsConnector& connector) { return connector.connected && !connector.modes.empty(); }

const char* status(const KmsConnector& connector) {
    if (!connector.connected) return "not connected";
    return connector.modes.empty() ? "connected, no modes" : "connected";
}

std::string connector_list(const KmsDevice& device) {
    std::string list;
    for (const KmsConnector& connector : device.connectors())
        list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", connector.name, status(connector));
    return list;
}

bool shows_yuv(const KmsPlane& plane) {
    return plane.type != PlaneType::Cursor &&
           std::any_of(plane.formats.begin(), plane.formats.end(),
                       [](const FormatModifier& format) { return is_yuv(format.fourcc); });
}

/// How good a card is for video; what is asked for by name counts most.
int rate(const KmsDevice& device, const std::string& connector) {
    int score = 0;
    for (const KmsConnector& one : device.connectors()) {
        if (!connector.empty() && one.name == connector) score |= 4;
        if (lit(one)) score |= 2;
    }
    return score | (std::any_of(device.planes().begin(), device.planes().end(), shows_yuv) ? 1 : 0);
}

/// True when `asked` means this path, or no path at all but perhaps a driver.
bool may_be(const std::string& asked, const std::string& path) {
    return asked.empty() || asked == path || "/dev/dri/" + asked == path ||
           (asked.find('/') == std::string::npos && asked.rfind("card", 0) != 0);
}

/// True when `asked` is a driver's name and this is not it.
bool other_driver(const std::string& asked, const KmsDevice& device) {
    return !asked.empty() && asked != device.path() && "/dev/dri/" + asked != device.path() && asked != device.driver();
}

std::vector<std::string> paths_for(Kernel& kernel, const std::string& asked) {
    if (is_inherited(asked)) return {asked};
    std::vector<std::string> paths;
    for (std::string& path : card_paths(kernel))
        if (may_be(asked, path)) paths.push_back(std::move(path));
    // A path outside /dev/dri, or one that does not exist: opening it says why.
    if (paths.empty() && asked.find('/') != std::string::npos) paths.push_back(asked);
    return paths;
}

Error no_card(const std::string& asked, int code, const std::string& reasons) {
    std::string what = asked.empty() ? "no usable display card" : fmt::format("no usable display card \"{}\"", asked);
    what += reasons.empty() ? " in /dev/dri" : ": " + reasons;
    if (code == EACCES) what += " (cure: join the group \"video\", or run on the console)";
    return {code == ENODEV ? ENOENT : code, std::move(what), "open_card"}; // ENODEV: a card without a display
}

std::string mode_list(const KmsConnector& connector, std::size_t most) {
    std::string list;
    for (std::size_t i = 0; i < connector.modes.size() && i < most; ++i)
        list += (i == 0 ? "" : " ") + mode_name(connector.modes[i]);
    if (connector.modes.size() > most) list += fmt::format(" and {} more", connector.modes.size() - most);
    return list;
}

std::string format_list(const KmsPlane& plane) {
    std::string list;
    const FormatModifier* previous = nullptr;
    for (const FormatModifier& format : plane.formats) {
        if (previous != nullptr && previous->fourcc == format.fourcc)
            list += "+" + modifier_name(format.modifier);
        else
            list += (list.empty() ? "" : " ") + to_string(format.fourcc) +
                    (format.modifier == modifier_linear ? "" : ":" + modifier_name(format.modifier));
        previous = &format;
    }
    return list;
}

void describe(const KmsCard& card, std::vector<std::string>& lines) {
    constexpr std::size_t most_modes = 6;
    lines.push_back(card.problem.empty() ? fmt::format("{}  {}", card.path, card.driver)
                                         : fmt::format("not for video: {}", card.problem));
    for (const KmsConnector& connector : card.connectors)
        lines.push_back(fmt::format("  {}  {}{}{}", connector.name, status(connector),
                                    connector.modes.empty() ? "" : ": ", mode_list(connector, most_modes)));
    for (const KmsPlane& plane : card.planes)
        lines.push_back(fmt::format("  plane {}  {}: {}", plane.id, to_string(plane.type), format_list(plane)));
}

} // namespace

Result<KmsDevice> open_card(Kernel& kernel, const KmsOptions& options) {
    std::optional<KmsDevice> best;
    std::string reasons;
    int code = ENODEV;
    for (const std::string& path : paths_for(kernel, options.card)) {
        Result<KmsDevice> device = KmsDevice::open(kernel, options.seat, path);
        if (!device) {
            if (device.error().code == EACCES) code = EACCES;
            reasons += (reasons.empty() ? "" : "; ") + device.error().what;
        } else if (other_driver(options.card, *device)) {
            reasons += fmt::format("{}{} is {}", reasons.empty() ? "" : "; ", path, device->driver());
        } else if (!best || rate(*device, options.connector) > rate(*best, options.connector)) {
            best = std::move(*device);
        }
    }
    if (!best) return fail(no_card(options.card, code, reasons));
    return std::move(*best);
}

Result<const KmsConnector*> choose_connector(const KmsDevice& device, const std::string& asked) {
    const std::string card = fmt::format("{} ({})", device.path(), device.driver());
    for (const KmsConnector& connector : device.connectors()) {
        if (asked.empty() ? !lit(connector) : connector.name != asked) continue;
        if (device.is_claimed(connector.id))
            return fail(EINVAL, fmt::format("connector {} is named twice", asked), "choose_connector");
        if (lit(connector)) return &connector;
        return fail(ENODEV, fmt::format("{} of {} is {}", asked, card, status(connector)), "choose_connector");
    }
    if (asked.empty())
        return fail(ENODEV, fmt::format("no display is connected to {}: {}", card, connector_list(device)),
                    "choose_connector");
    return fail(EINVAL, fmt::format("no connector \"{}\" on {}; there are: {}", asked, card, connector_list(device)),
                "choose_connector");
}

Result<const KmsCrtc*> choose_crtc(const KmsDevice& device, const KmsConnector& connector) {
    for (const KmsCrtc& crtc : device.crtcs())
        if (crtc.id == connector.crtc_id.value && !device.is_claimed(crtc.id)) return &crtc;
    for (const KmsCrtc& crtc : device.crtcs()) {
        const bool taken = device.is_claimed(crtc.id) ||
                           std::any_of(device.connectors().begin(), device.connectors().end(),
                                       [&](const KmsConnector& other) { return other.crtc_id.value == crtc.id; });
        if (!taken && (connector.possible_crtcs >> crtc.index & 1) != 0) return &crtc;
    }
    return fail(EBUSY, fmt::format("no free CRTC for {}: other displays use them all", connector.name), "choose_crtc");
}

std::vector<KmsCard> list_kms_cards() {
    Kernel& kernel = system_kernel();
    std::vector<KmsCard> cards;
    for (const std::string& path : card_paths(kernel)) {
        Result<KmsDevice> device = KmsDevice::open(kernel, nullptr, path);
        if (!device) {
            cards.push_back({path, "", device.error().what, {}, {}});
            continue;
        }
        device->drop_master();
        cards.push_back({path, device->driver(), "", device->connectors(), device->planes()});
    }
    return cards;
}

std::vector<std::string> describe_kms_cards(const std::vector<KmsCard>& cards) {
    std::vector<std::string> lines;
    for (const KmsCard& card : cards) describe(card, lines);
    if (lines.empty()) lines.emplace_back("no display cards in /dev/dri");
    return lines;
}

std::vector<std::string> card_choices() {
    std::vector<std::string> lines;
    for (const KmsCard& card : list_kms_cards())
        if (card.problem.empty()) lines.push_back(fmt::format("{}  {}", card.driver, card.path));
    if (lines.empty()) lines.emplace_back("no usable display cards in /dev/dri");
    return lines;
}

std::vector<std::string> connector_choices(const KmsOptions& options) {
    Result<KmsDevice> device = open_card(system_kernel(), options);
    if (!device) return {device.error().what};
    device->drop_master();
    std::vector<std::string> lines;
    for (const KmsConnector& connector : device->connectors())
        lines.push_back(fmt::format("{}  {}", connector.name, status(connector)));
    return lines;
}

std::vector<std::string> mode_choices(const KmsOptions& options) {
    Result<KmsDevice> device = open_card(system_kernel(), options);
    if (!device) return {device.error().what};
    device->drop_master();
    // --connector=help beside --mode=help names no connector.
    const Result<const KmsConnector*> connector =
        choose_connector(*device, options.connector == "help" ? "" : options.connector);
    if (!connector) return {connector.error().what};
    std::vector<std::string> lines{"preferred"};
    for (const drmModeModeInfo& mode : (*connector)->modes)
        lines.push_back(mode_name(mode) + ((mode.type & DRM_MODE_TYPE_PREFERRED) != 0 ? "  preferred" : ""));
    return lines;
}

} // namespace v4l2play
