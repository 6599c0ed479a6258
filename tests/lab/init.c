// Process 1 of the lab. Its directory (that of its own path, on the host's file system) holds
// the job and receives what comes of it:
//   argv, env        words of the job and its environment, each ended by a NUL
//   cwd              where it starts
//   stdout, stderr   what it wrote, as it is written: hostfs passes each write on at once
//   status           its exit status, 128 + n when signal n ended it; no file, no end
// The job writes into pipes, not into these files: a program that opens /dev/stderr again must
// not truncate them. It can say nothing but by its console, which tests/lab/run shows when the
// status is missing.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[PATH_MAX];

static void die(const char* what) {
    fprintf(stderr, "lab/init: %s: %s\n", what, strerror(errno));
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

static int open_in_directory(const char* name, int flags) {
    char path[PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd < 0) die(path);
    return fd;
}

// The whole file, and a NUL behind it.
static char* slurp(const char* name, size_t* size) {
    int fd = open_in_directory(name, O_RDONLY);
    struct stat st;
    if (fstat(fd, &st) < 0) die(name);
    *size = (size_t)st.st_size;
    char* text = calloc(*size + 1, 1);
    if (!text || read(fd, text, *size) != (ssize_t)*size) die(name);
    close(fd);
    return text;
}

// A file of NUL-ended words as an argument vector.
static char** slurp_words(const char* name) {
    size_t size;
    char* text = slurp(name, &size);
    size_t count = 0;
    for (size_t i = 0; i < size; ++i) count += text[i] == '\0';
    char** words = calloc(count + 1, sizeof(*words));
    if (!words) die(name);
    for (size_t i = 0; i < count; ++i, text += strlen(text) + 1) words[i] = text;
    return words;
}

static void mount_on(const char* type, const char* path, const char* options) {
    mkdir(path, 0755);
    if (mount(type, path, type, 0, options) < 0 && errno != EBUSY) die(path);
}

static void mount_all(void) {
    mount_on("proc", "/proc", NULL);
    mount_on("sysfs", "/sys", NULL);
    mount_on("devtmpfs", "/dev", NULL);
    mount_on("devpts", "/dev/pts", "ptmxmode=0666");
    mount_on("tmpfs", "/dev/shm", "mode=1777");
    mount_on("tmpfs", "/run", "mode=0755");
    mount_on("debugfs", "/sys/kernel/debug", NULL);
    mount_on("tracefs", "/sys/kernel/tracing", NULL);
    mount_on("configfs", "/sys/kernel/config", NULL);
}

// What udev and an init system would have made. /tmp stays the host's: builds live there.
static void make_places(void) {
    if (mkdir("/run/tmp", 0777) < 0 || chmod("/run/tmp", 01777) < 0) die("/run/tmp");
    if (mkdir("/run/user", 0700) < 0) die("/run/user");
    if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("fd/0", "/dev/stdin") < 0 ||
        symlink("fd/1", "/dev/stdout") < 0 || symlink("fd/2", "/dev/stderr") < 0)
        die("/dev/fd");
    if (sethostname("lab", 3) < 0) die("sethostname");
}

static void raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) die("lo");
    close(fd);
}

// Runs in the child. The numbers of a command that cannot be run are the shell's.
static void run_job(int output, int error) {
    char** argv = slurp_words("argv");
    char** env = slurp_words("env");
    size_t size;
    char* cwd = slurp("cwd", &size);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int input = open("/dev/null", O_RDONLY);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(error, 2) < 0) _exit(126);
    if (input > 2) close(input);
    clearenv();
    for (; *env; ++env) putenv(*env);
    if (chdir(cwd) < 0) {
        fprintf(stderr, "lab: %s: %s\n", cwd, strerror(errno));
        _exit(126);
    }
    execvp(argv[0], argv);
    fprintf(stderr, "lab: %s: %s\n", argv[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

struct stream {
    int from, to;
};

static void write_all(int fd, const char* data, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die("write"); // the host's disk is full: the job's output is lost, say so
        data += n;
        size -= (size_t)n;
    }
}

// Passes on what is there now. Returns whether more may come.
static int pump(struct stream* stream) {
    static char buffer[1 << 16];
    ssize_t n;
    while ((n = read(stream->from, buffer, sizeof(buffer))) > 0) write_all(stream->to, buffer, (size_t)n);
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

// Reaps whatever has ended. Returns 1 and the wait status once the job is among it.
static int reap(pid_t job, int* status) {
    int seen = 0, s;
    pid_t pid;
    while ((pid = waitpid(-1, &s, WNOHANG)) > 0) {
        if (pid != job) continue;
        *status = s;
        seen = 1;
    }
    return seen;
}

// Streams until the job itself has ended; processes it left behind do not hold the lab.
static int stream_until_end(pid_t job, int signals, struct stream streams[2]) {
    int status;
    struct pollfd fds[3] = {{signals, POLLIN, 0}, {streams[0].from, POLLIN, 0}, {streams[1].from, POLLIN, 0}};
    for (;;) {
        if (poll(fds, 3, -1) < 0 && errno != EINTR) die("poll");
        for (int i = 0; i < 2; ++i)
            if (fds[i + 1].revents && !pump(&streams[i])) fds[i + 1].fd = -1;
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof(info)) < 0 && errno != EAGAIN) die("signalfd");
        if (reap(job, &status)) return status;
    }
}

// Ends what is left, so that its files are closed. One that sleeps in a driver may not die.
static void kill_the_rest(void) {
    kill(-1, SIGKILL);
    for (int i = 0; i < 500; ++i) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0) return;
        if (pid == 0) usleep(10000);
    }
    fprintf(stderr, "lab/init: a process cannot be killed\n");
}

static void open_stream(struct stream* stream, int* job_end, const char* name) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) die("pipe");
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    stream->from = ends[0];
    stream->to = open_in_directory(name, O_WRONLY | O_APPEND);
    *job_end = ends[1];
}

static int open_child_signals(void) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) die("signalfd");
    return fd;
}

static void report(int status) {
    char text[16];
    int n = snprintf(text, sizeof(text), "%d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    // Under another name first: a status that is there is complete.
    int fd = open_in_directory("status.new", O_WRONLY | O_CREAT);
    write_all(fd, text, (size_t)n);
    close(fd);
    if (chdir(directory) < 0 || rename("status.new", "status") < 0) die("status");
}

int main(int argc, char** argv) {
    (void)argc;
    snprintf(directory, sizeof(directory), "%s", argv[0]);
    *strrchr(directory, '/') = '\0';
    mount_all();
    make_places();
    raise_loopback();

    int signals = open_child_signals();
    struct stream streams[2];
    int ends[2];
    open_stream(&streams[0], &ends[0], "stdout");
    open_stream(&streams[1], &ends[1], "stderr");
    pid_t job = fork();
    if (job < 0) die("fork");
    if (job == 0) run_job(ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);

    int status = stream_until_end(job, signals, streams);
    kill_the_rest();
    pump(&streams[0]);
    pump(&streams[1]);
    sync();
    report(status);
    reboot(RB_POWER_OFF);
}
