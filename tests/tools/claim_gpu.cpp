// For LD_PRELOAD: whatever draws, it says of itself that it is a GPU.
#include <GLES2/gl2.h>

#include "tests/tools/real_call.h"

extern "C" const GLubyte* glGetString(GLenum name) {
    if (name == GL_RENDERER) return reinterpret_cast<const GLubyte*>("a pretended GPU");
    return v4l2play::test::real<const GLubyte*>("glGetString", name);
}
