#include "tests/fakes/fake_media.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#include <linux/media.h>

#include "tests/fakes/fake_request.h"

namespace v4l2play::fakes {
namespace {

template <std::size_t size>
void copy(char (&out)[size], const std::string& text) {
    std::snprintf(out, size, "%s", text.c_str());
}

/// Copies `items` to where user space wants them, as MEDIA_IOC_G_TOPOLOGY does; ENOSPC when there is too little room.
template <class Item, std::size_t size>
int give(const std::array<Item, size>& items, std::size_t used, std::uint64_t room, std::uint64_t pointer) {
    if (pointer == 0) return 0;
    if (room < used) return -ENOSPC;
    std::copy_n(items.begin(), used, reinterpret_cast<Item*>(static_cast<std::uintptr_t>(pointer)));
    return 0;
}

// Object numbers as v4l2_m2m_register_media_controller makes them: the video node reads and writes (source and sink),
// the decoder is between.
enum Id : __u32 { source = 1, proc, sink, source_pad, proc_in, proc_out, sink_pad, node, first_link };

} // namespace

int FakeMedia::topology(void* argument) {
    auto& out = *static_cast<media_v2_topology*>(argument);
    const bool moved = decoder_.topology_moves && asked_++ > 0;
    std::array<media_v2_entity, 4> entities{};
    entities[0].id = source;
    entities[0].function = MEDIA_ENT_F_IO_V4L;
    entities[1].id = proc;
    entities[1].function = MEDIA_ENT_F_PROC_VIDEO_DECODER;
    entities[2].id = sink;
    entities[2].function = MEDIA_ENT_F_IO_V4L;
    entities[3].id = 100;
    entities[3].function = MEDIA_ENT_F_UNKNOWN;
    copy(entities[0].name, decoder_.card + "-source");
    copy(entities[1].name, decoder_.card + "-proc");
    copy(entities[2].name, decoder_.card + "-sink");
    copy(entities[3].name, "newcomer");
    std::array<media_v2_interface, 1> interfaces{};
    interfaces[0].id = node;
    interfaces[0].intf_type = MEDIA_INTF_T_V4L_VIDEO;
    interfaces[0].devnode.major = video_major;
    interfaces[0].devnode.minor = video_minor_;
    std::array<media_v2_pad, 4> pads{};
    pads[0] = {source_pad, source, MEDIA_PAD_FL_SOURCE, 0, {}};
    pads[1] = {proc_in, proc, MEDIA_PAD_FL_SINK, 0, {}};
    pads[2] = {proc_out, proc, MEDIA_PAD_FL_SOURCE, 1, {}};
    pads[3] = {sink_pad, sink, MEDIA_PAD_FL_SINK, 0, {}};
    std::array<media_v2_link, 4> links{};
    const __u32 data = MEDIA_LNK_FL_DATA_LINK | MEDIA_LNK_FL_ENABLED | MEDIA_LNK_FL_IMMUTABLE;
    const __u32 interface = MEDIA_LNK_FL_INTERFACE_LINK | MEDIA_LNK_FL_ENABLED | MEDIA_LNK_FL_IMMUTABLE;
    links[0] = {first_link, source_pad, proc_in, data, {}};
    links[1] = {first_link + 1, proc_out, sink_pad, data, {}};
    links[2] = {first_link + 2, node, source, interface, {}};
    links[3] = {first_link + 3, node, sink, interface, {}};
    out.topology_version = moved ? 2 : 1;
    const std::size_t entity_count = moved ? 4 : 3;
    int result = give(entities, entity_count, out.num_entities, out.ptr_entities);
    if (result == 0) result = give(interfaces, 1, out.num_interfaces, out.ptr_interfaces);
    if (result == 0) result = give(pads, 4, out.num_pads, out.ptr_pads);
    if (result == 0) result = give(links, 4, out.num_links, out.ptr_links);
    out.num_entities = static_cast<__u32>(entity_count);
    out.num_interfaces = 1;
    out.num_pads = 4;
    out.num_links = 4;
    return result;
}

int FakeMedia::ioctl(unsigned long request, void* argument) {
    if (decoder_.gone) return -EIO; // __media_ioctl
    switch (request) {
    case MEDIA_IOC_DEVICE_INFO: {
        auto& info = *static_cast<media_device_info*>(argument);
        info = {};
        copy(info.driver, decoder_.driver);
        copy(info.model, decoder_.card);
        copy(info.bus_info, decoder_.bus_info);
        return 0;
    }
    case MEDIA_IOC_G_TOPOLOGY:
        return topology(argument);
    case MEDIA_IOC_REQUEST_ALLOC:
        *static_cast<int*>(argument) = world_.install(std::make_shared<FakeRequest>(world_));
        return 0;
    default:
        return -ENOTTY;
    }
}

} // namespace v4l2play::fakes
