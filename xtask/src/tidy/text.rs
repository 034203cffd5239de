//! What no file may contain, how long one may be, and that links lead somewhere.

use super::{Files, Finding};

/// Most lines of a file of code: one concept a file.
const MOST_LINES: usize = 600;

/// Where packages come from is each machine's own setting. (Written in parts, so that this file may stand.)
const REGISTRIES: [&str; 6] = [
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("npm.pkg.", "github.com"),
    concat!("files.", "pythonhosted.org"),
];

/// Beginnings of paths that exist only on the machine of whoever wrote them.
const MACHINE: [&str; 4] =
    [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/Us", "ers/")];

/// Checks one file.
pub fn check_file(path: &str, content: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lines = content.lines().count();
    let is_code = [".rs", ".ts", ".mjs", ".css", ".html"].iter().any(|ending| path.ends_with(ending));
    if is_code && lines > MOST_LINES {
        let message = format!("{lines} lines: a file has at most {MOST_LINES}, one concept each");
        findings.push(Finding::new(path, 0, message));
    }
    for (index, line) in content.lines().enumerate() {
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            let message = format!("names the registry {host}: leave that to each machine's own setting");
            findings.push(Finding::new(path, index + 1, message));
        }
        // In a comment, no compiler would notice.
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
            findings.push(Finding::new(path, index + 1, "is left from a merge"));
        }
        if let Some(folder) = MACHINE.iter().find(|folder| names_folder(line, folder)) {
            findings.push(Finding::new(path, index + 1, format!("names a folder of one machine, below {folder}")));
        }
    }
    findings
}

/// Checks that every relative link of a Markdown file leads to something.
pub fn check_links(files: &Files, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, content) in files.iter().filter(|(path, _)| path.ends_with(".md")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(content) {
            let (file, _) = target.split_once('#').unwrap_or((target, ""));
            let target_path = if file.is_empty() { Some(path.clone()) } else { joined(folder, file) };
            if !target_path.is_some_and(|target| exists(&target)) {
                findings.push(Finding::new(path, line, format!("the link to {target} leads nowhere")));
            }
        }
    }
    findings
}

/// Relative links with their lines, outside of code.
fn links(content: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (index, line) in content.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") && !target.is_empty() {
                links.push((index + 1, target));
            }
        }
    }
    links
}

/// A path from the root, with `.` and `..` resolved; none when it leaves the repository.
fn joined(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Whether a path that begins so stands in the line, as opposed to an address that has it in the middle.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|char| char.is_alphanumeric() || matches!(char, '.' | '-' | '_' | '~' | '}' | '*' | '/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(content: &str) -> Files {
        Files::from([("docs/a.md".to_owned(), content.to_owned())])
    }

    #[test]
    fn no_file_names_a_registry() {
        for host in REGISTRIES {
            assert_eq!(check_file("package-lock.json", &format!("\n\"https://{host}/x\"")).len(), 1, "{host}");
        }
        assert_eq!(check_file("Cargo.lock", "source = \"registry+https://github.com/rust-lang/crates.io-index\""), []);
    }

    #[test]
    fn no_file_names_a_folder_of_one_machine() {
        for folder in MACHINE {
            assert_eq!(check_file("a.md", &format!("see `{folder}me/file`")).len(), 1, "{folder}");
            assert_eq!(check_file("a.md", &format!("{folder}me")).len(), 1, "{folder}");
            assert_eq!(check_file("a.md", &format!("https://example.com{folder}")), [], "{folder}");
        }
    }

    #[test]
    fn what_a_merge_left_is_found_in_comments_too() {
        let left = format!("/**\n{} HEAD\n * One.\n{} other\n */", "<".repeat(7), ">".repeat(7));
        assert_eq!(check_file("a.ts", &left).iter().map(|finding| finding.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(check_file("a.md", "1 <<<<<<< 2\n>>> quoted"), []);
    }

    #[test]
    fn code_files_have_a_ceiling() {
        let long = "a\n".repeat(MOST_LINES + 1);
        for path in ["src/a.rs", "pkg-template/glue/a.ts", "tests/glue/a.mjs", "www/style/a.css", "www/index.html"] {
            assert_eq!(check_file(path, &long).len(), 1, "{path}");
        }
        assert_eq!(check_file("tests/vectors/a.json", &long), []);
    }

    #[test]
    fn dead_links_are_found_and_others_are_left_alone() {
        let text =
            "[a](b.md) [c](../README.md#x) [d](https://e.f/g) [h](#i)\n```\n[no](link)\n```\n[gone](gone.md \"title\")";
        let exists = |path: &str| ["docs/a.md", "docs/b.md", "README.md"].contains(&path);
        let found = check_links(&files(text), exists);
        assert_eq!(found, [Finding::new("docs/a.md", 5, "the link to gone.md leads nowhere")]);
        assert_eq!(check_links(&files("[out](../../x.md)"), |_| true).len(), 1);
    }
}
