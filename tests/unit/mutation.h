// Streams with damage, and what a codec promises of them.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/codec_contract.h"

namespace v4l2play::test {

using Bytes = std::vector<std::uint8_t>;

/// Some bits, bytes and lengths, anywhere.
inline void mutate(std::vector<Bytes>& units, std::mt19937& random) {
    for (unsigned count = 1 + random() % 4; count > 0; --count) {
        Bytes& unit = units[random() % units.size()];
        if (unit.empty()) continue;
        const std::size_t at = random() % unit.size();
        const auto position = unit.begin() + static_cast<std::ptrdiff_t>(at);
        switch (random() % 6) {
        case 0:
            unit.resize(at);
            break;
        case 1:
            unit.insert(position, static_cast<std::uint8_t>(random()));
            break;
        case 2:
            *position = static_cast<std::uint8_t>(random());
            break;
        case 3:
            std::swap(unit, units[random() % units.size()]);
            break;
        default:
            *position = static_cast<std::uint8_t>(*position ^ 1U << random() % 8);
            break;
        }
    }
}

/// Parses them, with a seek and a lost device now and then. Each picture goes to `check`. Returns the broken promise,
/// if any.
template <class Check>
std::string run_mutated(std::unique_ptr<Codec> codec, const std::vector<Bytes>& units, std::mt19937& random,
                        Check&& check) {
    CodecContract contract;
    Steps steps;
    for (const Bytes& bytes : units) {
        AccessUnit unit;
        unit.payload = Payload(bytes, nullptr, nullptr);
        unit.key = random() % 8 == 0;
        steps.clear();
        const auto parsed = codec->parse(unit, steps);
        contract.follow(steps);
        for (const Step& step : steps)
            if (step.kind == Step::Kind::Decode) check(*step.picture);
        if (!parsed) break;
        steps.clear();
        if (random() % 32 == 0) codec->resynchronise(steps);
        contract.follow(steps);
        steps.clear();
        if (random() % 32 != 0) continue;
        codec->flush(steps);
        contract.follow_flush(steps);
    }
    steps.clear();
    codec->drain(steps);
    contract.follow_end(steps);
    return contract.fault();
}

} // namespace v4l2play::test
