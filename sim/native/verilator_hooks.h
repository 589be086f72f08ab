// Included ahead of Verilator's runtime and of the generated model (g++ -include), so that what the
// model prints and the way it stops become ours: by default messages go to standard output, which
// is for data, and $fatal aborts the whole Node process.
#ifndef VIDLINE_VERILATOR_HOOKS_H
#define VIDLINE_VERILATOR_HOOKS_H

void vidline_model_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));

#define VL_PRINTF vidline_model_printf
#define VL_USER_STOP
#define VL_USER_FATAL
#define VL_USER_FINISH

#endif
