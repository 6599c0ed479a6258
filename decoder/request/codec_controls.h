// The half of a codec that knows the kernel's controls: fills them from a Picture.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <linux/videodev2.h>

#include "decoder/codec/codec.h"
#include "decoder/result.h"

namespace v4l2play {

/// What QUERY_EXT_CTRL (and QUERYMENU) told of one control.
struct ControlFacts {
    bool exists = false;
    std::uint32_t element_size = 0;     ///< bytes
    std::uint32_t elements = 0;         ///< elements now
    std::uint32_t maximum_elements = 0; ///< dims[0] of a dynamic array, else `elements`
    std::int64_t minimum = 0;
    std::int64_t maximum = 0;
    std::uint64_t menu = 0; ///< bit n: menu item n exists
};

/// How controls are probed; the request decoder implements it on its video device.
class ControlProbe {
  public:
    virtual ~ControlProbe() = default;
    virtual ControlFacts query(std::uint32_t control_id) = 0;
};

/// Controls of one codec on one context. The spans stay valid until the next call.
class CodecControls {
  public:
    virtual ~CodecControls() = default;

    /// V4L2_PIX_FMT_H264_SLICE, ...
    [[nodiscard]] virtual std::uint32_t coded_fourcc() const = 0;
    /// Looks at what the driver has and chooses decode mode and start code. ENOTSUP, with the control's name and the
    /// sizes, when a needed control is missing or has an unknown layout.
    virtual Result<> probe(ControlProbe& probe) = 0;
    /// Whether the driver's profile menu and the like allow this sequence; ENOTSUP with the reason.
    virtual Result<> accepts(const SequenceInfo& sequence) = 0;
    /// Controls to be set on the device (not on a request) before the CAPTURE format is read: modes and sequence.
    virtual std::span<v4l2_ext_control> sequence_controls(const SequenceInfo& sequence) = 0;
    /// Whether the driver's arrays have room for all of a picture; ENOTSUP with the numbers. Asked before its requests.
    virtual Result<> takes(const Picture& /*picture*/) { return {}; }
    /// Whether the picture comes with other reference picture sets than those before it that went to the same context
    /// (Quirk::NewContextForSets).
    [[nodiscard]] virtual bool changes_reference_sets(const Picture& /*picture*/) const { return false; }
    /// How many requests the picture takes: 1 frame-based, one per slice slice-based.
    [[nodiscard]] virtual unsigned requests(const Picture& picture) const = 0;
    /// Controls of request `index` of the picture. The reference timestamps in them are FrameId * 1000 (ns).
    virtual std::span<v4l2_ext_control> picture_controls(const Picture& picture, unsigned index) = 0;
    /// Most bytes that request `index` needs in its bitstream buffer.
    [[nodiscard]] virtual std::size_t bitstream_size(const Picture& picture, unsigned index) const = 0;
    /// Farthest that a slice's data begin behind the start of its NAL unit in request `index`, in bytes: drivers that
    /// add that to the size of the slice want so much more behind the bitstream (Quirk::CountPadding).
    [[nodiscard]] virtual std::size_t data_offset(const Picture& /*picture*/, unsigned /*index*/) const { return 0; }
    /// Writes the bitstream of request `index`; `buffer` has at least `bitstream_size`. Returns the bytes used. This is
    /// the one copy that is made of a stream.
    virtual std::size_t write_bitstream(const Picture& picture, unsigned index, std::span<std::uint8_t> buffer) = 0;
    /// "frame-based, Annex B"
    [[nodiscard]] virtual const char* mode() const = 0;
    /// True when several requests of one picture need V4L2_BUF_FLAG_M2M_HOLD_CAPTURE_BUF.
    [[nodiscard]] virtual bool needs_hold() const = 0;
};

/// Modes to take instead of the best, where the driver has them: for driver engineers and tests.
struct ModePreference {
    enum class Decode { Best, FrameBased, SliceBased };
    enum class StartCode { Best, None, AnnexB };
    Decode decode = Decode::Best;
    StartCode start_code = StartCode::Best;
};

/// Controls for a codec that requests can be made for; null for others.
std::unique_ptr<CodecControls> create_controls(CodecId codec, ModePreference preference = {});
std::unique_ptr<CodecControls> create_h264_controls(ModePreference preference = {});
std::unique_ptr<CodecControls> create_hevc_controls(ModePreference preference = {});
std::unique_ptr<CodecControls> create_fwht_controls();
std::unique_ptr<CodecControls> create_mpeg2_controls();
std::unique_ptr<CodecControls> create_vp8_controls();
std::unique_ptr<CodecControls> create_av1_controls();
std::unique_ptr<CodecControls> create_vp9_controls();

} // namespace v4l2play
