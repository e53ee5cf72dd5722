// XGBoost's C interface as values that free themselves and throw. Used by boosting.cpp alone. One thread a handle, but for
// Booster::margins(), which several threads may call at once.
#pragma once

#include <xgboost/c_api.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "assay/detail/views.hpp"

namespace models {

inline void done(int code) {
  if (code == 0) return;
  std::string text = XGBGetLastError();  // its first line says what, the others where in the library
  text = text.substr(0, text.find("\nStack trace"));
  const auto last = text.find_last_not_of(" \n");
  throw assay::bad_input("XGBoost: " + text.substr(0, last == std::string::npos ? 0 : last + 1));
}

// Dense rows of floats, NaN is missing.
struct FlatValues {
  std::vector<float> values;
  std::int64_t rows = 0, width = 0;

  std::string array_interface() const {
    return R"({"data":[)" + std::to_string(reinterpret_cast<std::uintptr_t>(values.data())) + R"(,true],"shape":[)" + std::to_string(rows) +
           "," + std::to_string(width) + R"(],"typestr":"<f4","version":3})";
  }
};

class Matrix {
 public:
  // is_category: of each column; categories are codes 0, 1, ...
  Matrix(const FlatValues& x, const std::vector<bool>& is_category) {
    done(XGDMatrixCreateFromDense(x.array_interface().c_str(), R"({"missing":NaN,"nthread":1})", &handle_));
    std::vector<const char*> types;
    for (const bool category : is_category) types.push_back(category ? "c" : "q");
    try {
      done(XGDMatrixSetStrFeatureInfo(handle_, "feature_type", types.data(), types.size()));
    } catch (...) {
      XGDMatrixFree(handle_);
      throw;
    }
  }
  ~Matrix() { XGDMatrixFree(handle_); }
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;

  void set(const char* field, const std::vector<float>& values) {
    done(XGDMatrixSetFloatInfo(handle_, field, values.data(), values.size()));
  }
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

class Booster {
 public:
  Booster() = default;
  explicit Booster(const std::vector<DMatrixHandle>& cached) { done(XGBoosterCreate(cached.data(), cached.size(), &handle_)); }
  ~Booster() {
    if (handle_) XGBoosterFree(handle_);
  }
  Booster(Booster&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Booster& operator=(Booster&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  explicit operator bool() const { return handle_ != nullptr; }
  void set(const char* name, const std::string& value) { done(XGBoosterSetParam(handle_, name, value.c_str())); }
  void update(int round, const Matrix& train) { done(XGBoosterUpdateOneIter(handle_, round, train.handle())); }

  // Raw scores, rows x outputs, row-major; alive until the next call on this thread. Of cached rows only new trees are added up.
  const float* margins(const Matrix& rows) const {
    const bst_ulong* shape;
    bst_ulong dimensions;
    const float* values;
    done(XGBoosterPredictFromDMatrix(handle_, rows.handle(), kMargins, &shape, &dimensions, &values));
    return values;
  }
  const float* margins(const FlatValues& rows) const {
    const bst_ulong* shape;
    bst_ulong dimensions;
    const float* values;
    done(XGBoosterPredictFromDense(handle_, rows.array_interface().c_str(), kMargins, nullptr, &shape, &dimensions, &values));
    return values;
  }

  Booster first_rounds(int rounds) const {
    Booster part;
    done(XGBoosterSlice(handle_, 0, rounds, 1, &part.handle_));
    return part;
  }
  std::string to_json() const {
    bst_ulong size;
    const char* text;
    done(XGBoosterSaveModelToBuffer(handle_, R"({"format":"json"})", &size, &text));
    return {text, size};
  }
  static Booster from_json(const std::string& text) {
    Booster booster{std::vector<DMatrixHandle>{}};
    done(XGBoosterLoadModelFromBuffer(booster.handle_, text.data(), text.size()));
    return booster;
  }
  // What the splits on each column gained, all together; columns that no tree asks are left out.
  std::map<std::size_t, double> total_gain() const {
    bst_ulong count, dimensions;
    const char** names;
    const bst_ulong* shape;
    const float* scores;
    done(XGBoosterFeatureScore(handle_, R"({"importance_type":"total_gain"})", &count, &names, &dimensions, &shape, &scores));
    std::map<std::size_t, double> gain;
    for (bst_ulong i = 0; i < count; ++i) gain[std::stoul(names[i] + 1)] = scores[i];  // "f12"
    return gain;
  }

 private:
  static constexpr const char* kMargins =
      R"({"type":1,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true,"missing":NaN,"cache_id":0})";
  BoosterHandle handle_ = nullptr;
};

}  // namespace models
