#include "checker/state_tests.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/error.hpp"
#include "base/random.hpp"
#include "checker/sample_training.hpp"

namespace assay::checker {
namespace {

using plugin::StateEntries;
using plugin::StateEntry;

Stateful trained_or_skip(Subject& subject, const StateOfKind& kind) {
  Stateful object = kind.trained(subject);
  if (!object.has_state) warn("offers no state/1: it cannot be stored, resumed or served");
  return object;
}

enum class Reaction { refused, harmless, taken };  // harmless: it gives what it gave before

Reaction reaction(Subject& subject, const StateOfKind& kind, const StateEntries& state, const std::vector<double>& whole = {}) {
  const Stateful object = kind.fresh(subject);
  try {
    object.load(state);
    return same_bits(object.outputs(), whole) ? Reaction::harmless : Reaction::taken;
  } catch (const Error&) {
    return Reaction::refused;
  }
}

template <class Change>
StateEntries changed(const StateEntries& state, std::size_t which, Change change) {
  StateEntries copy;
  for (std::size_t i = 0; i < state.items().size(); ++i) {
    StateEntry entry = state.items()[i];
    if (i == which) change(entry);
    copy.put(std::move(entry));
  }
  return copy;
}

StateEntries without(const StateEntries& state, std::size_t which) {
  StateEntries copy;
  for (std::size_t i = 0; i < state.items().size(); ++i)
    if (i != which) copy.put(state.items()[i]);
  return copy;
}

void fill_randomly(StateEntry& entry, Random& random) {
  for (std::byte& byte : entry.bytes) byte = static_cast<std::byte>(random.below(256));
  for (char& letter : entry.text) letter = static_cast<char>(random.below(256));
}

std::uint16_t other_type(std::uint16_t dtype) {
  const std::size_t size = plugin::item_size(dtype);
  if (size == 8) return dtype == ASSAY_U64 ? ASSAY_F64 : ASSAY_U64;
  if (size == 4) return dtype == ASSAY_U32 ? ASSAY_F32 : ASSAY_U32;
  return dtype == ASSAY_U8 ? ASSAY_I8 : ASSAY_U8;
}

void cut_in_half(StateEntry& entry) {
  const std::size_t slice = entry.bytes.size() / static_cast<std::size_t>(entry.shape[0]);
  entry.shape[0] /= 2;
  entry.bytes.resize(slice * static_cast<std::size_t>(entry.shape[0]));
}

}  // namespace

Outcome save_load_same_bits(Subject& subject, const StateOfKind& kind) {
  const Stateful object = trained_or_skip(subject, kind);
  const Stateful copy = kind.fresh(subject);
  copy.load(object.save());
  expect(same_bits(copy.outputs(), object.outputs()), "saved and loaded again it gives different values: something it needs is not saved");
  return {};
}

Outcome save_twice_same_bytes(Subject& subject, const StateOfKind& kind) {
  const Stateful object = trained_or_skip(subject, kind);
  const StateEntries first = object.save();
  expect(first == object.save(), "saving twice gives different entries");
  const Stateful copy = kind.fresh(subject);
  copy.load(first);
  expect(first == copy.save(), "what was saved, loaded and saved again is not the same");
  return {};
}

// Numbers inside an array may be anything: no model can tell. Types, shapes and missing entries it has to notice, at the latest when it is
// used.
void break_entry(Subject& subject, const StateOfKind& kind, const StateEntries& state, std::size_t i, const std::vector<double>& whole) {
  Random random(SeedTree(subject.seed).child("broken state").child(i));
  const StateEntry& entry = state.items()[i];
  const auto noticed = [&](const StateEntries& broken, const char* how) {
    expect(reaction(subject, kind, broken, whole) != Reaction::taken,
           fmt::format("the state's entry '{}' {} is used as if it were whole: that must be an error (BAD_STATE)", entry.name, how));
  };
  for (int round = 0; round < 4; ++round) reaction(subject, kind, changed(state, i, [&](StateEntry& e) { fill_randomly(e, random); }));
  noticed(without(state, i), "left out");
  if (entry.is_text) return noticed(changed(state, i, [](StateEntry& e) { e.text.resize(e.text.size() / 2); }), "cut in half");
  noticed(changed(state, i, [](StateEntry& e) { e.dtype = other_type(e.dtype); }), "with another type");
  if (entry.shape.empty() || entry.shape[0] == 0) return;
  noticed(changed(state, i, cut_in_half), "cut in half");
}

Outcome broken_state(Subject& subject, const StateOfKind& kind) {
  const Stateful object = trained_or_skip(subject, kind);
  const StateEntries state = object.save();
  const std::vector<double> whole = object.outputs();
  if (state.empty()) return {Status::pass, "it has nothing to save"};
  expect(reaction(subject, kind, StateEntries()) == Reaction::refused,
         "an empty state is loaded as if it were one: a missing entry must be an error (BAD_STATE)");
  for (std::size_t i = 0; i < state.items().size(); ++i) break_entry(subject, kind, state, i, whole);
  Random random(SeedTree(subject.seed).child("noise"));
  StateEntries noise;
  for (int i = 0; i < 3; ++i) {
    StateEntry entry = state.items()[0];
    entry.name = fmt::format("noise_{}_{}", i, random.next32());
    fill_randomly(entry, random);
    noise.put(std::move(entry));
  }
  expect(reaction(subject, kind, noise) == Reaction::refused, "random entries are loaded as if they were a state");
  return {};
}

}  // namespace assay::checker
