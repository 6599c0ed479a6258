// The decoded picture buffer and reference picture sets: ITU-T H.265 clauses 8.3.2 and C.5.2.
#pragma once

#include <array>
#include <span>

#include "decoder/codec/hevc_picture.h"

namespace v4l2play::hevc {

/// A picture in the DPB, for reference or for output or both.
struct StoredPicture {
    FrameId id = 0;
    std::int32_t pic_order_cnt = 0;
    std::uint8_t pic_struct = 0;
    bool short_term = false; ///< "used for short-term reference"
    bool long_term = false;
    bool needed_for_output = false;
    bool forgotten = false;          ///< its Forget step is out
    std::uint32_t latency_count = 0; ///< PicLatencyCount (C.5.2.3)
    std::uint8_t index = no_picture; ///< in HevcPicture::dpb of the picture that is being decoded
    bool in_set = false;             ///< the picture that is being decoded keeps it

    [[nodiscard]] bool is_reference() const { return short_term || long_term; }
};

class Dpb {
  public:
    /// `capacity`: picture storage buffers, the current picture's among them.
    void configure(unsigned capacity) { capacity_ = capacity; }
    [[nodiscard]] unsigned capacity() const { return capacity_; }
    [[nodiscard]] std::span<StoredPicture> pictures() { return {pictures_.data(), count_}; }
    [[nodiscard]] std::span<const StoredPicture> pictures() const { return {pictures_.data(), count_}; }
    [[nodiscard]] bool full() const { return count_ >= capacity_; }

    /// 8.3.2: finds the pictures of the set, marks the others "unused for reference", and writes what is left of
    /// references, and the three sets of them that `picture` may use, to `picture`.
    void apply_reference_picture_set(const SliceHeader& header, std::int32_t max_pic_order_cnt_lsb,
                                     HevcPicture& picture);

    /// The caller has made room.
    void store(const StoredPicture& picture);
    /// Appends Forget for pictures that no later one can refer to, and removes those that nobody waits for.
    void release(Steps& steps);
    /// Appends Forget for all, and removes all.
    void clear(Steps& steps);

  private:
    StoredPicture* find_short_term(std::int32_t pic_order_cnt);
    StoredPicture* find_long_term(const LongTermEntry& entry, std::int32_t pic_order_cnt, std::int32_t max_lsb);
    void list_references(HevcPicture& picture);

    std::array<StoredPicture, maximum_dpb_pictures> pictures_{};
    unsigned count_ = 0; ///< in decoding order
    unsigned capacity_ = 1;
};

} // namespace v4l2play::hevc
