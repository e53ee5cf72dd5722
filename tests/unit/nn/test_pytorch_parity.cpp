// Losses over five training steps, an output and the squared length of all parameters after them, against PyTorch 1.13 in double.
//
// The oracle, in Python (layers as torch.nn.Linear, losses from torch.nn.functional, optimisers from torch.optim):
//   wave = lambda n, a, b: torch.tensor([math.sin(a * i + b) for i in range(n)])
//   X = wave(30, 0.7, 0.1).reshape(6, 5); layer k: weight = 0.8 * wave(in * out, 1.3, k).reshape(in, out).T, bias = 0.3 * wave(out, 0.9, k
//   + 0.5) values 2 * wave(6, 2.1, 0.3); binary 0 1 1 0 1 0; classes 2 0 1 3 3 1; huber delta=0.7 binary_weighted:
//   (bce_with_logits(reduction="none") * [1, .5, 2, 1, .25, 1.5] * where(y > 0, 3, 0.5)).sum() / 6 SGD(lr=0.05, momentum=0.9,
//   weight_decay=0.01), Adam(lr=0.01, weight_decay=0.02), AdamW(lr=0.01, weight_decay=0.1), clip_grad_norm_
#include "small_network.hpp"
#include "support/catch.hpp"

using namespace small;
using nn::Activation;
using nn::OptimizerKind;

namespace {

struct Case {
  Activation activation;
  const char* loss;
  OptimizerKind optimizer;
  double clip_norm;
  double losses[5];
  double output, squares;
};

const Case kCases[] = {
    {Activation::relu,
     "squared",
     OptimizerKind::adam,
     0,
     {2.2720608371937905, 2.166790396499168, 2.0790613864604968, 1.9940934562067982, 1.9316827550021383},
     0.0019431860779207388,
     18.67702440416453},
    {Activation::relu,
     "absolute",
     OptimizerKind::adam,
     0,
     {1.198606988053853, 1.168195107586221, 1.1475230972469184, 1.1283685854574548, 1.1051622533102012},
     0.502429832293124,
     18.407942709129852},
    {Activation::relu,
     "huber",
     OptimizerKind::adam,
     0,
     {0.6489778886502293, 0.6325335525296876, 0.6147590973911027, 0.5963163302366838, 0.5810398695353106},
     0.34372643491779814,
     18.23688285131784},
    {Activation::relu,
     "binary_cross_entropy",
     OptimizerKind::adam,
     0,
     {0.7834466674682182, 0.7478928433323704, 0.7213240531459544, 0.7038301282770162, 0.6873971181139585},
     0.2702309592281871,
     18.192545542743243},
    {Activation::relu,
     "binary_weighted",
     OptimizerKind::adam,
     0,
     {1.0851365608394763, 0.9828132992545914, 0.9361825361024225, 0.8947493905351078, 0.8587013906227551},
     0.6101770727797271,
     18.552757954290485},
    {Activation::relu,
     "cross_entropy",
     OptimizerKind::adam,
     0,
     {1.6911458469790575, 1.6280119054599658, 1.5707768981294483, 1.525039074796468, 1.484626195840575},
     0.17405681641028614,
     20.69489226874689},
    {Activation::tanh,
     "binary_cross_entropy",
     OptimizerKind::adam,
     0,
     {0.73489530072686, 0.6727603825569233, 0.618254170431216, 0.5714347260803586, 0.5318648599568977},
     -0.23042807808998203,
     19.34008675932731},
    {Activation::sigmoid,
     "binary_cross_entropy",
     OptimizerKind::adam,
     0,
     {0.6953162194138752, 0.6930666564295208, 0.6911377647424732, 0.6894494824999958, 0.6879796932164823},
     0.007646943308534465,
     16.8846817194124},
    {Activation::gelu,
     "binary_cross_entropy",
     OptimizerKind::adam,
     0,
     {0.7428785157129877, 0.7185773683784422, 0.6957138995350146, 0.6741565251389335, 0.6537088091376654},
     0.223048051667661,
     18.726381237523388},
    {Activation::relu,
     "squared",
     OptimizerKind::sgd,
     0,
     {2.2720608371937905, 2.086360078280656, 1.9547076115786732, 1.7098587995601688, 1.5771085209292606},
     -0.6465174738386554,
     19.578650203950048},
    {Activation::relu,
     "squared",
     OptimizerKind::adamw,
     0,
     {2.2720608371937905, 2.16607733136713, 2.0783634988633275, 1.9932594442612712, 1.9311407941546632},
     0.006354817474129498,
     19.256708717840983},
    {Activation::tanh,
     "squared",
     OptimizerKind::sgd,
     0.5,
     {2.306940761432404, 2.210861130729669, 2.0449985272024223, 1.8470779335303062, 1.6557827088655654},
     -0.7093576535291565,
     19.259572813035795},
};

nn::OptimizerSpec optimizer_of(const Case& c) {
  if (c.optimizer == OptimizerKind::sgd)
    return {.kind = c.optimizer, .learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.01, .clip_norm = c.clip_norm};
  return {.kind = c.optimizer, .learning_rate = 0.01, .weight_decay = c.optimizer == OptimizerKind::adam ? 0.02 : 0.1};
}

template <class S, class Products>
void follow(const Case& c, double loss_margin, double margin) {
  INFO(c.loss << ", activation " << static_cast<int>(c.activation) << ", optimiser " << static_cast<int>(c.optimizer));
  const Goal<S> goal(c.loss);
  const auto x = inputs<S>();
  auto mlp = network<S, Products>(goal.outputs, c.activation);
  nn::Optimizer<S> optimizer(optimizer_of(c), mlp.parameters().size());
  for (const double expected : c.losses) {
    CHECK(mlp.loss_and_gradient(samples(x), goal.target(), goal.spec) == Approx(expected).margin(loss_margin));
    optimizer.update(mlp.parameters().data(), mlp.gradients().data(), 1.0);
  }
  nn::Arena<S> scratch(static_cast<std::ptrdiff_t>(mlp.scratch_size(4)));
  std::vector<S> out(static_cast<std::size_t>(kRows * goal.outputs));
  mlp.predict(samples(x), out.data(), 4, scratch.data());
  CHECK(static_cast<double>(out[0]) == Approx(c.output).margin(margin));
  double squares = 0;
  for (const S p : mlp.parameters()) squares += static_cast<double>(p) * static_cast<double>(p);  // the padding is zero
  CHECK(squares == Approx(c.squares).margin(20 * margin));
}

}  // namespace

TEST_CASE("five steps of each loss, activation and optimiser are PyTorch's, in double") {
  for (const Case& c : kCases) follow<double, nn::TileProducts<double>>(c, 1e-12, 1e-11);
}

TEST_CASE("five steps of each loss, activation and optimiser are PyTorch's, in float") {
  for (const Case& c : kCases) follow<float, nn::TileProducts<float>>(c, 2e-5, 1e-4);
}
