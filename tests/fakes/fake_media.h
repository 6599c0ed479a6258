// The media node of a fake decoder.
#pragma once

#include "tests/fakes/fake_world.h"

namespace v4l2play::fakes {

class FakeMedia final : public FakeFile {
  public:
    /// `video_minor` is the device number's minor of the video node that belongs to it (major 81).
    FakeMedia(FakeWorld& world, FakeDecoder& decoder, unsigned video_minor)
        : world_(world)
        , decoder_(decoder)
        , video_minor_(video_minor) {}

    [[nodiscard]] const char* kind() const override { return "media device"; }
    int ioctl(unsigned long request, void* argument) override;

  private:
    int topology(void* argument);

    FakeWorld& world_;
    FakeDecoder& decoder_;
    unsigned video_minor_;
    unsigned asked_ = 0;
};

constexpr unsigned video_major = 81;
constexpr unsigned media_major = 241;

} // namespace v4l2play::fakes
