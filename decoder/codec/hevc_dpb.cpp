#include "decoder/codec/hevc_dpb.h"

namespace v4l2play::hevc {

namespace {

std::int32_t add(std::int32_t a, std::int64_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

} // namespace

StoredPicture* Dpb::find_short_term(std::int32_t pic_order_cnt) {
    for (StoredPicture& picture : pictures())
        if (picture.short_term && picture.pic_order_cnt == pic_order_cnt) return &picture;
    return nullptr;
}

/// (8-5), (8-6): by the low bits of the count alone, or by all of it.
StoredPicture* Dpb::find_long_term(const LongTermEntry& entry, std::int32_t pic_order_cnt, std::int32_t max_lsb) {
    const std::int32_t mask = entry.delta_poc_msb_present_flag ? -1 : max_lsb - 1;
    std::int32_t wanted = entry.poc_lsb_lt;
    if (entry.delta_poc_msb_present_flag) {
        const std::int32_t msb = add(pic_order_cnt, -std::int64_t{pic_order_cnt & (max_lsb - 1)});
        wanted = add(add(msb, wanted), -std::int64_t{entry.delta_poc_msb_cycle_lt} * max_lsb);
    }
    for (StoredPicture& picture : pictures())
        if (picture.is_reference() && (picture.pic_order_cnt & mask) == wanted) return &picture;
    return nullptr;
}

void Dpb::apply_reference_picture_set(const SliceHeader& header, std::int32_t max_pic_order_cnt_lsb,
                                      HevcPicture& picture) {
    std::array<StoredPicture*, maximum_set_pictures> long_term{};
    std::array<StoredPicture*, maximum_set_pictures> short_term{};
    const ShortTermRefPicSet& set = header.short_term_ref_pic_set;
    for (StoredPicture& stored : pictures()) stored.in_set = false;
    for (unsigned i = 0; i < header.num_long_term; ++i)
        long_term[i] = find_long_term(header.long_term[i], picture.pic_order_cnt, max_pic_order_cnt_lsb);
    for (StoredPicture* stored : long_term) {
        if (stored == nullptr) continue;
        stored->short_term = false;
        stored->long_term = stored->in_set = true;
    }
    for (unsigned i = 0; i < set.num_delta_pocs(); ++i)
        if (StoredPicture* stored = find_short_term(add(picture.pic_order_cnt, set.delta_poc[i])))
            (short_term[i] = stored)->in_set = true;
    for (StoredPicture& stored : pictures())
        if (!stored.in_set) stored.short_term = stored.long_term = false;
    list_references(picture);

    const auto index = [](const StoredPicture* stored) { return stored != nullptr ? stored->index : no_picture; };
    picture.st_curr_before = picture.st_curr_after = picture.lt_curr = {};
    for (unsigned i = 0; i < set.num_delta_pocs(); ++i)
        if (set.is_used(i))
            (i < set.num_negative_pics ? picture.st_curr_before : picture.st_curr_after).push(index(short_term[i]));
    for (unsigned i = 0; i < header.num_long_term; ++i)
        if (header.long_term[i].used_by_curr_pic_lt) picture.lt_curr.push(index(long_term[i]));
}

/// All that is left of references: those for later pictures alone are among them, so that devices keep what they
/// store beside a picture.
void Dpb::list_references(HevcPicture& picture) {
    picture.dpb_count = 0;
    for (StoredPicture& stored : pictures()) {
        stored.index = no_picture;
        if (!stored.is_reference()) continue;
        stored.index = picture.dpb_count++;
        picture.dpb[stored.index] = {stored.id, stored.pic_order_cnt, stored.long_term, stored.pic_struct};
    }
}

void Dpb::store(const StoredPicture& picture) {
    if (count_ < pictures_.size()) pictures_[count_++] = picture;
}

void Dpb::release(Steps& steps) {
    unsigned kept = 0;
    for (unsigned i = 0; i < count_; ++i) {
        StoredPicture& picture = pictures_[i];
        if (!picture.is_reference() && !picture.forgotten) {
            picture.forgotten = true;
            steps.push_back(make_step(Step::Kind::Forget, picture.id));
        }
        if (!picture.is_reference() && !picture.needed_for_output) continue;
        if (kept != i) pictures_[kept] = picture;
        ++kept;
    }
    count_ = kept;
}

void Dpb::clear(Steps& steps) {
    for (StoredPicture& picture : pictures())
        picture.short_term = picture.long_term = picture.needed_for_output = false;
    release(steps);
}

} // namespace v4l2play::hevc
