#include "decoder/codec/hevc_activation.h"

namespace v4l2play::hevc {

ParameterSets::ParameterSets()
    : storage_(std::make_unique<Storage>()) {}

Parsed<bool> ParameterSets::receive_sps(std::span<const std::uint8_t> nal) {
    const Sps& sps = storage_->parsed_sps;
    if (auto parsed = parse_sps(nal, storage_->parsed_sps); !parsed) return tl::unexpected(parsed.error());
    const unsigned id = sps.sps_seq_parameter_set_id;
    if (received_[id] != nullptr && *received_[id] == sps) return false;
    storage_->spss[id] = sps;
    received_[id] = &storage_->spss[id];
    if (!active_known_ || storage_->active.sps_seq_parameter_set_id != id) in_force_[id] = received_[id];
    return true;
}

Parsed<bool> ParameterSets::receive_pps(std::span<const std::uint8_t> nal) {
    const Pps& pps = storage_->parsed_pps;
    if (auto parsed = parse_pps(nal, storage_->parsed_pps); !parsed) return tl::unexpected(parsed.error());
    const unsigned id = pps.pps_pic_parameter_set_id;
    if (ppss_[id] != nullptr && *ppss_[id] == pps) return false;
    storage_->ppss[id] = pps;
    ppss_[id] = &storage_->ppss[id];
    return true;
}

const Sps* ParameterSets::first_sps() const {
    for (const Pps* pps : ppss_)
        if (pps != nullptr && received_[pps->pps_seq_parameter_set_id] != nullptr)
            return received_[pps->pps_seq_parameter_set_id];
    for (const Sps* sps : received_)
        if (sps != nullptr) return sps;
    return nullptr;
}

void ParameterSets::activate(const Sps& sps) {
    storage_->active = sps;
    active_known_ = true;
    in_force_ = received_;
    in_force_[sps.sps_seq_parameter_set_id] = &storage_->active;
}

} // namespace v4l2play::hevc
