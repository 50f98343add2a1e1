// The physical limit of a sweep: posix_spawn of one program as often as asked, with so many in flight, and
// nothing else. usage: spawn_floor COUNT IN_FLIGHT PROGRAM
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const int count = atoi(argv[1]), in_flight = atoi(argv[2]);
  char *const words[] = {argv[3], NULL};
  int started = 0, running = 0;
  while (started < count || running > 0) {
    if (started < count && running < in_flight) {
      pid_t pid;
      if (posix_spawn(&pid, argv[3], NULL, NULL, words, environ) != 0) return 1;
      ++started, ++running;
    } else if (wait(NULL) > 0) {
      --running;
    }
  }
  return 0;
}
