// A parsed picture for tests of what is made of it.
#pragma once

#include <vector>

#include "decoder/codec/h264_picture.h"

namespace v4l2play::h264 {

/// A picture of one P slice with two references.
struct TestPicture : H264Picture {
    explicit TestPicture(unsigned count = 1)
        : storage(count) {
        id = 7;
        sps = &sps_storage;
        pps = &pps_storage;
        for (unsigned i = 0; i < count; ++i) {
            payload.emplace_back(10 + i, static_cast<std::uint8_t>(0x41 + i));
            storage[i].nal = payload.back();
            storage[i].header.slice_type = SliceType::P;
            storage[i].list_size = {1, 0};
            storage[i].list[0][0] = {0, Fields::Frame};
        }
        slices = storage;
        dpb_count = 1;
        dpb[0].id = 5;
    }
    SliceHeader& header(std::size_t i = 0) { return storage[i].header; }

    Sps sps_storage;
    Pps pps_storage;
    std::vector<std::vector<std::uint8_t>> payload;
    std::vector<Slice> storage;
};

} // namespace v4l2play::h264
