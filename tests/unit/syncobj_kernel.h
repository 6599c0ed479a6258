// The kernel that the tests run on, with a render node that has sync objects: those of another process (the tests'
// compositor) are found by the inode of what was shared.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "tests/unit/delegating_kernel.h"
#include "tests/unit/mock_compositor.h"

namespace v4l2play {

class SyncobjKernel : public DelegatingKernel, public MockTimelines {
  public:
    /// What the render node lacks.
    bool has_capability = true;
    bool tells_points = true; ///< else eventfds are never written
    bool takes_fences = true; ///< sync_files, for which eventfds stand

    std::uint64_t import(int fd) override;
    void signal(std::uint64_t timeline, std::uint64_t point) override;
    bool is_signalled(std::uint64_t timeline, std::uint64_t point) override;
    bool is_promised(std::uint64_t timeline, std::uint64_t point) override;
    [[nodiscard]] unsigned objects() const;

    int open(const char* path, int flags) override;
    int ioctl(int fd, unsigned long request, void* argument) override;
    std::vector<std::string> list_directory(const char* path) override;

  private:
    struct Wait {
        std::uint64_t point;
        int fd; ///< a duplicate: it outlives the waiter's
    };
    struct Object {
        std::uint64_t inode = 0;
        std::uint64_t signalled = 0;
        UniqueFd fence;                          ///< a sync_file that was put in
        std::map<std::uint64_t, UniqueFd> comes; ///< points that are signalled with a sync_file
        std::vector<Wait> waits;
    };
    Object* find(std::uint64_t timeline);
    int share(void* argument);
    int import_fence(void* argument);
    int transfer(void* argument);
    int watch(void* argument);
    int signal_points(void* argument);
    int destroy(void* argument);
    static void tell(Object& object, bool really);

    mutable std::mutex mutex_;
    std::map<std::uint32_t, Object> objects_; ///< by handle
    std::uint32_t last_handle_ = 0;
};

} // namespace v4l2play
