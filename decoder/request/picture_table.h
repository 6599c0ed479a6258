// Pictures from their Decode step until nobody asks for them any more, and the order in which they come out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder/codec/codec.h"
#include "decoder/frame.h"
#include "decoder/request/ring.h"
#include "decoder/slot.h"

namespace v4l2play {

/// One coded picture. Its slot is held for reference until Forget, and for display until it is given out or dropped.
struct PictureRecord {
    Frame frame; ///< `frame.slot` is the hold for display
    SlotRef reference;
    std::uint32_t buffer = 0; ///< V4L2 index
    bool in_flight = false;   ///< CAPTURE has not come back
    bool lost = false;        ///< will never be decoded
    bool forgotten = false;   ///< Forget was seen
    bool output = false;      ///< Output was seen
    std::uint8_t waiting = 0; ///< Outputs that have not come out yet
    bool unwanted = false;    ///< decoded before a flush: not to be given out
};

class PictureTable {
  public:
    PictureTable() { records_.reserve(64); }

    PictureRecord& add(const Picture& picture, const FrameInfo& info);
    /// Null for pictures that were never decoded, or are over.
    PictureRecord* find(FrameId id);
    /// The Output step.
    void output(const Step& step);
    /// The Forget step.
    void forget(FrameId id);
    /// CAPTURE came back.
    void finish(FrameId id, bool corrupt);
    /// Will never be decoded; its slot goes back.
    void lose(PictureRecord& record);

    /// Takes the next frame in display order out, when it is ready. Frames not to be shown are passed over.
    bool next_frame(Frame& out);
    /// No frame waits for its turn.
    [[nodiscard]] bool all_out() const { return order_.empty(); }

    [[nodiscard]] std::span<const PictureRecord> records() const { return records_; }
    /// Pictures that a codec may still refer to or output.
    [[nodiscard]] unsigned alive() const;
    /// Drops the oldest picture that is forgotten and was never output: a codec drops pictures with a Forget alone,
    /// which cannot be told at once from one whose Output is yet to come. False when there is none.
    bool drop_oldest_unclaimed();
    void drop_all_unclaimed();
    /// Loses all pictures in flight, and gives back all holds for reference. Returns the number lost.
    unsigned lose_context();
    /// Seek: nothing that is inside comes out.
    void abandon_all();

  private:
    [[nodiscard]] static bool is_unclaimed(const PictureRecord& record) { return record.forgotten && !record.output; }
    void remove_if_over(PictureRecord& record);
    static void give_out(PictureRecord& record, const Step& step, Frame& out);

    std::vector<PictureRecord> records_; ///< a few dozen at most: searched from end to end
    Ring<Step> order_{64};               ///< Output steps
};

} // namespace v4l2play
