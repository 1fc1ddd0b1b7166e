// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace peer::detail {

/// A stack of plain values whose first `N` need no memory of their own.
template <class T, std::size_t N>
class small_stack {
public:
  bool empty() const noexcept { return size_ == 0; }

  std::size_t size() const noexcept { return size_; }

  T& back() noexcept { return (*this)[size_ - 1]; }

  const T& back() const noexcept { return (*this)[size_ - 1]; }

  T& operator[](std::size_t index) noexcept { return index < N ? first_[index] : rest_[index - N]; }

  const T& operator[](std::size_t index) const noexcept { return index < N ? first_[index] : rest_[index - N]; }

  void push_back(const T& value) {
    if (size_ < N)
      first_[size_] = value;
    else
      rest_.push_back(value);
    ++size_;
  }

  void pop_back() noexcept {
    if (size_-- > N)
      rest_.pop_back();
  }

private:
  std::size_t size_ = 0;
  std::array<T, N> first_; // not initialised: most are never used
  std::vector<T> rest_;
};

} // namespace peer::detail
