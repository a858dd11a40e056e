/* Wall clocks that step on request. Monotonic clocks are left alone, as a step leaves them. */
#include "shim.h"

#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#define MS_PER_SECOND 1000
#define NS_PER_MS 1000000

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = NEXT(clock_gettime)(clock, now);
  int64_t offset = control_read(CLOCK_OFFSET_MS);
  int is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (result != 0 || offset == 0 || !is_wall) return result;
  int64_t ns = now->tv_nsec + (offset % MS_PER_SECOND) * NS_PER_MS;
  int64_t carry = ns < 0 ? -1 : ns / (MS_PER_SECOND * (int64_t)NS_PER_MS);
  now->tv_sec += offset / MS_PER_SECOND + carry;
  now->tv_nsec = ns - carry * MS_PER_SECOND * (int64_t)NS_PER_MS;
  return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec exact;
  int result = clock_gettime(CLOCK_REALTIME, &exact);
  if (result != 0) return result;
  now->tv_sec = exact.tv_sec;
  now->tv_usec = exact.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec exact;
  clock_gettime(CLOCK_REALTIME, &exact);
  if (now != NULL) *now = exact.tv_sec;
  return exact.tv_sec;
}
