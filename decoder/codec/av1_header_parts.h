// The parts of uncompressed_header() (AV1 section 5.9.2), one function each; for av1_frame_header.cpp.
#pragma once

#include "decoder/codec/av1_parser.h"

namespace v4l2play::av1 {

/// What the functions below share.
struct HeaderContext {
    SyntaxReader& r;
    const SequenceHeader& sequence;
    SavedFrames& frames;
    FrameHeader& header;
    /// The frame that primary_ref_frame names, whose parameters are taken over (load_previous()); null for none.
    const SavedFrame* previous = nullptr;

    [[nodiscard]] unsigned num_planes() const { return sequence.color.num_planes(); }
    [[nodiscard]] int dist(unsigned a, unsigned b) const { return relative_dist(sequence, a, b); }
    [[nodiscard]] const SavedFrame& reference(unsigned i) const { return frames[header.ref_frame_idx[i]]; }
};

// av1_frame_references.cpp
void parse_frame_size(const HeaderContext& c);           ///< 5.9.5, 5.9.6: frame_size() and render_size()
void parse_frame_size_with_refs(const HeaderContext& c); ///< 5.9.7
void set_frame_refs(const HeaderContext& c, unsigned last_frame_idx, unsigned gold_frame_idx); ///< 7.8
void parse_skip_mode_params(const HeaderContext& c);                                           ///< 5.9.22
// av1_tile_info.cpp
void parse_tile_info(const HeaderContext& c); ///< 5.9.15
// av1_quantization.cpp
void parse_quantization_params(const HeaderContext& c); ///< 5.9.12
void parse_segmentation_params(const HeaderContext& c); ///< 5.9.14
void parse_delta_q_params(const HeaderContext& c);      ///< 5.9.17
void parse_delta_lf_params(const HeaderContext& c);     ///< 5.9.18
void compute_lossless(const HeaderContext& c);          ///< 5.9.2: CodedLossless, AllLossless
// av1_filters.cpp
void parse_loop_filter_params(const HeaderContext& c); ///< 5.9.11
void parse_cdef_params(const HeaderContext& c);        ///< 5.9.19
void parse_lr_params(const HeaderContext& c);          ///< 5.9.20
// av1_global_motion.cpp
void parse_global_motion_params(const HeaderContext& c); ///< 5.9.24
// av1_film_grain.cpp
void parse_film_grain_params(const HeaderContext& c); ///< 5.9.30

} // namespace v4l2play::av1
