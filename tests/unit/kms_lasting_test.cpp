// A card that goes while its display shows something, and comes back.
#include "render/kms/lasting_output.h"

#include "tests/fakes/fake_boards.h"
#include "tests/unit/kms_board.h"

namespace v4l2play {
namespace {

/// As Board, but its output lasts.
class LastingBoard : public Board {
  public:
    LastingBoard()
        : Board(raspberry_pi_4()) {
        output_.reset(); // its card is opened again
        auto output = create_lasting_kms_output({}, false, drm_);
        EXPECT_TRUE(output) << output.error().what;
        output_ = std::move(*output);
    }
    void unplug() {
        drm_.unplugged = true;
        drm_.connect(true);
    }
    void plug() {
        drm_.unplugged = false;
        drm_.advance(second);
        ASSERT_TRUE(output_->dispatch());
    }
};

TEST(LastingOutput, ACardThatGoesIsWaitedForAndShowsWhatIsDueThen) {
    LastingBoard board;
    ASSERT_EQ("", board.configure(fourcc_nv12, 1280, 720));
    for (int round = 0; round < 3; ++round) {
        board.show();
        board.unplug();
        board.discarded(); // whose commit tells
        EXPECT_EQ("the card is gone", board.discarded());
        EXPECT_EQ(board.pool_->count(), board.pool_->free_count()) << "nobody reads the slots";
        EXPECT_TRUE(board.output_->ready()) << "playback goes on";
        EXPECT_FALSE(board.output_->formats().empty());
        EXPECT_NE("", board.output_->description().device);
        board.drm_.advance(second);
        ASSERT_TRUE(board.output_->dispatch());
        EXPECT_EQ("the card is gone", board.discarded());
        board.plug();
        board.show();
        EXPECT_FALSE(board.stack(raspberry_pi_4().planes.size()).empty());
    }
}

TEST(LastingOutput, ACardThatDoesNotComeBackIsNoError) {
    LastingBoard board;
    ASSERT_EQ("", board.configure(fourcc_nv12, 1280, 720));
    board.show();
    board.unplug();
    board.discarded();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ("the card is gone", board.discarded());
        board.drm_.advance(second);
        ASSERT_TRUE(board.output_->dispatch());
        while (const auto event = board.output_->next_event()) EXPECT_FALSE(std::holds_alternative<OutputLost>(*event));
    }
    board.output_->stop();
    EXPECT_EQ(board.pool_->count(), board.pool_->free_count());
}

} // namespace
} // namespace v4l2play
