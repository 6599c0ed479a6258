// The parameter sets of H.264 (ITU-T H.264 clause 7.4.1.2.1).
#pragma once

#include "decoder/codec/h264_parser.h"
#include "decoder/codec/nal_parameter_sets.h"

namespace v4l2play::h264 {

struct ParameterSetSyntax {
    using Sps = h264::Sps;
    using Pps = h264::Pps;
    using SpsTable = h264::SpsTable;
    using PpsTable = h264::PpsTable;

    static unsigned id(const Sps& sps) { return sps.seq_parameter_set_id; }
    static unsigned id(const Pps& pps) { return pps.pic_parameter_set_id; }
    static unsigned sps_id(const Pps& pps) { return pps.seq_parameter_set_id; }
    /// 7.3.2.1
    static Parsed<> parse(std::span<const std::uint8_t> nal, const SpsTable&, Sps& sps) { return parse_sps(nal, sps); }
    /// 7.3.2.2
    static Parsed<> parse(std::span<const std::uint8_t> nal, const SpsTable& spss, Pps& pps) {
        return parse_pps(nal, spss, pps);
    }
};

using ParameterSets = nal::ParameterSets<ParameterSetSyntax>;

} // namespace v4l2play::h264
