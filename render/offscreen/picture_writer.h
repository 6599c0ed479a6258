// Saves the frames that an output shows: each as a picture of its own, and all of them in a contact sheet.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "render/convert.h"
#include "render/offscreen/contact_sheet.h"
#include "render/offscreen/offscreen_output.h"
#include "render/offscreen/picture_overlay.h"

namespace v4l2play {

class PictureWriter {
  public:
    /// Makes the directory for screenshots. An error when a place cannot be written to.
    static Result<std::unique_ptr<PictureWriter>> create(const OffscreenOptions& options);

    /// Frame number `number` is being shown, below `overlay`, which is on pictures of their own only.
    void add(const Frame& frame, std::uint64_t number, const PictureOverlay& overlay);
    /// Why the first picture that is missing could not be written; empty when all were.
    [[nodiscard]] const std::string& error() const { return error_; }
    [[nodiscard]] bool saves_every_frame() const { return !options_.screenshots.empty(); }
    /// Writes what is left to be written. Further calls do nothing unless frames were added.
    void finish();

  private:
    explicit PictureWriter(const OffscreenOptions& options);
    void save(std::uint64_t number);
    void report(const Error& error);

    const OffscreenOptions options_;
    PictureConverter converter_;
    RgbImage image_;
    std::optional<ContactSheet> sheet_;
    bool sheet_is_new_ = false; // has frames that are not in the file
    std::string error_;         // one is enough: the next frames fail for the same reason
};

} // namespace v4l2play
