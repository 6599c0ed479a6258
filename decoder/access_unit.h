// What crosses from the demuxer to the decoder: plain data, no type of any demuxing library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "decoder/color.h"
#include "decoder/nanoseconds.h"

namespace v4l2play {

enum class CodecId : std::uint8_t { Unknown, H264, Hevc, Vp8, Vp9, Av1, Mpeg2, Fwht, Other };

/// Bytes with a way to give them back. Move-only; whoever holds it may read them, on any thread.
class Payload {
  public:
    using Release = void (*)(void* owner);

    Payload() = default;
    Payload(std::span<const std::uint8_t> bytes, Release release, void* owner)
        : bytes_(bytes)
        , release_(release)
        , owner_(owner) {}
    Payload(Payload&& other) noexcept
        : bytes_(std::exchange(other.bytes_, {}))
        , release_(std::exchange(other.release_, nullptr))
        , owner_(std::exchange(other.owner_, nullptr)) {}
    Payload& operator=(Payload&& other) noexcept {
        if (this != &other) {
            reset();
            bytes_ = std::exchange(other.bytes_, {});
            release_ = std::exchange(other.release_, nullptr);
            owner_ = std::exchange(other.owner_, nullptr);
        }
        return *this;
    }
    Payload(const Payload&) = delete;
    Payload& operator=(const Payload&) = delete;
    ~Payload() { reset(); }

    void reset() {
        if (release_ != nullptr) std::exchange(release_, nullptr)(owner_);
        bytes_ = {};
    }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }

  private:
    std::span<const std::uint8_t> bytes_;
    Release release_ = nullptr;
    void* owner_ = nullptr;
};

/// One coded picture (or temporal unit) as the container framed it.
struct AccessUnit {
    Payload payload;
    Nanoseconds pts = no_time; ///< media time; no_time when the container has none
    Nanoseconds dts = no_time;
    Nanoseconds duration = 0; ///< 0 = unknown
    bool key = false;         ///< the container calls it a random-access point
    bool discard = false;     ///< decode it, but do not show it (edit lists, exact seeks)
    std::uint32_t serial = 0; ///< seek generation
    /// Of containers that leave out the time of some pictures: no picture before it is shown (exact seeks). Which those
    /// are is known once they come out of the decoder.
    Nanoseconds shown_from = no_time;
};

/// What the container says of a video stream.
struct StreamInfo {
    CodecId codec = CodecId::Unknown;
    int libav_codec_id = 0;             ///< AVCodecID as a number; only decoder/software and the demuxer look at it
    const char* codec_name = "unknown"; ///< static storage
    std::uint32_t codec_tag = 0;        ///< the container's own name for the codec; tells variants of old codecs apart
    int bits_per_coded_sample = 0;      ///< of old codecs without headers; 0 unknown
    int profile = -1;                   ///< codec's own number; -1 unknown
    std::string profile_name;           ///< "High 10"; empty unknown
    int width = 0;                      ///< visible, as the container says; 0 unknown
    int height = 0;
    Rational frame_rate;                 ///< 0/1 unknown; constant rate as far as the container tells
    Rational sample_aspect{1, 1};        ///< 0/1 unknown
    Rational time_base{1, 1000};         ///< granularity of the container's time stamps, seconds
    ColorDescription color;              ///< from the container; the bitstream's own wins
    HdrMetadata hdr;                     ///< likewise
    int rotation = 0;                    ///< degrees clockwise: 0, 90, 180, 270
    unsigned operating_point = 0;        ///< AV1: the one that is wanted, of those in the stream (0: of best quality)
    bool base_alone = false;             ///< H.264: of a scalable or multiview stream the base is enough
    std::vector<std::uint8_t> extradata; ///< avcC, hvcC, Annex B parameter sets, ...
};

} // namespace v4l2play
