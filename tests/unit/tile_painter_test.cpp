// Only what has changed is written, whichever buffer's turn it is.
#include "render/overlay/tile_painter.h"

#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace v4l2play {
namespace {

constexpr std::uint32_t canvas_width = 150; // four tiles and a part of one
constexpr std::uint32_t canvas_height = 40;

/// Memory of an output: rows with padding that nobody may touch.
class Memory {
  public:
    explicit Memory(unsigned index)
        : index_(index) {}
    OverlayBuffer buffer() {
        return {reinterpret_cast<std::byte*>(words_.data()), pitch * 4, canvas_width, canvas_height, index_};
    }
    [[nodiscard]] std::uint32_t at(std::uint32_t x, std::uint32_t y) const { return words_[y * pitch + x]; }
    void spoil(std::uint32_t x, std::uint32_t y) { words_[y * pitch + x] = rubbish; }
    [[nodiscard]] bool padding_is_untouched() const {
        for (std::uint32_t y = 0; y < canvas_height; ++y)
            for (std::uint32_t x = canvas_width; x < pitch; ++x)
                if (at(x, y) != rubbish) return false;
        return true;
    }
    static constexpr std::uint32_t rubbish = 0xdeadbeef;

  private:
    static constexpr std::uint32_t pitch = canvas_width + 10;
    unsigned index_;
    std::vector<std::uint32_t> words_ = std::vector<std::uint32_t>(std::size_t{pitch} * canvas_height, rubbish);
};

Shape box(std::int32_t left, std::int32_t top, std::int32_t right, std::int32_t bottom, Rgba color) {
    return {{left, top, right, bottom}, Shape::Kind::Fill, color, 0, 0, 0};
}

class TilePainterTest : public testing::Test {
  protected:
    /// Pixels written for it.
    std::uint64_t paint(Memory& memory) {
        const std::uint64_t before = painter_.pixels_written();
        painter_.paint(memory.buffer());
        return painter_.pixels_written() - before;
    }
    bool set() { return painter_.set(drawing_, canvas_width, canvas_height); }

    Drawing drawing_;
    TilePainter painter_;
};

TEST_F(TilePainterTest, ANewBufferIsWrittenWhole) {
    drawing_.shapes = {box(10, 10, 20, 20, rgba(255, 0, 0))};
    Memory memory(0);
    ASSERT_TRUE(set());
    EXPECT_EQ(paint(memory), std::uint64_t{canvas_width} * canvas_height);
    for (std::uint32_t y = 0; y < canvas_height; ++y)
        for (std::uint32_t x = 0; x < canvas_width; ++x) {
            const bool inside = x >= 10 && x < 20 && y >= 10 && y < 20;
            ASSERT_EQ(memory.at(x, y), inside ? 0xffff0000U : 0U) << x << ' ' << y;
        }
    EXPECT_TRUE(memory.padding_is_untouched());
}

TEST_F(TilePainterTest, NothingNewNothingDrawn) {
    drawing_.shapes = {box(10, 10, 20, 20, rgba(255, 0, 0))};
    Memory memory(0);
    ASSERT_TRUE(set());
    paint(memory);
    EXPECT_FALSE(set());
    painter_.forget();
    EXPECT_TRUE(set()) << "it went off the screen";
    EXPECT_EQ(paint(memory), std::uint64_t{canvas_width} * canvas_height) << "and the buffer may be another";
}

TEST_F(TilePainterTest, ChangedTilesOnly) {
    drawing_.shapes = {box(0, 0, 150, 40, rgba(9, 9, 9)), box(70, 20, 72, 22, rgba(255, 0, 0))};
    Memory memory(0);
    set();
    paint(memory);
    memory.spoil(0, 0);
    drawing_.shapes[1].color = rgba(0, 255, 0);
    ASSERT_TRUE(set());
    EXPECT_EQ(paint(memory), 32U * 16U);
    EXPECT_EQ(memory.at(70, 20), 0xff00ff00U);
    EXPECT_EQ(memory.at(64, 16), 0xff090909U);
    EXPECT_EQ(memory.at(0, 0), Memory::rubbish) << "another tile";
}

TEST_F(TilePainterTest, GoesOnWhereItsBudgetEnded) {
    drawing_.shapes = {box(0, 0, 150, 40, rgba(9, 9, 9))};
    Memory memory(0);
    set();
    EXPECT_FALSE(painter_.paint(memory.buffer(), 1500));
    EXPECT_EQ(painter_.pixels_written(), 3U * 32U * 16U);
    EXPECT_TRUE(set()) << "it is not complete";
    drawing_.shapes[0].color = rgba(8, 8, 8); // so that what was written is old
    ASSERT_TRUE(set());
    EXPECT_TRUE(painter_.paint(memory.buffer(), std::uint64_t{canvas_width} * canvas_height));
    EXPECT_EQ(memory.at(0, 0), 0xff080808U);
    EXPECT_EQ(memory.at(canvas_width - 1, canvas_height - 1), 0xff080808U);
    EXPECT_FALSE(set());
}

TEST_F(TilePainterTest, OrderMatters) {
    const Shape red = box(0, 0, 8, 8, rgba(255, 0, 0)), blue = box(0, 0, 8, 8, rgba(0, 0, 255));
    Memory memory(0);
    drawing_.shapes = {red, blue};
    set();
    paint(memory);
    EXPECT_EQ(memory.at(0, 0), 0xff0000ffU);
    drawing_.shapes = {blue, red};
    ASSERT_TRUE(set());
    paint(memory);
    EXPECT_EQ(memory.at(0, 0), 0xffff0000U);
}

TEST_F(TilePainterTest, BuffersTakeTurns) {
    // A box wanders; three buffers take turns at random, now and then one is replaced. Each time the buffer has to be
    // as if it had been drawn anew.
    std::minstd_rand random(1);
    std::deque<Memory> memories;
    for (unsigned i = 0; i < 3; ++i) memories.emplace_back(i);
    unsigned next_index = 3;
    Memory before(0); // what was shown
    for (int round = 0; round < 500; ++round) {
        const auto x = static_cast<std::int32_t>(random() % canvas_width),
                   y = static_cast<std::int32_t>(random() % canvas_height);
        drawing_.shapes = {box(0, 0, 150, 20, rgba(9, 9, 9)), box(x, y, x + 30, y + 9, rgba(255, 0, 0, 128))};
        if (!set()) continue;
        if (round % 50 == 49) memories[random() % 3] = Memory(next_index++);
        Memory& memory = memories[random() % 3];
        paint(memory);
        TilePainter fresh;
        Memory expected(0);
        fresh.set(drawing_, canvas_width, canvas_height);
        fresh.paint(expected.buffer());
        const Rect damage = painter_.damage().value_or(Rect{0, 0, canvas_width, canvas_height});
        for (std::uint32_t row = 0; row < canvas_height; ++row)
            for (std::uint32_t column = 0; column < canvas_width; ++column) {
                ASSERT_EQ(memory.at(column, row), expected.at(column, row)) << "round " << round;
                const bool damaged = column - damage.x < damage.width && row - damage.y < damage.height;
                ASSERT_TRUE(damaged || memory.at(column, row) == before.at(column, row)) << "round " << round;
            }
        before = expected;
    }
}

TEST_F(TilePainterTest, DamageIsTheTilesThatChanged) {
    drawing_.shapes = {box(0, 0, 150, 40, rgba(9, 9, 9)), box(70, 20, 72, 22, rgba(255, 0, 0))};
    Memory first(0), second(1);
    set();
    paint(first);
    EXPECT_FALSE(painter_.damage()) << "there was nothing before";
    drawing_.shapes[1].color = rgba(0, 255, 0);
    set();
    paint(second);
    EXPECT_EQ(painter_.damage(), (Rect{64, 16, 32, 16})) << "though all of the buffer was written";
    drawing_.shapes[1].box = {140, 35, 148, 38};
    set();
    paint(first);
    EXPECT_EQ(painter_.damage(), (Rect{64, 16, 86, 24})) << "to the edge of the picture";
    painter_.forget();
    set();
    paint(second);
    EXPECT_FALSE(painter_.damage());
}

/// A picture that was begun and never shown does not count.
TEST_F(TilePainterTest, DamageIsBesideThePictureThatWasComplete) {
    drawing_.shapes = {box(0, 0, 150, 40, rgba(9, 9, 9))};
    Memory first(0), second(1);
    set();
    paint(first);
    drawing_.shapes[0].color = rgba(8, 8, 8);
    set();
    EXPECT_FALSE(painter_.paint(second.buffer(), 1));
    drawing_.shapes = {box(0, 0, 150, 40, rgba(9, 9, 9)), box(33, 1, 34, 2, rgba(1, 1, 1))};
    set();
    EXPECT_TRUE(painter_.paint(second.buffer()));
    EXPECT_EQ(painter_.damage(), (Rect{32, 0, 32, 16}));
}

TEST_F(TilePainterTest, ShapesOutside) {
    drawing_.shapes = {box(-50, -50, 500, 500, rgba(1, 2, 3)), box(200, 0, 300, 40, rgba(4, 5, 6)),
                       box(-9, -9, 0, 0, rgba(7, 8, 9))};
    Memory memory(0);
    ASSERT_TRUE(set());
    paint(memory);
    EXPECT_EQ(memory.at(0, 0), 0xff010203U);
    EXPECT_EQ(memory.at(canvas_width - 1, canvas_height - 1), 0xff010203U);
    EXPECT_TRUE(memory.padding_is_untouched());
}

} // namespace
} // namespace v4l2play
