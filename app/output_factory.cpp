#include "app/output_factory.h"

#include <fmt/format.h>

#include "render/kms/kms_output.h"
#include "render/offscreen/offscreen_output.h"

namespace v4l2play {
namespace {

Result<std::unique_ptr<Output>> open_offscreen(const Options& options) {
    OffscreenOptions offscreen;
    offscreen.clock = options.clock;
    offscreen.screenshots = options.screenshots;
    offscreen.contact_sheet = options.contact_sheet;
    if (!options.files.empty()) offscreen.title = options.files.front().substr(options.files.front().rfind('/') + 1);
    return create_offscreen_output(offscreen);
}

Result<std::unique_ptr<Output>> open_kms(const Options& options) {
    return create_kms_output({options.card, options.connector, options.mode});
}

} // namespace

Result<OpenedOutput> open_output(const Options& options) {
    OpenedOutput opened;
    if (options.output == OutputChoice::Null) {
        opened.output = create_null_output();
        return opened;
    }
    if (options.output == OutputChoice::Kms || options.output == OutputChoice::Auto) {
        auto kms = open_kms(options);
        if (kms) {
            opened.output = std::move(*kms);
            return opened;
        }
        if (options.output == OutputChoice::Kms) return fail(std::move(kms).error());
        opened.reasons.push_back(fmt::format("kms: {}", kms.error().what));
    }
    auto offscreen = open_offscreen(options);
    if (!offscreen) return fail(std::move(offscreen).error());
    opened.output = std::move(*offscreen);
    return opened;
}

} // namespace v4l2play
