// The prime numbers that libc++'s hash tables grow by. Its own function has a table and a wheel, for
// tables of billions: 1.8 KB in each plugin with a std::unordered_map.
#include <stddef.h>

#include <version>  // the name of libc++'s inline namespace

_LIBCPP_BEGIN_NAMESPACE_STD

// The smallest prime that is not less than `number`; 0 for 0.
[[gnu::weak]] size_t __next_prime(size_t number) {
  if (number < 3) return number == 0 ? 0 : 2;
  for (number |= 1;; number += 2) {
    size_t divisor = 3;
    while (divisor <= number / divisor && number % divisor != 0) divisor += 2;
    if (divisor > number / divisor) return number;
  }
}

_LIBCPP_END_NAMESPACE_STD
