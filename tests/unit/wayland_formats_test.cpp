// Formats that a compositor tells, and changes, while a surface lives.

#include "tests/unit/wayland_fixture.h"

namespace v4l2play {
namespace {

constexpr std::uint64_t tiled = 0x0300000000000001ULL;
const std::vector<MockFormat> all = {{{fourcc_nv12, modifier_linear}, false}, {{fourcc_nv12, tiled}, false}};

using WaylandFormatsTest = WaylandTest;

TEST_F(WaylandFormatsTest, SurfaceDecidesBeforeTheDecoderIsSetUp) {
    start({.formats = all, .surface_formats = {{{fourcc_nv12, modifier_linear}, false}, {{fourcc_nv12, tiled}, true}}});
    EXPECT_EQ(output_->formats().front(), (FormatModifier{fourcc_nv12, tiled}));
    const auto pool = make_pool(1);
    show(pool, 1);
    EXPECT_EQ(output_->description().plane, "window of 64x48; it would scan out NV12 (modifier 0x300000000000001)");
}

TEST_F(WaylandFormatsTest, ChangedTranchesAreFollowedWhileItPlays) {
    start({.formats = all});
    EXPECT_EQ(output_->formats().front(), (FormatModifier{fourcc_nv12, modifier_linear}));
    const auto pool = make_pool(3);
    show(pool, 1);
    EXPECT_EQ(output_->description().plane, "window of 64x48");
    mock_->change_formats({{{fourcc_nv12, modifier_linear}, false}, {{fourcc_nv12, tiled}, true}});
    dispatch();
    EXPECT_EQ(output_->formats(), (std::vector<FormatModifier>{{fourcc_nv12, tiled}, {fourcc_nv12, modifier_linear}}));
    show(pool, 2);
    mock_->change_formats({{{fourcc_nv12, modifier_linear}, true}});
    dispatch();
    EXPECT_EQ(output_->formats(), (std::vector<FormatModifier>{{fourcc_nv12, modifier_linear}}));
    EXPECT_EQ(output_->description().plane, "window of 64x48; NV12 may be scanned out");
    show(pool, 3);
    EXPECT_EQ(events(), (Texts{"shown 1", "other formats", "shown 2", "shown 3"}));
    EXPECT_EQ(mock_->imports(), 3U) << "the buffers are the same";
}

TEST_F(WaylandFormatsTest, AnotherFormatIsAskedForOnlyWhereItWouldBeScannedOut) {
    start({.formats = all});
    mock_->change_formats({{{fourcc_nv12, tiled}, true}, {{fourcc_nv12, modifier_linear}, false}});
    dispatch();
    EXPECT_EQ(events(), Texts{}) << "there are no frames yet";
    const auto pool = make_pool(1);
    show(pool, 1);
    mock_->change_formats({{{fourcc_nv12, tiled}, false}, {{fourcc_nv12, modifier_linear}, false}});
    dispatch();
    mock_->change_formats({{{fourcc_nv12, tiled}, true}, {{fourcc_nv12, modifier_linear}, true}});
    dispatch();
    EXPECT_EQ(events(), Texts{"shown 1"}) << "neither is, or the one in use too";
}

TEST_F(WaylandFormatsTest, FramesInTheFormatThatIsAskedForReplaceThoseOnTheScreen) {
    start({.formats = {{{fourcc_nv12, modifier_linear}, false}, {{fourcc_p010, modifier_linear}, false}}});
    const auto pool = make_pool(2);
    show(pool, 1);
    mock_->change_formats({{{fourcc_p010, modifier_linear}, true}, {{fourcc_nv12, modifier_linear}, false}});
    dispatch();
    show(pool, 2);
    EXPECT_EQ(events(), (Texts{"shown 1", "other formats", "shown 2"}));
    FrameFormat format = nv12();
    format.fourcc = output_->formats().front().fourcc;
    std::vector<SlotMemory> slots(2);
    for (SlotMemory& slot : slots) slot.dmabuf[0] = UniqueFd(system_kernel(), memfd_create("slot", MFD_CLOEXEC));
    const auto better = SlotPool::create(system_kernel(), format, std::move(slots));
    show(better, 3);
    EXPECT_EQ(mock_->buffers_alive(), 4U) << "what is on the screen stays until it is replaced";
    mock_->release(0);
    mock_->release(1);
    dispatch();
    EXPECT_EQ(mock_->buffers_alive(), 2U);
    EXPECT_EQ(events(), (Texts{"shown 3", "released 1", "released 2"}));
    EXPECT_NE(output_->description().plane.find("P010 may be scanned out"), std::string::npos);
}

TEST_F(WaylandFormatsTest, FormatThatOnlyTheSurfaceIsToldOfCanBeImported) {
    start({.formats = {{{fourcc_p010, modifier_linear}, false}},
           .surface_formats = {{{fourcc_nv12, modifier_linear}, true}}});
    const auto pool = make_pool(1);
    show(pool, 1);
    EXPECT_EQ(events(), Texts{"shown 1"});
}

TEST_F(WaylandFormatsTest, RefusedImportIsSurvived) {
    start();
    const auto pool = make_pool(2);
    show(pool, 1);
    mock_->refuse_imports(true);
    const auto next_pool = make_pool(2);
    Frame refused = make_frame(next_pool, 2);
    const auto presented = output_->present(refused, 0);
    ASSERT_FALSE(presented);
    EXPECT_EQ(presented.error().code, ENOTSUP);
    mock_->refuse_imports(false);
    ASSERT_TRUE(output_->present(refused, 0));
    mock_->present(last_frame(), next_refresh(), period);
    dispatch();
    EXPECT_EQ(events(), (Texts{"shown 1", "shown 2"}));
    EXPECT_EQ(mock_->connections(), 1U);
}

TEST_F(WaylandFormatsTest, TableThatIsShorterThanSaidIsNoTable) {
    const MockCompositor mock({.table_lie = 4096, .shm = false});
    const auto output = create_wayland_output({});
    ASSERT_FALSE(output);
    EXPECT_EQ(output.error().code, ENOTSUP);
}

} // namespace
} // namespace v4l2play
