// What the fuzzers of all codecs have in common: arbitrary access units, with seeks and losses in between. Whatever
// comes, the steps must keep what codec.h promises.
//
// Input: per unit a byte of flags (1 is the codec's own, 2 the device loses a picture after it, 4 seek after it; both
// together: end of stream), two bytes of length, and the unit.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "decoder/codec/codec.h"
#include "tests/unit/codec_contract.h"

namespace v4l2play::test {

/// Ends the fuzzer, which keeps its input, when it does not hold.
inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", what);
    __builtin_trap();
}

class CodecRun {
  public:
    explicit CodecRun(std::unique_ptr<Codec> codec)
        : codec_(std::move(codec)) {}
    virtual ~CodecRun() = default;
    CodecRun(const CodecRun&) = delete;
    CodecRun& operator=(const CodecRun&) = delete;

    /// All of the input, or as much as is not refused.
    void play(std::span<const std::uint8_t> input) {
        while (input.size() > 3) {
            const std::uint8_t flags = input[0];
            const std::size_t length = std::min<std::size_t>(input[1] << 8 | input[2], input.size() - 3);
            const auto bytes = input.subspan(3, length);
            if (!unit({bytes.begin(), bytes.end()}, (flags & Own) != 0)) break;
            disturb(flags);
            input = input.subspan(3 + length);
        }
        end();
    }
    /// False when the stream was refused. `bytes` are in memory of their own: reading past them is noticed.
    bool unit(std::vector<std::uint8_t> bytes, bool own) {
        AccessUnit unit;
        prepare(unit, bytes, own);
        unit.payload = Payload(bytes, nullptr, nullptr);
        steps_.clear();
        const bool parsed = codec_->parse(unit, steps_).has_value();
        follow(bytes);
        return parsed;
    }

  protected:
    [[nodiscard]] Codec& codec() { return *codec_; }
    /// What a picture may refer to.
    [[nodiscard]] const std::set<FrameId>& alive() const { return alive_; }
    /// The codec's own flag does something to the unit.
    virtual void prepare(AccessUnit& /*unit*/, std::vector<std::uint8_t>& /*bytes*/, bool /*own*/) {}
    virtual void announce(const SequenceInfo& /*sequence*/) {}
    /// The controls of `picture`, which came in `unit`.
    virtual void check(const Picture& picture, std::span<const std::uint8_t> unit) = 0;

  private:
    enum Flags : std::uint8_t { Own = 1, Loss = 2, Seek = 4 };

    void disturb(std::uint8_t flags) {
        const int what = flags & (Loss | Seek);
        if (what == (Loss | Seek)) return end();
        steps_.clear();
        if (what == Loss) codec_->resynchronise(steps_);
        follow({});
        if (what != Seek) return;
        codec_->flush(steps_);
        contract_.follow_flush(steps_);
        require_kept();
        alive_.clear();
    }
    void end() {
        steps_.clear();
        codec_->drain(steps_);
        look_at_steps({});
        contract_.follow_end(steps_);
        require_kept();
        alive_.clear();
    }
    void follow(std::span<const std::uint8_t> unit) {
        look_at_steps(unit);
        contract_.follow(steps_);
        require_kept();
    }
    void look_at_steps(std::span<const std::uint8_t> unit) {
        for (const Step& step : steps_) {
            if (step.kind == Step::Kind::Sequence) announce(*step.sequence);
            if (step.kind == Step::Kind::Forget) alive_.erase(step.id);
            if (step.kind != Step::Kind::Decode) continue;
            check(*step.picture, unit);
            alive_.insert(step.picture->id);
        }
    }
    void require_kept() const { require(contract_.fault().empty(), contract_.fault().c_str()); }

    std::unique_ptr<Codec> codec_;
    CodecContract contract_;
    Steps steps_;
    std::set<FrameId> alive_;
};

} // namespace v4l2play::test
