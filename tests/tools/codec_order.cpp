// Runs one of our codecs over a file, as libavformat demuxes it, and prints what it would have a device do: one line
// per step. No device is needed.
//
//     codec_order [--edit-lists] FILE
//
// Frames are numbered in decoding order, from 0. An output names the packet that the frame's time is from. Of H.264
// each picture is described: its order counts, the references (number, marking of top and bottom field: short, long or
// -, LongTermFrameIdx) and the lists of each slice (number and t, b or f; x: a frame that never was). Exit code: 0
// decoded to the end; 1 the file cannot be opened; 2 bad call; 3 it has no stream for which we have a codec; 4 the
// codec refuses the stream (`refused REASON` is the last line).

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
}

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "app/libav_stream.h"
#include "decoder/codec/codec.h"
#include "decoder/codec/h264_picture.h"

namespace {

using namespace v4l2play;

struct Origin {
    std::int64_t pts = AV_NOPTS_VALUE;
    std::int64_t position = -1;
    bool discard = false;
};

std::string number_of(const h264::DpbEntry& entry) { return entry.id == 0 ? "x" : std::to_string(entry.id - 1); }

void print_state(const h264::H264Picture& picture) {
    using h264::Fields;
    std::string references;
    for (const h264::DpbEntry& entry : std::span(picture.dpb).first(picture.dpb_count)) {
        references += ' ' + number_of(entry);
        for (const Fields field : {Fields::Top, Fields::Bottom})
            references += any(entry.short_term & field) ? 's' : any(entry.long_term & field) ? 'l' : '-';
        if (entry.is_long_term()) references += std::to_string(entry.long_term_frame_idx);
    }
    fmt::print("counts {} {} references{}\n", picture.top_field_order_cnt, picture.bottom_field_order_cnt, references);
    for (const h264::Slice& slice : picture.slices) {
        fmt::print("lists");
        for (unsigned which = 0; which < 2; ++which) {
            fmt::print(" /");
            for (const h264::ListEntry& entry : std::span(slice.list[which]).first(slice.list_size[which])) {
                const bool any = entry.dpb_index < picture.dpb_count;
                fmt::print(" {}{}", any ? number_of(picture.dpb[entry.dpb_index]) : "-",
                           any ? std::string(1, "?tbf"[static_cast<unsigned>(entry.fields)]) : "");
            }
        }
        fmt::print("\n");
    }
}

/// Prints steps and keeps the books for that: what pictures wait for.
class Printer {
  public:
    explicit Printer(CodecId codec)
        : codec_(codec) {}

    /// The next packet. Its pictures, which may come out later, are known by this serial number.
    std::uint32_t receive(const AVPacket& packet) {
        packets_.push_back({packet.pts, packet.pos, (packet.flags & AV_PKT_FLAG_DISCARD) != 0});
        return static_cast<std::uint32_t>(packets_.size() - 1);
    }
    void print(const Steps& steps) {
        for (const Step& step : steps) print(step);
    }

  private:
    void print(const Step& step) {
        switch (step.kind) {
        case Step::Kind::Sequence:
            print_sequence(*step.sequence);
            break;
        case Step::Kind::Decode:
            print_decode(*step.picture);
            break;
        case Step::Kind::Output:
            print_output(step);
            break;
        case Step::Kind::Forget:
            fmt::print("forget {}\n", step.id - 1);
            break;
        case Step::Kind::Skip:
            fmt::print("skip {}: {}\n", to_string(step.reason), step.why);
            break;
        }
    }

    void print_output(const Step& step) {
        if (step.retimed && step.discard && !packets_.back().discard) {
            fmt::print("hidden {}\n", step.id - 1);
            return;
        }
        const Origin& origin = step.retimed ? packets_.back() : origins_[step.id];
        const std::string pts = origin.pts == AV_NOPTS_VALUE ? "none" : std::to_string(origin.pts);
        fmt::print("output {} pts {} position {}{}\n", step.id - 1, pts, origin.position,
                   origin.discard ? " discard" : "");
    }

    static std::string hdr_text(const HdrMetadata& hdr) {
        std::string text;
        const auto& [red, green, blue] = hdr.primaries;
        if (hdr.has_mastering_display)
            text += fmt::format(" mastering {},{},{},{},{},{},{},{},{},{}", red[0], red[1], green[0], green[1], blue[0],
                                blue[1], hdr.white_point[0], hdr.white_point[1], hdr.min_luminance, hdr.max_luminance);
        if (hdr.has_content_light)
            text += fmt::format(" light {},{}", hdr.max_content_light_level, hdr.max_pic_average_light_level);
        return text;
    }

    static void print_sequence(const SequenceInfo& sequence) {
        const FrameInfo& info = sequence.info;
        fmt::print(
            "sequence {}x{} depth {}/{} chroma {} visible {}x{}+{}+{} aspect {}:{} color {}/{}/{}{} dpb {}{}{}\n",
            sequence.coded_width, sequence.coded_height, sequence.bit_depth_luma, sequence.bit_depth_chroma,
            sequence.chroma_format_idc, info.visible.width, info.visible.height, info.visible.x, info.visible.y,
            info.sample_aspect.num, info.sample_aspect.den, info.color.primaries, info.color.transfer,
            info.color.matrix, info.color.full_range ? "/full" : "", sequence.dpb_slots,
            sequence.interlaced ? " interlaced" : "", hdr_text(info.hdr));
    }

    void print_decode(const Picture& picture) {
        if (!picture.second_field) origins_[picture.id] = packets_[picture.serial];
        std::string references;
        for (const FrameId id : picture.references) references += fmt::format(" {}", id - 1);
        fmt::print("decode {}{} refers to{}\n", picture.id - 1, picture.second_field ? " second field" : "",
                   references);
        if (codec_ == CodecId::H264) print_state(static_cast<const h264::H264Picture&>(picture));
    }

    CodecId codec_;
    std::vector<Origin> packets_;
    std::map<FrameId, Origin> origins_;
};

struct CloseInput {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
};
using Input = std::unique_ptr<AVFormatContext, CloseInput>;

Input open_input(const char* path, bool edit_lists) {
    AVFormatContext* context = nullptr;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "ignore_editlist", edit_lists ? "0" : "1", 0);
    const int error = avformat_open_input(&context, path, nullptr, &options);
    av_dict_free(&options);
    if (error < 0) return nullptr;
    Input input(context);
    if (avformat_find_stream_info(context, nullptr) < 0) return nullptr;
    return input;
}

Nanoseconds to_nanoseconds(std::int64_t time, AVRational base) {
    return time == AV_NOPTS_VALUE ? no_time : av_rescale_q(time, base, AVRational{1, 1'000'000'000});
}

int refuse(const Error& error) {
    fmt::print("refused {}\n", error.what);
    return 4;
}

int run(AVFormatContext& input, const AVStream& stream, Codec& codec) {
    StreamInfo described = describe_stream(stream);
    described.base_alone = true; // as far as libavcodec decodes it
    if (const auto configured = codec.configure(described); !configured) return refuse(configured.error());
    Printer printer(described.codec);
    Steps steps;
    AVPacket* packet = av_packet_alloc();
    Result<> parsed;
    while (parsed && av_read_frame(&input, packet) >= 0) {
        if (packet->stream_index == stream.index) {
            AccessUnit unit;
            unit.payload = Payload({packet->data, static_cast<std::size_t>(packet->size)}, nullptr, nullptr);
            unit.pts = to_nanoseconds(packet->pts, stream.time_base);
            unit.duration = to_nanoseconds(packet->duration, stream.time_base);
            unit.key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
            unit.discard = (packet->flags & AV_PKT_FLAG_DISCARD) != 0;
            unit.serial = printer.receive(*packet);
            steps.clear();
            parsed = codec.parse(unit, steps);
            printer.print(steps);
        }
        av_packet_unref(packet);
    }
    if (parsed) {
        steps.clear();
        codec.drain(steps);
        printer.print(steps);
    }
    av_packet_free(&packet);
    return parsed ? 0 : refuse(parsed.error());
}

} // namespace

int main(int argc, char** argv) {
    const bool edit_lists = argc == 3 && std::strcmp(argv[1], "--edit-lists") == 0;
    if (argc != 2 + (edit_lists ? 1 : 0)) return 2;
    av_log_set_level(AV_LOG_QUIET);
    const Input input = open_input(argv[argc - 1], edit_lists);
    if (!input) return 1;
    const int index = av_find_best_stream(input.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    if (index < 0) return 3;
    const std::unique_ptr<Codec> codec = create_codec(describe_stream(*input->streams[index]).codec);
    return codec == nullptr ? 3 : run(*input, *input->streams[index], *codec);
}
