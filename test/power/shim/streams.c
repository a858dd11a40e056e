/*
 * Streams of stdio, through which LevelDB writes: their own calls of write cannot be interposed, so
 * a stream that writes below the data directory is made of our functions (fopencookie).
 */
#include "shim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAMS 4096

struct stream {
  FILE *stream;
  int file;
};

static struct stream streams[STREAMS];

/* As glibc writes: on and on until all is written or an error comes. */
static ssize_t write_stream(void *cookie, const char *bytes, size_t length) {
  int file = (int)(intptr_t)cookie;
  size_t done = 0;
  while (done < length) {
    ssize_t written = write(file, bytes + done, length - done);
    if (written < 0) break;
    done += (size_t)written;
  }
  return (ssize_t)done;
}

static int close_stream(void *cookie) {
  int file = (int)(intptr_t)cookie;
  shim_lock();
  for (int at = 0; at < STREAMS; at += 1) {
    if (streams[at].stream != NULL && streams[at].file == file) streams[at].stream = NULL;
  }
  shim_unlock();
  return close(file);
}

static void remember_stream(FILE *stream, int file) {
  shim_lock();
  for (int at = 0; at < STREAMS; at += 1) {
    if (streams[at].stream != NULL) continue;
    streams[at] = (struct stream){stream, file};
    shim_unlock();
    return;
  }
  abort();
}

FILE *fopen64(const char *path, const char *mode) {
  char absolute[PATH_MAX];
  int is_writing = mode[0] == 'w' || mode[0] == 'a';
  if (!is_writing || strchr(mode, '+') != NULL || !shim_watches(path, absolute)) {
    return NEXT(fopen64)(path, mode);
  }
  int flags = O_WRONLY | O_CREAT | (mode[0] == 'w' ? O_TRUNC : O_APPEND);
  int file = files_open(path, flags, 0666);
  if (file < 0) return NULL;
  cookie_io_functions_t functions = {NULL, write_stream, NULL, close_stream};
  FILE *stream = fopencookie((void *)(intptr_t)file, mode, functions);
  if (stream == NULL) close(file);
  else remember_stream(stream, file);
  return stream;
}

FILE *fopen(const char *path, const char *mode) { return fopen64(path, mode); }

int fileno(FILE *stream) {
  int file = -1;
  shim_lock();
  for (int at = 0; shim_is_active && at < STREAMS && file < 0; at += 1) {
    if (streams[at].stream == stream) file = streams[at].file;
  }
  shim_unlock();
  return file >= 0 ? file : NEXT(fileno)(stream);
}
