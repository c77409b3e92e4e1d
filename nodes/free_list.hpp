/// Objects that are dear to make and may be used by one thread at a time: lent out, and taken back.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace lensart::nodes {

/// Threads: any.
template <class T>
class FreeList {
 public:
  explicit FreeList(std::function<std::unique_ptr<T>()> make) : make_(std::move(make)) {}

  /// Gives its object back when it dies.
  class Lease {
   public:
    Lease(FreeList& list, std::unique_ptr<T> object) : list_(list), object_(std::move(object)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() { list_.give_back(std::move(object_)); }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_.get(); }

   private:
    FreeList& list_;
    std::unique_ptr<T> object_;
  };

  Lease lend() { return Lease(*this, take()); }

  /// The same by hand: what `take` gave, `give_back` takes.
  std::unique_ptr<T> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<T> object = std::move(free_.back());
        free_.pop_back();
        return object;
      }
    }
    return make_();
  }
  void give_back(std::unique_ptr<T> object) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(object));
  }

 private:
  std::function<std::unique_ptr<T>()> make_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<T>> free_;
};

}  // namespace lensart::nodes
