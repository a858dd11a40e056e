/* The control page: faults on request, by a file that a test writes and the process has mapped. */
#include "shim.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES (FIELDS * sizeof(int64_t))

static int64_t unmapped[FIELDS] = {[FORMAT] = CONTROL_FORMAT, [BYTES_LEFT] = -1};
static int64_t *page = unmapped;

/* Names of the fields that HOLDFAST_SHIM_FAULTS may set, in the order of the enumeration. */
static const char *const names[FIELDS] = {NULL,           "clockOffsetMs", "syncDelayMs",
                                          "syncIsLying",  "syncFailIn",    "writeShortIn",
                                          "bytesLeft",    "dieIn",         NULL,
                                          NULL,           NULL};

static void complain(const char *what, const char *about) {
  fprintf(stderr, "disk shim: %s: %s\n", what, about);
  abort();
}

/* `name=value,name=value`: faults that are in force from the start of the process. */
static void read_environment(void) {
  const char *text = getenv("HOLDFAST_SHIM_FAULTS");
  while (text != NULL && *text != '\0') {
    size_t length = strcspn(text, "=");
    int found = 0;
    for (int field = 0; field < FIELDS; field += 1) {
      if (names[field] == NULL || strlen(names[field]) != length) continue;
      if (strncmp(names[field], text, length) != 0 || text[length] != '=') continue;
      page[field] = strtoll(text + length + 1, NULL, 10);
      found = 1;
    }
    if (!found) complain("HOLDFAST_SHIM_FAULTS has an unknown fault", text);
    text += strcspn(text, ",");
    if (*text == ',') text += 1;
  }
}

void control_open(const char *directory) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/control", directory);
  int file = NEXT(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) complain("cannot open", path);
  struct stat found;
  if (fstat(file, &found) == 0 && (size_t)found.st_size < PAGE_BYTES &&
      NEXT(pwrite)(file, unmapped, PAGE_BYTES, 0) != (ssize_t)PAGE_BYTES) {
    complain("cannot write", path);
  }
  void *mapped = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) complain("cannot map", path);
  NEXT(close)(file);
  page = mapped;
  if (page[FORMAT] != CONTROL_FORMAT) complain("unknown format of", path);
  read_environment();
}

int64_t control_read(enum field field) {
  return __atomic_load_n(&page[field], __ATOMIC_SEQ_CST);
}

void control_add(enum field field, int64_t amount) {
  __atomic_add_fetch(&page[field], amount, __ATOMIC_SEQ_CST);
}

int control_counts_down(enum field field) {
  if (control_read(field) <= 0) return 0;
  return __atomic_sub_fetch(&page[field], 1, __ATOMIC_SEQ_CST) == 0;
}

size_t control_take_bytes(size_t wanted) {
  int64_t left = control_read(BYTES_LEFT);
  for (;;) {
    if (left < 0) return wanted;
    int64_t taken = (int64_t)wanted < left ? (int64_t)wanted : left;
    if (__atomic_compare_exchange_n(&page[BYTES_LEFT], &left, left - taken, 0, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST)) {
      return (size_t)taken;
    }
  }
}

void control_operation(enum field kind) {
  control_add(OPERATIONS, 1);
  if (kind != OPERATIONS) control_add(kind, 1);
  if (control_counts_down(DIE_IN)) kill(getpid(), SIGKILL);
}
