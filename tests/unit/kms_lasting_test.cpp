// A card that goes while its display shows something, and comes back.
#include "render/kms/lasting_output.h"

#include <cerrno>

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

struct Loan {
    Result<> state;
    Result<std::string> answer = std::string(); ///< to who asks for it again
    unsigned given_back = 0;
};

class FakeLender final : public CardLender {
  public:
    explicit FakeLender(Loan& loan)
        : loan_(loan) {}
    [[nodiscard]] int fd() const override { return -1; }
    Result<> check() override { return loan_.state; }
    void give_back() override {
        ++loan_.given_back;
        loan_.state = {};
        loan_.answer = std::string();
    }
    Result<std::string> ask_again() override { return loan_.answer; }

  private:
    Loan& loan_;
};

class LentBoard : public Board {
  public:
    LentBoard()
        : Board(raspberry_pi_4()) {
        output_.reset();
        auto output = create_lent_kms_output({}, std::make_unique<FakeLender>(loan_), drm_);
        EXPECT_TRUE(output) << output.error().what;
        output_ = std::move(*output);
    }
    ~LentBoard() { output_.reset(); }
    void wait() {
        drm_.advance(second / 10);
        ASSERT_TRUE(output_->dispatch());
    }
    Loan loan_;
};

TEST(LastingOutput, ACardThatIsTakenBackIsAskedForAgain) {
    LentBoard board;
    ASSERT_EQ("", board.configure(fourcc_nv12, 1280, 720));
    for (unsigned round = 1; round <= 4; ++round) {
        board.show();
        const bool told_by_commit = round % 2 == 0;
        if (told_by_commit) {
            board.drm_.revoked = true;
            board.discarded();
        } else {
            board.loan_.state = fail(ENOENT, "the lease was taken back", "lease");
            board.wait();
        }
        EXPECT_EQ(board.loan_.given_back, round);
        EXPECT_EQ("the card is gone", board.discarded());
        EXPECT_EQ(board.pool_->count(), board.pool_->free_count()) << "nobody reads the slots";
        board.wait();
        EXPECT_EQ("the card is gone", board.discarded()) << "nobody has answered";
        board.drm_.revoked = false;
        board.drm_.torn_down = 0; // nobody could take them off the planes
        board.loan_.answer = "/dev/dri/card0";
        board.wait();
        board.show();
        EXPECT_FALSE(board.stack(raspberry_pi_4().planes.size()).empty());
    }
}

TEST(LastingOutput, ACardThatIsTakenBackMayFailToBeConfigured) {
    LentBoard board;
    board.drm_.revoked = true;
    board.loan_.state = fail(EPIPE, "the compositor has gone", "lease");
    EXPECT_EQ("", board.configure(fourcc_nv12, 1280, 720));
    EXPECT_EQ("the card is gone", board.discarded());
}

TEST(LastingOutput, ALenderThatRefusesEndsIt) {
    LentBoard board;
    ASSERT_EQ("", board.configure(fourcc_nv12, 1280, 720));
    board.show();
    board.loan_.state = fail(ENOENT, "the lease was taken back", "lease");
    board.wait();
    while (board.output_->next_event()) {
    }
    board.loan_.answer = fail(EACCES, "no", "lease");
    for (int i = 0; i < 3; ++i) board.wait();
    const auto event = board.output_->next_event();
    ASSERT_TRUE(event && std::holds_alternative<OutputLost>(*event));
    EXPECT_EQ(std::get<OutputLost>(*event).error.code, EACCES);
    EXPECT_FALSE(board.output_->next_event()) << "is told once";
}

} // namespace
} // namespace v4l2play
