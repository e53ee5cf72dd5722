#include "run/worker_loop.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "plugin/registry.hpp"
#include "run/messages.hpp"
#include "run/pace.hpp"
#include "run/remote_components.hpp"
#include "train/local_learner.hpp"
#include "worker/message_loop.hpp"

namespace assay::run {

namespace {

using Json = nlohmann::ordered_json;
using worker::Reply;

class WorkerLoop final : public worker::MessageLoop {
 public:
  WorkerLoop(worker::WorkerSide side, worker::Tasks tasks) : MessageLoop(std::move(side)), tasks_(std::move(tasks)) {}

 private:
  void done(const std::string& header = "{}", worker::Bytes part = {}) {
    const std::array<worker::Bytes, 1> parts{part};
    send(Reply::done, header, parts);
  }

  plugin::CallOptions reporting_options() {
    plugin::CallOptions options = call_options();
    options.report = [this](std::int64_t step, std::string_view metric, double value) {
      if (pace_.due()) {
        const Json told{{"step", step}, {"metric", metric}, {"value", value}};
        send(Reply::report, told.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
      return is_to_stop();
    };
    return options;
  }

  void set_up(const worker::Message& message) {
    const Json json = Json::parse(message.header);
    const train::LearnerSetup setup = setup_from_json(json.at("setup").get<std::string>());
    plugin::SearchPath path;
    path.named = {json.at("plugin").get<std::string>()};
    path.isa = "";
    registry_ = std::make_unique<plugin::Registry>(std::move(path));
    train_file_ = worker::PackedFile::of(message.file);
    learner_ = train::learner_here(registry_->component("model", setup.model.id), setup, rows_of(*train_file_), reporting_options());
    const train::LearnerTraits traits = learner_->traits();
    done(Json{{"by_steps", traits.by_steps},
              {"resumable", traits.resumable},
              {"uses_validation", traits.uses_validation},
              {"tells_slopes", traits.tells_slopes},
              {"linear", traits.linear},
              {"tells_quantiles", traits.tells_quantiles},
              {"prunes", traits.prunes}}
             .dump());
  }

  void fit(const worker::Message& message) {
    if (!message.file) {
      learner_->fit({}, {});
      return done();
    }
    const worker::PackedFile file = worker::PackedFile::of(message.file);
    learner_->fit(rows_of(file), [this](std::span<const double> predictions, std::int64_t horizon) {
      const std::array<worker::Bytes, 1> parts{worker::bytes_of(predictions)};
      channel().send(kEvaluate, Json{{"horizon", horizon}}.dump(), parts);
      const auto score = channel().receive();
      if (!score || score->type != static_cast<std::uint32_t>(Request::score))
        throw Error(Fault::failed, "evaluating validation rows", "the host gave no score");
      return score->part_as<double>(0)[0];
    });
    done();
  }

  // The inputs are mapped for this call only.
  void predict(const worker::Message& message) {
    const worker::PackedFile file = worker::PackedFile::of(message.file);
    const std::vector<double> values = learner_->predict(rows_of(file));
    done("{}", worker::bytes_of(std::span<const double>(values)));
  }

  void quantiles(const worker::Message& message) {
    const worker::PackedFile file = worker::PackedFile::of(message.file);
    const std::vector<double> values = learner_->quantiles(rows_of(file));
    done("{}", worker::bytes_of(std::span<const double>(values)));
  }

  void slopes(const worker::Message& message) {
    const worker::PackedFile file = worker::PackedFile::of(message.file);
    const train::Slopes told = learner_->slopes(rows_of(file), Json::parse(message.header).at("output").get<std::int64_t>());
    const std::array<worker::Bytes, 2> parts{worker::bytes_of(std::span<const double>(told.score)),
                                             worker::bytes_of(std::span<const double>(told.slope))};
    send(Reply::done, "{}", parts);
  }

  void size(const worker::Message& message) {
    const plugin::ModelSize size = learner_->size(pruning_of(message));
    const std::array<std::int64_t, 4> numbers{size.parameters, size.zeros, size.prunable, size.pruned};
    done("{}", worker::bytes_of(std::span<const std::int64_t>(numbers)));
  }

  void predict_speed(const worker::Message& message) {
    const worker::PackedFile file = worker::PackedFile::of(message.file);
    const train::PredictSpeed speed = learner_->predict_speed(rows_of(file));
    const std::array<double, 2> seconds{speed.one_row, speed.batch};
    done("{}", worker::bytes_of(std::span<const double>(seconds)));
  }

  static plugin::Pruning pruning_of(const worker::Message& message) {
    return static_cast<plugin::Pruning>(Json::parse(message.header).at("method").get<std::uint32_t>());
  }

  void answer(const worker::Message& message) override {
    if (const auto answer = tasks_.answer(message, reporting_options())) {
      const std::vector<worker::Bytes> parts(answer->parts.begin(), answer->parts.end());
      return send(Reply::done, answer->header, parts);
    }
    const auto request = static_cast<Request>(message.type);
    if (request == Request::setup) return set_up(message);
    if (learner_ == nullptr) throw Error(Fault::failed, "answering the host", "the setup did not succeed");
    switch (request) {
      case Request::begin:
        learner_->begin();
        return done();
      case Request::epoch: {
        const Json json = Json::parse(message.header);
        const double loss = learner_->epoch(json.at("index").get<std::int64_t>(), json.at("rate_factor").get<double>());
        return done("{}", worker::bytes_of(std::span<const double>(&loss, 1)));
      }
      case Request::fit:
        return fit(message);
      case Request::predict:
        return predict(message);
      case Request::quantiles:
        return quantiles(message);
      case Request::keep_best:
        learner_->keep_best();
        return done();
      case Request::restore_best:
        learner_->restore_best();
        return done();
      case Request::save:
        return done("{}", learner_->save(message.header));
      case Request::load:
        learner_->load(message.parts.at(0));
        return done();
      case Request::checkpoint:
        return done("{}", learner_->checkpoint());
      case Request::resume:
        learner_->resume(message.parts.at(0));
        return done();
      case Request::importance: {
        const std::vector<double> values = learner_->importance();
        return done("{}", worker::bytes_of(std::span<const double>(values)));
      }
      case Request::summary: {
        Json list = Json::array();
        for (const auto& [name, value] : learner_->summary()) list.push_back({name, value});
        return done(list.dump(-1, ' ', false, Json::error_handler_t::replace));
      }
      case Request::graph: {
        const plugin::Graph graph = learner_->graph();
        return done(to_text(graph), numbers_of(graph));
      }
      case Request::slopes:
        return slopes(message);
      case Request::prune:
        learner_->prune(pruning_of(message), Json::parse(message.header).at("share").get<double>());
        return done();
      case Request::size:
        return size(message);
      case Request::predict_speed:
        return predict_speed(message);
      default:
        throw Error(Fault::failed, "answering the host", "an unknown request");
    }
  }

  Pace pace_;
  worker::TaskServer tasks_;
  std::unique_ptr<plugin::Registry> registry_;
  std::optional<worker::PackedFile> train_file_;
  std::unique_ptr<train::Learner> learner_;
};

}  // namespace

int run_worker(worker::Tasks more) {
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 12);  // a pipe would keep a plugin's lines back until the end
  worker::Tasks tasks = component_tasks();
  tasks.merge(std::move(more));
  // Never destroyed, as every message loop.
  auto* loop = new WorkerLoop(worker::become_worker(), std::move(tasks));
  loop->run();
  return 0;
}

}  // namespace assay::run
