/*
 * The disk shim: a library that is loaded before glibc into a node (LD_PRELOAD). It records what a
 * power cut would take back, and makes the disk and the clock misbehave on request. What it writes
 * is read by `recording.ts`; what it is told comes from `fault-control.ts`.
 */
#ifndef HOLDFAST_DISK_SHIM_H
#define HOLDFAST_DISK_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Fields of the control page, 64 bits each, little-endian. The same list is in fault-control.ts. */
enum field {
  FORMAT,
  /* Milliseconds added to every wall clock. */
  CLOCK_OFFSET_MS,
  /* Every sync takes so much longer; read again while it waits, so that 0 ends a stall. */
  SYNC_DELAY_MS,
  /* 1: a sync succeeds and does nothing. */
  SYNC_IS_LYING,
  /* The n-th sync from now fails with EIO, and what it should have written is in doubt for ever. */
  SYNC_FAIL_IN,
  /* The n-th write from now writes half of what it was given. */
  WRITE_SHORT_IN,
  /* What may still be written before ENOSPC; negative: no limit. */
  BYTES_LEFT,
  /* The process kills itself before the n-th operation from now. */
  DIE_IN,
  /* Counted by the shim: writes, syncs and changes of names; syncs alone; writes alone. */
  OPERATIONS,
  SYNCS,
  WRITES,
  FIELDS
};

#define CONTROL_FORMAT 1

/* The next definition of a function that is interposed here, looked up once at each place. */
#define NEXT(name)                                    \
  ({                                                  \
    static __typeof__(&name) next_definition;         \
    if (next_definition == NULL) next_definition = next_symbol(#name); \
    next_definition;                                  \
  })

void *next_symbol(const char *name);

/* control.c */
int64_t control_read(enum field field);
void control_add(enum field field, int64_t amount);
/* True for the call that brings a countdown to zero. */
int control_counts_down(enum field field);
/* Takes up to `wanted` bytes of what is left; returns how many may be written. */
size_t control_take_bytes(size_t wanted);
void control_open(const char *directory);
/* Counts an operation, and dies where that was asked for. */
void control_operation(enum field kind);

/* files.c */
int files_open(const char *path, int flags, mode_t mode);

/* recording.c */
extern int shim_is_active;
/* True if `path` is the data directory or below it; then `absolute` is its one true name. */
int shim_watches(const char *path, char absolute[PATH_MAX]);
/* True for the directory above the data directory too: a sync of it makes our name durable. */
int shim_watches_directory(const char *path, char absolute[PATH_MAX]);
void shim_lock(void);
void shim_unlock(void);
/* Bytes of the journal so far: orders what happened. */
int64_t journal_position(void);
void journal_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Copies a part of a file aside and returns where it begins in the file of copies. */
int64_t journal_copy(int file, off_t offset, size_t length);
/* A free name in the directory of files that were unlinked or replaced. */
void journal_saved_name(char name[PATH_MAX]);
/* The name of `path` was lost; `saved` may go once the directory of `path` is synced. */
void journal_remember_saved(const char *path, const char *saved);
void journal_forget_saved(const char *directory, int64_t position);
/* False if the recording is switched off: then only faults are made. */
extern int shim_is_recording;

#endif
