#error "a module has one thread, the host's: do the work in steps, from onTick"
