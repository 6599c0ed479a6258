// A file on a command line, with what is to decode it: an option holds for the files behind it.
#pragma once

#include <string>
#include <string_view>

#include "app/decoder_factory.h"

namespace v4l2play {

struct ChosenFile {
    std::string path;
    DecoderChoice decoder = DecoderChoice::Request;
    std::string device; ///< as of --device; empty: any

    [[nodiscard]] bool is_software() const { return decoder == DecoderChoice::Software; }

    /// Whether `word` is --software, --stateful, --request or --device=NAME.
    bool take(std::string_view word) {
        if (word.starts_with("--device="))
            device = word.substr(word.find('=') + 1);
        else if (word == "--software")
            decoder = DecoderChoice::Software;
        else if (word == "--stateful")
            decoder = DecoderChoice::Stateful;
        else if (word == "--request")
            decoder = DecoderChoice::Request;
        else
            return false;
        return true;
    }
};

inline Result<OpenedDecoder> open_decoder(const ChosenFile& file, const StreamInfo& stream, unsigned held,
                                          Kernel& kernel = system_kernel()) {
    Options player;
    player.decoder = file.decoder;
    player.device = file.device;
    DecoderConfig config;
    config.stream = stream;
    config.presenter_slots = held;
    config.queue_slots = 7;
    config.output_needs_dmabuf = !file.is_software();
    return open_decoder(player, config, nullptr, {}, kernel);
}

} // namespace v4l2play
