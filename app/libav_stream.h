// What libavformat says of a stream, as plain data.
#pragma once

#include "app/demuxer.h"

struct AVFormatContext;
struct AVStream;

namespace v4l2play {

StreamInfo describe_stream(const AVStream& stream);
/// `raw`: it has no container (RawStream).
StreamSummary summarize_stream(const AVStream& stream, bool raw);
/// Frames per second of an elementary stream, as the bitstream has it; nothing when it does not tell.
std::optional<Rational> raw_frame_rate(const AVStream& stream);
/// libavformat leaves pictures of H.264 in MP4/Matroska whole and stamps them: no parser has to look at them again, and
/// nothing has to be decoded to find out what the container has said already.
bool says_everything(const AVFormatContext& context, const AVStream& stream);
/// Of the pictures that begin in one packet of its own only the first has a time stamp (ISO/IEC 13818-1 2.4.3.7); the
/// others libavformat counts on from there, or leaves without.
bool leaves_times_out(const AVFormatContext& context);
/// Of this stream alone; no_time when the container does not tell.
Nanoseconds duration_of(const AVStream& stream);

} // namespace v4l2play
