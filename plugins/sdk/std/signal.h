#error "a module gets no signals: leave <signal.h> out, or write `#ifndef __wasm__` around it"
