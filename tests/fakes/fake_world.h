// What the parts of the fake kernel share: descriptors, time, and what was seen.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <linux/version.h>
#include <linux/videodev2.h>

#include "decoder/nanoseconds.h"
#include "tests/fakes/fake_turns.h"

namespace v4l2play::fakes {

/// When S_FMT may change the size although buffers are allocated.
enum class FakeResize { Never, NotWhileStreaming, Always };

/// What one stateless decoder is like. Fields may be changed while it runs.
struct FakeDecoder {
    std::string driver = "fake-vpu";
    std::string card = "fake-vpu-dec";
    std::string bus_info = "platform:fake-vpu";
    std::uint32_t kernel_version = KERNEL_VERSION(6, 12, 0);
    bool multi_planar = true;
    std::vector<std::uint32_t> coded_formats{V4L2_PIX_FMT_H264_SLICE}; ///< the first one has controls: H.264 or MPEG-2
    std::vector<std::uint32_t> pixel_formats{V4L2_PIX_FMT_NV12};
    std::vector<std::uint32_t> deep_pixel_formats{V4L2_PIX_FMT_P010}; ///< when the SPS says more than 8 bits
    v4l2_frmsize_stepwise sizes{16, 4096, 16, 16, 2304, 16};
    std::uint32_t pitch_alignment = 64;
    std::uint64_t decode_modes = 3; ///< menu of H264_DECODE_MODE: bit 0 slice-based, bit 1 frame-based
    std::uint64_t start_codes = 3;  ///< menu of H264_START_CODE: bit 0 none, bit 1 Annex B
    std::uint64_t profiles = 0;     ///< menu of H264_PROFILE; 0 = no such control
    std::set<std::uint32_t> missing_controls{};
    std::map<std::uint32_t, std::uint32_t> control_sizes{}; ///< where they are not what they should be
    bool holds = true;                                      ///< V4L2_BUF_CAP_SUPPORTS_M2M_HOLD_CAPTURE_BUF
    bool two_phase = false;      ///< gives the OUTPUT buffer back halfway, before the request is complete
    bool topology_moves = false; ///< the topology changes between the first two MEDIA_IOC_G_TOPOLOGY
    std::uint32_t most_buffers = 32;
    FakeResize resize = FakeResize::Never;
    bool removes_buffers = false;              ///< VIDIOC_REMOVE_BUFS
    std::set<std::uint32_t> unallocatable{};   ///< pixel formats that there is no memory for
    int open_error = 0;                        ///< errno value that opening its video node answers
    bool gone = false;                         ///< unbound: nothing can be done with it but close
    Nanoseconds decode_time = 4 * millisecond; ///< per request; 0 = done before the ioctl returns
};

/// One request that a device carried out.
struct FakePicture {
    std::uint64_t timestamp = 0; ///< ns
    unsigned capture_index = 0;
    std::vector<std::uint8_t> bitstream;
    std::vector<std::uint64_t> references; ///< timestamps
    std::map<std::uint32_t, std::vector<std::uint8_t>> controls;
    bool hold = false;
    bool error = false;
};

/// Memory of a buffer; real only once somebody maps it.
class FakeMemory {
  public:
    explicit FakeMemory(std::size_t size)
        : size_(size) {}
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool mapped() const { return !bytes_.empty(); }
    std::uint8_t* bytes() {
        if (bytes_.empty()) bytes_.resize(size_);
        return bytes_.data();
    }

  private:
    std::size_t size_;
    std::vector<std::uint8_t> bytes_;
};

class FakeRequest;
class FakeEpoll;

/// An open file description. Errors are negative errno values.
class FakeFile {
  public:
    virtual ~FakeFile() = default;
    [[nodiscard]] virtual const char* kind() const = 0;
    virtual int ioctl(unsigned long request, void* argument);
    /// The events of `wanted` that are there, with EPOLLERR and EPOLLHUP whether wanted or not.
    virtual std::uint32_t poll(std::uint32_t wanted);
    virtual long read(void* buffer, std::size_t size);
    virtual long write(const void* buffer, std::size_t size);
    /// What a mapping of this file shows; null when it cannot be mapped so.
    virtual std::shared_ptr<FakeMemory> memory(std::size_t length, std::int64_t offset);
    // The file as what it is, else null.
    virtual std::shared_ptr<FakeRequest> request() { return nullptr; }
    virtual FakeEpoll* epoll() { return nullptr; }
    /// The last descriptor was closed.
    virtual void released() {}
    /// Counts what would wake a poller: edge-triggered watches report when it has moved.
    [[nodiscard]] std::uint64_t wakeups() const { return wakeups_; }

  protected:
    void wake() { ++wakeups_; }

  private:
    std::uint64_t wakeups_ = 0;
};

class FakeContext;

/// Shared state, and the descriptor table. Not thread-safe: FakeKernel locks around it.
class FakeWorld {
  public:
    /// The lowest free number, as the kernel gives them out: closed numbers come back.
    int install(std::shared_ptr<FakeFile> file);
    [[nodiscard]] std::shared_ptr<FakeFile> file(int fd) const;
    [[nodiscard]] std::shared_ptr<FakeRequest> request(int fd) const;
    int close(int fd);
    [[nodiscard]] std::string open_files() const;

    /// Something that no correct program does, though a kernel might let it pass.
    void violation(std::string what) { violations.push_back(std::move(what)); }

    std::atomic<Nanoseconds> now{second};
    bool automatic = true; ///< pictures finish as time passes; else by `complete_next`
    std::vector<std::string> violations;
    std::vector<FakePicture> pictures;
    std::vector<std::weak_ptr<FakeContext>> contexts;
    std::map<const FakeDecoder*, FakeTurns> turns;
    std::uint64_t jobs = 0;         ///< requests that were started
    std::set<std::uint64_t> errors; ///< numbers of jobs that fail: ERROR flag, with something in the buffer
    std::set<std::uint64_t> empty;  ///< numbers of jobs that write nothing: no payload, no flag (rkvdec)
    std::set<std::uint64_t> stalls; ///< numbers of jobs that never finish
    /// What else can be opened, by path: not video devices. One description is shared by all that open it.
    std::map<std::string, std::shared_ptr<FakeFile>> other_files;

    /// A CAPTURE buffer is queued; `index` and the timestamp of the picture that it still holds (0 none).
    std::function<void(unsigned index, std::uint64_t content)> on_capture_queued;
    std::function<void(const FakePicture&)> on_decoded;
    /// A video device is closed; called without any lock, so that it may keep the call from coming back.
    std::function<void()> on_video_close;
    /// The same for VIDIOC_STREAMOFF.
    std::function<void()> on_stream_off;

  private:
    std::map<int, std::shared_ptr<FakeFile>> files_;
};

} // namespace v4l2play::fakes
