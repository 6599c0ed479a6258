// The parameter sets of H.265 (ITU-T H.265 clause 7.4.2.4.2).
#pragma once

#include "decoder/codec/hevc_parser.h"
#include "decoder/codec/nal_parameter_sets.h"

namespace v4l2play::hevc {

struct ParameterSetSyntax {
    using Sps = hevc::Sps;
    using Pps = hevc::Pps;
    using SpsTable = hevc::SpsTable;
    using PpsTable = hevc::PpsTable;

    static unsigned id(const Sps& sps) { return sps.sps_seq_parameter_set_id; }
    static unsigned id(const Pps& pps) { return pps.pps_pic_parameter_set_id; }
    static unsigned sps_id(const Pps& pps) { return pps.pps_seq_parameter_set_id; }
    /// 7.3.2.2
    static Parsed<> parse(std::span<const std::uint8_t> nal, const SpsTable&, Sps& sps) { return parse_sps(nal, sps); }
    /// 7.3.2.3
    static Parsed<> parse(std::span<const std::uint8_t> nal, const SpsTable&, Pps& pps) { return parse_pps(nal, pps); }
};

using ParameterSets = nal::ParameterSets<ParameterSetSyntax>;

} // namespace v4l2play::hevc
