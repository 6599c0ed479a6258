// In the place of the keyboards where this build has no libinput.
#include "render/kms/keyboards.h"

namespace v4l2play {

struct Keyboards::Devices {};

Keyboards::Keyboards(Kernel&, Seat*) {}
Keyboards::~Keyboards() = default;
int Keyboards::fd() const { return -1; }
void Keyboards::dispatch() {}
std::optional<KeyPress> Keyboards::next() { return std::nullopt; }
void Keyboards::set_active(bool) {}
std::string keyboards_build_notes() { return "\nbuilt without libinput: on a card, keys come from the terminal alone"; }

} // namespace v4l2play
