#include "decoder/request/control_list.h"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace v4l2play {

Result<> check_control(ControlProbe& probe, std::uint32_t id, const char* name, std::size_t size) {
    const ControlFacts facts = probe.query(id);
    if (!facts.exists) return fail(ENOTSUP, fmt::format("the driver has no {} control", name), "QUERY_EXT_CTRL");
    if (facts.element_size != size)
        return fail(ENOTSUP, fmt::format("the driver's {} has {} bytes, not {}", name, facts.element_size, size),
                    "QUERY_EXT_CTRL");
    return {};
}

std::uint32_t array_capacity(ControlProbe& probe, std::uint32_t id) {
    const ControlFacts facts = probe.query(id);
    return facts.exists ? std::max({facts.maximum_elements, facts.elements, 1U}) : 0U;
}

Result<std::uint32_t> choose_item(ControlProbe& probe, std::uint32_t id, const char* name,
                                  std::optional<std::uint32_t> preferred, std::uint32_t best, std::uint32_t next) {
    const ControlFacts facts = probe.query(id);
    if (!facts.exists) return fail(ENOTSUP, fmt::format("the driver has no {} control", name), "QUERY_EXT_CTRL");
    for (const std::uint32_t item : {preferred.value_or(best), best, next})
        if (item < 64 && (facts.menu >> item & 1) != 0) return item;
    return fail(ENOTSUP, fmt::format("the driver's {} menu has no known item", name), "QUERYMENU");
}

} // namespace v4l2play
