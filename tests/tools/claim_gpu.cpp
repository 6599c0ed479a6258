// For LD_PRELOAD: whatever draws, it says of itself that it is a GPU; and vgem's render node is another's.
#include <cstring>

#include <GLES2/gl2.h>
#include <xf86drm.h>

#include "tests/tools/real_call.h"

extern "C" drmVersionPtr drmGetVersion(int fd) {
    const auto version = v4l2play::test::real<drmVersionPtr>("drmGetVersion", fd);
    if (version != nullptr && std::strcmp(version->name, "vgem") == 0) std::memcpy(version->name, "vgpu", 4);
    return version;
}

extern "C" const GLubyte* glGetString(GLenum name) {
    if (name == GL_RENDERER) return reinterpret_cast<const GLubyte*>("a pretended GPU");
    return v4l2play::test::real<const GLubyte*>("glGetString", name);
}
