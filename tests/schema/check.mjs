// node check.mjs NPM SCHEMA.json [--beyond LIST] [--good FILE...] [--bad FILE...]: stock validators, installed in NPM, on the schema that
// `assay schema` prints. Good files must validate; bad ones (unsound YAML, wrong keys, types or ranges) must not, save those named in LIST:
// their mistakes lie beyond a schema, and they must validate, so that LIST stays true. Exit code 1 where one does otherwise.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {basename, join} from 'node:path';

const [npm, schemaFile, ...rest] = process.argv.slice(2);
const installed = createRequire(join(npm, 'package.json'));
const Ajv2020 = installed('ajv/dist/2020').default;
const {parseDocument} = installed('yaml');
const ajv = new Ajv2020({strict: true, strictTypes: false, strictRequired: false, allErrors: true});
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));


const decoder = new TextDecoder('utf-8', {fatal: true});
const textOf = file => decoder.decode(readFileSync(file));
const reasonsAgainst = file => {
  try {
    const document = parseDocument(textOf(file), {version: '1.2', schema: 'core', uniqueKeys: true});
    const unsound = [...document.errors, ...document.warnings];
    if (unsound.length > 0) return unsound.map(String);
    return validate(document.toJS()) ? [] : validate.errors.slice(0, 5).map(e => `${e.instancePath} ${e.message}`);
  } catch (error) {  // not UTF-8, or an alias without an anchor
    return [String(error)];
  }
};

let mode = '', failures = 0, checked = 0, beyond = new Set();
for (const argument of rest) {
  if (argument.startsWith('--')) {
    mode = argument;
    continue;
  }
  if (mode === '--beyond') {
    beyond = new Set(readFileSync(argument, 'utf8').split('\n').map(line => line.replace(/ *#.*/, '')).filter(Boolean));
    continue;
  }
  const expectGood = mode === '--good' || beyond.delete(basename(argument, '.yaml'));
  const reasons = reasonsAgainst(argument);
  ++checked;
  if ((reasons.length === 0) === expectGood) continue;
  ++failures;
  console.error(`${argument}: ${expectGood ? 'should be valid: ' + reasons.join('; ') : 'should not be valid'}`);
}
for (const name of beyond) console.error(`beyond_schema.txt names '${name}', which was not among the files`);
console.log(`${checked} files, ${failures} failures`);
process.exit(failures === 0 && beyond.size === 0 && checked > 0 ? 0 : 1);
