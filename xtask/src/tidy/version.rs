//! One version: that of the crate, of the package and of the newest entry in the change log.

use super::{Files, Finding};

/// Compares the three.
pub fn check(files: &Files) -> Vec<Finding> {
    let Some(crate_version) = files.get("Cargo.toml").and_then(|text| quoted_after(text, "\nversion = ")) else {
        return vec![Finding::new("Cargo.toml", 0, "the core states no version")];
    };
    let others = [
        (
            "pkg-template/package.json",
            files.get("pkg-template/package.json").and_then(|text| quoted_after(text, "\"version\": ")),
        ),
        ("CHANGELOG.md", files.get("CHANGELOG.md").and_then(|text| newest_entry(text))),
    ];
    let differing = others.into_iter().filter(|(_, version)| *version != Some(crate_version));
    differing
        .map(|(path, version)| {
            let found = version.unwrap_or("none");
            Finding::new(path, 0, format!("states version {found}, but Cargo.toml states {crate_version}"))
        })
        .collect()
}

/// What stands in quotes after the first `key`.
fn quoted_after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_once(key)?.1.strip_prefix('"')?.split('"').next()
}

/// The version in the first heading of the second level.
fn newest_entry(text: &str) -> Option<&str> {
    let heading = text.lines().find_map(|line| line.strip_prefix("## "))?;
    Some(heading.split([' ', ']']).next()?.trim_start_matches('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_versions(cargo: &str, npm: &str, log: &str) -> Vec<String> {
        let files = Files::from([
            ("Cargo.toml".to_owned(), format!("[package]\nname = \"tidegate\"\nversion = \"{cargo}\"\n")),
            ("pkg-template/package.json".to_owned(), format!("{{\n  \"version\": \"{npm}\"\n}}")),
            ("CHANGELOG.md".to_owned(), format!("# Changelog\n\n## {log} (2026-11-23)\n\n## 0.0.1\n")),
        ]);
        check(&files).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn crate_package_and_change_log_agree() {
        assert_eq!(check_versions("1.2.3", "1.2.3", "1.2.3"), [""; 0]);
        assert_eq!(check_versions("1.2.3", "1.2.4", "1.2.3"), ["pkg-template/package.json"]);
        assert_eq!(check_versions("1.2.3", "1.2.3", "1.2.2"), ["CHANGELOG.md"]);
        assert_eq!(check_versions("1.2.3", "1.2.3", "[1.2.3]"), [""; 0]);
    }
}
