// The physical limit of a durable submit: one small row committed by SQLite with the store's own settings.
// usage: commit_floor FILE COUNT; prints the median of a commit in microseconds.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int count = atoi(argv[2]);
  sqlite3 *db;
  if (count < 1 || sqlite3_open(argv[1], &db) != SQLITE_OK) return 1;
  sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT)", 0, 0, 0);
  double *us = malloc(sizeof(double) * (size_t)count);
  for (int i = 0; i < count; ++i) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (sqlite3_exec(db, "INSERT INTO t (b) VALUES (hex(randomblob(1000)))", 0, 0, 0) != SQLITE_OK) return 1;
    clock_gettime(CLOCK_MONOTONIC, &b);
    us[i] = (double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3;
  }
  qsort(us, (size_t)count, sizeof(double), compare);
  printf("%.0f\n", us[count / 2]);
  return 0;
}
