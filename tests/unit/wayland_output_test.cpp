#include <cstdlib>

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

using WaylandOutputTest = WaylandTest;

TEST_F(WaylandOutputTest, NoCompositorIsOneClearError) {
    setenv("XDG_RUNTIME_DIR", "/tmp", 1);
    setenv("WAYLAND_DISPLAY", "no-such-compositor", 1);
    const auto output = create_wayland_output({});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, ENODEV);
    EXPECT_NE(output.error().what.find("no-such-compositor"), std::string::npos) << output.error().what;
}

TEST_F(WaylandOutputTest, WhatTheCompositorLacksIsNamed) {
    for (const auto& [options, word] : {std::pair{MockOptions{.dmabuf_version = 0, .shm = false}, "linux-dmabuf"},
                                        std::pair{MockOptions{.dmabuf_version = 2, .shm = false}, "linux-dmabuf"},
                                        std::pair{MockOptions{.formats = {}, .shm = false}, "format"},
                                        std::pair{MockOptions{.viewporter = false}, "wp_viewporter"}}) {
        const MockCompositor mock(options);
        const auto output = create_wayland_output({});
        ASSERT_FALSE(output) << word;
        EXPECT_EQ(output.error().code, ENOTSUP);
        EXPECT_NE(output.error().what.find(word), std::string::npos) << output.error().what;
    }
}

TEST_F(WaylandOutputTest, WhatCanBeScannedOutIsOfferedFirst) {
    constexpr std::uint64_t tile = 0x0300000000000001ULL;
    start({.formats = {{{fourcc_yuv420, modifier_linear}, false},
                       {{fourcc_nv12, modifier_linear}, false},
                       {{drm_fourcc('X', 'R', '2', '4'), modifier_linear}, true},
                       {{fourcc_p010, modifier_linear}, true},
                       {{fourcc_nv12, tile}, true}}});
    const std::vector<FormatModifier> expected = {{fourcc_nv12, tile},
                                                  {fourcc_p010, modifier_linear},
                                                  {fourcc_nv12, modifier_linear},
                                                  {fourcc_yuv420, modifier_linear}};
    EXPECT_EQ(output_->formats(), expected);
}

TEST_F(WaylandOutputTest, VersionThreeWithImplicitModifiersTakesLinearFrames) {
    start({.dmabuf_version = 3, .formats = {{{fourcc_nv12, modifier_invalid}, false}}});
    EXPECT_EQ(output_->formats(), (std::vector<FormatModifier>{{fourcc_nv12, modifier_linear}}));
    const auto pool = make_pool(2);
    show(pool, 1);
    EXPECT_EQ(events(), Texts{"shown 1"});
}

TEST_F(WaylandOutputTest, SlotIsFreeAfterItsOwnReleaseInWhateverOrder) {
    start();
    const auto pool = make_pool(4);
    for (FrameId id = 1; id <= 4; ++id) show(pool, id);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "shown 3", "shown 4"}));
    EXPECT_EQ(states(*pool), "EEEE");
    EXPECT_FALSE(pool->acquire());

    mock_->release(2);
    dispatch();
    EXPECT_EQ(states(*pool), "EEFE");
    mock_->release(0);
    dispatch();
    EXPECT_EQ(states(*pool), "FEFE");
    EXPECT_EQ(events(), (Texts{"released 3", "released 1"}));
    // The buffer of slot 2 goes round again: its old release does not count for its new commit.
    show(pool, 5);
    EXPECT_EQ(states(*pool), "FEEE");
    mock_->release(1);
    dispatch();
    EXPECT_EQ(states(*pool), "FFEE");
    EXPECT_EQ(pool->statistics().early_reuse, 0U);
}

TEST_F(WaylandOutputTest, EachSlotIsImportedOnce) {
    start();
    const auto pool = make_pool(3);
    for (FrameId id = 1; id <= 100; ++id) {
        show(pool, id);
        if (id > 1) mock_->release(id - 2);
        dispatch();
    }
    EXPECT_EQ(mock_->imports(), 3U);
    EXPECT_EQ(mock_->commits().size(), 100U);
    EXPECT_EQ(events().size(), 199U);
}

TEST_F(WaylandOutputTest, BuffersOfAnOldPoolGoWhenTheyAreReleased) {
    start();
    const auto old_pool = make_pool(3);
    show(old_pool, 1);
    const auto new_pool = make_pool(2);
    show(new_pool, 2);
    EXPECT_EQ(mock_->imports(), 5U);
    EXPECT_EQ(mock_->buffers_alive(), 3U); // the one on the screen is not taken away
    mock_->release(0);
    dispatch();
    EXPECT_EQ(mock_->buffers_alive(), 2U);
    EXPECT_EQ(states(*old_pool), "FFF");
}

TEST_F(WaylandOutputTest, PictureShownAgainBeforeItsReleaseHasABufferOfItsOwn) {
    start();
    const auto pool = make_pool(1);
    Frame first = make_frame(pool, 1);
    Frame again;
    again.id = 2;
    again.slot = first.slot.also(Hold::Queue);
    again.info = first.info;
    ASSERT_TRUE(output_->present(first, 0));
    mock_->present(0, next_refresh(), period);
    dispatch();
    ASSERT_TRUE(output_->present(again, 0));
    const auto commits = mock_->commits();
    ASSERT_EQ(commits.size(), 2U);
    EXPECT_NE(commits[0].buffer, commits[1].buffer);
    mock_->release(0);
    dispatch();
    EXPECT_EQ(states(*pool), "E") << "the second commit holds it";
    mock_->release(1);
    dispatch();
    EXPECT_EQ(states(*pool), "F");
}

TEST_F(WaylandOutputTest, DiscardedFrameIsToldAndHeldUntilItsRelease) {
    start();
    const auto pool = make_pool(2);
    Frame frame = make_frame(pool, 1);
    ASSERT_TRUE(output_->present(frame, 0));

    mock_->discard(0);
    dispatch();
    EXPECT_EQ(events(), Texts{"discarded 1"});
    EXPECT_EQ(states(*pool), "EF");
    mock_->release(0);
    dispatch();
    EXPECT_EQ(events(), Texts{"released 1"});
    EXPECT_EQ(states(*pool), "FF");
}

TEST_F(WaylandOutputTest, ReleaseMayComeBeforeTheAnswer) {
    start();
    const auto pool = make_pool(1);
    Frame frame = make_frame(pool, 1);
    ASSERT_TRUE(output_->present(frame, 0));
    mock_->release(0);
    dispatch();
    EXPECT_EQ(states(*pool), "F");
    mock_->present(0, next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), (Texts{"released 1", "shown 1"}));
}

TEST_F(WaylandOutputTest, OneCommitUntilItIsAnswered) {
    start();
    const auto pool = make_pool(3);
    EXPECT_TRUE(output_->ready());
    Frame first = make_frame(pool, 1);
    Frame second = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(first, 0));
    EXPECT_FALSE(output_->ready());
    const auto refused = output_->present(second, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EBUSY);
    EXPECT_TRUE(second.slot) << "the caller keeps the frame";
    mock_->present(0, next_refresh(), period);
    dispatch();
    EXPECT_TRUE(output_->ready());
}

/// A compositor that was idle may miss a refresh before it draws: what came next would replace the frame unseen.
TEST_F(WaylandOutputTest, TheFirstAfterAPauseIsWaitedFor) {
    // By the real clock frames may be shown late: that teaches the output of a lead, and then it waits for none.
    start({}, {}, still_);
    const auto pool = make_pool(4);
    show(pool, 1);
    still_.advance(50 * millisecond);
    dispatch();
    Frame first = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(first, 0));
    still_.advance(40 * millisecond); // two refreshes
    dispatch();
    EXPECT_FALSE(output_->ready());
    mock_->present(last_frame(), next_refresh(), period);
    dispatch();
    EXPECT_TRUE(output_->ready());
}

TEST_F(WaylandOutputTest, PathIsWhatTheCompositorSays) {
    start();
    const auto pool = make_pool(2);
    for (const bool zero_copy : {true, false}) {
        Frame frame = make_frame(pool, 1);
        ASSERT_TRUE(output_->present(frame, 0));
        mock_->present(mock_->commits().size() - 1, next_refresh(), period, zero_copy);
        dispatch();
        const auto event = output_->next_event();
        ASSERT_TRUE(event && std::holds_alternative<FrameShown>(*event));
        EXPECT_EQ(std::get<FrameShown>(*event).path, zero_copy ? OutputPath::Plane : OutputPath::Composited);
        EXPECT_EQ(output_->description().path, zero_copy ? OutputPath::Plane : OutputPath::Composited);
    }
}

TEST_F(WaylandOutputTest, SlotWithReadersIsHeldAfterItsRelease) {
    start();
    // An eventfd whose count is full cannot be written: like a dmabuf with a fence that has not signalled.
    const auto full_counter = [] {
        const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        eventfd_write(fd, 0xfffffffffffffffeULL);
        return fd;
    };
    const auto pool = make_pool(1, full_counter);
    show(pool, 1);
    mock_->release(0);
    dispatch();
    EXPECT_EQ(events(), Texts{"shown 1"});
    EXPECT_EQ(states(*pool), "E");
    EXPECT_EQ(pool->snapshot(0).holds[static_cast<std::size_t>(Hold::Fence)], 1);
    EXPECT_EQ(pool->snapshot(0).holds[static_cast<std::size_t>(Hold::Presenter)], 0);

    eventfd_t count = 0;
    eventfd_read(pool->memory(0).dmabuf[0].get(), &count); // the reader has finished
    pollfd wait{output_->fd(), POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, 1000), 1) << "the loop is woken for it";
    dispatch();
    EXPECT_EQ(events(), Texts{"released 1"});
    EXPECT_EQ(states(*pool), "F");
    EXPECT_EQ(poll(&wait, 1, 0), 0) << "and not again";
}

TEST_F(WaylandOutputTest, RefusedImportIsAnErrorAndTheConnectionLives) {
    start();
    mock_->refuse_imports(true);
    const auto pool = make_pool(2);
    Frame frame = make_frame(pool, 1);
    const auto presented = output_->present(frame, 0);
    ASSERT_FALSE(presented);
    EXPECT_EQ(presented.error().code, ENOTSUP);
    EXPECT_NE(presented.error().what.find("NV12"), std::string::npos) << presented.error().what;
    mock_->refuse_imports(false);
    ASSERT_TRUE(output_->present(frame, 0));
    mock_->present(0, next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), Texts{"shown 1"});
}

TEST_F(WaylandOutputTest, LostReleaseDoesNotHoldTheEndUp) {
    start();
    const auto pool = make_pool(3);
    for (FrameId id = 1; id <= 3; ++id) show(pool, id);
    const Nanoseconds before = system_kernel().now();
    output_->stop();
    EXPECT_LT(system_kernel().now() - before, second);
    EXPECT_EQ(states(*pool), "FFF");
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2", "shown 3", "released 1", "released 2", "released 3"}));
    EXPECT_FALSE(mock_->has_window());
}

TEST_F(WaylandOutputTest, DeathOfTheCompositorIsAnEvent) {
    start();
    const auto pool = make_pool(3);
    show(pool, 1);
    Frame flying = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(flying, 0));
    EXPECT_EQ(events(), Texts{"shown 1"});
    mock_.reset();
    dispatch();
    live_for(20);
    const Texts texts = events();
    ASSERT_EQ(texts.size(), 4U);
    EXPECT_EQ(texts[0], "discarded 2");
    EXPECT_EQ(texts[3].substr(0, 6), "lost: ");
    EXPECT_EQ(states(*pool), "FFF");
    Frame late = make_frame(pool, 3);
    EXPECT_TRUE(output_->ready());
    ASSERT_TRUE(output_->present(late, 0));
    EXPECT_EQ(events(), (Texts{"discarded 3", "released 3"}));
    EXPECT_EQ(states(*pool), "FFF");
}

TEST_F(WaylandOutputTest, ProtocolErrorIsNamed) {
    start();
    const auto pool = make_pool(1);
    show(pool, 1);
    mock_->post_error();
    dispatch();
    const Texts texts = events();
    ASSERT_FALSE(texts.empty());
    EXPECT_NE(texts.back().find("error 7 of xdg_toplevel"), std::string::npos) << texts.back();
}

TEST_F(WaylandOutputTest, PlaybackGoesOnWithACompositorThatCameBack) {
    start({}, {false, 5 * second});
    const auto pool = make_pool(2);
    show(pool, 1);
    mock_->drop_clients();
    dispatch();
    EXPECT_EQ(events(), (Texts{"shown 1", "released 1"}));
    Frame away = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(away, 0));
    EXPECT_EQ(events(), (Texts{"discarded 2", "released 2"}));
    live_for(400);
    EXPECT_EQ(mock_->connections(), 2U);
    Frame frame = make_frame(pool, 3);
    ASSERT_TRUE(output_->present(frame, 0));
    const auto commits = mock_->commits();
    ASSERT_EQ(commits.size(), 2U);
    mock_->present(1, system_kernel().now(), period);
    dispatch();
    EXPECT_EQ(events(), Texts{"shown 3"});
    EXPECT_EQ(mock_->imports(), 4U) << "each slot anew, once";
}

/// As one that is starting: its socket is there before it answers.
TEST_F(WaylandOutputTest, PlaybackGoesOnWhileACompositorDoesNotAnswerYet) {
    start({}, {false, 5 * second});
    const auto pool = make_pool(2);
    show(pool, 1);
    mock_->drop_clients(true);
    Nanoseconds longest = 0;
    const Nanoseconds until = system_kernel().now() + second;
    for (Nanoseconds now = system_kernel().now(); now < until; now = system_kernel().now()) {
        dispatch();
        longest = std::max(longest, system_kernel().now() - now);
        poll(nullptr, 0, 5);
    }
    EXPECT_LT(longest, second / 2) << "nobody waits for it";
    Frame away = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(away, 0));
    EXPECT_EQ(states(*pool), "FF");
    mock_->thaw();
    live_for(400);
    events();
    show(pool, 3);
    EXPECT_EQ(events(), Texts{"shown 3"});
}

TEST_F(WaylandOutputTest, TheEndDoesNotWaitForACompositorThatDoesNotAnswer) {
    start({}, {false, 5 * second});
    const auto pool = make_pool(2);
    show(pool, 1);
    mock_->drop_clients(true);
    live_for(400);
    const Nanoseconds before = system_kernel().now();
    output_.reset();
    EXPECT_LT(system_kernel().now() - before, second);
    EXPECT_EQ(states(*pool), "FF");
    mock_->thaw();
}

TEST_F(WaylandOutputTest, TellsTheNumberThatTheCompositorGivesAVblank) {
    start();
    const auto pool = make_pool(2);
    constexpr std::uint64_t msc = (std::uint64_t{3} << 32) + 5;
    for (const FrameId id : {1, 2}) {
        Frame frame = make_frame(pool, id);
        ASSERT_TRUE(output_->present(frame, 0));
        mock_->present(last_frame(), next_refresh(), period, false, id == 1 ? msc : 0);
        dispatch();
        const auto event = output_->next_event();
        ASSERT_TRUE(event);
        EXPECT_EQ(std::get<FrameShown>(*event).msc, id == 1 ? msc : 0);
        EXPECT_EQ(std::get<FrameShown>(*event).sequence, id) << "counted by time";
    }
}

class HiddenWindowTest : public WaylandOutputTest {
  protected:
    /// Presents the next frame a refresh later; answers whether it was committed.
    bool commit() {
        still_.advance(period + 2 * millisecond);
        dispatch();
        EXPECT_TRUE(output_->ready()) << "playback goes on";
        const std::size_t before = mock_->commits().size();
        Frame frame = make_frame(pool_, ++id_);
        EXPECT_TRUE(output_->present(frame, 0));
        dispatch();
        return mock_->commits().size() == before + 1;
    }

    /// One frame was seen, and what comes then is not answered.
    void hide(const MockOptions& mock = {}) {
        start(mock, {}, still_);
        pool_ = make_pool(8);
        show(pool_, ++id_);
        events();
        ASSERT_TRUE(commit());
        still_.advance(100 * millisecond);
        dispatch();
    }

    std::shared_ptr<SlotPool> pool_;
    FrameId id_ = 0;
};

TEST_F(HiddenWindowTest, EachFrameIsCommittedWhileBuffersComeBack) {
    hide();
    for (int i = 0; i < 100; ++i) {
        const std::size_t replaced = last_frame();
        ASSERT_TRUE(commit()) << i;
        mock_->discard(replaced);
        mock_->release(replaced);
        dispatch();
    }
    const Texts told = events();
    EXPECT_EQ(told[0], "discarded 2");
    mock_->present(last_frame(), next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), Texts{"shown " + std::to_string(id_)}) << "the newest, on return";
    ASSERT_TRUE(commit());
    EXPECT_FALSE(output_->ready()) << "somebody looks: one commit a refresh";
}

TEST_F(HiddenWindowTest, NoMoreThanAHandfulGoesToWhoKeepsThemAll) {
    hide();
    EXPECT_TRUE(commit() && commit());
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(commit()) << "four are there";
        const std::string id = std::to_string(id_);
        const Texts told = events();
        EXPECT_NE(std::find(told.begin(), told.end(), "released " + id), told.end());
    }
    mock_->release(1);
    dispatch();
    EXPECT_TRUE(commit()) << "one came back";
    EXPECT_FALSE(commit());
}

TEST_F(HiddenWindowTest, WhoKeptManyWhenItWasSeenIsGivenOneMore) {
    start({}, {}, still_);
    pool_ = make_pool(8);
    for (int i = 0; i < 5; ++i) show(pool_, ++id_); // released is none
    ASSERT_TRUE(commit());
    still_.advance(100 * millisecond);
    EXPECT_TRUE(commit()) << "so that one can be replaced";
    EXPECT_FALSE(commit());
    mock_->release(5);
    EXPECT_TRUE(commit());
}

TEST_F(HiddenWindowTest, FewAnswersAreAskedOfWhoGivesNone) {
    hide();
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(commit());
        mock_->release(last_frame() - 1);
        dispatch();
    }
    const Texts told = events();
    EXPECT_EQ(std::count_if(told.begin(), told.end(), [](const auto& text) { return text.starts_with("discarded"); }),
              41)
        << "and the last is told of before its time";
    EXPECT_EQ(mock_->answers_owed(), 16U);
    mock_->present(2, next_refresh(), period); // a late answer: somebody looks
    dispatch();
    ASSERT_TRUE(commit());
    mock_->present(last_frame(), next_refresh(), period);
    dispatch();
    EXPECT_EQ(events().back(), "shown " + std::to_string(id_));
}

TEST_F(HiddenWindowTest, WithFrameCallbacksAloneItIsTheSame) {
    hide({.presentation = false});
    still_.advance(250 * millisecond); // no refresh is known
    for (int i = 0; i < 40; ++i) {
        ASSERT_TRUE(commit());
        mock_->release(last_frame() - 1);
        dispatch();
    }
    EXPECT_EQ(mock_->answers_owed(), 16U);
    events();
    mock_->draw();
    dispatch();
    ASSERT_TRUE(commit());
    mock_->draw();
    dispatch();
    EXPECT_EQ(events().back(), "shown " + std::to_string(id_));
}

TEST_F(HiddenWindowTest, FewCommitsThatAreDiscardedGoUnnoticed) {
    hide();
    mock_->present(last_frame(), next_refresh(), period);
    mock_->release(0);
    dispatch();
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(commit());
        mock_->discard(last_frame());
        dispatch();
    }
    EXPECT_TRUE(commit());
    EXPECT_FALSE(commit()) << "it is hidden, and keeps a handful";
}

TEST_F(WaylandOutputTest, AnswerThatComesLateEndsTheHiding) {
    start();
    const auto pool = make_pool(3);
    show(pool, 1);
    Frame slow = make_frame(pool, 2);
    ASSERT_TRUE(output_->present(slow, 0));
    live_for(300);
    EXPECT_EQ(events(), (Texts{"shown 1", "discarded 2"}));
    mock_->present(1, next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), Texts{}) << "it was told of already";
    show(pool, 3);
    EXPECT_EQ(events(), Texts{"shown 3"});
}

TEST_F(WaylandOutputTest, ConfigureThatChangesNothingIsOnlyAcknowledged) {
    start({.shell_version = 6});
    const auto pool = make_pool(1);
    show(pool, 1);
    mock_->suspend(true);
    dispatch();
    EXPECT_EQ(mock_->complaints(), Texts{});
}

TEST_F(WaylandOutputTest, CloseButtonQuits) {
    start();
    mock_->close_window();
    dispatch();
    EXPECT_EQ(events(), Texts{"key " + std::to_string(static_cast<int>(OutputKey::Quit))});
    EXPECT_EQ(events(), Texts{});
}

TEST_F(WaylandOutputTest, KeysInTheWindowAreTold) {
    start();
    dispatch(); // the seat has a keyboard
    EXPECT_EQ(mock_->imports(), 0U);
    dispatch(); // the keyboard has a layout
    mock_->press(KEY_Q);
    mock_->press(KEY_LEFT);
    mock_->press(KEY_A); // means nothing
    dispatch();
    EXPECT_EQ(events(), (Texts{"key " + std::to_string(static_cast<int>(OutputKey::Quit)),
                               "key " + std::to_string(static_cast<int>(OutputKey::Back))}));
}

TEST_F(WaylandOutputTest, PictureKeepsItsShapeInAWindowOfAnother) {
    start();
    const auto pool = make_pool(3);
    show(pool, 1);
    mock_->configure(200, 48);
    dispatch();
    show(pool, 2);
    const auto commits = mock_->commits();
    EXPECT_EQ(commits[0].destination_width, 64);
    EXPECT_EQ(commits[0].destination_height, 48);
    EXPECT_EQ(commits[1].destination_width, 64);
    EXPECT_EQ(commits[1].destination_height, 48);
    EXPECT_EQ(commits[1].x, 68);
    EXPECT_EQ(commits[1].y, 0);
    mock_->configure(640, 480, true);
    dispatch();
    show(pool, 3);
    EXPECT_EQ(mock_->commits()[2].destination_width, 640);
    EXPECT_EQ(mock_->commits()[2].x, 0);
    EXPECT_EQ(output_->description().plane, "full screen, 640x480");
}

TEST_F(WaylandOutputTest, LargerPictureToComeDoesNotTouchTheOneOnShow) {
    start();
    const auto pool = make_pool(1);
    show(pool, 1);
    FrameFormat large = nv12();
    large.coded_width = 128;
    large.layout[0].pitch = large.layout[1].pitch = 128;
    std::vector<SlotMemory> memory(1);
    memory[0].dmabuf[0] = UniqueFd(system_kernel(), memfd_create("slot", MFD_CLOEXEC));
    const auto large_pool = SlotPool::create(system_kernel(), large, std::move(memory));
    Frame frame = make_frame(large_pool, 2);
    frame.info.visible = {0, 0, 128, 48};
    ASSERT_TRUE(output_->configure(large_pool, frame.info));
    mock_->configure(0, 0);
    dispatch(); // the window's state is new, the picture in it is not
    ASSERT_TRUE(output_->present(frame, 0));
    mock_->present(1, next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
    EXPECT_EQ(mock_->commits()[1].destination_width, 128);
}

TEST_F(WaylandOutputTest, EventsReadDuringAnImportAreNotLeftLying) {
    start();
    const auto pool = make_pool(1);
    Frame frame = make_frame(pool, 1);
    ASSERT_TRUE(output_->present(frame, 0));
    dispatch();
    mock_->present(0, next_refresh(), period);
    const auto next_pool = make_pool(1);
    FrameInfo info;
    info.visible = {0, 0, 64, 48};
    ASSERT_TRUE(output_->configure(next_pool, info));
    pollfd wait{output_->fd(), POLLIN, 0};
    ASSERT_EQ(poll(&wait, 1, 0), 0) << "they have been read";
    ASSERT_NE(output_->next_timeout(), no_time);
    EXPECT_LE(output_->next_timeout(), system_kernel().now());
    dispatch();
    EXPECT_EQ(events(), Texts{"shown 1"});
}

TEST_F(WaylandOutputTest, WorksWithoutPresentationFeedback) {
    start({.presentation = false});
    const auto pool = make_pool(2);
    show(pool, 1);
    show(pool, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
    EXPECT_EQ(output_->timing().period, 0);
}

TEST_F(WaylandOutputTest, WorksWithoutSinglePixelBuffers) {
    start({.single_pixel = false});
    const auto pool = make_pool(2);
    show(pool, 1);
    show(pool, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
}

TEST_F(WaylandOutputTest, ClockCountsRefreshesByTime) {
    start();
    const auto pool = make_pool(3);
    const Nanoseconds base = system_kernel().now();
    std::vector<std::uint64_t> sequences;
    for (const int refresh : {0, 1, 3, 8}) {
        Frame frame = make_frame(pool, 1);
        ASSERT_TRUE(output_->present(frame, 0));
        const std::size_t last = mock_->commits().size() - 1;
        mock_->present(last, base + refresh * period + (refresh % 2) * 100'000, period);
        mock_->release(last);
        dispatch();
        while (const auto event = output_->next_event())
            if (const auto* shown = std::get_if<FrameShown>(&*event)) sequences.push_back(shown->sequence);
    }
    ASSERT_EQ(sequences.size(), 4U);
    EXPECT_EQ(sequences[1] - sequences[0], 1U);
    EXPECT_EQ(sequences[2] - sequences[1], 2U);
    EXPECT_EQ(sequences[3] - sequences[2], 5U);
    EXPECT_EQ(output_->timing().period, period);
}

} // namespace
} // namespace v4l2play
