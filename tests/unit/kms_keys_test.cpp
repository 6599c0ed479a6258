// What keys ask for, by the layout of whoever presses them.
#include <cstdlib>

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

#include "render/kms/key_map.h"

namespace v4l2play {
namespace {

class Keys : public testing::Test {
  protected:
    static void SetUpTestSuite() { setenv("XKB_DEFAULT_LAYOUT", "us,fr", 1); }
    /// Pressed and let go; the press that came of it.
    std::optional<KeyPress> type(std::uint32_t code) {
        const auto press = keys_.change(code, true);
        EXPECT_FALSE(keys_.change(code, false));
        return press;
    }
    std::optional<OutputKey> key(std::uint32_t code) {
        const auto press = type(code);
        return press ? press->key : std::nullopt;
    }

    KeyMap keys_;
};

TEST_F(Keys, AreThoseOfTheTerminal) {
    EXPECT_EQ(key(KEY_SPACE), OutputKey::Pause);
    EXPECT_EQ(key(KEY_Q), OutputKey::Quit);
    EXPECT_EQ(key(KEY_ESC), OutputKey::Quit);
    EXPECT_EQ(key(KEY_I), OutputKey::Stats);
    EXPECT_EQ(key(KEY_LEFT), OutputKey::Back);
    EXPECT_EQ(key(KEY_RIGHT), OutputKey::Forward);
    EXPECT_EQ(key(KEY_UP), OutputKey::FarForward);
    EXPECT_EQ(key(KEY_DOWN), OutputKey::FarBack);
    EXPECT_EQ(key(KEY_X), std::nullopt);
    EXPECT_EQ(key(KEY_A), std::nullopt);
    EXPECT_EQ(key(KEY_MAX), std::nullopt);
}

TEST_F(Keys, ControlAndCEnd) {
    EXPECT_EQ(key(KEY_C), std::nullopt);
    keys_.change(KEY_LEFTCTRL, true);
    EXPECT_EQ(key(KEY_C), OutputKey::Quit);
    EXPECT_EQ(key(KEY_Q), std::nullopt);
    keys_.change(KEY_LEFTCTRL, false);
    EXPECT_EQ(key(KEY_C), std::nullopt);
}

TEST_F(Keys, ControlAltAndFAskForASession) {
    EXPECT_EQ(type(KEY_F3), std::nullopt);
    keys_.change(KEY_LEFTCTRL, true);
    keys_.change(KEY_LEFTALT, true);
    const auto press = type(KEY_F3);
    ASSERT_TRUE(press);
    EXPECT_EQ(press->key, std::nullopt);
    EXPECT_EQ(press->session, 3);
    EXPECT_EQ(type(KEY_F12)->session, 12);
    keys_.release_all(); // as when the session was another one
    EXPECT_EQ(key(KEY_C), std::nullopt);
    EXPECT_EQ(type(KEY_F3), std::nullopt);
}

TEST(Layout, IsThePersonsOwn) {
    setenv("XKB_DEFAULT_LAYOUT", "fr", 1);
    KeyMap keys;
    EXPECT_EQ(keys.change(KEY_A, true)->key, OutputKey::Quit); // where q is there
    EXPECT_EQ(keys.change(KEY_Q, true), std::nullopt);
    setenv("XKB_DEFAULT_LAYOUT", "there is no such layout", 1);
    KeyMap none;
    EXPECT_EQ(none.change(KEY_Q, true), std::nullopt);
}

} // namespace
} // namespace v4l2play
