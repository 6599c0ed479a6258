// Parameter sets by id, and which sequence parameter set is in force: H.264 and H.265 have the same rules (H.264
// 7.4.1.2.1, H.265 7.4.2.4.2).
#pragma once

#include <memory>
#include <span>

#include "decoder/codec/nal_syntax_reader.h"

namespace v4l2play::nal {

/// What was received last by each id, and apart from that the active sequence parameter set: a new one with its id does
/// not touch it before the next coded video sequence.
///
/// `Syntax` has the types Sps and Pps, and their tables by id (arrays of pointers, null where none was received)
/// SpsTable and PpsTable; `id` of either, `sps_id` of a PPS; and parse(nal, tables of SPSs, Sps or Pps).
template <class Syntax>
class ParameterSets {
  public:
    using Sps = typename Syntax::Sps;
    using Pps = typename Syntax::Pps;
    using SpsTable = typename Syntax::SpsTable;
    using PpsTable = typename Syntax::PpsTable;

    ParameterSets()
        : storage_(std::make_unique<Storage>()) {}

    /// H.264 7.3.2.1, H.265 7.3.2.2. True when it differs from what its id stood for.
    Parsed<bool> receive_sps(std::span<const std::uint8_t> nal) {
        const Parsed<bool> changed = receive(nal, storage_->parsed_sps, storage_->spss, received_);
        const unsigned id = Syntax::id(storage_->parsed_sps);
        if (changed && *changed && !(active_known_ && Syntax::id(storage_->active) == id))
            in_force_[id] = received_[id];
        return changed;
    }
    /// H.264 7.3.2.2, H.265 7.3.2.3, likewise.
    Parsed<bool> receive_pps(std::span<const std::uint8_t> nal) {
        return receive(nal, storage_->parsed_pps, storage_->ppss, ppss_);
    }

    /// For the slices of pictures that may start a coded video sequence, or of those that continue the active one.
    [[nodiscard]] const SpsTable& received() const { return received_; }
    [[nodiscard]] const SpsTable& in_force() const { return in_force_; }
    [[nodiscard]] const PpsTable& ppss() const { return ppss_; }
    /// The set that the first PPS names, or the first at all; null when there is none.
    [[nodiscard]] const Sps* first_sps() const {
        for (const Pps* pps : ppss_)
            if (pps != nullptr && received_[Syntax::sps_id(*pps)] != nullptr) return received_[Syntax::sps_id(*pps)];
        for (const Sps* sps : received_)
            if (sps != nullptr) return sps;
        return nullptr;
    }

    [[nodiscard]] const Sps* active() const { return active_known_ ? &storage_->active : nullptr; }
    void activate(const Sps& sps) {
        storage_->active = sps;
        active_known_ = true;
        in_force_ = received_;
        in_force_[Syntax::id(sps)] = &storage_->active;
    }

  private:
    struct Storage {
        std::array<Sps, std::tuple_size_v<SpsTable>> spss;
        std::array<Pps, std::tuple_size_v<PpsTable>> ppss;
        Sps active;
        Sps parsed_sps; ///< a malformed set must not overwrite a good one
        Pps parsed_pps;
    };

    /// H.264 7.4.1.2.1, H.265 7.4.2.4.2: what has the id of another takes its place.
    template <class Set, class Sets, class Table>
    Parsed<bool> receive(std::span<const std::uint8_t> nal, Set& parsed, Sets& sets, Table& table) {
        if (auto result = Syntax::parse(nal, received_, parsed); !result) return tl::unexpected(result.error());
        const unsigned id = Syntax::id(parsed);
        if (table[id] != nullptr && *table[id] == parsed) return false;
        sets[id] = parsed;
        table[id] = &sets[id];
        return true;
    }

    std::unique_ptr<Storage> storage_;
    SpsTable received_{};
    SpsTable in_force_{};
    PpsTable ppss_{};
    bool active_known_ = false;
};

} // namespace v4l2play::nal
