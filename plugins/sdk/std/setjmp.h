#error "a module cannot jump out of a function with longjmp: return what went wrong"
