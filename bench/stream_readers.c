// Reads N event streams of `gang serve` at once and says what each of them heard.
//
// usage: stream_readers PORT TOKEN STREAMS LAST_NUMBER_FILE
// Prints "open" once all streams have begun. Ends when each has had the event whose number stands in the file (looked
// for every 100 ms), or after 60 s without news. Then: streams, events of the first one, how many streams heard
// exactly the same events, in the same order, none twice, and the bytes that came, before and after unpacking.
//
// The streams are asked for packed, as browsers and HTTP libraries do. Once all are open, what comes is only kept until
// the file is there, and unpacked then: the readers stand for machines elsewhere, which would do that meanwhile.
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum { room = 256 << 20 };  // of the address space alone, for what comes of one stream

struct stream {
  int socket;
  unsigned char* bytes;       // all that came
  size_t came, unpacked, out;  // of these unpacked, and how much that was
  int headless;               // the head of the answer is over
  z_stream unpacker;
  uint64_t events, newest, sum;  // sum: over number times place, so that order counts
  int disordered, begun;
  size_t kept;         // of a line that is not complete
  char line[4096];
};

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static int connect_one(int port, const char* token) {
  const int line = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (line < 0 || connect(line, (struct sockaddr*)&to, sizeof to) != 0) fail("connect");
  char request[512];
  const int size = snprintf(request, sizeof request,
                            "GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                            "Accept-Encoding: gzip\r\n\r\n",
                            port, token);
  if (write(line, request, (size_t)size) != size) fail("write");
  return line;
}

static void take_line(struct stream* s, const char* line, size_t size) {
  if (size < 4 || memcmp(line, "id: ", 4) != 0) return;
  const char* dash = memrchr(line, '-', size);
  if (dash == NULL) return;
  const uint64_t number = strtoull(dash + 1, NULL, 10);
  const uint64_t before = s->newest;
  s->newest = number;
  if (!s->begun) {  // an id alone, which says where the stream stands
    s->begun = 1;
    return;
  }
  if (number <= before) s->disordered = 1;
  ++s->events;
  s->sum = s->sum * 1099511628211u + number;
}

static void take(struct stream* s, const char* bytes, size_t size) {
  while (size > 0) {
    const char* end = memchr(bytes, '\n', size);
    const size_t part = end == NULL ? size : (size_t)(end - bytes);
    if (s->kept + part < sizeof s->line) {
      memcpy(s->line + s->kept, bytes, part);
      s->kept += part;
    }
    if (end == NULL) return;
    s->line[s->kept] = '\0';
    take_line(s, s->line, s->kept);
    s->kept = 0;
    bytes += part + 1;
    size -= part + 1;
  }
}

static void unpack(struct stream* s) {
  static unsigned char block[1 << 20];
  if (!s->headless) {
    const unsigned char* end = memmem(s->bytes, s->came, "\r\n\r\n", 4);
    if (end == NULL) return;
    s->headless = 1;
    s->unpacked = (size_t)(end - s->bytes) + 4;
    if (inflateInit2(&s->unpacker, 15 + 16) != Z_OK) fail("inflateInit2");
  }
  s->unpacker.next_in = s->bytes + s->unpacked;
  s->unpacker.avail_in = (uInt)(s->came - s->unpacked);
  do {
    s->unpacker.next_out = block;
    s->unpacker.avail_out = sizeof block;
    const int said = inflate(&s->unpacker, Z_SYNC_FLUSH);
    if (said != Z_OK && said != Z_BUF_ERROR) {
      fprintf(stderr, "this is no gzip: %d\n", said);
      exit(1);
    }
    s->out += sizeof block - s->unpacker.avail_out;
    take(s, (const char*)block, sizeof block - s->unpacker.avail_out);
  } while (s->unpacker.avail_out == 0);
  s->unpacked = s->came;
}

static uint64_t wanted_number(const char* path) {
  FILE* file = fopen(path, "r");
  uint64_t number = UINT64_MAX;
  if (file == NULL) return number;
  if (fscanf(file, "%lu", &number) != 1) number = UINT64_MAX;
  fclose(file);
  return number;
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int count = atoi(argv[3]);
  struct stream* streams = calloc((size_t)count, sizeof *streams);
  const int epoll = epoll_create1(0);
  for (int i = 0; i < count; ++i) {
    streams[i].bytes = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (streams[i].bytes == MAP_FAILED) fail("mmap");
    streams[i].socket = connect_one(atoi(argv[1]), argv[2]);
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = &streams[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, streams[i].socket, &watch) != 0) fail("epoll_ctl");
  }
  int begun = 0, told = 0, ended = 0, quiet = 0;
  uint64_t wanted = UINT64_MAX;
  while (ended < count && quiet < 600) {
    struct epoll_event ready[256];
    const int n = epoll_wait(epoll, ready, 256, 100);
    if (n < 0 && errno != EINTR) fail("epoll_wait");
    quiet = n == 0 && begun == count ? quiet + 1 : 0;
    for (int i = 0; i < n; ++i) {
      struct stream* s = ready[i].data.ptr;
      const ssize_t size = read(s->socket, s->bytes + s->came, room - s->came);
      if (size <= 0) {
        fprintf(stderr, "a stream was ended after %lu events\n", s->events);
        return 1;
      }
      s->came += (size_t)size;
      const int had_begun = s->begun;
      if (!told || wanted != UINT64_MAX) unpack(s);
      begun += s->begun - had_begun;
      if (begun == count && !told) {
        told = 1;
        printf("open\n");
        fflush(stdout);
      }
    }
    if (wanted == UINT64_MAX) {
      wanted = wanted_number(argv[4]);
      for (int i = 0; i < count && wanted != UINT64_MAX; ++i) unpack(&streams[i]);
    }
    ended = 0;
    for (int i = 0; i < count; ++i) ended += streams[i].newest >= wanted;
  }
  int same = 0;
  for (int i = 0; i < count; ++i)
    same += streams[i].events == streams[0].events && streams[i].sum == streams[0].sum && !streams[i].disordered;
  size_t came = 0, out = 0;
  for (int i = 0; i < count; ++i) {
    came += streams[i].came;
    out += streams[i].out;
  }
  printf("%d %lu %d %zu %zu\n", count, streams[0].events, same, came, out);
  return 0;
}
