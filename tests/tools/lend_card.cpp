// lend_card CARD [--revoke-after MS] COMMAND...: leases the first connected display of a card, with a CRTC and the
// planes that it can have, to COMMAND, in which "fd:N" is the lease. Takes it back after so many milliseconds, and in
// any case when COMMAND has ended, whose exit status is its own.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tools/lendable.h"

using namespace v4l2play;

int main(int count, char** arguments) {
    if (count < 3) return 125;
    char** command = arguments + 2;
    unsigned revoke_after = 0;
    if (std::string_view(*command) == "--revoke-after") {
        revoke_after = static_cast<unsigned>(std::strtoul(command[1], nullptr, 10));
        command += 2;
    }
    const int card = open(arguments[1], O_RDWR | O_CLOEXEC);
    if (card < 0) give_up(arguments[1]);
    drmSetClientCap(card, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1);
    const std::vector<std::uint32_t> objects = choose_objects(card);
    std::uint32_t lessee = 0;
    const int lease = drmModeCreateLease(card, objects.data(), static_cast<int>(objects.size()), 0, &lessee);
    if (lease < 0) give_up("drmModeCreateLease");
    std::string name = "fd:" + std::to_string(lease);
    const pid_t child = fork();
    if (child == 0) {
        for (char** word = command; *word != nullptr; ++word)
            if (char* at = std::strstr(*word, "fd:N"); at != nullptr) {
                name.insert(0, *word, static_cast<std::size_t>(at - *word));
                *word = name.data();
                break;
            }
        execvp(*command, command);
        give_up(*command);
    }
    close(lease);
    if (revoke_after != 0) {
        usleep(revoke_after * 1000);
        drmModeRevokeLease(card, lessee);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
