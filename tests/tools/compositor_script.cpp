#include "tests/tools/compositor_script.h"

#include <charconv>
#include <cstdlib>

namespace v4l2play {

int number_in(std::string_view text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

bool CompositorScript::take(std::string_view word) {
    const auto value = word.substr(std::min(word.find('='), word.size() - 1) + 1);
    if (word.starts_with("hold=")) {
        hold = static_cast<std::size_t>(number_in(value));
        shuffle = word.ends_with('r');
    } else if (word.starts_with("lead=")) {
        lead = static_cast<std::size_t>(number_in(value));
    } else if (word.starts_with("fence=")) {
        fence = static_cast<std::uint64_t>(number_in(value));
    } else if (word.starts_with("lose=")) {
        lose = static_cast<unsigned>(number_in(value));
        if (const auto x = value.find('x'); x != std::string_view::npos)
            most_lost = static_cast<unsigned>(number_in(value.substr(x + 1)));
    } else if (word.starts_with("plane=")) {
        plane = value;
    } else if (word.starts_with("bands=")) {
        bands = value;
    } else if (word == "extras") {
        extras = true;
    } else if (word == "timelines") {
        timelines = true;
    } else if (word == "discard" || word == "discard=1") {
        discards = true;
        calls_back = word.ends_with('1');
    } else if (word == "keep") {
        keeps = true;
    } else if (const auto colon = word.find(':'); colon != std::string_view::npos) {
        events.push_back(
            {static_cast<Nanoseconds>(std::atof(word.data()) * second), std::string(word.substr(colon + 1))});
    } else {
        return false;
    }
    return true;
}

} // namespace v4l2play
