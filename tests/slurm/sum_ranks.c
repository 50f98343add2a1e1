/* For tests: the ranks of an MPI program add up their numbers, and each says which files of GPUs it may open. */
#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char** argv) {
  int rank = 0, size = 0, sum = 0, length = 0, gpu = 0;
  char host[MPI_MAX_PROCESSOR_NAME] = "", file[32], open_to_us[16] = "";
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Get_processor_name(host, &length);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  for (length = 0; gpu < 8; ++gpu) {
    snprintf(file, sizeof file, "/dev/fakegpu%d", gpu);
    /* No driver owns it: ENXIO means that it was let through to one. */
    if (open(file, O_RDWR) < 0 && errno == ENXIO) open_to_us[length++] = (char)('0' + gpu);
  }
  printf("rank %d of %d on %s: sum %d, gpus %s\n", rank, size, host, sum, open_to_us);
  MPI_Finalize();
  return 0;
}
