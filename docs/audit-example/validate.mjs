// Holds the CSAF documents of the worked example against the schema and the mandatory tests of CSAF 2.0, and HTML reports against
// the HTML standard. `node validate.mjs csaf FILE...` or `node validate.mjs html FILE...`, where the packages of package.json lie
// below the directory that NODE_PACKAGES names.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const packages = createRequire(path.join(path.resolve(process.env.NODE_PACKAGES), "package.json"));
const load = (name) => import(pathToFileURL(packages.resolve(name)).href);

async function csaf(files) {
  const library = "@secvisogram/csaf-validator-lib";
  const validate = (await load(`${library}/validateStrict.js`)).default;
  const schema = await load(`${library}/schemaTests.js`);
  const mandatory = await load(`${library}/mandatoryTests.js`);
  const tests = [schema.csaf_2_0_strict, ...Object.values(mandatory)];
  const judge = async (document) => {
    const { tests: results } = await validate(tests, document, {});
    return results.flatMap((one) => one.errors.map((error) => `${one.name}: ${error.instancePath} ${error.message}`));
  };
  let cases = 0;
  const wrong = [];
  for (const file of files) {
    const document = JSON.parse(await readFile(file, "utf8"));
    for (const error of await judge(document)) wrong.push(`${file}: ${error}`);
    // One field less must be noticed, and a product that is not there.
    const less = structuredClone(document);
    delete less.document.tracking.id;
    const stranger = structuredClone(document);
    stranger.vulnerabilities[0].product_status.fixed.push("GW-nowhere");
    for (const bad of [less, stranger]) {
      if ((await judge(bad)).length === 0) wrong.push(`${file}: a bad one is not noticed`);
    }
    cases += 3;
  }
  console.log(`${cases} CSAF documents held against the schema and ${tests.length - 1} mandatory tests, ${wrong.length} not as expected`);
  return wrong;
}

async function html(files) {
  const { HtmlValidate, StaticConfigLoader } = await load("html-validate");
  const loader = new StaticConfigLoader({
    root: true,
    extends: ["html-validate:recommended", "html-validate:document"],
    // Style of source, not validity.
    rules: { "no-trailing-whitespace": "off", "long-title": "off" },
  });
  const validator = new HtmlValidate(loader);
  const judge = async (text) => {
    const report = await validator.validateString(text);
    return report.results.flatMap((one) => one.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
  };
  const wrong = [];
  for (const file of files) {
    const text = await readFile(file, "utf8");
    for (const error of await judge(text)) wrong.push(`${file}:${error}`);
    if ((await judge(text.replace("</h1>", "</h2>"))).length === 0) wrong.push(`${file}: a bad one is not noticed`);
  }
  console.log(`${files.length} HTML reports validated, ${wrong.length} not as expected`);
  return wrong;
}

const [kind, ...files] = process.argv.slice(2);
const wrong = files.length === 0 ? ["no files"] : await { csaf, html }[kind](files);
for (const line of wrong) console.log(line);
process.exit(wrong.length === 0 ? 0 : 1);
