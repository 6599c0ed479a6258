// What drivers are told of an H.264 picture, field by field.
#include "decoder/request/h264_controls.h"

#include <cerrno>
#include <map>

#include <gtest/gtest.h>

#include "tests/unit/h264_test_picture.h"

namespace v4l2play {
namespace {

using namespace h264;

class FakeProbe final : public ControlProbe {
  public:
    FakeProbe() {
        menu(V4L2_CID_STATELESS_H264_DECODE_MODE, 3);
        menu(V4L2_CID_STATELESS_H264_START_CODE, 3);
        add(V4L2_CID_STATELESS_H264_SPS, 1048);
        add(V4L2_CID_STATELESS_H264_PPS, 12);
        add(V4L2_CID_STATELESS_H264_SCALING_MATRIX, 480);
        add(V4L2_CID_STATELESS_H264_PRED_WEIGHTS, 772);
        add(V4L2_CID_STATELESS_H264_SLICE_PARAMS, 152);
        add(V4L2_CID_STATELESS_H264_DECODE_PARAMS, 560);
    }
    ControlFacts query(std::uint32_t id) override { return facts[id]; }
    void menu(std::uint32_t id, std::uint64_t items) {
        facts[id].exists = items != 0;
        facts[id].element_size = 4;
        facts[id].menu = items;
    }
    void add(std::uint32_t id, std::uint32_t size) {
        facts[id].exists = true;
        facts[id].element_size = size;
    }
    std::map<std::uint32_t, ControlFacts> facts;
};

/// The structure of control `id`, or null when it is not among `controls`.
template <class Control>
const Control* find(std::span<v4l2_ext_control> controls, std::uint32_t id) {
    for (const v4l2_ext_control& control : controls)
        if (control.id == id) {
            EXPECT_EQ(sizeof(Control), control.size);
            return static_cast<const Control*>(control.ptr);
        }
    return nullptr;
}

H264Controls probed(FakeProbe probe, ModePreference modes = {}) {
    H264Controls controls(modes);
    const auto result = controls.probe(probe);
    EXPECT_TRUE(result) << result.error().what;
    return controls;
}

H264Controls slice_based() { return probed({}, {ModePreference::Decode::SliceBased}); }

TEST(H264ControlsProbe, PrefersWholeFramesWithStartCodes) {
    EXPECT_STREQ("frame-based, Annex B", probed({}).mode());
    EXPECT_FALSE(probed({}).needs_hold());
    FakeProbe slices;
    slices.menu(V4L2_CID_STATELESS_H264_DECODE_MODE, 1);
    slices.menu(V4L2_CID_STATELESS_H264_START_CODE, 1);
    EXPECT_STREQ("slice-based, no start codes", probed(slices).mode());
    EXPECT_TRUE(probed(slices).needs_hold());
}

TEST(H264ControlsProbe, TakesThePreferenceWhereTheMenuHasIt) {
    const ModePreference wish{ModePreference::Decode::SliceBased, ModePreference::StartCode::None};
    EXPECT_STREQ("slice-based, no start codes", probed({}, wish).mode());
    FakeProbe frames;
    frames.menu(V4L2_CID_STATELESS_H264_DECODE_MODE, 2);
    frames.menu(V4L2_CID_STATELESS_H264_START_CODE, 2);
    EXPECT_STREQ("frame-based, Annex B", probed(frames, wish).mode());
}

TEST(H264ControlsProbe, NamesWhatIsMissingOrStrange) {
    const std::array needed{V4L2_CID_STATELESS_H264_DECODE_MODE,  V4L2_CID_STATELESS_H264_START_CODE,
                            V4L2_CID_STATELESS_H264_SPS,          V4L2_CID_STATELESS_H264_PPS,
                            V4L2_CID_STATELESS_H264_PRED_WEIGHTS, V4L2_CID_STATELESS_H264_SLICE_PARAMS,
                            V4L2_CID_STATELESS_H264_DECODE_PARAMS};
    for (const std::uint32_t id : needed) {
        FakeProbe probe;
        probe.menu(V4L2_CID_STATELESS_H264_DECODE_MODE, 1);
        probe.facts[id] = {};
        const auto result = H264Controls().probe(probe);
        ASSERT_FALSE(result) << std::hex << id;
        EXPECT_EQ(ENOTSUP, result.error().code);
    }
    FakeProbe other;
    other.add(V4L2_CID_STATELESS_H264_SPS, 1052);
    const auto result = H264Controls().probe(other);
    ASSERT_FALSE(result);
    EXPECT_EQ("the driver's H264_SPS has 1052 bytes, not 1048", result.error().what);
}

TEST(H264ControlsProbe, FramesNeedNoSliceControls) {
    FakeProbe probe;
    probe.facts.erase(V4L2_CID_STATELESS_H264_SLICE_PARAMS);
    probe.facts.erase(V4L2_CID_STATELESS_H264_PRED_WEIGHTS);
    EXPECT_TRUE(H264Controls().probe(probe));
}

TEST(H264ControlsProbe, AcceptsWhatTheProfilesAllow) {
    FakeProbe probe;
    probe.menu(V4L2_CID_MPEG_VIDEO_H264_PROFILE,
               1U << V4L2_MPEG_VIDEO_H264_PROFILE_MAIN | 1U << V4L2_MPEG_VIDEO_H264_PROFILE_HIGH);
    SequenceInfo sequence;
    EXPECT_TRUE(probed(probe).accepts(sequence));
    sequence.bit_depth_luma = sequence.bit_depth_chroma = 10;
    EXPECT_EQ(ENOTSUP, probed(probe).accepts(sequence).error().code);
    EXPECT_TRUE(probed({}).accepts(sequence)) << "a driver without a profile menu decides by the SPS";
    probe.menu(V4L2_CID_MPEG_VIDEO_H264_PROFILE, 1U << V4L2_MPEG_VIDEO_H264_PROFILE_HIGH_422_INTRA);
    EXPECT_TRUE(probed(probe).accepts(sequence));
    sequence.chroma_format_idc = 3;
    EXPECT_EQ(ENOTSUP, probed(probe).accepts(sequence).error().code);
    sequence = {};
    sequence.bit_depth_luma = 10;
    EXPECT_EQ(ENOTSUP, probed({}).accepts(sequence).error().code) << "no pixel format has two depths";
}

TEST(H264ControlsSequence, SetsModesAndAnSpsOfTheSize) {
    H264Controls controls = probed({});
    SequenceInfo sequence;
    sequence.coded_width = 1920;
    sequence.coded_height = 1088;
    sequence.bit_depth_luma = sequence.bit_depth_chroma = 10;
    sequence.dpb_slots = 4;
    const auto list = controls.sequence_controls(sequence);
    ASSERT_EQ(3u, list.size());
    EXPECT_EQ(V4L2_CID_STATELESS_H264_DECODE_MODE, list[0].id);
    EXPECT_EQ(V4L2_STATELESS_H264_DECODE_MODE_FRAME_BASED, list[0].value);
    EXPECT_EQ(V4L2_CID_STATELESS_H264_START_CODE, list[1].id);
    EXPECT_EQ(V4L2_STATELESS_H264_START_CODE_ANNEX_B, list[1].value);
    const auto* sps = find<v4l2_ctrl_h264_sps>(list, V4L2_CID_STATELESS_H264_SPS);
    ASSERT_NE(nullptr, sps);
    EXPECT_EQ(119, sps->pic_width_in_mbs_minus1);
    EXPECT_EQ(67, sps->pic_height_in_map_units_minus1);
    EXPECT_EQ(2, sps->bit_depth_luma_minus8);
    EXPECT_EQ(110, sps->profile_idc);
    EXPECT_EQ(4, sps->max_num_ref_frames);
    EXPECT_TRUE(sps->flags & V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY);
    sequence.interlaced = true;
    sps = find<v4l2_ctrl_h264_sps>(controls.sequence_controls(sequence), V4L2_CID_STATELESS_H264_SPS);
    EXPECT_EQ(33, sps->pic_height_in_map_units_minus1);
    EXPECT_FALSE(sps->flags & V4L2_H264_SPS_FLAG_FRAME_MBS_ONLY);
}

TEST(H264ControlsPicture, ScalingMatrixIsSentWhenThereIsOne) {
    TestPicture picture;
    ScalingLists lists;
    H264Controls controls = probed({});
    const auto pps_flags = [](std::span<v4l2_ext_control> list) {
        return find<v4l2_ctrl_h264_pps>(list, V4L2_CID_STATELESS_H264_PPS)->flags;
    };
    const auto matrix = [](std::span<v4l2_ext_control> list) {
        return find<v4l2_ctrl_h264_scaling_matrix>(list, V4L2_CID_STATELESS_H264_SCALING_MATRIX);
    };
    EXPECT_EQ(nullptr, matrix(controls.picture_controls(picture, 0)));
    EXPECT_EQ(0, pps_flags(controls.picture_controls(picture, 0)));
    picture.scaling = &lists;
    EXPECT_NE(nullptr, matrix(controls.picture_controls(picture, 0)));
    EXPECT_EQ(V4L2_H264_PPS_FLAG_SCALING_MATRIX_PRESENT, pps_flags(controls.picture_controls(picture, 0)));
    FakeProbe without;
    without.facts.erase(V4L2_CID_STATELESS_H264_SCALING_MATRIX);
    controls = probed(without);
    EXPECT_EQ(nullptr, matrix(controls.picture_controls(picture, 0)));
    EXPECT_EQ(0, pps_flags(controls.picture_controls(picture, 0)));
}

TEST(H264ControlsPicture, FramesHaveNoSliceControls) {
    TestPicture picture(3);
    picture.pps_storage.weighted_pred_flag = true;
    H264Controls controls = probed({});
    EXPECT_EQ(1u, controls.requests(picture));
    const auto list = controls.picture_controls(picture, 0);
    EXPECT_EQ(nullptr, find<v4l2_ctrl_h264_slice_params>(list, V4L2_CID_STATELESS_H264_SLICE_PARAMS));
    EXPECT_EQ(nullptr, find<v4l2_ctrl_h264_pred_weights>(list, V4L2_CID_STATELESS_H264_PRED_WEIGHTS));
    EXPECT_NE(nullptr, find<v4l2_ctrl_h264_decode_params>(list, V4L2_CID_STATELESS_H264_DECODE_PARAMS));
    EXPECT_NE(nullptr, find<v4l2_ctrl_h264_sps>(list, V4L2_CID_STATELESS_H264_SPS));
}

TEST(H264ControlsPicture, EachSliceHasItsOwn) {
    TestPicture picture(3);
    for (std::size_t i = 0; i < 3; ++i) picture.header(i).first_mb_in_slice = static_cast<std::uint32_t>(100 * i);
    H264Controls controls = slice_based();
    EXPECT_EQ(3u, controls.requests(picture));
    for (unsigned i = 0; i < 3; ++i) {
        const auto* slice = find<v4l2_ctrl_h264_slice_params>(controls.picture_controls(picture, i),
                                                              V4L2_CID_STATELESS_H264_SLICE_PARAMS);
        ASSERT_NE(nullptr, slice);
        EXPECT_EQ(100 * i, slice->first_mb_in_slice);
    }
}

TEST(H264ControlsPicture, WeightsAreSentWhenRequired) {
    H264Controls controls = slice_based();
    for (const SliceType type : {SliceType::P, SliceType::B, SliceType::I})
        for (const bool weighted : {false, true})
            for (const std::uint8_t bipred : {0, 1, 2}) {
                TestPicture picture;
                picture.header().slice_type = type;
                picture.pps_storage.weighted_pred_flag = weighted;
                picture.pps_storage.weighted_bipred_idc = bipred;
                const auto list = controls.picture_controls(picture, 0);
                const bool sent = find<v4l2_ctrl_h264_pred_weights>(list, V4L2_CID_STATELESS_H264_PRED_WEIGHTS);
                const bool required = (type == SliceType::P && weighted) || (type == SliceType::B && bipred == 1);
                EXPECT_EQ(required, sent) << static_cast<int>(type) << weighted << int{bipred};
            }
}

std::vector<std::uint8_t> written(H264Controls& controls, const Picture& picture, unsigned index) {
    std::vector<std::uint8_t> buffer(controls.bitstream_size(picture, index) + 8, 0xee);
    const std::size_t used = controls.write_bitstream(picture, index, buffer);
    EXPECT_LE(used, controls.bitstream_size(picture, index));
    EXPECT_EQ(0xee, buffer[used]) << "nothing is written behind the end";
    buffer.resize(used);
    return buffer;
}

TEST(H264ControlsPicture, BitstreamIsTheSlices) {
    const TestPicture picture(2);
    const std::vector<std::uint8_t> code{0, 0, 1};
    const auto join = [](std::initializer_list<std::vector<std::uint8_t>> parts) {
        std::vector<std::uint8_t> all;
        for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
        return all;
    };
    const auto& [first, second] = std::tie(picture.payload[0], picture.payload[1]);
    H264Controls frames = probed({});
    EXPECT_EQ(join({code, first, code, second}), written(frames, picture, 0));
    H264Controls slices = slice_based();
    EXPECT_EQ(join({code, first}), written(slices, picture, 0));
    EXPECT_EQ(join({code, second}), written(slices, picture, 1));
    H264Controls bare = probed({}, {ModePreference::Decode::SliceBased, ModePreference::StartCode::None});
    EXPECT_EQ(first, written(bare, picture, 0));
    EXPECT_EQ(second, written(bare, picture, 1));
}

} // namespace
} // namespace v4l2play
