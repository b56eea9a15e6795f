# For scripts that write C++ sources: embed_literal(TEXT RESULT) makes string literals of a text, to
# stand behind each other. C++ compilers need not take one of more than 65,536 characters: pieces of
# 8,000.
function(embed_literal text result)
  set(literals "")
  string(LENGTH "${text}" length)
  set(begin 0)
  while(begin LESS length)
    string(SUBSTRING "${text}" ${begin} 8000 piece)
    string(APPEND literals "R\"~text~(${piece})~text~\"\n")
    math(EXPR begin "${begin} + 8000")
  endwhile()
  set(${result} "${literals}" PARENT_SCOPE)
endfunction()
