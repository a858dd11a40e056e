/*
 * What is done to names: rename, link, unlink, and directories made and removed. What a name stood
 * for is kept aside until its directory is synced, so that the change can be taken back.
 */
#include "shim.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int rename(const char *from, const char *to) {
  char source[PATH_MAX];
  char target[PATH_MAX];
  int is_ours = shim_watches(from, source);
  if (!shim_watches(to, target)) {
    if (!is_ours) return NEXT(rename)(from, to);
    snprintf(target, sizeof target, "%s", to);
  } else if (!is_ours) {
    snprintf(source, sizeof source, "%s", from);
  }
  struct stat moved;
  struct stat replaced;
  char saved[PATH_MAX] = "-";
  control_operation(OPERATIONS);
  shim_lock();
  if (shim_is_recording && lstat(source, &moved) == 0) {
    if (lstat(target, &replaced) == 0 && S_ISREG(replaced.st_mode)) {
      journal_saved_name(saved);
      if (NEXT(link)(target, saved) != 0) strcpy(saved, "-");
    }
    journal_line("R\t%lu\t%s\t%s\t%s\n", (unsigned long)moved.st_ino, source, target, saved);
    if (saved[0] != '-') journal_remember_saved(target, saved);
  }
  int result = NEXT(rename)(source, target);
  shim_unlock();
  return result;
}

int unlink(const char *path) {
  char absolute[PATH_MAX];
  struct stat found;
  if (!shim_watches(path, absolute)) return NEXT(unlink)(path);
  control_operation(OPERATIONS);
  if (!shim_is_recording) return NEXT(unlink)(path);
  shim_lock();
  int result;
  if (lstat(absolute, &found) != 0 || !S_ISREG(found.st_mode)) {
    result = NEXT(unlink)(absolute);
  } else {
    char saved[PATH_MAX];
    journal_saved_name(saved);
    journal_line("U\t%lu\t%s\t%s\n", (unsigned long)found.st_ino, absolute, saved);
    result = NEXT(rename)(absolute, saved);
    if (result == 0) journal_remember_saved(absolute, saved);
  }
  shim_unlock();
  return result;
}

int link(const char *from, const char *to) {
  char absolute[PATH_MAX];
  struct stat found;
  if (!shim_watches(to, absolute)) return NEXT(link)(from, to);
  control_operation(OPERATIONS);
  shim_lock();
  if (lstat(from, &found) == 0) {
    journal_line("L\t%lu\t%s\n", (unsigned long)found.st_ino, absolute);
  }
  int result = NEXT(link)(from, absolute);
  shim_unlock();
  return result;
}

int mkdir(const char *path, mode_t mode) {
  char absolute[PATH_MAX];
  if (!shim_watches(path, absolute)) return NEXT(mkdir)(path, mode);
  control_operation(OPERATIONS);
  shim_lock();
  if (access(absolute, F_OK) != 0) journal_line("M\t%s\n", absolute);
  int result = NEXT(mkdir)(absolute, mode);
  shim_unlock();
  return result;
}

int rmdir(const char *path) {
  char absolute[PATH_MAX];
  if (!shim_watches(path, absolute)) return NEXT(rmdir)(path);
  control_operation(OPERATIONS);
  shim_lock();
  if (access(absolute, F_OK) == 0) journal_line("X\t%s\n", absolute);
  int result = NEXT(rmdir)(absolute);
  shim_unlock();
  return result;
}
