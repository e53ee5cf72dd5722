// node check.mjs SCHEMA.json [--good FILE...] [--bad FILE...]: stock validators on the schema that `assay schema` prints.
// Good files must validate; bad ones (sound YAML, wrong keys, types or ranges) must not. Exit code 1 where one does otherwise.
import {readFileSync} from 'node:fs';
import Ajv2020 from 'ajv/dist/2020.js';
import {parseDocument} from 'yaml';

const [schemaFile, ...rest] = process.argv.slice(2);
const ajv = new Ajv2020({strict: true, strictTypes: false, strictRequired: false, allErrors: true});
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
let expectGood = true, failures = 0, checked = 0;
for (const argument of rest) {
  if (argument === '--good' || argument === '--bad') {
    expectGood = argument === '--good';
    continue;
  }
  const document = parseDocument(readFileSync(argument, 'utf8'), {version: '1.2', schema: 'core', uniqueKeys: true});
  const sound = document.errors.length === 0 && validate(document.toJS());
  ++checked;
  if (sound === expectGood) continue;
  ++failures;
  const reasons = document.errors.map(String).concat((validate.errors ?? []).slice(0, 5).map(e => `${e.instancePath} ${e.message}`));
  console.error(`${argument}: ${expectGood ? 'should be valid: ' + reasons.join('; ') : 'should not be valid'}`);
}
console.log(`${checked} files, ${failures} failures`);
process.exit(failures === 0 && checked > 0 ? 0 : 1);
