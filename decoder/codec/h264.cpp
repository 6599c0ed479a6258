#include "decoder/codec/h264.h"

#include <cerrno>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "decoder/codec/h264_decoding.h"
#include "decoder/codec/h264_sequence.h"
#include "decoder/codec/nal_units.h"
#include "decoder/log.h"

namespace v4l2play {

namespace {

using namespace h264;

// More than any level allows in what a container calls one access unit; bounds the memory that hostile ones cost.
constexpr unsigned maximum_pictures_in_unit = 64;
constexpr unsigned maximum_slices_in_unit = 8192;
constexpr unsigned profile_baseline = 66;
constexpr unsigned profile_extended = 88;
constexpr const char* reordered_slices = "H.264 with arbitrary slice order is not done by this decoder";

/// 7.4.1.2.4: whether `b` is of another primary coded picture than `a`, the slice before it. `pic_order_cnt_type` says
/// which of the counts' elements are there; the absent ones are 0 in both.
bool starts_picture(const SliceHeader& a, const SliceHeader& b) {
    return a.frame_num != b.frame_num || a.pic_parameter_set_id != b.pic_parameter_set_id ||
           a.field_pic_flag != b.field_pic_flag || a.bottom_field_flag != b.bottom_field_flag ||
           (a.nal_ref_idc == 0) != (b.nal_ref_idc == 0) || a.idr_pic_flag != b.idr_pic_flag ||
           a.idr_pic_id != b.idr_pic_id || a.pic_order_cnt_lsb != b.pic_order_cnt_lsb ||
           a.delta_pic_order_cnt_bottom != b.delta_pic_order_cnt_bottom ||
           a.delta_pic_order_cnt != b.delta_pic_order_cnt;
}

/// What no driver decodes, or this codec does not do (yet); null when there is nothing of it.
const char* unsupported(const Sps& sps) {
    if (sps.separate_colour_plane_flag) return "H.264 with separate colour planes is not done by this decoder";
    return nullptr;
}

const char* unsupported(const Pps& pps) {
    if (pps.num_slice_groups_minus1 > 0) return "H.264 with flexible macroblock ordering is not done by this decoder";
    return nullptr;
}

const char* unsupported(const SliceHeader& header) {
    if (header.slice_type == SliceType::Sp || header.slice_type == SliceType::Si)
        return "H.264 with switching slices (SP, SI) is not done by this decoder";
    return nullptr;
}

/// Arbitrary slice order is in these profiles, unless the stream is in Main as well (A.2.1, A.2.3).
bool may_reorder_slices(const Sps& sps) {
    const bool is_main_too = (sps.constraint_set_flags & 2) != 0;
    return (sps.profile_idc == profile_baseline && !is_main_too) || sps.profile_idc == profile_extended;
}

class H264Codec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return first_known_ ? &first_sequence_ : nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override {
        give_held(steps);
        decoding_.drain(steps);
    }
    void flush(Steps& steps) override;
    void resynchronise(Steps& steps) override {
        give_held(steps);
        decoding_.drain(steps, DropReason::MissingReference);
    }

  private:
    Result<> hold_first(const AccessUnit& unit);
    void give_held(Steps& steps);
    Result<> receive_all(std::span<const std::uint8_t> bytes, const AccessUnit& unit, Steps& steps);
    Result<> receive_unit(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps);
    Result<> receive_parameter_set(NalType type, std::span<const std::uint8_t> nal, Steps& steps);
    Result<> receive_slice(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps);
    Result<> refuse_malformed(const SyntaxError& error, Steps& steps);
    Result<> check_supported() const;
    Result<> check_configured();
    Result<> add_slice(Steps& steps);
    [[nodiscard]] bool is_new_picture(const SliceHeader& header) const;
    void begin_picture(const AccessUnit& unit);
    Result<> receive_enhancement(unsigned nal_unit_type);
    void finish_picture(Steps& steps);
    [[nodiscard]] bool belongs_to_unit_before(const SliceHeader& header) const;

    StreamInfo stream_;
    unsigned length_size_ = 0;
    ParameterSets sets_;
    DecodingProcess decoding_{sets_, stream_};
    SequenceInfo first_sequence_;
    bool first_known_ = false;
    bool enhancement_noted_ = false;

    // Of the current access unit. Pictures stay where they are until the next: steps point to them.
    std::vector<std::unique_ptr<CodedPicture>> pictures_;
    unsigned picture_count_ = 0;
    unsigned first_of_unit_ = 0;      ///< of these, that which has the unit's time
    CodedPicture* current_ = nullptr; ///< whose slices are being collected
    unsigned slice_count_ = 0;
    Sei sei_;                    ///< of the next picture
    Slice incoming_;             ///< just parsed
    bool at_unit_start_ = false; ///< no NAL unit was before this one in the access unit

    // Of the picture before, and whether its profile allows arbitrary slice order.
    SliceHeader last_slice_;
    std::uint32_t last_picture_start_ = 0; ///< first_mb_in_slice of its first slice
    bool last_may_reorder_ = false;

    // The first access unit of an elementary stream that may have slices in arbitrary order, until the second is there.
    bool holds_first_ = false; ///< it has not come yet
    std::vector<std::uint8_t> first_unit_;
    Steps held_;
};

Result<> H264Codec::configure(const StreamInfo& stream) {
    stream_ = stream;
    auto configuration = parse_avc_configuration(stream_.extradata);
    if (!configuration) return fail(std::move(configuration).error());
    length_size_ = configuration->length_size;
    Steps none;
    for (NalUnits& units : configuration->parameter_sets)
        while (const auto nal = units.next())
            if (const auto header = parse_nal_header(*nal))
                V4L2PLAY_TRY(receive_parameter_set(header->type, *nal, none));
    return check_configured();
}

Result<> H264Codec::check_configured() {
    const Sps* sps = sets_.first_sps();
    if (sps == nullptr) return {};
    if (const char* why = unsupported(*sps)) return fail(ENOTSUP, why, "seq_parameter_set");
    for (const Pps* pps : sets_.ppss())
        if (const char* why = pps != nullptr ? unsupported(*pps) : nullptr)
            return fail(ENOTSUP, why, "pic_parameter_set");
    first_sequence_ = describe_sequence(*sps, stream_);
    first_known_ = true;
    holds_first_ = length_size_ == 0 && may_reorder_slices(*sps);
    return {};
}

/// Of a stream that is refused at its second unit (belongs_to_unit_before) nothing is to be decoded: the steps of the
/// first wait until then.
Result<> H264Codec::parse(const AccessUnit& unit, Steps& steps) {
    if (held_.empty()) picture_count_ = slice_count_ = 0;
    if (holds_first_) return hold_first(unit);
    const std::size_t before = steps.size();
    const bool holds = !held_.empty();
    give_held(steps);
    auto received = receive_all(unit.payload.bytes(), unit, steps);
    if (holds && !received) {
        steps.resize(before);
        Steps none;
        decoding_.flush(none);
    }
    return received;
}

/// Steps point into the unit, so it is copied.
Result<> H264Codec::hold_first(const AccessUnit& unit) {
    const auto bytes = unit.payload.bytes();
    first_unit_.assign(bytes.begin(), bytes.end());
    V4L2PLAY_TRY(receive_all(first_unit_, unit, held_));
    holds_first_ = held_.empty();
    return {};
}

void H264Codec::give_held(Steps& steps) {
    steps.insert(steps.end(), held_.begin(), held_.end());
    held_.clear();
}

void H264Codec::flush(Steps& steps) {
    std::erase_if(held_, [](const Step& step) { return step.kind == Step::Kind::Output; });
    give_held(steps);
    last_may_reorder_ = false;
    decoding_.flush(steps);
}

/// The NAL units of an access unit (7.4.1.2.3)
Result<> H264Codec::receive_all(std::span<const std::uint8_t> bytes, const AccessUnit& unit, Steps& steps) {
    first_of_unit_ = picture_count_;
    current_ = nullptr;
    sei_ = {};
    NalUnits units(bytes, length_size_);
    at_unit_start_ = true;
    while (const auto nal = units.next()) {
        V4L2PLAY_TRY(receive_unit(*nal, unit, steps));
        at_unit_start_ = false;
    }
    if (units.malformed() && current_ != nullptr) current_->damage = "the access unit is cut short";
    finish_picture(steps);
    return {};
}

/// What is shown without it is less than what is in the stream: that is said once. By Table 7-1; prefix units say
/// nothing.
Result<> H264Codec::receive_enhancement(unsigned nal_unit_type) {
    constexpr unsigned auxiliary = 19; // alpha, say: nobody decodes it
    constexpr unsigned extension = 20;
    constexpr unsigned depth = 21;
    const bool layer = nal_unit_type == extension || nal_unit_type == depth;
    if (layer && !stream_.base_alone)
        return fail(
            ENOTSUP,
            fmt::format("H.264 in layers or views (NAL units of type {}) is not done by this decoder", nal_unit_type),
            "nal_unit");
    if ((!layer && nal_unit_type != auxiliary) || std::exchange(enhancement_noted_, true)) return {};
    log_warning("h264",
                "only the base layer is played: the scalable or multiview part (NAL units of type {}) is left out",
                nal_unit_type);
    return {};
}

/// By nal_unit_type (7.4.1)
Result<> H264Codec::receive_unit(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps) {
    const auto header = parse_nal_header(nal);
    if (!header) return {};
    switch (header->type) {
    case NalType::Slice:
    case NalType::IdrSlice:
        return receive_slice(nal, unit, steps);
    case NalType::PartitionA:
    case NalType::PartitionB:
    case NalType::PartitionC:
        // Elsewhere than in Extended profile it is damage, not data partitioning.
        if (const Sps* sps = sets_.first_sps(); sps != nullptr && sps->profile_idc == profile_extended)
            return fail(ENOTSUP, "H.264 with data partitioning is not done by this decoder", "slice_data_partition");
        return {};
    case NalType::Sei:
        parse_sei(nal, sei_);
        return {};
    case NalType::Sps:
    case NalType::Pps:
        return receive_parameter_set(header->type, nal, steps);
    case NalType::AccessUnitDelimiter:
    case NalType::EndOfSequence:
    case NalType::EndOfStream:
        finish_picture(steps);
        return {};
    default: // scalable, multiview and auxiliary pictures go with a base that is complete without them
        return receive_enhancement(nal[0] & 31U);
    }
}

/// The order of parameter sets and their activation: 7.4.1.2.1
Result<> H264Codec::receive_parameter_set(NalType type, std::span<const std::uint8_t> nal, Steps& steps) {
    if (type != NalType::Sps && type != NalType::Pps) return {};
    const auto changed = type == NalType::Sps ? sets_.receive_sps(nal) : sets_.receive_pps(nal);
    if (!changed && changed.error().code == ENOTSUP) return fail(ENOTSUP, changed.error().why, "parameter set");
    // A repetition may stand between the slices of a picture; anything new starts the next one.
    if (changed && *changed) finish_picture(steps);
    return {};
}

/// 7.3.3; the first slice of a picture is told by 7.4.1.2.4.
Result<> H264Codec::receive_slice(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps) {
    const auto header = parse_nal_header(nal);
    // A recovery point may be the splice of another stream, with its own parameter sets.
    // What follows such a picture in one unit, as its second field, is read by what it will have activated.
    const bool pending = current_ != nullptr && (current_->sei.has_recovery_point || current_->first().idr_pic_flag);
    const bool may_activate =
        !decoding_.started() || header->type == NalType::IdrSlice || sei_.has_recovery_point || pending;
    const SpsTable& spss = may_activate ? sets_.received() : sets_.in_force();
    incoming_.nal = nal;
    if (const auto parsed = parse_slice_header(nal, spss, sets_.ppss(), incoming_.header); !parsed)
        return refuse_malformed(parsed.error(), steps);
    if (incoming_.header.redundant_pic_cnt > 0) return {}; // the primary coded picture is enough
    if (at_unit_start_ && belongs_to_unit_before(incoming_.header))
        return fail(ENOTSUP, reordered_slices, "slice_header");
    if (is_new_picture(incoming_.header)) {
        const Sps sps = *spss[sets_.ppss()[incoming_.header.pic_parameter_set_id]->seq_parameter_set_id];
        finish_picture(steps); // may put other parameter sets in force
        if (picture_count_ == maximum_pictures_in_unit) {
            skip(steps, DropReason::Malformed, "too many pictures in one access unit");
            return {};
        }
        const Pps& pps = *sets_.ppss()[incoming_.header.pic_parameter_set_id];
        begin_picture(unit);
        current_->pps = pps;
        current_->sps = sps;
    }
    return add_slice(steps);
}

/// A slice header that cannot be read.
Result<> H264Codec::refuse_malformed(const SyntaxError& error, Steps& steps) {
    if (error.code == ENOTSUP) return fail(ENOTSUP, error.why, "slice_header");
    if (current_ != nullptr) {
        current_->damage = error.why;
        return {};
    }
    if (error.code != ENOENT)
        skip(steps, DropReason::Malformed, error.why);
    else if (incoming_.header.first_mb_in_slice == 0) // once per picture
        skip(steps, decoding_.started() ? DropReason::Malformed : DropReason::BeforeRandomAccess, error.why);
    return {};
}

Result<> H264Codec::check_supported() const {
    for (const char* why : {unsupported(current_->sps), unsupported(current_->pps), unsupported(incoming_.header)})
        if (why != nullptr) return fail(ENOTSUP, why, "slice_header");
    return {};
}

bool H264Codec::is_new_picture(const SliceHeader& header) const {
    if (current_ == nullptr) return true;
    const SliceHeader& previous = current_->slices[current_->slice_count - 1].header;
    if (starts_picture(previous, header)) return true;
    // Not in the specification, but two pictures whose headers are alike would be one with its slices out of order.
    return header.first_mb_in_slice == 0 && !may_reorder_slices(current_->sps);
}

/// What splits an elementary stream into access units takes a slice further up for the start of the next picture, which
/// by 7.4.1.2.4 it is not. Where both begin at the top they are taken for pictures of an encoder that tells them badly
/// apart.
bool H264Codec::belongs_to_unit_before(const SliceHeader& header) const {
    return last_may_reorder_ && header.first_mb_in_slice < last_slice_.first_mb_in_slice &&
           (last_picture_start_ != 0 || header.first_mb_in_slice != 0) && !starts_picture(last_slice_, header);
}

/// Takes `incoming_` into the current picture.
Result<> H264Codec::add_slice(Steps& steps) {
    CodedPicture& coded = *current_;
    if (auto supported = check_supported(); !supported) {
        current_ = nullptr;
        return supported;
    }
    const std::uint32_t first_mb = incoming_.header.first_mb_in_slice;
    if (coded.slice_count > 0) {
        const std::uint32_t previous_mb = coded.slices[coded.slice_count - 1].header.first_mb_in_slice;
        if (first_mb < previous_mb && may_reorder_slices(coded.sps)) {
            current_ = nullptr;
            return fail(ENOTSUP, reordered_slices, "slice_header");
        }
        if (first_mb == previous_mb) return {}; // sent twice
        if (first_mb < previous_mb) coded.damage = "slices are out of order";
    }
    if (slice_count_ == maximum_slices_in_unit) {
        coded.damage = "too many slices in one access unit";
        if (coded.slice_count == 0) finish_picture(steps);
        return {};
    }
    if (coded.slice_count == coded.slices.size()) coded.slices.emplace_back();
    coded.slices[coded.slice_count++] = incoming_;
    ++slice_count_;
    return {};
}

/// A picture with no slices yet. Of several in one unit the first has its time.
void H264Codec::begin_picture(const AccessUnit& unit) {
    if (picture_count_ == pictures_.size()) pictures_.push_back(std::make_unique<CodedPicture>());
    current_ = pictures_[picture_count_].get();
    current_->slice_count = 0;
    current_->damage = nullptr;
    current_->key = unit.key;
    current_->sei = sei_;
    sei_ = {};
    Picture& picture = current_->picture;
    const bool is_first = picture_count_ == first_of_unit_;
    picture.pts = is_first ? unit.pts : no_time;
    picture.duration = is_first ? unit.duration : 0;
    picture.serial = unit.serial;
    picture.discard = unit.discard;
    ++picture_count_;
}

void H264Codec::finish_picture(Steps& steps) {
    if (current_ == nullptr) return;
    CodedPicture& coded = *current_;
    current_ = nullptr;
    if (coded.slice_count == 0) {
        skip(steps, DropReason::Malformed, coded.damage != nullptr ? coded.damage : "a picture without slices");
        return;
    }
    last_slice_ = coded.slices[coded.slice_count - 1].header;
    last_picture_start_ = coded.first().first_mb_in_slice;
    last_may_reorder_ = may_reorder_slices(coded.sps);
    if (coded.first().first_mb_in_slice != 0 && coded.damage == nullptr) coded.damage = "the first slice is missing";
    decoding_.decode(coded, steps);
}

} // namespace

std::unique_ptr<Codec> create_h264_codec() { return std::make_unique<H264Codec>(); }

} // namespace v4l2play
