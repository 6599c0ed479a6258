// For libraries that are preloaded: the function that one of theirs stands before.
#pragma once

#include <dlfcn.h>

namespace v4l2play::test {

/// Calls what `name` means without this library.
template <class Answer, class... Arguments>
Answer real(const char* name, Arguments... arguments) {
    return reinterpret_cast<Answer (*)(Arguments...)>(dlsym(RTLD_NEXT, name))(arguments...);
}

} // namespace v4l2play::test
