#ifdef PROXY_WASM_LIBRARY
// For a library's code that is for other machines, too: see proxy_wasm_one_thread.h.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef int sig_atomic_t;
#define SIG_DFL ((void (*)(int))0)
#define SIG_IGN ((void (*)(int))1)
#define SIG_ERR ((void (*)(int)) - 1)
#define SIGABRT 6
#define SIGFPE 8
#define SIGILL 4
#define SIGINT 2
#define SIGSEGV 11
#define SIGTERM 15
void (*signal(int, void (*)(int)))(int);
int raise(int);

#ifdef __cplusplus
}
#endif

#else
#error "a module gets no signals: leave <signal.h> out, or write `#ifndef __wasm__` around it"
#endif
