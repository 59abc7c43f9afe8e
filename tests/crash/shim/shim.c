/*
 * A disk and a clock that fail as they are told, for one process (LD_PRELOAD) and the files below one folder.
 *
 *   SHIM_ROOT     the folder, absolute, without a slash at its end
 *   SHIM_CONTROL  a file of sizeof(struct control) bytes, mapped and shared with the test: which error to answer, and
 *                 how far the wall clock is off. The monotonic clock is left alone.
 *   SHIM_LOG      when set, every change below the folder is appended there, in the order in which it was made (one
 *                 lock holds the change and its record together), and fsync is recorded instead of done. From it
 *                 `disk.py` makes the disk as it would be after a loss of power at any record.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, CLOSE, WRITE, TRUNCATE, FSYNC, RENAME, UNLINK, MKDIR, RMDIR, LINK, SYMLINK };

struct control {
    int32_t error;      /* errno for what changes the disk; 0: works */
    int32_t left;       /* so many changes still work before the error comes */
    int64_t clock;      /* nanoseconds that the wall clock is ahead */
    int64_t failed;     /* how many calls got the error */
    char under[256];    /* only below this folder, when not empty */
};

struct record {
    uint32_t magic, op;
    int32_t pid, fd;
    int64_t offset, size; /* size: of the data, or the new length of a truncated file */
    int64_t at;           /* monotonic nanoseconds */
    uint32_t path, other; /* lengths of the two names that follow, before the data */
};

#define MAGIC 0x57425348u
#define FDS 65536

static char root[PATH_MAX];
static size_t root_length;
static struct control *control;
static int log_fd = -1;
static char *names[FDS]; /* of open files below the folder */
static pid_t self;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(type, name, ...) \
    static type (*real_##name)(__VA_ARGS__); \
    if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    self = getpid();
    const char *folder = getenv("SHIM_ROOT"), *file = getenv("SHIM_CONTROL"), *log = getenv("SHIM_LOG");
    if (file) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0);
        void *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED) control = at;
        if (fd >= 0) syscall(SYS_close, fd);
    }
    if (folder) {
        snprintf(root, sizeof root, "%s", folder);
        root_length = strlen(root);
    }
    if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int below(const char *path, const char *folder, size_t length) {
    return length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* The absolute name when it is below the folder, else NULL. */
static const char *named(int at, const char *path, char *out) {
    if (!root_length || !path || getpid() != self) return NULL;
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
    } else {
        char folder[PATH_MAX], link[64];
        if (at == AT_FDCWD) {
            if (syscall(SYS_getcwd, folder, sizeof folder) < 0) return NULL;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
            ssize_t got = syscall(SYS_readlinkat, AT_FDCWD, link, folder, sizeof folder - 1);
            if (got < 0) return NULL;
            folder[got] = 0;
        }
        if (snprintf(out, PATH_MAX, "%s/%s", folder, path) >= PATH_MAX) return NULL;
    }
    return below(out, root, root_length) ? out : NULL;
}

/* The file's name, when it is ours: a forked child may share our memory until it is another program (vfork). */
static const char *of(int fd) { return fd >= 0 && fd < FDS && names[fd] && getpid() == self ? names[fd] : NULL; }

/* Whether this change fails now. */
static int fails(const char *path) {
    if (!control || !path || !control->error) return 0;
    if (control->under[0] && !below(path, control->under, strlen(control->under))) return 0;
    if (__atomic_fetch_sub(&control->left, 1, __ATOMIC_SEQ_CST) > 0) return 0;
    __atomic_store_n(&control->left, 0, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&control->failed, 1, __ATOMIC_SEQ_CST);
    errno = control->error;
    return 1;
}

/* What needs no room fails on a broken disk only. */
static int not_full(void) { return control && control->error != ENOSPC; }

static void note(uint32_t op, int fd, const char *path, const char *other, int64_t offset, int64_t size,
                 const void *data) {
    if (log_fd < 0) return;
    int kept = errno;
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    struct record head = {
        MAGIC, op, getpid(), fd, offset, size, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
        path ? (uint32_t)strlen(path) : 0, other ? (uint32_t)strlen(other) : 0,
    };
    struct iovec parts[] = {
        {&head, sizeof head},
        {(void *)path, head.path},
        {(void *)other, head.other},
        {(void *)data, data ? (size_t)size : 0},
    };
    syscall(SYS_writev, log_fd, parts, 4);
    errno = kept;
}

static void enter(void) { if (log_fd >= 0) pthread_mutex_lock(&lock); }

static void leave(void) {
    if (log_fd < 0) return;
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
}

/* ---------------------------------------------------------------------------------------------- files */

static int opened(int at, const char *path, int flags, mode_t mode) {
    char full[PATH_MAX];
    const char *name = named(at, path, full);
    if (!name) return (int)syscall(SYS_openat, at, path, flags, mode);
    int writes = (flags & O_ACCMODE) != O_RDONLY;
    struct stat found;
    int creates = (flags & O_CREAT) && syscall(SYS_newfstatat, at, path, &found, 0) < 0;
    int read_only = control && control->error == EROFS;
    if ((creates || (writes && read_only)) && fails(name)) return -1;
    enter();
    int fd = (int)syscall(SYS_openat, at, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        free(names[fd]);
        names[fd] = strdup(name);
        note(OPEN, fd, name, NULL, creates, flags & O_TRUNC ? 1 : 0, NULL);
    }
    leave();
    return fd;
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE return opened(at, path, flags, mode); }
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __openat_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }
int __openat64_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }

int close(int fd) {
    if (!of(fd)) return (int)syscall(SYS_close, fd);
    enter();
    note(CLOSE, fd, NULL, NULL, 0, 0, NULL);
    free(names[fd]);
    names[fd] = NULL;
    int done = (int)syscall(SYS_close, fd);
    leave();
    return done;
}

/* A disk takes what still fits: the call that hits the end is cut short like a real one would be. */
static ssize_t put(int fd, const void *data, size_t size, off_t offset, int at) {
    if (!of(fd)) return at ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    if (fails(of(fd))) return -1;
    enter();
    ssize_t done = at ? syscall(SYS_pwrite64, fd, data, size, offset) : syscall(SYS_write, fd, data, size);
    if (done > 0) {
        if (!at) offset = syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
        note(WRITE, fd, NULL, NULL, offset, done, data);
    }
    leave();
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return put(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return put(fd, data, size, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { return put(fd, data, size, offset, 1); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!of(fd)) return syscall(SYS_writev, fd, parts, count);
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = put(fd, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (done < 0) return all ? all : done;
        all += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return all;
}

/* Copied as plain reads and writes, so that each has its record. */
static ssize_t copied(int to, int from, off_t *offset, size_t count) {
    char piece[65536];
    ssize_t got = offset ? pread(from, piece, count < sizeof piece ? count : sizeof piece, *offset)
                         : read(from, piece, count < sizeof piece ? count : sizeof piece);
    if (got <= 0) return got;
    ssize_t done = put(to, piece, (size_t)got, 0, 0);
    if (done > 0 && offset) *offset += done;
    return done;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
    return of(to) ? copied(to, from, offset, count) : syscall(SYS_sendfile, to, from, offset, count);
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) {
    return of(to) ? copied(to, from, (off_t *)offset, count) : syscall(SYS_sendfile, to, from, offset, count);
}
ssize_t copy_file_range(int from, off64_t *offset, int to, off64_t *into, size_t count, unsigned flags) {
    if (!of(to)) return syscall(SYS_copy_file_range, from, offset, to, into, count, flags);
    errno = EXDEV; /* callers fall back to plain writing */
    return -1;
}

static int cut(int fd, off_t size) {
    if (!of(fd)) return (int)syscall(SYS_ftruncate, fd, size);
    struct stat found;
    int grows = !syscall(SYS_fstat, fd, &found) && found.st_size < size;
    if ((grows || not_full()) && fails(of(fd))) return -1;
    enter();
    int done = (int)syscall(SYS_ftruncate, fd, size);
    if (!done) note(TRUNCATE, fd, NULL, NULL, 0, size, NULL);
    leave();
    return done;
}

int ftruncate(int fd, off_t size) { return cut(fd, size); }
int ftruncate64(int fd, off64_t size) { return cut(fd, size); }

static int allocated(int fd, int mode, off_t offset, off_t size) {
    if (!of(fd)) return (int)syscall(SYS_fallocate, fd, mode, offset, size);
    errno = EOPNOTSUPP; /* written instead */
    return -1;
}
int fallocate(int fd, int mode, off_t offset, off_t size) { return allocated(fd, mode, offset, size); }
int fallocate64(int fd, int mode, off64_t offset, off64_t size) { return allocated(fd, mode, offset, size); }
int posix_fallocate(int fd, off_t offset, off_t size) { return allocated(fd, 0, offset, size) ? errno : 0; }
int posix_fallocate64(int fd, off64_t offset, off64_t size) { return allocated(fd, 0, offset, size) ? errno : 0; }

static int synced(int fd, long call) {
    if (!of(fd)) return (int)syscall(call, fd);
    if (control && control->error == EIO && fails(of(fd))) return -1;
    if (log_fd < 0) return (int)syscall(call, fd);
    enter();
    note(FSYNC, fd, NULL, NULL, 0, 0, NULL);
    leave();
    return 0;
}

int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

/* ---------------------------------------------------------------------------------------------- folders */

#define CHANGE(op, at, path, other_at, other, may_fail, call) \
    char full[PATH_MAX], second[PATH_MAX]; \
    const char *name = named(at, path, full); \
    const char *name2 = (other) ? named(other_at, other, second) : NULL; \
    if (!name && !name2) return (int)(call); \
    if ((may_fail) && fails(name ? name : name2)) return -1; \
    enter(); \
    int done = (int)(call); \
    if (!done) note(op, -1, name ? name : path, name2 ? name2 : other, 0, 0, NULL); \
    leave(); \
    return done;

static int renamed(int at, const char *path, int other_at, const char *other) {
    CHANGE(RENAME, at, path, other_at, other, 1, syscall(SYS_renameat2, at, path, other_at, other, 0))
}
static int removed(int at, const char *path, int flags) {
    CHANGE((flags & AT_REMOVEDIR) ? RMDIR : UNLINK, at, path, AT_FDCWD, (const char *)NULL, not_full(),
           syscall(SYS_unlinkat, at, path, flags))
}
static int made(int at, const char *path, mode_t mode) {
    CHANGE(MKDIR, at, path, AT_FDCWD, (const char *)NULL, 1, syscall(SYS_mkdirat, at, path, mode))
}
static int linked(int at, const char *path, int other_at, const char *other, int flags) {
    CHANGE(LINK, at, path, other_at, other, 1, syscall(SYS_linkat, at, path, other_at, other, flags))
}

int rename(const char *path, const char *other) { return renamed(AT_FDCWD, path, AT_FDCWD, other); }
int renameat(int at, const char *path, int to, const char *other) { return renamed(at, path, to, other); }
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return removed(at, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return made(at, path, mode); }
int link(const char *path, const char *other) { return linked(AT_FDCWD, path, AT_FDCWD, other, 0); }
int linkat(int at, const char *path, int to, const char *other, int flags) { return linked(at, path, to, other, flags); }

static int pointed(const char *target, int at, const char *path) {
    char full[PATH_MAX];
    const char *name = named(at, path, full);
    if (!name) return (int)syscall(SYS_symlinkat, target, at, path);
    if (fails(name)) return -1;
    enter();
    int done = (int)syscall(SYS_symlinkat, target, at, path);
    if (!done) note(SYMLINK, -1, name, target, 0, 0, NULL);
    leave();
    return done;
}
int symlink(const char *target, const char *path) { return pointed(target, AT_FDCWD, path); }
int symlinkat(const char *target, int at, const char *path) { return pointed(target, at, path); }

/* ---------------------------------------------------------------------------------------------- the wall clock */

static int64_t ahead(void) { return control ? __atomic_load_n(&control->clock, __ATOMIC_RELAXED) : 0; }

int clock_gettime(clockid_t which, struct timespec *out) {
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    int done = real_clock_gettime(which, out);
    if (!done && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) && ahead()) {
        int64_t all = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + ahead();
        out->tv_sec = all / 1000000000;
        out->tv_nsec = all % 1000000000;
    }
    return done;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
