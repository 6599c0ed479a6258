#include "decoder/v4l2/media_device.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>

#include "decoder/log.h"
#include "decoder/v4l2/queue.h"

namespace v4l2play {
namespace {

// Bounds for what a kernel may tell of one device, so that a broken one cannot exhaust memory.
constexpr std::uint32_t most_objects = 1024;
constexpr int most_tries = 8;

struct Topology {
    std::vector<media_v2_entity> entities;
    std::vector<media_v2_interface> interfaces;
    std::vector<media_v2_pad> pads;
    std::vector<media_v2_link> links;
};

std::uint64_t address_of(void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

/// One attempt: sizes, then contents. Nothing when the graph changed in between.
std::optional<Topology> read_topology_once(Kernel& kernel, int fd) {
    media_v2_topology sizes{};
    if (kernel.ioctl(fd, MEDIA_IOC_G_TOPOLOGY, &sizes) < 0) return std::nullopt;
    if (std::max({sizes.num_entities, sizes.num_interfaces, sizes.num_pads, sizes.num_links}) > most_objects)
        return std::nullopt;
    Topology topology;
    topology.entities.resize(sizes.num_entities);
    topology.interfaces.resize(sizes.num_interfaces);
    topology.pads.resize(sizes.num_pads);
    topology.links.resize(sizes.num_links);
    media_v2_topology contents = sizes;
    contents.ptr_entities = address_of(topology.entities.data());
    contents.ptr_interfaces = address_of(topology.interfaces.data());
    contents.ptr_pads = address_of(topology.pads.data());
    contents.ptr_links = address_of(topology.links.data());
    if (kernel.ioctl(fd, MEDIA_IOC_G_TOPOLOGY, &contents) < 0) return std::nullopt;
    if (contents.topology_version != sizes.topology_version) return std::nullopt;
    return topology;
}

std::optional<Topology> read_topology(Kernel& kernel, int fd) {
    for (int i = 0; i < most_tries; ++i)
        if (auto topology = read_topology_once(kernel, fd)) return topology;
    return std::nullopt;
}

std::uint32_t entity_of_pad(const Topology& topology, std::uint32_t pad) {
    for (const media_v2_pad& p : topology.pads)
        if (p.id == pad) return p.entity_id;
    return 0;
}

/// Entities at the other end of the decoder's data links: the input and the output of the video node.
std::vector<std::uint32_t> neighbours(const Topology& topology, std::uint32_t decoder) {
    std::vector<std::uint32_t> found;
    for (const media_v2_link& link : topology.links) {
        if ((link.flags & MEDIA_LNK_FL_LINK_TYPE) != MEDIA_LNK_FL_DATA_LINK) continue;
        const std::uint32_t source = entity_of_pad(topology, link.source_id);
        const std::uint32_t sink = entity_of_pad(topology, link.sink_id);
        if (source == decoder) found.push_back(sink);
        if (sink == decoder) found.push_back(source);
    }
    return found;
}

/// The device number of the video node whose interface drives `entity`; 0 none.
dev_t video_node_of(const Topology& topology, std::uint32_t entity) {
    for (const media_v2_link& link : topology.links) {
        if ((link.flags & MEDIA_LNK_FL_LINK_TYPE) != MEDIA_LNK_FL_INTERFACE_LINK || link.sink_id != entity) continue;
        for (const media_v2_interface& interface : topology.interfaces)
            if (interface.id == link.source_id && interface.intf_type == MEDIA_INTF_T_V4L_VIDEO)
                return makedev(interface.devnode.major, interface.devnode.minor);
    }
    return 0;
}

/// Video nodes of all decoders of one media device. Both neighbours must lead to the same node: a memory-to-memory one.
std::vector<dev_t> decoder_nodes(const Topology& topology) {
    std::vector<dev_t> nodes;
    for (const media_v2_entity& entity : topology.entities) {
        if (entity.function != MEDIA_ENT_F_PROC_VIDEO_DECODER) continue;
        const std::vector<std::uint32_t> ends = neighbours(topology, entity.id);
        if (ends.size() < 2) continue;
        const dev_t node = video_node_of(topology, ends[0]);
        const bool one_node = std::all_of(ends.begin(), ends.end(),
                                          [&](std::uint32_t end) { return video_node_of(topology, end) == node; });
        if (node != 0 && one_node) nodes.push_back(node);
    }
    return nodes;
}

std::vector<std::string> device_files(Kernel& kernel, std::string_view prefix) {
    std::vector<std::string> paths;
    for (const std::string& name : kernel.list_directory("/dev"))
        if (name.starts_with(prefix)) paths.push_back("/dev/" + name);
    return paths;
}

std::string path_of(Kernel& kernel, const std::vector<std::string>& paths, dev_t number) {
    for (const std::string& path : paths)
        if (kernel.device_number(path.c_str()) == number) return path;
    return {};
}

/// REQBUFS of none changes nothing and tells what the queue can do.
bool takes_requests(const VideoDevice& device) {
    Queue queue(device, QueueSide::Output);
    return queue.request_buffers(0) && (queue.capabilities() & V4L2_BUF_CAP_SUPPORTS_REQUESTS) != 0;
}

DecoderDevice describe(const VideoDevice& video, std::string media_path, std::string video_path) {
    DecoderDevice device{video.driver(),
                         video.card(),
                         video.bus_info(),
                         std::move(media_path),
                         std::move(video_path),
                         video.kernel_version(),
                         false,
                         {}};
    device.stateless = !device.media_path.empty() && takes_requests(video);
    for (const V4l2Fourcc fourcc : video.formats(QueueSide::Output))
        device.coded_formats.push_back({fourcc, video.frame_sizes(fourcc)});
    return device;
}

/// Drivers before 5.19 may leave bus_info empty on one of the two nodes; the media device's own fills the gap.
std::string media_bus_info(Kernel& kernel, int fd) {
    media_device_info info{};
    return kernel.ioctl(fd, MEDIA_IOC_DEVICE_INFO, &info) < 0 ? std::string() : field_text(info.bus_info);
}

void find_behind_media_device(Kernel& kernel, const std::string& path, const std::vector<std::string>& video_paths,
                              std::vector<DecoderDevice>& found, std::vector<Error>& closed) {
    const auto media = open_media_device(kernel, path);
    if (!media) {
        closed.push_back(media.error());
        return;
    }
    const auto topology = read_topology(kernel, media->get());
    if (!topology) return;
    for (const dev_t node : decoder_nodes(*topology)) {
        const std::string video_path = path_of(kernel, video_paths, node);
        if (video_path.empty()) {
            closed.push_back(
                {ENODEV, fmt::format("the decoder of {} has no video node in /dev", path), "find_decoders"});
            continue;
        }
        const auto video = VideoDevice::open(kernel, video_path);
        if (!video) {
            log_debug("v4l2", "{}", video.error().what);
            closed.push_back(video.error());
            continue;
        }
        found.push_back(describe(*video, path, video_path));
        if (found.back().bus_info.empty()) found.back().bus_info = media_bus_info(kernel, media->get());
    }
}

/// Stateful decoders need no media controller.
void find_lone_devices(Kernel& kernel, const std::vector<std::string>& video_paths, std::vector<DecoderDevice>& found) {
    for (const std::string& path : video_paths) {
        if (std::any_of(found.begin(), found.end(), [&](const auto& device) { return device.video_path == path; }))
            continue;
        const auto video = VideoDevice::open(kernel, path);
        if (video && video->decodes()) found.push_back(describe(*video, {}, path));
    }
}

bool is_alike(const DecoderDevice& a, const DecoderDevice& b) {
    const auto is_same = [](const CodedFormat& x, const CodedFormat& y) {
        return x.fourcc == y.fourcc && x.sizes.maximum_width == y.sizes.maximum_width &&
               x.sizes.maximum_height == y.sizes.maximum_height;
    };
    return a.driver == b.driver && a.stateless == b.stateless &&
           std::equal(a.coded_formats.begin(), a.coded_formats.end(), b.coded_formats.begin(), b.coded_formats.end(),
                      is_same);
}

} // namespace

const CodedFormat* DecoderDevice::find_format(V4l2Fourcc fourcc) const {
    const auto format =
        std::find_if(coded_formats.begin(), coded_formats.end(), [&](const auto& f) { return f.fourcc == fourcc; });
    return format == coded_formats.end() ? nullptr : &*format;
}

std::string DecoderDevice::name() const { return bus_info.empty() ? driver : fmt::format("{} ({})", driver, bus_info); }

Result<UniqueFd> open_media_device(Kernel& kernel, const std::string& path) {
    const int fd = kernel.open(path.c_str(), O_RDWR | O_NONBLOCK);
    if (fd < 0) return fail(-fd, fmt::format("cannot open {}: {}", path, error_text(-fd)), "open");
    return UniqueFd(kernel, fd);
}

std::vector<DecoderDevice> find_decoders(Kernel& kernel, std::vector<Error>* closed) {
    std::vector<DecoderDevice> found;
    std::vector<Error> nobody_asked;
    const std::vector<std::string> video_paths = device_files(kernel, "video");
    for (const std::string& path : device_files(kernel, "media"))
        find_behind_media_device(kernel, path, video_paths, found, closed != nullptr ? *closed : nobody_asked);
    find_lone_devices(kernel, video_paths, found);
    return found;
}

void take_turns(std::vector<DecoderDevice>& devices, unsigned turn) {
    const std::vector<DecoderDevice> before = devices;
    for (std::size_t i = 0; i < before.size(); ++i) {
        std::vector<std::size_t> alike;
        for (std::size_t j = 0; j < before.size(); ++j)
            if (is_alike(before[i], before[j])) alike.push_back(j);
        const auto place = static_cast<std::size_t>(std::find(alike.begin(), alike.end(), i) - alike.begin());
        devices[i] = before[alike[(place + turn) % alike.size()]];
    }
}

bool is_meant(const DecoderDevice& device, std::string_view wish) {
    return wish == device.driver || wish == fmt::format("{}:{}", device.driver, device.bus_info) ||
           (!wish.empty() && (wish == device.bus_info || wish == device.media_path || wish == device.video_path));
}

} // namespace v4l2play
