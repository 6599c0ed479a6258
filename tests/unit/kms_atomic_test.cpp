#include "render/kms/atomic.h"

#include <gtest/gtest.h>

#include "render/kms/plane_plan.h"

namespace v4l2play {
namespace {

KmsProperty property(std::uint32_t id, bool immutable = false) {
    KmsProperty result;
    result.id = id;
    result.immutable = immutable;
    return result;
}

template <class T>
std::vector<T> list(std::span<const T> values) {
    return {values.begin(), values.end()};
}
using Ids = std::vector<std::uint32_t>;
using Values = std::vector<std::uint64_t>;

TEST(AtomicRequest, GroupsPropertiesByObject) {
    AtomicRequest request;
    request.object(40);
    request.set(property(17), "FB_ID", 100);
    request.set(property(20), "CRTC_ID", 37);
    request.object(37);
    request.object(38);
    request.set(property(22), "ACTIVE", 1);
    EXPECT_EQ(list(request.objects()), (Ids{40, 37, 38}));
    EXPECT_EQ(list(request.counts()), (Ids{2, 0, 1}));
    EXPECT_EQ(list(request.properties()), (Ids{17, 20, 22}));
    EXPECT_EQ(list(request.values()), (Values{100, 37, 1}));
    EXPECT_EQ(request.failure(), 0);
}

TEST(AtomicRequest, RemembersTheFirstFailure) {
    AtomicRequest request;
    request.object(40);
    request.set({}, "SRC_X", 1);
    request.set(property(20, true), "CRTC_ID", 37);
    request.set(property(21), "FB_ID", 1);
    EXPECT_EQ(request.failure(), -ENOTSUP);
    EXPECT_STREQ(request.missing(), "SRC_X");
    // Not even tried: there is no such descriptor, which would be EBADF.
    EXPECT_EQ(request.commit(system_kernel(), -1, 0, 0), -ENOTSUP);
    request.clear();
    EXPECT_EQ(request.failure(), 0);
    EXPECT_EQ(request.commit(system_kernel(), -1, 0, 0), -EBADF);
}

TEST(AtomicRequest, LeavesOutWhatCannotBeWritten) {
    AtomicRequest request;
    request.object(40);
    request.set_if_writable({}, 1);
    request.set_if_writable(property(9, true), 1);
    request.set_if_writable(property(10), 5);
    EXPECT_EQ(list(request.properties()), Ids{10});
    EXPECT_EQ(request.failure(), 0);
}

TEST(AtomicRequest, PropertiesNeedAnObject) {
    AtomicRequest request;
    request.set(property(10), "FB_ID", 5);
    EXPECT_EQ(request.failure(), -EINVAL);
}

TEST(AtomicRequest, RefillingKeepsItsMemory) {
    AtomicRequest request;
    const auto fill = [&] {
        request.clear();
        for (std::uint32_t i = 0; i < 30; ++i) {
            request.object(i + 1);
            for (std::uint32_t p = 0; p < 8; ++p) request.set(property(p + 1), "p", p);
        }
        return std::pair(request.objects().data(), request.values().data());
    };
    EXPECT_EQ(fill(), fill());
}

class PlaneRequest : public testing::Test {
  protected:
    PlaneRequest() {
        std::uint32_t id = 100;
        for (KmsProperty* one : {&plane_.fb_id, &plane_.crtc_id, &plane_.crtc_x, &plane_.crtc_y, &plane_.crtc_w,
                                 &plane_.crtc_h, &plane_.src_x, &plane_.src_y, &plane_.src_w, &plane_.src_h})
            one->id = id++;
        plane_.id = 41;
        plan_.plane = &plane_;
        plan_.geometry = {{2, 4, 640, 360}, {192, 204, 640, 360}};
    }
    /// The value that the request gives to a property; empty when it gives none.
    std::optional<std::uint64_t> value(const KmsProperty& wanted) const {
        for (std::size_t i = 0; i < request_.properties().size(); ++i)
            if (request_.properties()[i] == wanted.id) return request_.values()[i];
        return std::nullopt;
    }

    KmsPlane plane_;
    PlanePlan plan_;
    AtomicRequest request_;
};

TEST_F(PlaneRequest, SourceIsFixedPoint) {
    add_plane(request_, plan_, {.crtc = 37, .framebuffer = 99, .zpos = 3});
    EXPECT_EQ(request_.failure(), 0);
    EXPECT_EQ(value(plane_.fb_id), 99U);
    EXPECT_EQ(value(plane_.crtc_id), 37U);
    EXPECT_EQ(value(plane_.src_x), 2U << 16);
    EXPECT_EQ(value(plane_.src_w), 640U << 16);
    EXPECT_EQ(value(plane_.crtc_x), 192U);
    EXPECT_EQ(value(plane_.crtc_h), 360U);
    EXPECT_EQ(request_.properties().size(), 10U);
}

TEST_F(PlaneRequest, ColourIsAlwaysSet) {
    plane_.color_encoding = {property(50), {0, 1, 2}};
    plane_.color_range = {property(51), {7, 8}};
    for (const auto& [matrix, expected] : {std::pair(6, 0U), {5, 0U}, {1, 1U}, {9, 2U}, {2, 1U}}) {
        request_.clear();
        plan_.color.matrix = static_cast<std::uint8_t>(matrix);
        plan_.color.full_range = matrix == 9;
        add_plane(request_, plan_, {.crtc = 37, .framebuffer = 99, .zpos = 3});
        EXPECT_EQ(value(plane_.color_encoding.property), expected) << matrix;
        EXPECT_EQ(value(plane_.color_range.property), matrix == 9 ? 8U : 7U) << matrix;
    }
}

TEST_F(PlaneRequest, UnknownEncodingFallsBackToBt709) {
    plane_.color_encoding = {property(50), {std::nullopt, 1, std::nullopt}};
    plan_.color.matrix = 9;
    add_plane(request_, plan_, {.crtc = 37, .framebuffer = 99, .zpos = 3});
    EXPECT_EQ(value(plane_.color_encoding.property), 1U);
}

TEST_F(PlaneRequest, LiesWhereItIsToldAndIsNotRotated) {
    plane_.rotation = property(60);
    plane_.zpos = {.id = 61, .immutable = false, .value = 1, .minimum = 1, .maximum = 9};
    add_plane(request_, plan_, {.crtc = 37, .framebuffer = 99, .zpos = 3});
    EXPECT_EQ(value(plane_.zpos), 3U);
    EXPECT_EQ(value(plane_.rotation), 1U);
    request_.clear();
    add_picture(request_, plane_, {.crtc = 37, .framebuffer = 98, .zpos = 1}, {0, 0, 1024, 768});
    EXPECT_EQ(value(plane_.zpos), 1U);
    EXPECT_EQ(value(plane_.src_h), 768U << 16);
}

TEST_F(PlaneRequest, IsOpaqueAsAWholeAndPremultiplied) {
    plane_.alpha = {.id = 62, .immutable = false, .value = 10, .minimum = 0, .maximum = 0xffff};
    plane_.blend_mode = {property(63), {1}};
    add_picture(request_, plane_, {.crtc = 37, .framebuffer = 98, .zpos = 1}, {10, 20, 300, 200});
    EXPECT_EQ(value(plane_.alpha), 0xffffU);
    EXPECT_EQ(value(plane_.blend_mode.property), 1U);
    EXPECT_EQ(value(plane_.crtc_x), 10U);
    EXPECT_EQ(value(plane_.src_x), 0U);
    EXPECT_EQ(value(plane_.src_w), 300U << 16);
}

TEST_F(PlaneRequest, OffIsNoFramebufferAndNoCrtc) {
    add_plane_off(request_, plane_);
    EXPECT_EQ(value(plane_.fb_id), 0U);
    EXPECT_EQ(value(plane_.crtc_id), 0U);
}

} // namespace
} // namespace v4l2play
