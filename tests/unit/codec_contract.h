// What codec.h promises of the steps of every codec, whatever the stream.
#pragma once

#include <algorithm>
#include <map>
#include <string>

#include "decoder/codec/codec.h"

namespace v4l2play::test {

/// Follows the steps. The first broken promise is kept in `fault`.
class CodecContract {
  public:
    void follow(const Steps& steps) {
        for (const Step& step : steps) follow(step);
    }
    /// After drain or flush: nothing may be left over.
    void follow_end(const Steps& steps) {
        follow(steps);
        expect(alive() == 0, "a picture is not forgotten or not output at the end");
    }
    /// After a flush, pictures that were not output are dropped.
    void follow_flush(const Steps& steps) {
        for (const Step& step : steps) expect(step.kind != Step::Kind::Output, "output by a flush");
        follow(steps);
        for (auto& [id, life] : lives_) expect(life.forgotten, "a picture was not forgotten by a flush");
        lives_.clear();
    }
    [[nodiscard]] const std::string& fault() const { return fault_; }

  private:
    struct Life {
        bool output = false;
        bool forgotten = false;
    };

    void follow(const Step& step) {
        switch (step.kind) {
        case Step::Kind::Sequence:
            follow_sequence(*step.sequence);
            break;
        case Step::Kind::Decode:
            follow_decode(*step.picture);
            break;
        case Step::Kind::Output:
            expect(lives_.contains(step.id), "output of what is not there");
            expect(!lives_[step.id].output || step.retimed, "output again, without a time");
            lives_[step.id].output = true;
            bury(step.id);
            break;
        case Step::Kind::Forget:
            expect(lives_.contains(step.id) && !lives_[step.id].forgotten, "forgets what is not there or is forgotten");
            lives_[step.id].forgotten = true;
            bury(step.id);
            break;
        case Step::Kind::Skip:
            expect(step.why != nullptr && *step.why != '\0', "skips without a reason");
            break;
        }
    }
    void follow_sequence(const SequenceInfo& sequence) {
        any_sequence_ = true;
        dpb_slots_ = sequence.dpb_slots;
        const Rect& visible = sequence.info.visible;
        expect(visible.width > 0 && visible.height > 0, "nothing is visible");
        expect(visible.x + visible.width <= sequence.coded_width, "shows more than is coded");
        expect(visible.y + visible.height <= sequence.coded_height, "shows more than is coded");
        expect(sequence.dpb_slots >= 1 && sequence.dpb_slots <= 16, "dpb_slots out of range");
    }
    void follow_decode(const Picture& picture) {
        expect(any_sequence_, "a picture before its sequence");
        if (picture.second_field)
            expect(picture.id == first_field_, "a second field that does not follow its first");
        else
            expect(picture.id > last_id_, "frame ids do not count up");
        first_field_ = picture.first_field ? picture.id : 0;
        last_id_ = picture.id;
        for (const FrameId id : picture.references) {
            expect(lives_.contains(id) && !lives_[id].forgotten, "refers to what is not there or is forgotten");
            expect(std::count(picture.references.begin(), picture.references.end(), id) == 1,
                   "names a reference twice");
        }
        if (picture.second_field) return;
        expect(alive() <= dpb_slots_, "more pictures are alive than dpb_slots");
        lives_[picture.id] = {};
    }
    /// Pictures needed for reference or for output
    [[nodiscard]] std::size_t alive() const { return lives_.size(); }
    void bury(FrameId id) {
        if (lives_[id].output && lives_[id].forgotten) lives_.erase(id);
    }
    void expect(bool holds, const char* promise) {
        if (!holds && fault_.empty()) fault_ = promise;
    }

    std::map<FrameId, Life> lives_;
    FrameId last_id_ = 0;
    FrameId first_field_ = 0; ///< whose second may come next
    std::size_t dpb_slots_ = 0;
    bool any_sequence_ = false;
    std::string fault_;
};

} // namespace v4l2play::test
