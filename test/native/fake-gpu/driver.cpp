// Stands for libcuda.so.1: a driver for CUDA 13.0 that sees one GPU.
extern "C" {
int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 13000, 0; }
int cuDeviceGetCount(int* count) { return *count = 1, 0; }
}
