/*
 * What is done to the bytes of files through descriptors: open, write, truncate, sync, close. Node
 * writes so; LevelDB writes through streams (streams.c).
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTORS 65536

struct descriptor {
  ino_t inode;
  char is_watched;
  char is_appending;
};

static struct descriptor descriptors[DESCRIPTORS];

static struct descriptor *watched(int file) {
  if (!shim_is_active || file < 0 || file >= DESCRIPTORS) return NULL;
  return descriptors[file].is_watched ? &descriptors[file] : NULL;
}

static int open_watched(const char *path, int flags, mode_t mode) {
  struct stat before;
  shim_lock();
  int is_there = lstat(path, &before) == 0;
  if (!is_there && (flags & O_CREAT) != 0) control_operation(OPERATIONS);
  if (is_there && (flags & O_TRUNC) != 0 && before.st_size > 0) {
    int old = NEXT(open)(path, O_RDONLY | O_CLOEXEC);
    int64_t copy = old < 0 ? 0 : journal_copy(old, 0, (size_t)before.st_size);
    if (old >= 0) NEXT(close)(old);
    journal_line("T\t%lu\t0\t%lld\t%lld\n", (unsigned long)before.st_ino,
                 (long long)before.st_size, (long long)copy);
  }
  int file = NEXT(open)(path, flags, mode);
  struct stat opened;
  if (file >= 0 && file < DESCRIPTORS && fstat(file, &opened) == 0 && S_ISREG(opened.st_mode)) {
    unsigned long inode = (unsigned long)opened.st_ino;
    if (!is_there) journal_line("C\t%lu\t%s\n", inode, path);
    else journal_line("A\t%lu\t%lld\t%s\n", inode, (long long)opened.st_size, path);
    descriptors[file].inode = opened.st_ino;
    descriptors[file].is_appending = (flags & O_APPEND) != 0;
    descriptors[file].is_watched = 1;
  }
  shim_unlock();
  return file;
}

int files_open(const char *path, int flags, mode_t mode) {
  char absolute[PATH_MAX];
  int is_writing = (flags & O_ACCMODE) != O_RDONLY;
  if (is_writing && shim_watches(path, absolute)) return open_watched(absolute, flags, mode);
  int file = NEXT(open)(path, flags, mode);
  if (file >= 0 && file < DESCRIPTORS) descriptors[file].is_watched = 0;
  return file;
}

int open(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(values, mode_t) : 0;
  va_end(values);
  return files_open(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list values;
  va_start(values, flags);
  mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(values, mode_t) : 0;
  va_end(values);
  return files_open(path, flags | O_LARGEFILE, mode);
}

int close(int file) {
  if (shim_is_active && file >= 0 && file < DESCRIPTORS) descriptors[file].is_watched = 0;
  return NEXT(close)(file);
}

/*
 * Before `length` bytes are written at `offset` (negative: where the descriptor stands). Returns
 * how many may be written; 0 if none, and errno says why.
 */
static size_t before_write(int file, off_t offset, size_t length) {
  control_operation(WRITES);
  size_t allowed = length;
  if (length > 1 && control_counts_down(WRITE_SHORT_IN)) allowed = length / 2;
  allowed = control_take_bytes(allowed);
  if (allowed == 0 && length > 0) {
    errno = ENOSPC;
    return 0;
  }
  struct stat now;
  if (fstat(file, &now) != 0) return allowed;
  off_t from = descriptors[file].is_appending ? now.st_size : offset;
  if (from < 0) from = lseek(file, 0, SEEK_CUR);
  if (from >= 0 && from < now.st_size) {
    off_t end = from + (off_t)allowed;
    size_t old = (size_t)((end < now.st_size ? end : now.st_size) - from);
    shim_lock();
    int64_t copy = journal_copy(file, from, old);
    journal_line("O\t%lu\t%lld\t%lu\t%lld\n", (unsigned long)descriptors[file].inode,
                 (long long)from, (unsigned long)old, (long long)copy);
    shim_unlock();
  }
  return allowed;
}

ssize_t write(int file, const void *bytes, size_t length) {
  if (watched(file) == NULL || length == 0) return NEXT(write)(file, bytes, length);
  size_t allowed = before_write(file, -1, length);
  return allowed == 0 ? -1 : NEXT(write)(file, bytes, allowed);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  if (watched(file) == NULL || length == 0) return NEXT(pwrite64)(file, bytes, length, offset);
  size_t allowed = before_write(file, offset, length);
  return allowed == 0 ? -1 : NEXT(pwrite64)(file, bytes, allowed, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
  return pwrite64(file, bytes, length, offset);
}

/* Several buffers are written one by one: to stop after any of them is a short write. */
static ssize_t write_each(int file, const struct iovec *parts, int count, off64_t offset) {
  ssize_t total = 0;
  for (int at = 0; at < count; at += 1) {
    if (parts[at].iov_len == 0) continue;
    ssize_t written = offset < 0
                          ? write(file, parts[at].iov_base, parts[at].iov_len)
                          : pwrite64(file, parts[at].iov_base, parts[at].iov_len, offset + total);
    if (written < 0) return total > 0 ? total : -1;
    total += written;
    if ((size_t)written < parts[at].iov_len) break;
  }
  return total;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  if (watched(file) == NULL) return NEXT(writev)(file, parts, count);
  return write_each(file, parts, count, -1);
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
  if (watched(file) == NULL) return NEXT(pwritev64)(file, parts, count, offset);
  return write_each(file, parts, count, offset);
}

int ftruncate64(int file, off64_t length) {
  struct descriptor *descriptor = watched(file);
  struct stat now;
  if (descriptor == NULL || fstat(file, &now) != 0) return NEXT(ftruncate64)(file, length);
  control_operation(OPERATIONS);
  shim_lock();
  if (length < now.st_size) {
    int64_t copy = journal_copy(file, length, (size_t)(now.st_size - length));
    journal_line("T\t%lu\t%lld\t%lld\t%lld\n", (unsigned long)descriptor->inode, (long long)length,
                 (long long)now.st_size, (long long)copy);
  }
  int result = NEXT(ftruncate64)(file, length);
  shim_unlock();
  return result;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

static void wait_as_told(void) {
  const struct timespec pause = {0, 2000000};
  for (int64_t waitedMs = 0; waitedMs < control_read(SYNC_DELAY_MS); waitedMs += 2) {
    nanosleep(&pause, NULL);
  }
}

static int sync_any(int file, int (*next)(int)) {
  char link[64];
  char path[PATH_MAX];
  char directory[PATH_MAX];
  struct stat now;
  struct descriptor *descriptor = watched(file);
  if (!shim_is_active || fstat(file, &now) != 0) return next(file);
  if (descriptor == NULL) {
    if (!S_ISDIR(now.st_mode)) return next(file);
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return next(file);
    path[length] = '\0';
    if (!shim_watches_directory(path, directory)) return next(file);
  }
  control_operation(SYNCS);
  wait_as_told();
  shim_lock();
  fstat(file, &now);
  long long position = journal_position();
  shim_unlock();
  if (control_read(SYNC_IS_LYING) != 0) return 0;
  unsigned long inode = (unsigned long)now.st_ino;
  if (control_counts_down(SYNC_FAIL_IN)) {
    if (descriptor != NULL) {
      journal_line("E\t%lu\t%lld\t%lld\n", inode, (long long)now.st_size, position);
    }
    errno = EIO;
    return -1;
  }
  int result = next(file);
  if (result != 0) return result;
  if (descriptor != NULL) {
    journal_line("S\t%lu\t%lld\t%lld\n", inode, (long long)now.st_size, position);
  } else {
    shim_lock();
    journal_line("D\t%s\t%lld\n", directory, position);
    journal_forget_saved(directory, position);
    shim_unlock();
  }
  return 0;
}

int fdatasync(int file) { return sync_any(file, NEXT(fdatasync)); }
int fsync(int file) { return sync_any(file, NEXT(fsync)); }

/* A disk that is full says so to whoever asks how much is left. */
int statfs64(const char *path, struct statfs64 *found) {
  char absolute[PATH_MAX];
  int result = NEXT(statfs64)(path, found);
  int64_t left = control_read(BYTES_LEFT);
  if (result != 0 || left < 0 || !shim_watches_directory(path, absolute)) return result;
  found->f_bavail = (fsblkcnt64_t)(left / (found->f_bsize > 0 ? found->f_bsize : 4096));
  found->f_bfree = found->f_bavail;
  return 0;
}
