// check.mjs ASSAY NPM PLUGINS: trains every architecture on small made-up data, exports each model, and compares what onnxruntime makes of
// new rows with what `assay predict` says of them. NPM: a folder with node_modules/onnxruntime-node. PLUGINS: test.layers and its like.
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

const [assay, npm, plugins] = process.argv.slice(2);
if (!existsSync(join(npm, 'node_modules/onnxruntime-node'))) {
  console.error(`there is no onnxruntime-node in ${npm}: ./dev test brings it`);
  process.exit(process.env.ASSAY_REQUIRE_ONNX === '1' ? 1 : 77);
}
const ort = createRequire(join(npm, 'package.json'))('onnxruntime-node');

const work = mkdtempSync(join(tmpdir(), 'assay_onnx_'));
process.on('exit', () => rmSync(work, {recursive: true, force: true}));
const environment = {...process.env, ASSAY_HOME: work, XDG_CACHE_HOME: work, XDG_DATA_HOME: work};
delete environment.ASSAY_PLUGIN_PATH;
const TOLERANCE = 1e-5;
let compared = 0, widest = 0;
const failures = [], sizes = {};

function said(...words) {
  const result = spawnSync(assay, words, {cwd: work, env: environment, encoding: 'utf8', maxBuffer: 1 << 26});
  return {code: result.status, text: result.stdout + result.stderr, out: result.stdout};
}
function done(...words) {
  const result = said(...words);
  if (result.code !== 0) throw new Error(`assay ${words.join(' ')} ended with ${result.code}:\n${result.text}`);
  return result.out;
}

// ---- data -------------------------------------------------------------------------------------------------------------------------------

function randomNumbers(seed) {  // mulberry32
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
function normalNumbers(seed) {
  const uniform = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
function written(name, rows) {
  const columns = Object.keys(rows[0]);
  const cell = (value) => (value === null ? '' : value === true ? 'true' : value === false ? 'false' : String(value));
  writeFileSync(join(work, name), [columns.join(','), ...rows.map((row) => columns.map((c) => cell(row[c])).join(','))].join('\n') + '\n');
  return rows;
}
// Applicants: large and small numbers, gaps, categories (new rows have a level that nobody trained on), a flag, heavy tails.
function table(seed, count, fresh) {
  const uniform = randomNumbers(seed), normal = normalNumbers(seed + 1), rows = [];
  for (let i = 0; i < count; ++i) {
    const wide = fresh ? 2 : 1;
    const row = {
      income: 52000 + 9000 * wide * normal(),
      rate: 1e-3 * wide * normal(),
      debt: uniform() < 0.1 ? null : Math.exp(wide * normal()),
      age: Math.floor(20 + 50 * uniform()),
      score: uniform() < 0.15 ? null : 1e6 + normal() ** 3,
      grade: uniform() < 0.05 ? null : ['a', 'b', 'c'][Math.floor(3 * uniform())],
      home: fresh && uniform() < 0.1 ? 'boat' : ['own', 'rent'][Math.floor(2 * uniform())],
      married: uniform() < 0.5,
      kids: Math.floor(4 * uniform()),
    };
    const z = (row.income - 52000) / 9000 + 700 * row.rate + (row.grade === 'a' ? 1 : 0) - (row.debt ?? 1) / 2 + normal() / 2;
    row.amount = 3 + 2 * z;
    row.bad = z > 0.5 ? 'yes' : 'no';
    row.class = z < -0.6 ? 'low' : z < 1 ? 'middle' : 'top';
    rows.push(row);
  }
  return rows;
}
function series(seed, count) {
  const normal = normalNumbers(seed), uniform = randomNumbers(seed + 1), rows = [];
  let level = 100, before = 0;
  for (let i = 0; i < count; ++i) {
    const change = 0.4 * before + normal();
    level += change;
    rows.push({day: new Date(Date.UTC(2020, 0, 1) + i * 86400000).toISOString().slice(0, 10), level, change, spread: uniform() < 0.03 ? null : 0.3 * normal(), kind: ['x', 'y', 'z'][i % 3]});
    before = change;
  }
  return rows;
}
written('table.csv', table(11, 600, false));
const newTable = written('table_new.csv', table(12, 80, true));
written('series.csv', series(21, 500));
const newSeries = written('series_new.csv', series(22, 90));

// ---- what is compared -------------------------------------------------------------------------------------------------------------------

// Rows as the file takes them, by what it says of its columns.
function numbersOf(row, inputs) {
  return inputs.map((input) => {
    const value = row[input.name];
    if (value === null) return NaN;
    if (input.kind === 'category') return input.levels.indexOf(String(value));
    return Number(value);
  });
}
async function forecasts(file, rows, metadata, session) {
  const inputs = JSON.parse(metadata['assay.inputs']), lookback = Number(metadata['assay.lookback']);
  const lines = rows.map((row) => numbersOf(row, inputs)), samples = [];
  for (let i = Math.max(0, lookback - 1); i < rows.length; ++i)
    samples.push(lookback > 0 ? lines.slice(i - lookback + 1, i + 1).flat() : lines[i]);
  const shape = lookback > 0 ? [samples.length, lookback, inputs.length] : [samples.length, inputs.length];
  const tensor = new ort.Tensor('float64', Float64Array.from(samples.flat()), shape);
  const results = await session.run({inputs: tensor});
  return rows.map((_, i) => {
    const at = i - (rows.length - samples.length), values = [];
    for (const name of session.outputNames) {
      const width = results[name].dims[1];
      values.push(...(at < 0 ? Array(width).fill(NaN) : results[name].data.slice(at * width, (at + 1) * width)));
    }
    return values;
  });
}

// wantsQuantiles: whether they have to be in the file.
async function agrees(model, data, rows, wantsQuantiles) {
  const file = join(work, 'model.onnx');
  const told = JSON.parse(done('export', 'last', '--onnx', file, '--model', model, '--json', '--plugins', plugins));
  const predicted = JSON.parse(done('predict', 'last', '--data', data, '--model', model, '--json', '--plugins', plugins)).rows;
  const session = await ort.InferenceSession.create(file, {executionProviders: ['cpu']});
  const levels = JSON.parse(told.metadata['assay.quantiles'] ?? '[]');
  if (wantsQuantiles !== undefined && wantsQuantiles !== levels.length > 0) failures.push(`${model}: its file has ${levels.length} quantiles`);
  const ours = predicted.map((line) => [line.value, ...levels.map((level) => line.quantiles[level])].flat());
  const theirs = await forecasts(file, rows, told.metadata, session);
  let worst = 0, known = 0;
  const distinct = new Set(ours.flat()).size;
  ours.forEach((line, i) => line.forEach((value, k) => {
    const other = theirs[i][k];
    if (value === null || Number.isNaN(other)) {
      if (value !== null || !Number.isNaN(other)) failures.push(`${model}: row ${i} is ${value} here and ${other} there`);
      return;
    }
    ++known;
    worst = Math.max(worst, Math.abs(value - other));
  }));
  ++compared;
  sizes[model] = told.numbers;
  widest = Math.max(widest, worst);
  if (known < rows.length / 3) failures.push(`${model}: only ${known} forecasts to be compared`);
  if (distinct < known / 3) failures.push(`${model}: hardly any of its forecasts differ, so that they tell nothing`);
  if (!(worst <= TOLERANCE)) failures.push(`${model}: ${worst} apart, more than ${TOLERANCE}`);
  console.log(`${model.padEnd(24)} ${String(told.nodes).padStart(4)} nodes ${String(told.bytes).padStart(8)} bytes, ${known} forecasts, at most ${worst.toExponential(1)} apart`);
}

async function experiment(name, text, data, rows, models) {
  writeFileSync(join(work, name + '.yaml'), `assay: 1\nname: ${name}\nseed: 4\n${text}`);
  done('run', name + '.yaml', '--plugins', plugins);
  for (const model of models) await agrees(model, data, rows);
}
function modelsOf(list) {
  return ['models:', ...Object.entries(list).map(([name, how]) => `  ${name}: {${how}}`)].join('\n') + '\n';
}

const onTable = `data: {source: csv, path: table.csv, drop: [DROP]}
target: TARGET
split: {use: holdout, test: 0.3}
prepare:
  - {use: missing, method: median, indicator: true}
  - {use: one_hot}
  - {use: scale}
train: {epochs: 3, batch_size: 32MORE}
evaluate: {metrics: [METRIC]}
`;
const tableText = (target, drop, metric, more = '') =>
  onTable.replace('TARGET', target).replace('DROP', drop).replace('METRIC', metric).replace('MORE', more);

const windowsText = (more) => `data: {source: csv, path: series.csv, time: {column: day, stamp: end}}
inputs: {columns: [change, spread, level], lookback: 12}
target: {expr: "lead(change, 1)", task: regression}
split: {use: walk_forward, train: 250, validation: 50, test: 60, step: 60}
prepare:
  - {use: scale}
train: {epochs: 2, batch_size: 32${more}}
evaluate: {metrics: [rmse]}
`;

const binary = {logistic: 'use: linear.logistic, l2: 0.1', mlp: 'use: neural.mlp, hidden: [16, 8]'};
for (const activation of ['leaky_relu', 'elu', 'gelu', 'tanh', 'sigmoid', 'softplus'])
  binary['mlp_' + activation] = `use: neural.mlp, hidden: [6], activation: ${activation}`;
binary.columns_same = 'use: neural.cnn, filters: [4, 4], padding: same, pool: 2, readout: max';
binary.columns_flat = 'use: neural.cnn, filters: [4], padding: valid, readout: flatten, hidden: [5]';
const classes = {logistic_l2: 'use: linear.logistic, l2: 1', logistic_reference: 'use: linear.logistic, l2: 0', mlp_classes: 'use: neural.mlp, hidden: [8]'};
const values = {ridge: 'use: linear.ridge', mlp_values: 'use: neural.mlp, hidden: [8], activation: tanh', mlp_raw: 'use: neural.mlp, scale_target: false, hidden: []'};
const windows = {
  ridge_window: 'use: linear.ridge, l2: 10',
  mlp_window: 'use: neural.mlp, hidden: [8]',
  cnn: 'use: neural.cnn, filters: [6, 6], dropout: 0.1',
  cnn_same_max: 'use: neural.cnn, filters: [5, 4], padding: same, pool: 2, readout: max, hidden: [4]',
  cnn_valid_flatten: 'use: neural.cnn, filters: [5], padding: valid, width: 4, readout: flatten',
  cnn_last: 'use: neural.cnn, filters: [3, 3], width: 2, readout: last, activation: gelu',
  tcn: 'use: neural.tcn, filters: 6, blocks: 3, dropout: 0.1',
  lstm: 'use: neural.lstm, units: 7',
  lstm_stacked: 'use: neural.lstm, units: 5, depth: 2, hidden: [4], dropout: 0.1',
  lstm_both_ways: 'use: neural.lstm, units: 5, depth: 2, bidirectional: true',
  gru: 'use: neural.gru, units: 7',
  gru_stacked: 'use: neural.gru, units: 5, depth: 3',
  gru_both_ways: 'use: neural.gru, units: 4, depth: 2, bidirectional: true',
  sequential: `use: neural.sequential, layers: [${[
    'use: batch_norm', 'use: conv1d, filters: 5, dilation: 2, padding: same, activation: elu', 'use: pool, kind: average, size: 2', 'use: layer_norm',
    'use: residual, layers: [{use: dense, units: 6, activation: tanh}, {use: dropout, rate: 0.1}]', 'use: tcn_block, filters: 4',
    'use: lstm, units: 4, bidirectional: true', 'use: gru, units: 5, times: all', 'use: global_pool, kind: max', 'use: dense, units: 6, activation: none',
    'use: activation, activation: softplus'].map((layer) => `{${layer}}`).join(', ')}]`,
  every_layer: 'use: test.layers',
};
const everyStep = `data: {source: csv, path: table.csv, drop: [bad, class], categorical: [kids]}
target: {column: amount, task: regression}
split: {use: holdout, test: 0.3}
prepare:
  - {use: outliers, columns: [income, debt], method: iqr, threshold: 1.0, action: clip}
  - {use: outliers, columns: [rate], method: z_score, threshold: 1.5, action: mark}
  - {use: missing, columns: [debt], method: constant, value: 0.5, indicator: true}
  - {use: winsorise, columns: [score], lower: 0.05, upper: 0.9}
  - {use: missing, columns: [score], method: mean}
  - {use: missing, columns: [grade], method: most_frequent}
  - {use: power, columns: [debt], method: box_cox}
  - {use: power, columns: [rate, score]}
  - {use: quantile_normal, columns: [income, age], quantiles: 50}
  - {use: one_hot, drop: first}
  - {use: scale, columns: [rate, debt, score], method: robust}
  - {use: pca, columns: [rate, debt, score], keep: 2}
  - {use: scale, method: min_max}
select:
  - {use: variance}
  - {use: f_test, keep: 8}
models:
  steps_ridge: {use: linear.ridge}
  steps_mlp: {use: neural.mlp, hidden: [6]}
train: {epochs: 2}
evaluate: {metrics: [rmse]}
`;

await experiment('binary', tableText('{column: bad, task: binary, positive: yes}', 'amount, class', 'auc', ', class_weight: balanced') + modelsOf(binary),
                 'table_new.csv', newTable, Object.keys(binary));
await experiment('drawn', tableText('{column: bad, task: binary, positive: yes}', 'amount, class', 'auc', ', resample: {method: under}') + modelsOf({drawn: binary.mlp}),
                 'table_new.csv', newTable, ['drawn']);
await experiment('classes', tableText('{column: class, task: multiclass}', 'amount, bad', 'log_loss', ', class_weight: balanced') + modelsOf(classes),
                 'table_new.csv', newTable, Object.keys(classes));
await experiment('drawn_classes', tableText('{column: class, task: multiclass}', 'amount, bad', 'log_loss', ', resample: {method: over}') + modelsOf({drawn_classes: classes.logistic_l2}),
                 'table_new.csv', newTable, ['drawn_classes']);
await experiment('values', tableText('{column: amount, task: regression}', 'bad, class', 'rmse') + modelsOf(values), 'table_new.csv', newTable, Object.keys(values));
await experiment('steps', everyStep, 'table_new.csv', newTable, ['steps_ridge', 'steps_mlp']);
// Gaps that no step fills: no forecast, here and there.
await experiment('gaps', `data: {source: csv, path: table.csv, drop: [bad, class, income, rate, age]}
target: {column: amount, task: regression}
split: {use: holdout, test: 0.3}
inputs: {columns: [grade, score, home, married]}
prepare:
  - {use: missing, columns: [grade, home, married, score], method: drop}
  - {use: scale, columns: [score]}
models:
  embedded: {use: test.layers}
train: {epochs: 3}
evaluate: {metrics: [rmse]}
`, 'table_new.csv', newTable, ['embedded']);
await experiment('windows', windowsText('') + modelsOf(windows), 'series_new.csv', newSeries, Object.keys(windows));
// Quantiles where operators can say them: those of a Student density cannot be.
const withQuantiles = (text) => text.replace('evaluate: {', 'evaluate: {quantiles: [0.05, 0.25, 0.5, 0.9], ');
const distributions = {
  learned_levels: 'use: neural.mlp, hidden: [8], loss: quantile',
  gaussian: 'use: neural.mlp, hidden: [8], loss: gaussian',
  gaussian_raw: 'use: neural.mlp, hidden: [4], loss: gaussian, scale_target: false',
  ridge_errors: 'use: linear.ridge',
  student_t: 'use: neural.mlp, hidden: [8], loss: student_t',
};
await experiment('quantiles', withQuantiles(tableText('{column: amount, task: regression}', 'bad, class', 'pinball')) + modelsOf(distributions), '', [], []);
for (const name of Object.keys(distributions)) await agrees(name, 'table_new.csv', newTable, name !== 'student_t');
await experiment('quantile_windows', withQuantiles(windowsText('')) + modelsOf({gru_levels: 'use: neural.gru, units: 5, loss: quantile'}), '', [], []);
await agrees('gru_levels', 'series_new.csv', newSeries, true);
// What pruning leaves is exported as small as it is.
const pruning = ', network_pruning: {method: units, sparsity: [0.5], fine_tune_epochs: 2}';
const whole = sizes.mlp, pruned = Object.fromEntries(['cnn_last', 'tcn', 'lstm_both_ways', 'gru'].map((name) => ['pruned_' + name, windows[name]]));
await experiment('pruned', tableText('{column: bad, task: binary, positive: yes}', 'amount, class', 'auc', pruning) + modelsOf({pruned_mlp: binary.mlp}),
                 'table_new.csv', newTable, ['pruned_mlp']);
if (!(sizes.pruned_mlp < 0.7 * whole)) failures.push(`the pruned network has ${sizes.pruned_mlp} numbers, the whole one ${whole}`);
await experiment('pruned_windows', windowsText(pruning) + modelsOf(pruned), 'series_new.csv', newSeries, Object.keys(pruned));

// ---- what is refused ----------------------------------------------------------------------------------------------------------------------

function refuses(what, wanted, ...words) {
  const result = said('export', 'last', '--plugins', plugins, ...words);
  for (const text of wanted)
    if (!result.text.includes(text)) failures.push(`${what}: does not say "${text}" but: ${result.text}`);
  if (result.code === 0) failures.push(`${what}: was not refused`);
  if (existsSync(join(work, 'no.onnx'))) failures.push(`${what}: left a file`);
}
// A shipped experiment as it stands, on made-up applicants of its kind.
const shipped = fileURLToPath(new URL('../../../experiments/credit_risk/simulated.yaml', import.meta.url));
said('run', shipped, '--quick');
const asked = JSON.parse(JSON.parse(done('export', 'last', '--onnx', 'shipped.onnx', '--json')).metadata['assay.inputs']);
const uniform = randomNumbers(31), applicants = [];
const upTo = {income: 60000, loan_amount: 17000, debt_to_income: 0.7, utilisation: 1, credit_age: 20, age: 80, employment_years: 10, late_payments: 2};
for (let i = 0; i < 60; ++i)
  applicants.push(Object.fromEntries(asked.map((input) => [input.name, input.kind === 'category' ? input.levels[Math.floor(input.levels.length * uniform())]
                                                                      : input.kind === 'flag' ? uniform() < 0.5 : upTo[input.name] * uniform()])));
written('applicants.csv', applicants);
for (const model of ['network', 'logistic']) await agrees(model, 'applicants.csv', applicants);

refuses('no such folder', ['the disk refused it'], '--onnx', 'nowhere/no.onnx');
refuses('no file named', ['--onnx is missing']);
const onSeries = (steps, models) => `data: {source: csv, path: series.csv, time: {column: day, stamp: end}}
inputs: {columns: [change, spread]}
target: {expr: "lead(change, 1)", task: regression}
split: {use: walk_forward, train: 250, test: 60, step: 120}
prepare:
${steps.map((s) => `  - ${s}\n`).join('')}models:
${models.map((m, i) => `  ${i === 0 ? 'model' : 'model_' + i}: {${m}}\n`).join('')}evaluate: {metrics: [rmse]}
`;
await experiment('looks_around', onSeries(['{use: missing, method: forward_fill}', '{use: hampel}', '{use: rolling_standard, window: 30, columns: [change]}', '{use: missing, method: mean}'], ['use: linear.ridge']),
                 '', [], []);
refuses('steps that look around', ['the steps missing (method: forward_fill), hampel, rolling_standard look at other rows'], '--onnx', 'no.onnx');
refuses('no such model', ["it has no model 'modle'", "Did you mean 'model'?"], '--onnx', 'no.onnx', '--model', 'modle');
refuses('no such fold', ['it has no finished fit of fold 99'], '--onnx', 'no.onnx', '--fold', '99');
await experiment('wrong', onSeries(['{use: missing, method: mean}'], ['operator', 'value', 'result', 'cannot'].map((fault) => `use: test.wrong_graph, fault: ${fault}`)), '', [], []);
refuses('an operator that there is not', ['Sofmax', 'did you mean Softmax?'], '--onnx', 'no.onnx');
refuses('a value that nobody gave', ['its input `nobody_gave_this` is not given before it'], '--onnx', 'no.onnx', '--model', 'model_1');
refuses('no result', ['not which is its forecast'], '--onnx', 'no.onnx', '--model', 'model_2');
refuses('what a model cannot say', ['its trees have no form in ONNX'], '--onnx', 'no.onnx', '--model', 'model_3');

console.log(`${compared} models, at most ${widest.toExponential(1)} apart`);
for (const failure of failures) console.error('FAILED ' + failure);
process.exit(failures.length > 0 ? 1 : 0);
