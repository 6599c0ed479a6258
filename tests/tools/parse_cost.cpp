// What parsing a stream costs, without any device: to be run under a tool that counts instructions.
//
//     parse_cost WHO ROUNDS FILE
//
// WHO: ours     our codec and control halves: parsing, references and order, controls of every request; nothing of the
//               bitstream is copied
//      parser   libavcodec's parser of that codec (av_parser_parse2)
//      NAME     libavcodec's bitstream filter of that name, without options: h264_metadata reads all headers into
//               structures and writes them again
//      skip     libavcodec's decoder with skip_frame=all: for VP8, it ends behind the headers and the references
// FILE: what libavformat reads, or `fwht`: 60 frames of that made up here, headers with bytes behind.
//
// All units are read into memory first and parsed once; then ROUNDS times more, and only that is what callgrind counts
// with --instr-atstart=no --collect-atstart=no. Prints how many units and bytes a round has, and what came of all
// rounds: pictures, requests, and bytes of controls, or packets. Exit code: 0 done; 1 cannot be read or parsed; 2 bad
// call.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
}

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_START_INSTRUMENTATION
#define CALLGRIND_TOGGLE_COLLECT
#endif

#include "app/demuxer.h"
#include "decoder/codec/codec.h"
#include "decoder/request/codec_controls.h"
#include "decoder/v4l2/uapi_av1.h"
#include "tests/unit/fwht_stream.h"

namespace {

using namespace v4l2play;

constexpr std::size_t padding = AV_INPUT_BUFFER_PADDING_SIZE;

struct Unit {
    std::vector<std::uint8_t> bytes; ///< with padding
    Nanoseconds pts = no_time;
    bool key = false;
    [[nodiscard]] std::span<const std::uint8_t> payload() const {
        return std::span(bytes).first(bytes.size() - padding);
    }
};

struct Stream {
    StreamInfo info;
    std::vector<Unit> units;
};

void add(Stream& stream, std::span<const std::uint8_t> payload, Nanoseconds pts, bool key) {
    Unit& unit = stream.units.emplace_back();
    unit.bytes.assign(payload.begin(), payload.end());
    unit.bytes.resize(payload.size() + padding);
    unit.pts = pts;
    unit.key = key;
}

Stream make_fwht() {
    Stream stream;
    stream.info.codec = CodecId::Fwht;
    for (int i = 0; i < 60; ++i) {
        fwht::Header header = test::fwht_header(i % 10 == 0);
        header.size = 4000;
        add(stream, test::fwht_frame(header), i * (second / 30), header.is_intra());
    }
    return stream;
}

Stream read(const char* path) {
    Stream stream;
    auto demuxer = Demuxer::open(path);
    if (!demuxer) return stream;
    stream.info = (*demuxer)->stream();
    for (auto unit = (*demuxer)->read(); unit && *unit; unit = (*demuxer)->read())
        add(stream, (*unit)->payload.bytes(), (*unit)->pts, (*unit)->key);
    return stream;
}

/// A driver that has every control.
class Probe final : public ControlProbe {
  public:
    ControlFacts query(std::uint32_t id) override {
        const auto found = facts_.find(id);
        return found == facts_.end() ? ControlFacts{} : found->second;
    }

  private:
    template <class Control>
    static ControlFacts one() {
        return {true, sizeof(Control), 1, 1, 0, 0, 0};
    }
    template <class Control>
    static ControlFacts array(std::uint32_t most) {
        return {true, sizeof(Control), 0, most, 0, 0, 0};
    }
    static ControlFacts menu() { return {true, 4, 1, 1, 0, 1, 3}; }

    const std::map<std::uint32_t, ControlFacts> facts_{
        {V4L2_CID_STATELESS_H264_DECODE_MODE, menu()},
        {V4L2_CID_STATELESS_H264_START_CODE, menu()},
        {V4L2_CID_STATELESS_H264_SPS, one<v4l2_ctrl_h264_sps>()},
        {V4L2_CID_STATELESS_H264_PPS, one<v4l2_ctrl_h264_pps>()},
        {V4L2_CID_STATELESS_H264_SCALING_MATRIX, one<v4l2_ctrl_h264_scaling_matrix>()},
        {V4L2_CID_STATELESS_H264_DECODE_PARAMS, one<v4l2_ctrl_h264_decode_params>()},
        {V4L2_CID_STATELESS_HEVC_DECODE_MODE, menu()},
        {V4L2_CID_STATELESS_HEVC_START_CODE, menu()},
        {V4L2_CID_STATELESS_HEVC_SPS, one<v4l2_ctrl_hevc_sps>()},
        {V4L2_CID_STATELESS_HEVC_PPS, one<v4l2_ctrl_hevc_pps>()},
        {V4L2_CID_STATELESS_HEVC_SCALING_MATRIX, one<v4l2_ctrl_hevc_scaling_matrix>()},
        {V4L2_CID_STATELESS_HEVC_DECODE_PARAMS, one<v4l2_ctrl_hevc_decode_params>()},
        {V4L2_CID_STATELESS_HEVC_SLICE_PARAMS, array<v4l2_ctrl_hevc_slice_params>(600)},
        {V4L2_CID_STATELESS_HEVC_ENTRY_POINT_OFFSETS, array<std::uint32_t>(256)},
        {V4L2_CID_STATELESS_VP8_FRAME, one<v4l2_ctrl_vp8_frame>()},
        {V4L2_CID_STATELESS_VP9_FRAME, one<v4l2_ctrl_vp9_frame>()},
        {V4L2_CID_STATELESS_VP9_COMPRESSED_HDR, one<v4l2_ctrl_vp9_compressed_hdr>()},
        {V4L2_CID_STATELESS_AV1_SEQUENCE, one<v4l2_ctrl_av1_sequence>()},
        {V4L2_CID_STATELESS_AV1_FRAME, one<v4l2_ctrl_av1_frame>()},
        {V4L2_CID_STATELESS_AV1_TILE_GROUP_ENTRY, array<v4l2_ctrl_av1_tile_group_entry>(512)},
        {V4L2_CID_STATELESS_AV1_FILM_GRAIN, one<v4l2_ctrl_av1_film_grain>()},
        {V4L2_CID_STATELESS_MPEG2_SEQUENCE, one<v4l2_ctrl_mpeg2_sequence>()},
        {V4L2_CID_STATELESS_MPEG2_PICTURE, one<v4l2_ctrl_mpeg2_picture>()},
        {V4L2_CID_STATELESS_MPEG2_QUANTISATION, one<v4l2_ctrl_mpeg2_quantisation>()},
        {V4L2_CID_STATELESS_FWHT_PARAMS, one<v4l2_ctrl_fwht_params>()},
    };
};

class Parser {
  public:
    virtual ~Parser() = default;
    /// All units once, to their end.
    virtual bool round(const Stream& stream) = 0;
    [[nodiscard]] virtual std::string summary() const = 0;
};

class Ours final : public Parser {
  public:
    explicit Ours(const StreamInfo& stream)
        : codec_(create_codec(stream.codec))
        , controls_(create_controls(stream.codec)) {
        Probe probe;
        ready_ = codec_ != nullptr && codec_->configure(stream) && controls_->probe(probe);
    }
    bool round(const Stream& stream) override {
        for (const Unit& unit : stream.units)
            if (!ready_ || !parse(unit)) return false;
        steps_.clear();
        codec_->drain(steps_);
        return true;
    }
    [[nodiscard]] std::string summary() const override {
        return fmt::format("{} pictures, {} requests, {} bytes of controls", pictures_, requests_, bytes_);
    }

  private:
    bool parse(const Unit& unit) {
        AccessUnit access_unit;
        access_unit.payload = Payload(unit.payload(), nullptr, nullptr);
        access_unit.pts = unit.pts;
        access_unit.key = unit.key;
        steps_.clear();
        if (!codec_->parse(access_unit, steps_)) return false;
        for (const Step& step : steps_)
            if (step.kind == Step::Kind::Decode) fill(*step.picture);
        return true;
    }
    void fill(const Picture& picture) {
        ++pictures_;
        for (unsigned i = 0; i < controls_->requests(picture); ++i) {
            ++requests_;
            for (const v4l2_ext_control& control : controls_->picture_controls(picture, i)) bytes_ += control.size;
        }
    }

    std::unique_ptr<Codec> codec_;
    std::unique_ptr<CodecControls> controls_;
    Steps steps_;
    bool ready_ = false;
    unsigned pictures_ = 0;
    unsigned requests_ = 0;
    std::size_t bytes_ = 0;
};

/// One of libavcodec's ways. All its objects live as long as the program.
class Libav : public Parser {
  public:
    bool round(const Stream& stream) override {
        for (std::size_t i = 0; i < stream.units.size(); ++i) {
            // Referred to, as packets of a demuxer are: nothing has to be copied to keep them.
            if (packets_.size() == i) packets_.push_back(make_packet(stream.units[i]));
            if (!ready_ || packets_[i] == nullptr || !parse(*packets_[i])) return false;
        }
        return true;
    }
    [[nodiscard]] std::string summary() const override { return fmt::format("{} out", out_); }

  protected:
    static bool describe(const StreamInfo& stream, AVCodecParameters& parameters) {
        parameters.codec_type = AVMEDIA_TYPE_VIDEO;
        parameters.codec_id = static_cast<AVCodecID>(stream.libav_codec_id);
        parameters.width = stream.width;
        parameters.height = stream.height;
        if (stream.extradata.empty()) return true;
        parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(stream.extradata.size() + padding));
        if (parameters.extradata == nullptr) return false;
        parameters.extradata_size = static_cast<int>(stream.extradata.size());
        std::copy(stream.extradata.begin(), stream.extradata.end(), parameters.extradata);
        return true;
    }
    static AVCodecContext* make_context(const StreamInfo& stream, const AVCodec* codec) {
        AVCodecParameters* parameters = avcodec_parameters_alloc();
        AVCodecContext* context = avcodec_alloc_context3(codec);
        if (!describe(stream, *parameters) || avcodec_parameters_to_context(context, parameters) < 0) return nullptr;
        avcodec_parameters_free(&parameters);
        context->thread_count = 1;
        return context;
    }

    bool ready_ = false;
    unsigned out_ = 0;

  private:
    virtual bool parse(const AVPacket& packet) = 0;
    static AVPacket* make_packet(const Unit& unit) {
        AVPacket* packet = av_packet_alloc();
        const auto payload = unit.payload();
        if (av_new_packet(packet, static_cast<int>(payload.size())) < 0) return nullptr;
        std::copy(payload.begin(), payload.end(), packet->data);
        packet->flags = unit.key ? AV_PKT_FLAG_KEY : 0;
        packet->pts = unit.pts;
        return packet;
    }

    std::vector<AVPacket*> packets_;
};

class LibavParser final : public Libav {
  public:
    explicit LibavParser(const StreamInfo& stream)
        : parser_(av_parser_init(stream.libav_codec_id))
        , context_(make_context(stream, nullptr)) {
        ready_ = parser_ != nullptr && context_ != nullptr;
        if (ready_) parser_->flags |= PARSER_FLAG_COMPLETE_FRAMES;
    }

  private:
    bool parse(const AVPacket& packet) override {
        std::uint8_t* data = nullptr;
        int size = 0;
        const int used = av_parser_parse2(parser_, context_, &data, &size, packet.data, packet.size, packet.pts,
                                          packet.dts, packet.pos);
        out_ += size > 0 ? 1 : 0;
        return used >= 0;
    }

    AVCodecParserContext* parser_;
    AVCodecContext* context_;
};

class LibavFilter final : public Libav {
  public:
    LibavFilter(const StreamInfo& stream, const char* name)
        : packet_(av_packet_alloc()) {
        const AVBitStreamFilter* filter = av_bsf_get_by_name(name);
        ready_ = filter != nullptr && av_bsf_alloc(filter, &filter_) >= 0 && describe(stream, *filter_->par_in) &&
                 av_bsf_init(filter_) >= 0;
    }

  private:
    bool parse(const AVPacket& packet) override {
        if (av_packet_ref(packet_, &packet) < 0 || av_bsf_send_packet(filter_, packet_) < 0) return false;
        while (av_bsf_receive_packet(filter_, packet_) >= 0) {
            ++out_;
            av_packet_unref(packet_);
        }
        return true;
    }

    AVBSFContext* filter_ = nullptr;
    AVPacket* packet_;
};

class LibavDecoder final : public Libav {
  public:
    explicit LibavDecoder(const StreamInfo& stream)
        : frame_(av_frame_alloc()) {
        const AVCodec* codec = avcodec_find_decoder(static_cast<AVCodecID>(stream.libav_codec_id));
        context_ = codec == nullptr ? nullptr : make_context(stream, codec);
        if (context_ == nullptr) return;
        context_->skip_frame = AVDISCARD_ALL;
        ready_ = avcodec_open2(context_, codec, nullptr) >= 0;
    }

  private:
    bool parse(const AVPacket& packet) override {
        if (avcodec_send_packet(context_, &packet) < 0) return false;
        while (avcodec_receive_frame(context_, frame_) >= 0) ++out_;
        return true;
    }

    AVFrame* frame_;
    AVCodecContext* context_ = nullptr;
};

std::unique_ptr<Parser> create(const char* who, const StreamInfo& stream) {
    const std::string_view name = who;
    if (name == "ours") return std::make_unique<Ours>(stream);
    if (name == "parser") return std::make_unique<LibavParser>(stream);
    if (name == "skip") return std::make_unique<LibavDecoder>(stream);
    return std::make_unique<LibavFilter>(stream, who);
}

} // namespace

int main(int argc, char** argv) {
    unsigned rounds = 0;
    if (argc != 4 || std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), rounds).ec != std::errc{}) return 2;
    const Stream stream = std::string_view(argv[3]) == "fwht" ? make_fwht() : read(argv[3]);
    if (stream.units.empty()) return 1;
    std::size_t bytes = 0;
    for (const Unit& unit : stream.units) bytes += unit.payload().size();
    const std::unique_ptr<Parser> parser = create(argv[1], stream.info);
    if (!parser->round(stream)) return 1;
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_TOGGLE_COLLECT;
    for (unsigned i = 0; i < rounds; ++i)
        if (!parser->round(stream)) return 1;
    CALLGRIND_TOGGLE_COLLECT;
    fmt::print("{} units, {} bytes; {}\n", stream.units.size(), bytes, parser->summary());
    return 0;
}
