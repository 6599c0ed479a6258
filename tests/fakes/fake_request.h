// The media side of the fake kernel: topology, and requests.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

using ControlValues = std::map<std::uint32_t, std::vector<std::uint8_t>>;

class FakeRequest final : public FakeFile, public std::enable_shared_from_this<FakeRequest> {
  public:
    enum class State { Idle, Queued, Complete };

    explicit FakeRequest(FakeWorld& world)
        : world_(world) {}

    [[nodiscard]] const char* kind() const override { return "request"; }
    int ioctl(unsigned long request, void* argument) override;
    /// EPOLLPRI when complete, EPOLLERR when it was never queued: a watch of an idle request does not sleep.
    std::uint32_t poll(std::uint32_t wanted) override;
    std::shared_ptr<FakeRequest> request() override { return shared_from_this(); }
    void released() override;

    [[nodiscard]] State state() const { return state_; }
    void complete();

    /// Binds an OUTPUT buffer or controls.
    void bind(const std::shared_ptr<FakeContext>& context);
    void bind_buffer(unsigned index) { buffers_.push_back(index); }
    void unbind_buffers() { buffers_.clear(); }
    ControlValues controls;

  private:
    int queue();
    int reinit();
    void return_buffers();

    FakeWorld& world_;
    State state_ = State::Idle;
    std::weak_ptr<FakeContext> context_;
    std::vector<unsigned> buffers_;
};

} // namespace v4l2play::fakes
