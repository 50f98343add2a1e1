// Median time of a durable submit over the service's socket in microseconds, on one open connection.
// usage: submit_latency SOCKET AFTER COUNT     jobs of `true` that come after job AFTER, so none of them starts
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const int count = atoi(argv[3]);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return 1;
  char body[512], request[1024], answer[4096];
  const int n = snprintf(body, sizeof body,
                         "{\"name\":\"late\",\"command\":{\"shell\":false,\"words\":[\"true\"]},\"dir\":\"/\",\"after\":[\"%s\"]}",
                         argv[2]);
  const int size = snprintf(request, sizeof request,
                            "POST /v1/jobs HTTP/1.1\r\nHost: bench\r\nContent-Length: %d\r\n\r\n%s", n, body);
  double *us = malloc(sizeof(double) * (size_t)count);
  for (int i = 0; i < count; ++i) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (write(fd, request, (size_t)size) != size) return 1;
    const ssize_t got = read(fd, answer, sizeof answer - 1);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if (got <= 0) return 1;
    answer[got] = 0;
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) return fprintf(stderr, "%s\n", answer), 1;
    us[i] = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
  }
  qsort(us, (size_t)count, sizeof(double), compare);
  printf("%.0f\n", us[count / 2]);
  return 0;
}
