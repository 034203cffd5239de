//! Who may know whom: the core knows nobody, the glue decides nothing, the simulator does not know what it judges, and
//! a scene of the demo page knows neither the page nor the time of day.

use serde_json::Value;

use super::Finding;

/// A text that may not stand in the code of some files.
struct Ban {
    text: &'static str,
    because: &'static str,
    /// Files in which it may stand all the same.
    except: &'static [&'static str],
}

const fn ban(text: &'static str, because: &'static str) -> Ban {
    Ban { text, because, except: &[] }
}

const CORE: [Ban; 4] = [
    ban("std::", "the core has no operating system: use `core::` or `alloc::`"),
    ban("extern crate std", "the core has no operating system"),
    ban("wasm_bindgen", "the core knows no JavaScript: that is the bindings' part"),
    ban("js_sys", "the core knows no JavaScript: that is the bindings' part"),
];

const GLUE: [Ban; 12] = [
    ban("Math.random", "chance is the core's part: it has a seed"),
    ban("Math.pow", "delays are computed in the core"),
    ban("parseFloat", "what a server says is read in the core"),
    ban("Date.parse", "what a server says is read in the core"),
    ban("retry-after", "what a server says is read in the core"),
    ban("ratelimit-", "what a server says is read in the core"),
    ban("\"ratelimit\"", "what a server says is read in the core"),
    Ban { text: "Date.now", because: "time comes from the clock", except: &["pkg-template/glue/clock.ts"] },
    Ban { text: "performance.now", because: "time comes from the clock", except: &["pkg-template/glue/clock.ts"] },
    Ban { text: "setTimeout", because: "timers come from the clock", except: &["pkg-template/glue/clock.ts"] },
    Ban { text: "setInterval", because: "the driver has one timer, from the clock", except: &[] },
    Ban {
        text: "\"node:",
        because: "the glue runs everywhere: nothing of Node's own",
        // They ask whatever runtime it is for one of these, when it is needed, and import none.
        except: &["pkg-template/glue/context.ts", "pkg-template/adapters/aws-body.ts"],
    },
];

/// A scene runs in a worker, and runs the same whenever it is run.
const SCENE: [Ban; 10] = [
    ban("document.", NO_PAGE),
    ban("window.", NO_PAGE),
    ban("HTMLElement", NO_PAGE),
    ban("requestAnimationFrame", NO_PAGE),
    ban("Math.random", "a scene is the same each time: draw from its seed"),
    ban("Date.now", SCENE_TIME),
    ban("new Date()", SCENE_TIME),
    Ban {
        text: "performance.now",
        because: SCENE_TIME,
        // It looks how long it has computed, to let others have their turn; what comes of the scene is the same.
        except: &["www/src/scene/worker.ts"],
    },
    ban("setTimeout", SCENE_TIME),
    ban("setInterval", SCENE_TIME),
];

const NO_PAGE: &str = "a scene knows no page: it runs in a worker, and in tests";
const SCENE_TIME: &str = "a scene has a clock of its own, and is the same each time";

/// Longest entry file: it chooses bytes and nothing else.
const ENTRY_LINES: usize = 14;

/// Checks one file against the rules of its layer.
pub fn check_file(path: &str, content: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path.starts_with("src/") && path.ends_with(".rs") && !is_rust_test(path) {
        let shipped = content.split("\n#[cfg(test)]").next().unwrap_or_default();
        findings.extend(banned(path, shipped, &CORE));
        if path == "src/lib.rs" && !content.contains("#![no_std]") {
            findings.push(Finding::new(path, 0, "the core is no_std: say `#![no_std]`"));
        }
    }
    if is_glue(path) {
        findings.extend(banned(path, content, &GLUE));
    }
    if path.starts_with("www/src/scene/") && path.ends_with(".ts") {
        findings.extend(banned(path, content, &SCENE));
    }
    if path.starts_with("pkg-template/entry/") && content.lines().count() > ENTRY_LINES {
        findings.push(Finding::new(path, 0, format!("an entry has at most {ENTRY_LINES} lines: it chooses bytes")));
    }
    findings
}

/// Checks who depends on whom, as `cargo metadata` tells it.
pub fn check_dependencies(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let dependencies = |package: &str| {
        let package = packages.iter().find(|found| found["name"] == package);
        package.and_then(|found| found["dependencies"].as_array()).map(Vec::as_slice).unwrap_or_default()
    };
    let mut findings = Vec::new();
    for dependency in dependencies("tidegate").iter().filter(|dependency| dependency["kind"].is_null()) {
        let message = format!("the core has no dependencies, not even {}", dependency["name"]);
        findings.push(Finding::new("Cargo.toml", 0, message));
    }
    if dependencies("tidegate-simulator").iter().any(|dependency| dependency["name"] == "tidegate") {
        let message = "the simulator judges the core, so it may not share its code";
        findings.push(Finding::new("simulator/Cargo.toml", 0, message));
    }
    findings
}

fn banned(path: &str, content: &str, bans: &[Ban]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in content.lines().enumerate() {
        // A global has two names.
        let code = without_comment(line).to_lowercase().replace("globalthis.", "");
        for ban in bans.iter().filter(|ban| !ban.except.contains(&path)) {
            if names(&code, &ban.text.to_lowercase()) {
                findings.push(Finding::new(path, index + 1, format!("`{}`: {}", ban.text, ban.because)));
            }
        }
    }
    findings
}

/// Whether the text stands in the code as a name of its own or a part of a longer text, but not as the end of a name, nor
/// as a member of something else.
fn names(code: &str, text: &str) -> bool {
    code.match_indices(text).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '.' | '#'))
            || !text.contains(['.', ':'])
    })
}

/// The line without what is said in it to people.
fn without_comment(line: &str) -> &str {
    let trimmed = line.trim_start();
    if trimmed.starts_with('*') || trimmed.starts_with("/*") {
        return "";
    }
    match line.find("//") {
        // Not the two slashes of an address.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    }
}

fn is_rust_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The runtime-neutral scripts of the package.
fn is_glue(path: &str) -> bool {
    path.starts_with("pkg-template/") && path.ends_with(".ts") && !path.starts_with("pkg-template/simulator/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NONE: [usize; 0] = [];

    fn lines(path: &str, content: &str) -> Vec<usize> {
        check_file(path, content).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn the_core_names_no_operating_system_and_no_javascript() {
        assert_eq!(lines("src/a.rs", "use core::fmt;\nuse std::fmt;\n"), [2]);
        assert_eq!(lines("src/a.rs", "use wasm_bindgen::prelude::*;\nuse js_sys::Date;"), [1, 2]);
        assert_eq!(lines("src/a.rs", "//! Unlike `std::time`, …\n/// ```\n/// use std::fmt;\n"), NONE);
        assert_eq!(lines("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { use std::fmt; }"), NONE);
        assert_eq!(lines("src/queue/tests.rs", "use std::fmt;"), NONE);
        assert_eq!(lines("bindings/src/lib.rs", "use std::fmt;"), NONE);
        assert_eq!(lines("src/a.rs", "my_std::x()"), NONE);
    }

    #[test]
    fn the_core_says_that_it_is_no_std() {
        assert_eq!(lines("src/lib.rs", "//! Core."), [0]);
        assert_eq!(lines("src/lib.rs", "#![no_std]"), NONE);
    }

    #[test]
    fn the_glue_decides_nothing() {
        for code in ["Math.random()", "2 * Math.pow(2, n)", "parseFloat(x)", "Date.parse(x)", "Date.now()"] {
            assert_eq!(lines("pkg-template/glue/a.ts", code), [1], "{code}");
        }
        for code in [
            "setTimeout(f, 1)",
            "h.get('Retry-After')",
            "'x-ratelimit-reset'",
            "h.get(\"RateLimit\")",
            "h.get('RateLimit-Policy')",
            "import \"node:fs\"",
        ] {
            assert_eq!(lines("pkg-template/glue/a.ts", code), [1], "{code}");
        }
        assert_eq!(lines("pkg-template/glue/a.ts", "// unlike setTimeout()\n/** Date.now() */\n * Math.random"), NONE);
        assert_eq!(lines("pkg-template/glue/a.ts", "loadedCore().parseRateLimit(headers)"), NONE);
        assert_eq!(lines("pkg-template/glue/clock.ts", "now: () => Date.now()"), NONE);
        assert_eq!(lines("pkg-template/simulator/node.ts", "import 'node:http'; setTimeout(f)"), NONE);
        assert_eq!(lines("pkg-template/presets/index.ts", "source: 'https://example.com/rate-limits'"), NONE);
    }

    #[test]
    fn a_scene_knows_no_page_and_no_time_but_its_own() {
        for code in [
            "document.title",
            "globalThis.window.open()",
            "a instanceof HTMLElement",
            "requestAnimationFrame(f)",
            "Math.random()",
            "globalThis.Date.now()",
            "new Date()",
            "performance.now()",
            "setTimeout(f, 1)",
            "setInterval(f, 1)",
        ] {
            assert_eq!(lines("www/src/scene/a.ts", code), [1], "{code}");
            assert_eq!(lines("www/src/stage/a.ts", code), NONE, "{code}");
        }
        let fine = "limit.window.seconds;\nthis.#window.end;\nnew Date(atMs);\nDate.UTC(2026);\nclock.setTimer(f);\n// Math.random";
        assert_eq!(lines("www/src/scene/a.ts", fine), NONE);
        assert_eq!(lines("www/src/scene/worker.ts", "performance.now() < last;\nDate.now()"), [2]);
    }

    #[test]
    fn an_entry_stays_short() {
        assert_eq!(lines("pkg-template/entry/inline.ts", &"a;\n".repeat(ENTRY_LINES)), NONE);
        assert_eq!(lines("pkg-template/entry/inline.ts", &"a;\n".repeat(ENTRY_LINES + 1)), [0]);
    }

    #[test]
    fn the_core_has_no_dependencies_but_its_tests_may() {
        let metadata =
            |kind| json!({ "packages": [{ "name": "tidegate", "dependencies": [{ "name": "x", "kind": kind }] }] });
        assert_eq!(check_dependencies(&metadata(json!(null))).len(), 1);
        assert_eq!(check_dependencies(&metadata(json!("dev"))).len(), 0);
    }

    #[test]
    fn the_simulator_does_not_know_the_core() {
        let package = json!({ "name": "tidegate-simulator", "dependencies": [{ "name": "tidegate", "kind": "dev" }] });
        assert_eq!(check_dependencies(&json!({ "packages": [package] })).len(), 1);
    }
}
