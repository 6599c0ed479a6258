#include "decoder/software/codec_setup.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fmt/format.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

namespace v4l2play {
namespace {

constexpr std::size_t maximum_extradata = std::size_t{16} << 20;
/// No picture is larger, whatever a header says (16384 x 16384).
constexpr std::int64_t maximum_pixels = std::int64_t{1} << 28;
constexpr unsigned maximum_threads = 16;

unsigned thread_count(unsigned configured) {
    const unsigned wanted = configured != 0 ? configured : std::thread::hardware_concurrency();
    return std::clamp(wanted, 1U, maximum_threads);
}

/// libavcodec's frame threads of VP8 do not always wait for all that they refer to (5.1, under load: 6 of 100 runs of a
/// conformance stream came out otherwise); its slice threads do.
int thread_types(AVCodecID codec) {
    return codec == AV_CODEC_ID_VP8 ? FF_THREAD_SLICE : FF_THREAD_FRAME | FF_THREAD_SLICE;
}

Result<> set_extradata(AVCodecContext& codec, const std::vector<std::uint8_t>& extradata) {
    if (extradata.empty()) return {};
    if (extradata.size() > maximum_extradata) return fail(EBADMSG, "the codec header is too large", "extradata");
    codec.extradata = static_cast<std::uint8_t*>(av_mallocz(extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (codec.extradata == nullptr) return fail(ENOMEM, "no memory for the codec header", "extradata");
    std::memcpy(codec.extradata, extradata.data(), extradata.size());
    codec.extradata_size = static_cast<int>(extradata.size());
    return {};
}

/// The time base is nanoseconds, so that times pass through libavcodec unchanged.
void set_options(AVCodecContext& codec, const DecoderConfig& config) {
    codec.profile = config.stream.profile >= 0 ? config.stream.profile : codec.profile;
    codec.width = config.stream.width;
    codec.height = config.stream.height;
    codec.codec_tag = config.stream.codec_tag;
    codec.bits_per_coded_sample = config.stream.bits_per_coded_sample;
    codec.pkt_timebase = {1, 1'000'000'000};
    codec.thread_count = static_cast<int>(thread_count(config.threads));
    codec.thread_type = thread_types(codec.codec_id);
    codec.max_pixels = maximum_pixels;
    // The crop is ours to apply: slots keep the whole picture, and what is visible is a rectangle in it.
    codec.apply_cropping = 0;
    // H.264 streams without bitstream_restriction do not say how far they reorder. libavcodec then guesses, and drops
    // what comes too late; strict, it delays as far as the level's DPB allows, like the bumping of C.4.5.3.
    if (codec.codec_id == AV_CODEC_ID_H264) codec.strict_std_compliance = FF_COMPLIANCE_STRICT;
    // Of H.264 libavcodec leaves out what comes before a recovery point; also, at the end, what comes after one that it
    // has not given out yet: where nothing but an I picture marks it, all that is left of the stream. With this it
    // gives out everything, and flags what is to be left out.
    if (codec.codec_id == AV_CODEC_ID_H264) codec.flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
#ifdef AV_CODEC_FLAG_COPY_OPAQUE
    codec.flags |= AV_CODEC_FLAG_COPY_OPAQUE;
#endif
#if LIBAVCODEC_VERSION_MAJOR < 60
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    codec.thread_safe_callbacks = 1;
#pragma GCC diagnostic pop
#endif
}

/// Of AV1; libdav1d can choose.
Result<> set_operating_point(AVCodecContext& codec, unsigned operating_point) {
    if (operating_point == 0 || codec.codec_id != AV_CODEC_ID_AV1) return {};
    if (av_opt_set_int(&codec, "oppoint", operating_point, AV_OPT_SEARCH_CHILDREN) < 0)
        return fail(ENOTSUP, fmt::format("{} has no choice of operating points", codec.codec->name), "software");
    return {};
}

} // namespace

Result<> set_up_codec(AVCodecContext& codec, const DecoderConfig& config) {
    set_options(codec, config);
    V4L2PLAY_TRY(set_extradata(codec, config.stream.extradata));
    return set_operating_point(codec, config.stream.operating_point);
}

} // namespace v4l2play
