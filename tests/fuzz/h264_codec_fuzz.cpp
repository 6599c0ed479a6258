// Arbitrary access units for the H.264 codec, with seeks and losses in between. Whatever comes, its steps must keep
// what codec.h promises.
//
// Input: per unit a byte of flags (1 key, 2 the device loses a picture after it, 4 seek after it; both together: end of
// stream), two bytes of length, and the unit as Annex B. Parameter sets 0 (reordering, gaps allowed), 1 (order of
// decoding) and 2 (as 0, with fields) are known from the start.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>

#include "decoder/codec/h264.h"
#include "tests/unit/codec_contract.h"
#include "tests/unit/h264_stream.h"

namespace {

using namespace v4l2play;
using namespace v4l2play::test;

enum Flags : std::uint8_t { Key = 1, Loss = 2, Seek = 4 };

void require_kept(const CodecContract& contract) {
    if (contract.fault().empty()) return;
    std::fprintf(stderr, "%s\n", contract.fault().c_str());
    __builtin_trap();
}

StreamInfo stream_info() {
    StreamInfo stream;
    h264::Sps sps;
    sps.profile_idc = 77;
    sps.level_idc = 10;
    sps.log2_max_pic_order_cnt_lsb_minus4 = 4;
    sps.max_num_ref_frames = 4;
    sps.gaps_in_frame_num_value_allowed_flag = true;
    sps.pic_width_in_mbs_minus1 = sps.pic_height_in_map_units_minus1 = 3;
    h264::Pps pps;
    pps.num_ref_idx_l0_default_active_minus1 = 1;
    h264::Sps fields = sps;
    h264::Pps of_fields = pps;
    fields.seq_parameter_set_id = of_fields.seq_parameter_set_id = of_fields.pic_parameter_set_id = 2;
    fields.frame_mbs_only_flag = false;
    fields.pic_height_in_map_units_minus1 = 1;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    append_nal(stream.extradata, write_sps(fields));
    append_nal(stream.extradata, write_pps(of_fields));
    sps.seq_parameter_set_id = pps.seq_parameter_set_id = pps.pic_parameter_set_id = 1;
    sps.pic_order_cnt_type = 2;
    sps.gaps_in_frame_num_value_allowed_flag = false;
    append_nal(stream.extradata, write_sps(sps));
    append_nal(stream.extradata, write_pps(pps));
    return stream;
}

class Run {
  public:
    explicit Run(const StreamInfo& stream) {
        if (!codec_->configure(stream)) __builtin_trap();
    }

    /// False when the stream was refused.
    bool unit(std::span<const std::uint8_t> bytes, std::uint8_t flags) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        unit.key = (flags & Key) != 0;
        steps_.clear();
        const bool parsed = codec_->parse(unit, steps_).has_value();
        contract_.follow(steps_);
        require_kept(contract_);
        return parsed;
    }
    void disturb(std::uint8_t flags) {
        const int what = flags & (Loss | Seek);
        steps_.clear();
        if (what == (Loss | Seek)) return end();
        if (what == Loss) codec_->resynchronise(steps_);
        contract_.follow(steps_);
        if (what != Seek) return require_kept(contract_);
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        require_kept(contract_);
    }
    void end() {
        steps_.clear();
        codec_->drain(steps_);
        contract_.follow_end(steps_);
        require_kept(contract_);
    }

  private:
    std::unique_ptr<Codec> codec_ = create_h264_codec();
    CodecContract contract_;
    Steps steps_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const StreamInfo stream = stream_info();
    Run run(stream);
    std::span<const std::uint8_t> rest(data, size);
    while (rest.size() > 3) {
        const std::uint8_t flags = rest[0];
        const std::size_t length = std::min<std::size_t>(rest[1] << 8 | rest[2], rest.size() - 3);
        if (!run.unit(rest.subspan(3, length), flags)) break;
        run.disturb(flags);
        rest = rest.subspan(3 + length);
    }
    run.end();
    return 0;
}
