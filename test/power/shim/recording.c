/*
 * The journal of a data directory: one line an event, in the order of time, each a single append.
 * It lies in the page cache, which outlives a killed process. Fields are separated by tabs:
 *
 *   C inode path                            created
 *   A inode size path                       opened for writing, with so many bytes in it
 *   S inode size position                   synced up to `size`, with all that is before `position`
 *   E inode size position                   a sync failed: what it should have written is in doubt
 *   O inode offset length copy              to be overwritten in place; the old bytes are at `copy`
 *   T inode size before copy                to be cut to `size`; what goes is at `copy`
 *   R inode from to saved                   to be renamed; what `to` was is kept as `saved`, or '-'
 *   U inode path saved                      to be unlinked; kept as `saved`
 *   L inode path                            to be linked
 *   M path / X path                         a directory to be made, to be removed
 *   D path position                         a directory was synced, with all before `position`
 *
 * What can be told from the files themselves is written before it happens, and a sync only after it
 * succeeded: whenever the process dies, no more is taken for durable than was.
 */
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int shim_is_active = 0;
int shim_is_recording = 0;

/* The data directory as it was given, and its one true name. */
static char given[PATH_MAX];
static char canonical[PATH_MAX];
static char records[PATH_MAX];
static int journal_file = -1;
static int copies_file = -1;
static int64_t journal_bytes = 0;
static int64_t copied_bytes = 0;
static int64_t saved_count = 0;
static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

struct saved {
  char directory[PATH_MAX];
  char name[PATH_MAX];
  int64_t position;
  struct saved *next;
};
static struct saved *saved_files = NULL;

void *next_symbol(const char *name) {
  void *symbol = dlsym(RTLD_NEXT, name);
  if (symbol == NULL) abort();
  return symbol;
}

static void give_up(const char *what) {
  fprintf(stderr, "disk shim: %s: %s\n", what, strerror(errno));
  abort();
}

void shim_lock(void) { pthread_mutex_lock(&mutex); }
void shim_unlock(void) { pthread_mutex_unlock(&mutex); }

static int is_within(const char *path, const char *directory) {
  size_t length = strlen(directory);
  if (length == 0 || strncmp(path, directory, length) != 0) return 0;
  return path[length] == '\0' || path[length] == '/';
}

static void make_absolute(const char *path, char absolute[PATH_MAX]) {
  char here[PATH_MAX];
  if (path[0] == '/') snprintf(absolute, PATH_MAX, "%s", path);
  else if (getcwd(here, sizeof here) != NULL && strlen(here) + strlen(path) + 1 < PATH_MAX) {
    strcpy(absolute, here);
    strcat(absolute, "/");
    strcat(absolute, path);
  } else absolute[0] = '\0';
  for (size_t end = strlen(absolute); end > 1 && absolute[end - 1] == '/'; end -= 1) {
    absolute[end - 1] = '\0';
  }
}

int shim_watches(const char *path, char absolute[PATH_MAX]) {
  if (!shim_is_active || path == NULL) return 0;
  make_absolute(path, absolute);
  if (is_within(absolute, canonical)) return 1;
  if (!is_within(absolute, given)) return 0;
  char rest[PATH_MAX];
  strcpy(rest, absolute + strlen(given));
  if (strlen(canonical) + strlen(rest) >= PATH_MAX) return 0;
  strcpy(absolute, canonical);
  strcat(absolute, rest);
  return 1;
}

int shim_watches_directory(const char *path, char absolute[PATH_MAX]) {
  if (shim_watches(path, absolute)) return 1;
  if (!shim_is_active || path == NULL) return 0;
  make_absolute(path, absolute);
  size_t above = (size_t)(strrchr(canonical, '/') - canonical);
  return strlen(absolute) == above && strncmp(absolute, canonical, above) == 0;
}

int64_t journal_position(void) { return journal_bytes; }

static void append(int file, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = NEXT(write)(file, bytes, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) give_up("the recording cannot be written");
    bytes += written;
    length -= (size_t)written;
  }
}

void journal_line(const char *format, ...) {
  if (!shim_is_recording) return;
  char line[3 * PATH_MAX];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  shim_lock();
  append(journal_file, line, (size_t)length);
  journal_bytes += length;
  shim_unlock();
}

int64_t journal_copy(int file, off_t offset, size_t length) {
  char buffer[65536];
  shim_lock();
  int64_t at = copied_bytes;
  while (shim_is_recording && length > 0) {
    size_t wanted = length < sizeof buffer ? length : sizeof buffer;
    ssize_t got = pread(file, buffer, wanted, offset);
    if (got <= 0) give_up("what is about to be overwritten cannot be read");
    append(copies_file, buffer, (size_t)got);
    copied_bytes += got;
    offset += got;
    length -= (size_t)got;
  }
  shim_unlock();
  return at;
}

void journal_saved_name(char name[PATH_MAX]) {
  for (;;) {
    snprintf(name, PATH_MAX, "%.3800s/saved/%lld", records, (long long)saved_count);
    saved_count += 1;
    if (access(name, F_OK) != 0) return;
  }
}

void journal_remember_saved(const char *path, const char *saved) {
  struct saved *entry = malloc(sizeof *entry);
  if (entry == NULL) give_up("no memory");
  strcpy(entry->directory, path);
  *strrchr(entry->directory, '/') = '\0';
  strcpy(entry->name, saved);
  entry->position = journal_bytes;
  entry->next = saved_files;
  saved_files = entry;
}

void journal_forget_saved(const char *directory, int64_t position) {
  for (struct saved **link = &saved_files; *link != NULL;) {
    struct saved *entry = *link;
    if (entry->position > position || strcmp(entry->directory, directory) != 0) {
      link = &entry->next;
      continue;
    }
    NEXT(unlink)(entry->name);
    *link = entry->next;
    free(entry);
  }
}

/* Which directory this process keeps its data in: by environment, or as `server --data DIR`. */
static int find_data(char found[PATH_MAX]) {
  const char *told = getenv("HOLDFAST_SHIM_DATA");
  if (told != NULL) {
    make_absolute(told, found);
    return 1;
  }
  char text[65536];
  int file = NEXT(open)("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, sizeof text - 1);
  NEXT(close)(file);
  if (length <= 0) return 0;
  text[length] = '\0';
  int is_server = 0;
  for (char *word = text; word < text + length; word += strlen(word) + 1) {
    char *next = word + strlen(word) + 1;
    if (strcmp(word, "server") == 0) is_server = 1;
    if (!is_server || strcmp(word, "--data") != 0 || next >= text + length) continue;
    make_absolute(next, found);
    return 1;
  }
  return 0;
}

static int open_record(const char *name, int64_t *bytes) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%.3800s/%s", records, name);
  int file = NEXT(open)(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) give_up(path);
  *bytes = lseek(file, 0, SEEK_END);
  return file;
}

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("HOLDFAST_SHIM_DIRECTORY");
  if (directory == NULL || !find_data(given)) return;
  char above[PATH_MAX];
  char *name = strrchr(given, '/');
  strcpy(above, given);
  above[name - given] = '\0';
  char *real = realpath(name == given ? "/" : above, NULL);
  if (real == NULL) give_up("there is no directory above the data directory");
  snprintf(canonical, sizeof canonical, "%.2000s%.2000s", real, name);
  free(real);
  snprintf(records, sizeof records, "%.2000s%.1800s", directory, name);
  char saved[PATH_MAX];
  snprintf(saved, sizeof saved, "%.3800s/saved", records);
  NEXT(mkdir)(directory, 0700);
  NEXT(mkdir)(records, 0700);
  NEXT(mkdir)(saved, 0700);
  control_open(records);
  journal_file = open_record("journal", &journal_bytes);
  copies_file = open_record("copies", &copied_bytes);
  const char *recording = getenv("HOLDFAST_SHIM_RECORDING");
  shim_is_recording = recording == NULL || strcmp(recording, "0") != 0;
  shim_is_active = 1;
}
