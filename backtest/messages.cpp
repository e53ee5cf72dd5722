#include "backtest/messages.hpp"

#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/random.hpp"
#include "worker/tasks.hpp"

namespace assay::backtest {

namespace {

using Json = nlohmann::ordered_json;

template <class T>
worker::Bytes raw(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return worker::bytes_of(std::span<const T>(values));
}

template <class T>
std::vector<T> items(const worker::Message& message, std::size_t part) {
  const auto values = message.part_as<T>(part);
  return {values.begin(), values.end()};
}

}  // namespace

std::string to_json(const RemoteJob& remote) {
  const Job& job = remote.job;
  Json legs = Json::array();
  for (std::size_t i = 0; i < job.legs.size(); ++i)
    legs.push_back(
        {job.legs[i].from, job.legs[i].strategy.id, worker::params_to_text(job.legs[i].strategy.params), remote.plugins[i].string()});
  const Costs& c = job.rules.costs;
  return Json{{"legs", legs},
              {"fill", static_cast<int>(job.rules.fill)},
              {"capital", job.rules.capital},
              {"whole_units", job.rules.whole_units},
              {"costs", {c.commission_bps, c.commission_per_trade, c.commission_minimum, c.slippage_bps}},
              {"settle_at_last_open", job.rules.settle_at_last_open},
              {"period", {job.period.first, job.period.last}},
              {"seed", job.seed},
              {"curve_only", job.curve_only}}
      .dump();
}

RemoteJob job_from_json(const std::string& text) {
  const Json json = Json::parse(text);
  RemoteJob remote;
  Job& job = remote.job;
  for (const Json& leg : json.at("legs")) {
    config::Component strategy;
    strategy.id = leg.at(1).get<std::string>();
    strategy.params = worker::params_from_text(leg.at(2).get<std::string>());
    job.legs.push_back({leg.at(0).get<TimeNs>(), std::move(strategy)});
    remote.plugins.emplace_back(leg.at(3).get<std::string>());
  }
  job.rules.fill = static_cast<FillRule>(json.at("fill").get<int>());
  job.rules.capital = json.at("capital").get<double>();
  job.rules.whole_units = json.at("whole_units").get<bool>();
  const Json& c = json.at("costs");
  job.rules.costs = {c.at(0).get<double>(), c.at(1).get<double>(), c.at(2).get<double>(), c.at(3).get<double>()};
  job.rules.settle_at_last_open = json.at("settle_at_last_open").get<bool>();
  job.period = {json.at("period").at(0).get<TimeNs>(), json.at("period").at(1).get<TimeNs>()};
  job.seed = json.at("seed").get<std::uint64_t>();
  job.curve_only = json.at("curve_only").get<bool>();
  return remote;
}

OutcomeMessage to_message(const Outcome& out) {
  const Json header{
      {"total_costs", out.total_costs}, {"traded_value", out.traded_value}, {"ruined", out.ruined}, {"optimistic", out.optimistic}};
  return {header.dump(),
          {raw(out.times), raw(out.equity), raw(out.cash), raw(out.exposure), raw(out.orders), raw(out.fills), raw(out.trades)}};
}

Outcome outcome_from(const worker::Message& message) {
  const Json header = Json::parse(message.header);
  Outcome out;
  out.total_costs = header.at("total_costs").get<double>();
  out.traded_value = header.at("traded_value").get<double>();
  out.ruined = header.at("ruined").get<bool>();
  out.optimistic = header.at("optimistic").get<bool>();
  out.times = items<TimeNs>(message, 0);
  out.equity = items<double>(message, 1);
  out.cash = items<double>(message, 2);
  out.exposure = items<double>(message, 3);
  out.orders = items<Order>(message, 4);
  out.fills = items<Fill>(message, 5);
  out.trades = items<Trade>(message, 6);
  return out;
}

Outcome run_loaded(const Market& market, const Job& job, std::span<const plugin::LoadedComponent* const> components,
                   plugin::CallOptions options) {
  std::vector<plugin::Strategy> strategies;
  strategies.reserve(job.legs.size());
  std::vector<StrategyFrom> legs;
  for (std::size_t i = 0; i < job.legs.size(); ++i) {
    options.seed = SeedTree(job.seed).child(i).seed();
    strategies.emplace_back(*components[i], job.legs[i].strategy.params, options);
    legs.push_back({job.legs[i].from, &strategies.back()});
  }
  Outcome out = replay(market, job.rules, legs, job.period, options.stop);
  if (job.curve_only) {
    out.orders.clear();
    out.fills.clear();
  }
  return out;
}

}  // namespace assay::backtest
