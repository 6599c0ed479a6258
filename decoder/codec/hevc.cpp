#include "decoder/codec/hevc.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "decoder/codec/hevc_configuration.h"
#include "decoder/codec/hevc_decoding.h"
#include "decoder/codec/hevc_tiles.h"
#include "decoder/codec/nal_units.h"
#include "decoder/log.h"

namespace v4l2play {

namespace {

using namespace hevc;

// More than any level allows in what a container calls one access unit; bounds the memory that hostile ones cost.
constexpr unsigned maximum_pictures_in_unit = 64;
constexpr unsigned maximum_slices_in_unit = 4096;

/// What no driver decodes; null when there is nothing of it.
const char* unsupported(const Sps& sps) {
    if (sps.separate_colour_plane_flag) return "HEVC with separate colour planes is not done by this decoder";
    if (sps.range_extension_tools) return "no driver takes the tools of HEVC's range extensions";
    if (sps.screen_content_tools) return "no driver takes the tools of HEVC's screen content extensions";
    return nullptr;
}

const char* unsupported(const Pps& pps) {
    if (pps.range_extension_tools) return "no driver takes the tools of HEVC's range extensions";
    if (pps.screen_content_tools) return "no driver takes the tools of HEVC's screen content extensions";
    return nullptr;
}

class HevcCodec final : public Codec {
  public:
    Result<> configure(const StreamInfo& stream) override;
    [[nodiscard]] const SequenceInfo* sequence() const override { return first_known_ ? &first_sequence_ : nullptr; }
    Result<> parse(const AccessUnit& unit, Steps& steps) override;
    void drain(Steps& steps) override { decoding_.drain(steps); }
    void flush(Steps& steps) override { decoding_.flush(steps); }
    void resynchronise(Steps& steps) override { decoding_.drain(steps, DropReason::MissingReference); }

  private:
    Result<> check_configured();
    Result<> receive_unit(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps);
    void receive_parameter_set(NalType type, std::span<const std::uint8_t> nal, Steps& steps);
    void receive_sei(std::span<const std::uint8_t> nal, Steps& steps);
    Result<> receive_slice(NalType type, std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps);
    Result<> refuse_malformed(const SyntaxError& error, Steps& steps);
    bool begin_picture(const SpsTable& spss, const AccessUnit& unit, Steps& steps);
    void add_slice();
    void finish_picture(Steps& steps);

    StreamInfo stream_;
    unsigned length_size_ = 0;
    ParameterSets sets_;
    DecodingProcess decoding_{sets_, stream_};
    SequenceInfo first_sequence_;
    bool first_known_ = false;
    bool layers_noted_ = false;
    bool after_end_of_sequence_ = false;

    // Of the current access unit. Pictures stay where they are until the next: steps point to them.
    std::vector<std::unique_ptr<CodedPicture>> pictures_;
    unsigned picture_count_ = 0;
    CodedPicture* current_ = nullptr; ///< whose slice segments are being collected
    unsigned slice_count_ = 0;
    bool skipped_ = false; ///< a slice segment was left out since the last picture, and it was said
    Sei sei_;              ///< of the next picture
    Slice incoming_;       ///< just parsed
    std::vector<std::uint32_t> incoming_entry_points_;
};

Result<> HevcCodec::configure(const StreamInfo& stream) {
    stream_ = stream;
    auto configuration = HevcConfiguration::parse(stream_.extradata);
    if (!configuration) return fail(std::move(configuration).error());
    length_size_ = configuration->length_size();
    Steps none;
    Sei sei;
    while (const auto nal = configuration->next()) {
        const auto header = parse_nal_header(*nal);
        if (!header || header->nuh_layer_id != 0) continue;
        if (header->type == NalType::PrefixSei) parse_sei(*nal, sei);
        receive_parameter_set(header->type, *nal, none);
    }
    decoding_.note_content(sei);
    return check_configured();
}

Result<> HevcCodec::check_configured() {
    const Sps* sps = sets_.first_sps();
    if (sps == nullptr) return {};
    if (const char* why = unsupported(*sps)) return fail(ENOTSUP, why, "seq_parameter_set");
    for (const Pps* pps : sets_.ppss())
        if (const char* why = pps != nullptr ? unsupported(*pps) : nullptr)
            return fail(ENOTSUP, why, "pic_parameter_set");
    first_sequence_ = decoding_.describe(*sps);
    first_known_ = true;
    return {};
}

Result<> HevcCodec::parse(const AccessUnit& unit, Steps& steps) {
    picture_count_ = slice_count_ = 0;
    current_ = nullptr;
    skipped_ = false;
    sei_ = {};
    NalUnits units(unit.payload.bytes(), length_size_);
    while (const auto nal = units.next()) V4L2PLAY_TRY(receive_unit(*nal, unit, steps));
    if (units.malformed() && current_ != nullptr) current_->damage = "the access unit is cut short";
    finish_picture(steps);
    return {};
}

/// By nal_unit_type (7.4.2.2)
Result<> HevcCodec::receive_unit(std::span<const std::uint8_t> nal, const AccessUnit& unit, Steps& steps) {
    const auto header = parse_nal_header(nal);
    // Views, enhancement layers and depth go with a base layer that is complete without them.
    if (!header) return {};
    if (header->nuh_layer_id != 0) {
        if (is_slice(header->type) && !std::exchange(layers_noted_, true))
            log_warning("hevc", "only the base layer is played: layer {} (scalable, multiview or alpha) is left out",
                        header->nuh_layer_id);
        return {};
    }
    if (is_slice(header->type)) return receive_slice(header->type, nal, unit, steps);
    switch (header->type) {
    case NalType::PrefixSei:
        receive_sei(nal, steps);
        return {};
    case NalType::Sps:
    case NalType::Pps:
        receive_parameter_set(header->type, nal, steps);
        return {};
    case NalType::EndOfSequence:
    case NalType::EndOfBitstream:
        finish_picture(steps);
        after_end_of_sequence_ = true;
        return {};
    case NalType::AccessUnitDelimiter:
        finish_picture(steps);
        return {};
    default: // VPS: all that matters is in the SPS; reserved types are to be ignored (7.4.2.2)
        return {};
    }
}

/// The order of parameter sets and their activation: 7.4.2.4.2
void HevcCodec::receive_parameter_set(NalType type, std::span<const std::uint8_t> nal, Steps& steps) {
    if (type != NalType::Sps && type != NalType::Pps) return;
    const auto changed = type == NalType::Sps ? sets_.receive_sps(nal) : sets_.receive_pps(nal);
    // A repetition may stand between the slices of a picture; anything new starts the next one.
    if (changed && *changed) finish_picture(steps);
}

/// Prefix SEI messages precede the first slice segment of their picture (7.4.2.4.4).
void HevcCodec::receive_sei(std::span<const std::uint8_t> nal, Steps& steps) {
    finish_picture(steps);
    parse_sei(nal, sei_);
}

/// 7.3.6.1; the first slice segment of a picture starts it (7.4.2.4.5).
Result<> HevcCodec::receive_slice(NalType type, std::span<const std::uint8_t> nal, const AccessUnit& unit,
                                  Steps& steps) {
    // first_slice_segment_in_pic_flag comes first in the header: the picture before is complete whatever follows.
    const bool first_in_picture = nal.size() <= 2 || (nal[2] & 0x80) != 0;
    if (first_in_picture) finish_picture(steps);
    const SpsTable& spss = is_irap(type) || !decoding_.started() ? sets_.received() : sets_.in_force();
    const SliceHeader* previous = current_ != nullptr && current_->slice_count > 0
                                      ? &current_->slices[current_->slice_count - 1].header
                                      : nullptr;
    incoming_.nal = nal;
    const auto parsed = parse_slice_header(nal, spss, sets_.ppss(), previous, incoming_.header, incoming_entry_points_);
    if (!parsed) {
        // Without it, references of what follows would be taken for those before.
        if (first_in_picture && is_irap(type) && decoding_.started())
            decoding_.drain(steps, DropReason::MissingReference);
        return refuse_malformed(parsed.error(), steps);
    }
    if (first_in_picture) {
        if (!begin_picture(spss, unit, steps)) return {};
        for (const char* why : {unsupported(current_->sps), unsupported(current_->pps)}) {
            if (why == nullptr) continue;
            current_ = nullptr;
            return fail(ENOTSUP, why, "slice_segment_header");
        }
    }
    if (current_ != nullptr)
        add_slice();
    else
        return refuse_malformed({EBADMSG, "the first slice segment of a picture is missing"}, steps);
    return {};
}

/// A slice segment that cannot be read. Once per picture.
Result<> HevcCodec::refuse_malformed(const SyntaxError& error, Steps& steps) {
    if (error.code == ENOTSUP) return fail(ENOTSUP, error.why, "slice_segment_header");
    if (current_ != nullptr) {
        current_->damage = error.why;
        return {};
    }
    if (std::exchange(skipped_, true)) return {};
    const bool waiting = error.code == ENOENT && !decoding_.started();
    skip(steps, waiting ? DropReason::BeforeRandomAccess : DropReason::Malformed, error.why);
    return {};
}

/// Of several pictures in one unit the first has its time. False when there are too many.
bool HevcCodec::begin_picture(const SpsTable& spss, const AccessUnit& unit, Steps& steps) {
    if (picture_count_ == maximum_pictures_in_unit) {
        skip(steps, DropReason::Malformed, "too many pictures in one access unit");
        return false;
    }
    if (picture_count_ == pictures_.size()) pictures_.push_back(std::make_unique<CodedPicture>());
    current_ = pictures_[picture_count_].get();
    current_->pps = *sets_.ppss()[incoming_.header.slice_pic_parameter_set_id];
    const Sps* sps = spss[current_->pps.pps_seq_parameter_set_id];
    current_->sps = *sps;
    current_->sps_is_active = sps == sets_.active();
    current_->slice_count = 0;
    current_->entry_points.clear();
    current_->damage = nullptr;
    current_->sei = std::exchange(sei_, {});
    current_->after_end_of_sequence = std::exchange(after_end_of_sequence_, false);
    skipped_ = false;
    Picture& picture = current_->picture;
    picture.pts = picture_count_ == 0 ? unit.pts : no_time;
    picture.duration = picture_count_ == 0 ? unit.duration : 0;
    picture.serial = unit.serial;
    picture.discard = unit.discard;
    ++picture_count_;
    return true;
}

/// Takes `incoming_` into the current picture.
void HevcCodec::add_slice() {
    CodedPicture& coded = *current_;
    const SliceHeader& header = incoming_.header;
    if (coded.slice_count > 0) {
        const SliceHeader& first = coded.first();
        const SliceHeader& previous = coded.slices[coded.slice_count - 1].header;
        // 7.4.7.1: the same in all slice segments of a picture
        if (header.slice_pic_parameter_set_id != first.slice_pic_parameter_set_id ||
            header.slice_pic_order_cnt_lsb != first.slice_pic_order_cnt_lsb ||
            header.nal_unit_type != first.nal_unit_type)
            coded.damage = "a slice segment of another picture";
        if (header.slice_segment_address == previous.slice_segment_address) return; // sent twice
        const auto place = [&](const SliceHeader& h) {
            return tile_scan_address(coded.pps, coded.sps, h.slice_segment_address);
        };
        if (place(header) < place(previous)) // 7.4.2.4.5
            coded.damage = "slice segments are out of order";
    }
    if (slice_count_ == maximum_slices_in_unit) {
        coded.damage = "too many slice segments in one access unit";
        if (coded.slice_count > 0) return;
    }
    if (coded.slice_count == coded.slices.size()) coded.slices.emplace_back();
    incoming_.first_entry_point = coded.entry_points.size();
    coded.entry_points.insert(coded.entry_points.end(), incoming_entry_points_.begin(), incoming_entry_points_.end());
    coded.slices[coded.slice_count++] = incoming_;
    ++slice_count_;
}

void HevcCodec::finish_picture(Steps& steps) {
    if (current_ == nullptr) return;
    CodedPicture& coded = *current_;
    current_ = nullptr;
    for (Slice& slice : coded.used_slices())
        slice.entry_points =
            std::span(coded.entry_points).subspan(slice.first_entry_point, slice.header.num_entry_point_offsets);
    decoding_.decode(coded, steps);
}

} // namespace

std::unique_ptr<Codec> create_hevc_codec() { return std::make_unique<HevcCodec>(); }

} // namespace v4l2play
