//! `cargo xtask size`: what the package weighs, against what it may weigh.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::tools::{self, Shell};
use crate::{dist, fingerprint};

/// The sizes that were decided on, below the root of the repository.
const BUDGET: &str = "benches/budget.json";

/// Growth in percent that passes without a decision: compilers differ a little.
const TOLERANCE: usize = 1;

/// The three ways to weigh something.
const WAYS: [&str; 3] = ["raw", "gzip", "brotli"];

/// Prints the sizes and compares them with benches/budget.json
#[derive(clap::Args, Default)]
pub struct Args {
    /// Write the sizes of today into the budget
    #[arg(long)]
    update: bool,
}

/// Sizes by what is weighed, each in the order of [`WAYS`].
type Sizes = BTreeMap<String, [usize; 3]>;

/// Weighs the package.
pub fn run(shell: &Shell, args: &Args) -> Result<()> {
    let sizes = measure(shell)?;
    let path = shell.path(BUDGET);
    if args.update {
        fingerprint::write(&path, budget_of(&sizes).as_bytes())?;
    }
    let budget =
        fs::read_to_string(&path).with_context(|| format!("{BUDGET}: `cargo xtask size --update` writes it"))?;
    let budget = serde_json::from_str(&budget).with_context(|| format!("{BUDGET} is no JSON"))?;

    shell.print(table(&sizes, &budget));
    let excess = excess(&sizes, &budget);
    if excess.is_empty() {
        return Ok(());
    }
    let list = excess.join("\n  ");
    bail!("the package is over its budget:\n  {list}\nif that is worth it: `cargo xtask size --update`, and say why")
}

/// Weighs every module, every entry with all that it imports, and the tarball.
fn measure(shell: &Shell) -> Result<Sizes> {
    let tarball = dist::pack(shell)?;
    let package = shell.path("pkg");
    let mut groups: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in fingerprint::files_below(&package.join("wasm"))? {
        if file.extension().is_some_and(|extension| extension == "wasm") {
            groups.insert(format!("wasm/{}", file.display()), vec![package.join("wasm").join(file)]);
        }
    }
    let manifest: Value = serde_json::from_str(&fs::read_to_string(package.join("package.json"))?)?;
    for entry in entries(&manifest["exports"]) {
        groups.insert(format!("{entry} + imports"), with_imports(&package.join(entry))?);
    }

    let mut sizes = weigh(shell, &groups)?;
    let packed = usize::try_from(fs::metadata(&tarball)?.len())?;
    sizes.insert("tarball".into(), [packed; 3]);
    Ok(sizes)
}

/// Scripts that the manifest exports.
pub fn entries(exports: &Value) -> BTreeSet<&str> {
    match exports {
        Value::String(path) => path.strip_prefix("./").filter(|path| path.ends_with(".js")).into_iter().collect(),
        Value::Object(conditions) => conditions.values().flat_map(entries).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => BTreeSet::new(),
    }
}

/// A script and every file that it imports, directly or not.
fn with_imports(entry: &Path) -> Result<Vec<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut open = vec![entry.to_path_buf()];
    while let Some(file) = open.pop() {
        if found.insert(file.clone()) && !is_module(&file) {
            open.extend(imported_by(&file)?);
        }
    }
    Ok(found.into_iter().collect())
}

/// Whether the file is WebAssembly, which imports no file.
pub fn is_module(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "wasm")
}

/// The files of the package that a script, or its types, imports.
pub fn imported_by(script: &Path) -> Result<Vec<PathBuf>> {
    let text = fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
    let folder = script.parent().unwrap_or(Path::new(""));
    let resolved = imports(&text).map(|import| {
        // Next wants to be told how to import a module: `core_bg.wasm?module`.
        let file = folder.join(import.split('?').next().unwrap_or(import));
        file.canonicalize().with_context(|| format!("{import} in {}", script.display()))
    });
    resolved.collect()
}

/// Relative imports of a compiled script, which stand at the end of a line of their own.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_end().strip_suffix(';').unwrap_or(line).trim_end();
        let (before, path) = line.strip_suffix(['"', '\''])?.rsplit_once(['"', '\''])?;
        let is_import = before.trim_end().ends_with("from") || before.trim() == "import";
        (is_import && path.starts_with('.')).then_some(path)
    })
}

/// Lets Node compress, which has both ways built in.
fn weigh(shell: &Shell, groups: &BTreeMap<String, Vec<PathBuf>>) -> Result<Sizes> {
    const SCRIPT: &str = r"
        const { readFileSync } = require('node:fs');
        const { brotliCompressSync, gzipSync } = require('node:zlib');
        const groups = Object.entries(JSON.parse(process.argv[1]));
        console.log(JSON.stringify(Object.fromEntries(groups.map(([name, files]) => {
          const all = Buffer.concat(files.map((file) => readFileSync(file)));
          return [name, [all.length, gzipSync(all, { level: 9 }).length, brotliCompressSync(all).length]];
        }))));";
    let output = shell.command("node").args(["-e", SCRIPT, &json!(groups).to_string()]).read()?;
    let output: Map<String, Value> = serde_json::from_str(&output)?;
    Ok(output.into_iter().map(|(name, sizes)| (name, [0, 1, 2].map(|way| number(&sizes[way])))).collect())
}

fn budget_of(sizes: &Sizes) -> String {
    let entry = |sizes: &[usize; 3]| -> Map<String, Value> {
        WAYS.iter().zip(sizes).map(|(way, size)| ((*way).to_owned(), json!(size))).collect()
    };
    let budget: Map<String, Value> = sizes.iter().map(|(name, sizes)| (name.clone(), json!(entry(sizes)))).collect();
    format!("{:#}\n", json!(budget))
}

/// What weighs more than was decided, or was never decided on, in words.
fn excess(sizes: &Sizes, budget: &Value) -> Vec<String> {
    let mut excess = Vec::new();
    for (name, sizes) in sizes {
        for (way, &size) in WAYS.iter().zip(sizes) {
            match number(&budget[name][way]) {
                0 => excess.push(format!("{name}: {size} bytes {way}, and the budget says nothing of it")),
                most if size * 100 > most * (100 + TOLERANCE) => {
                    excess.push(format!("{name}: {size} bytes {way}, which is more than {most} + {TOLERANCE} %"));
                }
                _ => {}
            }
        }
    }
    excess
}

fn table(sizes: &Sizes, budget: &Value) -> String {
    let row = |(name, sizes): (&String, &[usize; 3])| {
        let most = number(&budget[name]["brotli"]);
        let cells = sizes.iter().chain([&most]).map(ToString::to_string);
        [name.clone()].into_iter().chain(cells).collect()
    };
    let rows: Vec<Vec<String>> = sizes.iter().map(row).collect();
    tools::table(&["bytes", "raw", "gzip", "brotli", "budget (brotli)"], &rows)
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_tolerance_is_found() {
        let budget = json!({ "a": { "raw": 1000, "gzip": 100, "brotli": 100 } });
        let check = |raw| excess(&Sizes::from([("a".to_owned(), [raw, 100, 90])]), &budget).len();
        assert_eq!(check(1000), 0);
        assert_eq!(check(1010), 0);
        assert_eq!(check(1011), 1);
        assert_eq!(excess(&Sizes::from([("new".to_owned(), [1, 1, 1])]), &budget).len(), 3);
    }

    #[test]
    fn a_budget_fits_the_sizes_it_was_written_for() {
        let sizes = Sizes::from([("a".to_owned(), [3, 2, 1]), ("b".to_owned(), [6, 5, 4])]);
        let budget = serde_json::from_str(&budget_of(&sizes)).unwrap();
        assert!(excess(&sizes, &budget).is_empty());
    }

    #[test]
    fn imports_are_read_from_compiled_scripts() {
        let script = "import { a } from \"./a.js\";\nimport './b.js'\nexport * from \"../c.js\";\nimport x from \"node:fs\";\n\
                      const text = \"./no.js\";\n} from \"./d.js\";";
        assert_eq!(imports(script).collect::<Vec<_>>(), ["./a.js", "./b.js", "../c.js", "./d.js"]);
    }

    #[test]
    fn entries_are_all_scripts_that_are_exported() {
        let exports = json!({ ".": { "workerd": { "types": "./w.d.ts", "default": "./w.js" }, "default": "./i.js" },
                              "./package.json": "./package.json" });
        assert_eq!(entries(&exports).into_iter().collect::<Vec<_>>(), ["i.js", "w.js"]);
    }
}
