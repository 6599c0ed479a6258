// A painter that draws nothing.
#pragma once

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "render/fit.h"
#include "render/painter.h"

namespace v4l2play {

/// Descriptors that stand for dmabufs.
class NumberedMemory final : public SlotAllocator {
  public:
    NumberedMemory(Kernel& kernel, int (*make_fd)())
        : kernel_(kernel)
        , make_fd_(make_fd) {}
    Result<SlotMemory> allocate(std::size_t) override {
        SlotMemory memory;
        memory.dmabuf[0] = UniqueFd(kernel_, make_fd_());
        return memory;
    }
    [[nodiscard]] const std::string& description() const override { return name_; }

  private:
    Kernel& kernel_;
    int (*make_fd_)();
    std::string name_ = "memory";
};

/// Descriptors of a fake kernel.
inline int fake_dmabuf() {
    static int next = 3'000'000;
    return next++;
}

/// Notes what it is asked; strict in what it lets be drawn.
class FakePainter final : public Painter {
  public:
    struct Seen {
        std::vector<unsigned> turns;
        Size target;
        unsigned prepared = 0;
        unsigned forgotten = 0;
        unsigned finished = 0;
        std::string refusal;
        std::function<UniqueFd()> fence; ///< of what is drawn; empty: it is drawn at once
        std::vector<FormatModifier> formats{{fourcc_nv12}};
        std::vector<FormatModifier> unknown; ///< more, once it is asked
        bool knows = true;
    };
    FakePainter(OutputPath path, Seen& seen, int (*make_fd)() = fake_dmabuf)
        : path_(path)
        , seen_(seen)
        , make_fd_(make_fd) {}
    [[nodiscard]] OutputPath path() const override { return path_; }
    [[nodiscard]] std::string description() const override { return "painted"; }
    [[nodiscard]] std::vector<FormatModifier> formats() const override { return seen_.formats; }
    [[nodiscard]] bool knows_formats() const override { return seen_.knows; }
    void find_formats(const Output&) override {
        seen_.knows = true;
        seen_.formats.insert(seen_.formats.end(), seen_.unknown.begin(), seen_.unknown.end());
        seen_.unknown.clear();
    }
    [[nodiscard]] bool scales() const override { return path_ == OutputPath::Composited; }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel, Output&) override {
        return std::make_unique<NumberedMemory>(kernel, make_fd_);
    }
    Result<> check(const FrameFormat&, const Output&) override {
        if (seen_.refusal.empty()) return {};
        return fail(ENOTSUP, seen_.refusal, "check");
    }
    Result<> prepare(const SlotPool& source, const SlotPool& target) override {
        source_ = source.generation();
        target_ = &target;
        seen_.target = {target.format().coded_width, target.format().coded_height};
        ++seen_.prepared;
        return {};
    }
    Result<UniqueFd> draw(const Frame& frame, unsigned turn, std::uint32_t target) override {
        EXPECT_EQ(source_, frame.slot.pool().generation()) << "it was not prepared for these";
        if (target_ == nullptr) return fail(EINVAL, "nothing was prepared", "draw");
        EXPECT_LT(target, target_->count());
        seen_.turns.push_back(turn);
        return seen_.fence ? seen_.fence() : UniqueFd();
    }
    void finish() override { ++seen_.finished; }

    void forget() override {
        ++seen_.forgotten;
        target_ = nullptr;
        source_ = 0;
    }

  private:
    OutputPath path_;
    Seen& seen_;
    int (*make_fd_)();
    std::uint32_t source_ = 0;
    const SlotPool* target_ = nullptr;
};

} // namespace v4l2play
