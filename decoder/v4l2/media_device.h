// Which decoders the machine has, found through the media controller's topology: no udev, no node numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decoder/kernel.h"
#include "decoder/result.h"
#include "decoder/v4l2/uapi.h"
#include "decoder/v4l2/video_device.h"

namespace v4l2play {

/// A bitstream format that a device takes.
struct CodedFormat {
    V4l2Fourcc fourcc{};
    FrameSizes sizes;
};

struct DecoderDevice {
    std::string driver; ///< "visl"
    std::string card;
    std::string bus_info;   ///< "platform:visl"; may be empty on old kernels
    std::string media_path; ///< empty: no media controller, so no requests
    std::string video_path;
    std::uint32_t kernel_version = 0; ///< as KERNEL_VERSION(); what quirks depend on
    bool stateless = false;           ///< takes requests; else it parses the stream by itself
    std::vector<CodedFormat> coded_formats;

    /// Null when the device does not take `fourcc`.
    [[nodiscard]] const CodedFormat* find_format(V4l2Fourcc fourcc) const;
    /// "visl (platform:visl)"
    [[nodiscard]] std::string name() const;
};

/// All decoders, stateless and stateful, in the order of their media and video nodes. Nodes that may lead to one and
/// cannot be opened, because they are busy, forbidden or not there, are added to `closed`.
std::vector<DecoderDevice> find_decoders(Kernel& kernel, std::vector<Error>* closed = nullptr);
/// Devices that are alike (same driver, same formats: the cores of one chip) change places, so that who takes the first
/// that will do takes another at another `turn`. Those that are not alike stay where they are.
void take_turns(std::vector<DecoderDevice>& devices, unsigned turn);
/// Whether a person who wrote `wish` means `device`: its driver, "driver:bus info", bus info, or the path of either
/// node.
bool is_meant(const DecoderDevice& device, std::string_view wish);

/// An open media device, for requests. ENODEV when there is no such node.
Result<UniqueFd> open_media_device(Kernel& kernel, const std::string& path);

} // namespace v4l2play
