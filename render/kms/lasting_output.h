// A display whose card may go, and come back.
#pragma once

#include <memory>
#include <string>

#include "render/kms/cards.h"
#include "render/output.h"

namespace v4l2play {

/// Lends a card, may take it back, and may lend it again. Nothing of this blocks.
class CardLender {
  public:
    virtual ~CardLender() = default;
    /// Readable when it may have been taken back; of this loan.
    [[nodiscard]] virtual int fd() const = 0;
    /// Why it was taken back, once it was: the kernel does not always tell that from a pause.
    virtual Result<> check() = 0;
    /// What was lent is used no more.
    virtual void give_back() = 0;
    /// For KmsOptions::card; empty while the answer is awaited. An error: it is not lent again.
    virtual Result<std::string> ask_again() = 0;
};

/// As create_kms_output; but when the card itself goes (its driver is unbound, its cable to the machine pulled), frames
/// are discarded and the card is waited for. The card at the same place of the machine is it, whatever its number then
/// is, and shows what is due. `lend`: cards come from a seat, where there is one.
Result<std::unique_ptr<Output>> create_lasting_kms_output(const KmsOptions& options, bool lend,
                                                          Kernel& kernel = system_kernel());

/// The same on a card that `lender` has lent, who is asked for it again when it was taken back; OutputLost comes when
/// it is not lent again.
Result<std::unique_ptr<Output>> create_lent_kms_output(const KmsOptions& options, std::unique_ptr<CardLender> lender,
                                                       Kernel& kernel = system_kernel());

} // namespace v4l2play
