#include "render/kms/console.h"

#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/kd.h>

#include "tests/fakes/fake_kernel.h"

namespace v4l2play {
namespace {

using fakes::FakeKernel;

/// A virtual terminal, or (`is_virtual` off) one of another kind. Notes every mode that it is put in.
class FakeTerminal final : public fakes::FakeFile {
  public:
    int mode = KD_TEXT;
    bool is_virtual = true;
    int set_error = 0; ///< errno of KDSETMODE
    std::vector<int> modes;

    [[nodiscard]] const char* kind() const override { return "terminal"; }
    int ioctl(unsigned long request, void* argument) override {
        if (!is_virtual) return -ENOTTY;
        if (request == KDGETMODE) {
            *static_cast<int*>(argument) = mode;
            return 0;
        }
        EXPECT_EQ(request, static_cast<unsigned long>(KDSETMODE));
        if (set_error != 0) return -set_error;
        mode = static_cast<int>(reinterpret_cast<std::uintptr_t>(argument)); // by value
        modes.push_back(mode);
        return 0;
    }
};

class KmsConsole : public testing::Test {
  protected:
    void TearDown() override {
        EXPECT_EQ(kernel.leaks(), "");
        EXPECT_EQ(kernel.violations(), "");
    }
    std::shared_ptr<FakeTerminal> terminal_at(const char* path) {
        auto terminal = std::make_shared<FakeTerminal>();
        kernel.world().other_files[path] = terminal;
        return terminal;
    }

    FakeKernel kernel;
};

using Modes = std::vector<int>;

TEST_F(KmsConsole, IsInGraphicsModeWhileItLivesAndThenInTextModeAgain) {
    const auto terminal = terminal_at("/dev/stdin");
    const auto other = terminal_at("/dev/tty");
    {
        const GraphicsConsole console(kernel);
        EXPECT_EQ(terminal->modes, Modes{KD_GRAPHICS});
    }
    EXPECT_EQ(terminal->modes, (Modes{KD_GRAPHICS, KD_TEXT}));
    EXPECT_EQ(other->modes, Modes{}) << "one is enough";
}

TEST_F(KmsConsole, IsTheControllingTerminalWhenStandardInputIsNone) {
    const auto input = terminal_at("/dev/stdin");
    input->is_virtual = false;
    const auto terminal = terminal_at("/dev/tty");
    { const GraphicsConsole console(kernel); }
    EXPECT_EQ(terminal->modes, (Modes{KD_GRAPHICS, KD_TEXT}));
}

TEST_F(KmsConsole, IsTheControllingTerminalWhenThereIsNoStandardInput) {
    const auto terminal = terminal_at("/dev/tty");
    { const GraphicsConsole console(kernel); }
    EXPECT_EQ(terminal->modes, (Modes{KD_GRAPHICS, KD_TEXT}));
}

TEST_F(KmsConsole, LeavesATerminalThatIsNotVirtualAlone) {
    const auto terminal = terminal_at("/dev/stdin");
    terminal->is_virtual = false;
    { const GraphicsConsole console(kernel); }
    EXPECT_EQ(terminal->modes, Modes{});
}

TEST_F(KmsConsole, LeavesTheGraphicsModeOfAnotherProgramAlone) {
    const auto terminal = terminal_at("/dev/stdin");
    terminal->mode = KD_GRAPHICS;
    { const GraphicsConsole console(kernel); }
    EXPECT_EQ(terminal->modes, Modes{});
}

TEST_F(KmsConsole, PutsNothingBackThatItWasNotAllowedToChange) {
    const auto terminal = terminal_at("/dev/stdin");
    terminal->set_error = EPERM;
    {
        const GraphicsConsole console(kernel);
        terminal->set_error = 0;
    }
    EXPECT_EQ(terminal->modes, Modes{});
}

TEST_F(KmsConsole, NeverLeavesGraphicsModeBehindWhicheverCallFails) {
    for (std::uint64_t n = 1;; ++n) {
        const auto terminal = terminal_at("/dev/stdin");
        kernel.fail_call(n, EIO);
        { const GraphicsConsole console(kernel); }
        const bool failed = !kernel.failed_call().empty();
        kernel.fail_call(0, 0);
        if (!failed) {
            EXPECT_GT(n, 4U);
            break;
        }
        // The fourth is the restoring itself: nothing can be done about that.
        EXPECT_EQ(terminal->mode, n == 4 ? KD_GRAPHICS : KD_TEXT) << "call " << n;
        EXPECT_EQ(kernel.leaks(), "") << "call " << n;
    }
}

} // namespace
} // namespace v4l2play
