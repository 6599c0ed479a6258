// A test whose faults are meant: what is logged of them stays out of the output.
#pragma once

#include <gtest/gtest.h>

#include "decoder/log.h"

namespace v4l2play::test {

class QuietTest : public testing::Test {
  protected:
    QuietTest() {
        set_log_level(LogLevel::Error);
        testing::internal::CaptureStderr();
    }
    ~QuietTest() override { testing::internal::GetCapturedStderr(); }
};

} // namespace v4l2play::test
