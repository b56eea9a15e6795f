// POSIX threads without a second thread: see std/pthread.h. Weak, as in libc.cc; and nothing of it
// is in a module that does not use it.
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "std/proxy_wasm_one_thread.h"

namespace {

using proxy_wasm::wait_forever;

// The words that libc's types have room for.
int& type_of(pthread_mutex_t* mutex) { return mutex->__u.__i[0]; }
int& locks_of(pthread_mutex_t* mutex) { return mutex->__u.__i[1]; }
constexpr int kWriter = -1;
int& holders_of(pthread_rwlock_t* lock) { return lock->__u.__i[0]; }

struct Key {
  bool used;
  const void* value;
};
constexpr pthread_key_t kMostKeys = 128;  // as POSIX wants at least
Key keys[kMostKeys];

}  // namespace

extern "C" {

[[gnu::weak]] int pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* attributes) {
  memset(mutex, 0, sizeof *mutex);
  if (attributes != nullptr) type_of(mutex) = static_cast<int>(attributes->__attr);
  return 0;
}
[[gnu::weak]] int pthread_mutex_destroy(pthread_mutex_t*) { return 0; }
[[gnu::weak]] int pthread_mutex_trylock(pthread_mutex_t* mutex) {
  if (locks_of(mutex) != 0 && type_of(mutex) != PTHREAD_MUTEX_RECURSIVE) return EBUSY;
  ++locks_of(mutex);
  return 0;
}
[[gnu::weak]] int pthread_mutex_lock(pthread_mutex_t* mutex) {
  if (pthread_mutex_trylock(mutex) == 0) return 0;
  if (type_of(mutex) == PTHREAD_MUTEX_ERRORCHECK) return EDEADLK;
  wait_forever("a mutex is locked twice");
}
[[gnu::weak]] int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec*) {
  return pthread_mutex_trylock(mutex) == 0 ? 0 : ETIMEDOUT;
}
[[gnu::weak]] int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  if (locks_of(mutex) == 0) return EPERM;
  --locks_of(mutex);
  return 0;
}
[[gnu::weak]] int pthread_mutexattr_init(pthread_mutexattr_t* attributes) {
  attributes->__attr = PTHREAD_MUTEX_DEFAULT;
  return 0;
}
[[gnu::weak]] int pthread_mutexattr_destroy(pthread_mutexattr_t*) { return 0; }
[[gnu::weak]] int pthread_mutexattr_settype(pthread_mutexattr_t* attributes, int type) {
  if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK) return EINVAL;
  attributes->__attr = static_cast<unsigned>(type);
  return 0;
}
[[gnu::weak]] int pthread_mutexattr_gettype(const pthread_mutexattr_t* attributes, int* type) {
  *type = static_cast<int>(attributes->__attr);
  return 0;
}
[[gnu::weak]] int pthread_mutexattr_setpshared(pthread_mutexattr_t*, int) { return 0; }

[[gnu::weak]] int pthread_rwlock_init(pthread_rwlock_t* lock, const pthread_rwlockattr_t*) {
  memset(lock, 0, sizeof *lock);
  return 0;
}
[[gnu::weak]] int pthread_rwlock_destroy(pthread_rwlock_t*) { return 0; }
[[gnu::weak]] int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) {
  if (holders_of(lock) == kWriter) return EBUSY;
  ++holders_of(lock);
  return 0;
}
[[gnu::weak]] int pthread_rwlock_rdlock(pthread_rwlock_t* lock) {
  if (pthread_rwlock_tryrdlock(lock) != 0) wait_forever("a lock is taken twice");
  return 0;
}
[[gnu::weak]] int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) {
  if (holders_of(lock) != 0) return EBUSY;
  holders_of(lock) = kWriter;
  return 0;
}
[[gnu::weak]] int pthread_rwlock_wrlock(pthread_rwlock_t* lock) {
  if (pthread_rwlock_trywrlock(lock) != 0) wait_forever("a lock is taken twice");
  return 0;
}
[[gnu::weak]] int pthread_rwlock_unlock(pthread_rwlock_t* lock) {
  if (holders_of(lock) == 0) return EPERM;
  holders_of(lock) = holders_of(lock) == kWriter ? 0 : holders_of(lock) - 1;
  return 0;
}
[[gnu::weak]] int pthread_rwlockattr_init(pthread_rwlockattr_t*) { return 0; }
[[gnu::weak]] int pthread_rwlockattr_destroy(pthread_rwlockattr_t*) { return 0; }
[[gnu::weak]] int pthread_rwlockattr_setpshared(pthread_rwlockattr_t*, int) { return 0; }

[[gnu::weak]] int pthread_spin_init(pthread_spinlock_t* lock, int) {
  *lock = 0;
  return 0;
}
[[gnu::weak]] int pthread_spin_destroy(pthread_spinlock_t*) { return 0; }
[[gnu::weak]] int pthread_spin_trylock(pthread_spinlock_t* lock) {
  if (*lock != 0) return EBUSY;
  *lock = 1;
  return 0;
}
[[gnu::weak]] int pthread_spin_lock(pthread_spinlock_t* lock) {
  if (pthread_spin_trylock(lock) != 0) wait_forever("a lock is taken twice");
  return 0;
}
[[gnu::weak]] int pthread_spin_unlock(pthread_spinlock_t* lock) {
  *lock = 0;
  return 0;
}

[[gnu::weak]] int pthread_cond_init(pthread_cond_t* condition, const pthread_condattr_t*) {
  memset(condition, 0, sizeof *condition);
  return 0;
}
[[gnu::weak]] int pthread_cond_destroy(pthread_cond_t*) { return 0; }
[[gnu::weak]] int pthread_cond_signal(pthread_cond_t*) { return 0; }
[[gnu::weak]] int pthread_cond_broadcast(pthread_cond_t*) { return 0; }
[[gnu::weak]] int pthread_cond_wait(pthread_cond_t*, pthread_mutex_t*) {
  wait_forever("a condition variable waits");
}
[[gnu::weak]] int pthread_cond_timedwait(pthread_cond_t*, pthread_mutex_t*, const timespec*) {
  return ETIMEDOUT;
}
[[gnu::weak]] int pthread_condattr_init(pthread_condattr_t*) { return 0; }
[[gnu::weak]] int pthread_condattr_destroy(pthread_condattr_t*) { return 0; }
[[gnu::weak]] int pthread_condattr_setclock(pthread_condattr_t*, clockid_t) { return 0; }

[[gnu::weak]] int pthread_once(pthread_once_t* once, void (*function)()) {
  if (*once != PTHREAD_ONCE_INIT) return 0;
  *once = 1;
  function();
  return 0;
}

// Destructors of the values would run when the thread ends, which it does not.
[[gnu::weak]] int pthread_key_create(pthread_key_t* key, void (*)(void*)) {
  for (pthread_key_t i = 0; i < kMostKeys; ++i) {
    if (keys[i].used) continue;
    keys[i] = {true, nullptr};
    *key = i;
    return 0;
  }
  return EAGAIN;
}
[[gnu::weak]] int pthread_key_delete(pthread_key_t key) {
  if (key >= kMostKeys || !keys[key].used) return EINVAL;
  keys[key].used = false;
  return 0;
}
[[gnu::weak]] void* pthread_getspecific(pthread_key_t key) {
  return key < kMostKeys ? const_cast<void*>(keys[key].value) : nullptr;
}
[[gnu::weak]] int pthread_setspecific(pthread_key_t key, const void* value) {
  if (key >= kMostKeys || !keys[key].used) return EINVAL;
  keys[key].value = value;
  return 0;
}

[[gnu::weak]] pthread_t pthread_self() { return 1; }
[[gnu::weak]] int pthread_equal(pthread_t a, pthread_t b) { return a == b ? 1 : 0; }
[[gnu::weak]] int pthread_setcancelstate(int, int* old) {
  if (old != nullptr) *old = PTHREAD_CANCEL_ENABLE;
  return 0;
}
[[gnu::weak]] int pthread_atfork(void (*)(), void (*)(), void (*)()) { return 0; }

}  // extern "C"
