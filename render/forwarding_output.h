// An output that stands before another one.
#pragma once

#include <memory>
#include <utility>

#include "render/output.h"

namespace v4l2play {

/// Hands everything on to the output behind it; what is different, an output of this kind overrides. The one behind it
/// goes last.
class ForwardingOutput : public Output {
  public:
    [[nodiscard]] std::vector<FormatModifier> formats() const override { return inner_->formats(); }
    [[nodiscard]] std::vector<FormatModifier> drawn_formats() const override { return inner_->drawn_formats(); }
    bool find_drawn_formats() override { return inner_->find_drawn_formats(); }
    [[nodiscard]] unsigned slots_held() const override { return inner_->slots_held(); }
    [[nodiscard]] bool ready() const override { return inner_->ready(); }
    [[nodiscard]] VblankTiming timing() const override { return inner_->timing(); }
    Result<> configure(const std::shared_ptr<SlotPool>& pool, const FrameInfo& info) override {
        return inner_->configure(pool, info);
    }
    Result<> present(Frame& frame, Nanoseconds target) override { return inner_->present(frame, target); }
    [[nodiscard]] bool takes_fences() const override { return inner_->takes_fences(); }
    std::optional<OutputEvent> next_event() override { return inner_->next_event(); }
    [[nodiscard]] int fd() const override { return inner_->fd(); }
    [[nodiscard]] Nanoseconds next_timeout() const override { return inner_->next_timeout(); }
    Result<> dispatch() override { return inner_->dispatch(); }
    void stop() override { inner_->stop(); }
    void set_title(std::string_view name) override { inner_->set_title(name); }
    [[nodiscard]] Rect screen() const override { return inner_->screen(); }
    [[nodiscard]] bool compromises() const override { return inner_->compromises(); }
    [[nodiscard]] Rect overlay_area() const override { return inner_->overlay_area(); }
    std::optional<OverlayBuffer> acquire_overlay(std::uint32_t width, std::uint32_t height) override {
        return inner_->acquire_overlay(width, height);
    }
    void show_overlay(const OverlayBuffer& overlay, std::uint32_t x, std::uint32_t y) override {
        inner_->show_overlay(overlay, x, y);
    }
    void hide_overlay() override { inner_->hide_overlay(); }
    Result<std::unique_ptr<SlotAllocator>> create_memory(Kernel& kernel) override {
        return inner_->create_memory(kernel);
    }
    Result<std::unique_ptr<SlotAllocator>> create_own_memory(Kernel& kernel) override {
        return inner_->create_own_memory(kernel);
    }
    [[nodiscard]] OutputDescription description() const override { return inner_->description(); }

  protected:
    explicit ForwardingOutput(std::unique_ptr<Output> inner)
        : inner_(std::move(inner)) {}

    [[nodiscard]] Output& inner() { return *inner_; }
    [[nodiscard]] const Output& inner() const { return *inner_; }

  private:
    const std::unique_ptr<Output> inner_;
};

} // namespace v4l2play
