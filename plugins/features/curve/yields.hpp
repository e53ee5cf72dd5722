// The columns of a yield curve with their maturities in years. Part of the library `curve_features`. Pure, thread-safe.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "../windows.hpp"

namespace assay::features {

struct Maturities {
  std::vector<std::string> columns = {"DGS3MO", "DGS6MO", "DGS1", "DGS2", "DGS3", "DGS5", "DGS7", "DGS10"};
  std::vector<double> maturities;

  // In years, rising. Throws Error (bad input).
  std::vector<double> years(std::size_t least) const {
    std::vector<double> result = maturities.empty() ? of_fred() : maturities;
    if (result.size() != columns.size())
      throw bad_input("`columns` names " + std::to_string(columns.size()) + " yields and `maturities` has " +
                      std::to_string(result.size()) + " numbers: each yield needs its maturity in years");
    if (result.size() < least) throw bad_input("`columns` has to name " + std::to_string(least) + " yields at least");
    for (std::size_t i = 1; i < result.size(); ++i)
      if (!(result[i] > result[i - 1]))
        throw bad_input("`maturities` have to rise: order `columns` from the shortest to the longest yield");
    return result;
  }

 private:
  std::vector<double> of_fred() const {
    static const std::array<std::pair<const char*, double>, 11> known = {{{"DGS1MO", 1.0 / 12},
                                                                          {"DGS3MO", 0.25},
                                                                          {"DGS6MO", 0.5},
                                                                          {"DGS1", 1},
                                                                          {"DGS2", 2},
                                                                          {"DGS3", 3},
                                                                          {"DGS5", 5},
                                                                          {"DGS7", 7},
                                                                          {"DGS10", 10},
                                                                          {"DGS20", 20},
                                                                          {"DGS30", 30}}};
    std::vector<double> result;
    for (const std::string& column : columns) {
      const auto* found = std::find_if(known.begin(), known.end(), [&](const auto& entry) { return column == entry.first; });
      if (found == known.end())
        throw bad_input("the maturity of `" + column +
                        "` is not known (those of FRED's DGS1MO to DGS30 are): give `maturities` in years, one for each column");
      result.push_back(found->second);
    }
    return result;
  }
};
template <class T>
void maturity_params(Params<T>& p) {
  p.template columns<&T::columns>("columns", "The yields in percent, from the shortest to the longest maturity");
  p.template reals<&T::maturities>("maturities", "Years of each; without, the columns have FRED's names (DGS3MO, DGS10, ...)")
      .range(0, 200)
      .open_min()
      .not_tunable();
}

}  // namespace assay::features
